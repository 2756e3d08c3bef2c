/** What the machine gives gluewall to run with. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';

/** Something that is there, or why it is not. */
export type Present = { readonly ok: true } | { readonly ok: false; readonly problem: string };

export interface InterfaceFacts {
  readonly name: string;
  readonly exists: boolean;
  /** Undefined where the system does not say. */
  readonly isUp: boolean | undefined;
}

export interface SystemFacts {
  /** Such as `20.19.0`. */
  readonly nodeVersion: string;
  /** Native packages, by name. */
  readonly packages: ReadonlyMap<string, Present>;
  /** Programs of the system that are called, by name: whether the search path has them. */
  readonly programs: ReadonlyMap<string, boolean>;
  /** Whether this process may capture; undefined where the system does not say. */
  readonly hasNetRaw: boolean | undefined;
  readonly userId: number;
  readonly interfaces: readonly InterfaceFacts[];
}

export function readSystemFacts(interfaces: readonly string[]): SystemFacts {
  const known = readText('/proc/net/dev');
  return {
    nodeVersion: process.versions.node,
    packages: new Map([
      ['pcap', loads('pcap', () => undefined)],
      ['better-sqlite3', loads('better-sqlite3', openMemory)],
    ]),
    programs: new Map([
      ['setpriv', isProgram('setpriv', SETPRIV_FOLDER)],
      ['ovs-vsctl', isProgram('ovs-vsctl', process.env.PATH ?? '')],
    ]),
    hasNetRaw: netRawOf(readText('/proc/self/status') ?? ''),
    userId: process.getuid?.() ?? -1,
    interfaces: interfaces.map((name) => readInterface(name, known ?? '')),
  };
}

/** The native part of a package is missing or of another version of Node as often as the package itself. */
function loads(name: string, tryOut: (loaded: unknown) => void): Present {
  try {
    tryOut(createRequire(import.meta.url)(name));
    return { ok: true };
  } catch (error) {
    const [firstLine = ''] = (error as Error).message.split('\n');
    return { ok: false, problem: firstLine };
  }
}

/** Only an open database needs the native part. */
function openMemory(loaded: unknown): void {
  const Sqlite = loaded as new (name: string) => { close(): void };
  new Sqlite(':memory:').close();
}

/** The only place where the capture looks for it: it is run by root. */
const SETPRIV_FOLDER = '/usr/bin';

function isProgram(name: string, searchPath: string): boolean {
  return searchPath.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** CAP_NET_RAW of linux/capability.h. */
const NET_RAW_BIT = 13n;

/** Whether the effective set in the text of /proc/PID/status has CAP_NET_RAW. */
export function netRawOf(status: string): boolean | undefined {
  const set = /^CapEff:\s*([0-9a-f]{1,16})$/im.exec(status)?.[1];
  return set === undefined ? undefined : ((BigInt(`0x${set}`) >> NET_RAW_BIT) & 1n) === 1n;
}

/** `known` is the text of /proc/net/dev, which has the interfaces of this network namespace. */
function readInterface(name: string, known: string): InterfaceFacts {
  const exists = known.split('\n').some((line) => line.trimStart().startsWith(`${name}:`));
  const flags = exists && !name.includes('/') ? readText(`/sys/class/net/${name}/flags`) : undefined;
  return { name, exists, isUp: flags === undefined ? undefined : (Number(flags) & IFF_UP) !== 0 };
}

/** Of linux/if.h. */
const IFF_UP = 1;

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
