/** The network of the benchmark `first-query`: bridges side by side between one client and one real name server. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { exited } from '../../mininet/child.ts';
import { OpenVswitch } from '../../mininet/open-vswitch.ts';
import { repositoryPath } from '../../mininet/repository-path.ts';
import type { Bench } from './bench-program.ts';

/** The Python that Debian's Mininet is installed for. */
const PYTHON = '/usr/bin/python3';
const MNEXEC = '/usr/bin/mnexec';
const STOP_MS = 15_000;
/** The networks of the clients. */
export const INSIDE = '192.0.2.0/24';
/** A name that the server has an address for. */
export const ASKED_NAME = 'www.corp.example';
const MOST_ADDRESSES = 4096;

/** One bridge of OpenFlow 1.3 in fail mode secure, with no flow and no controller to begin with. */
export interface Bridge {
  readonly name: string;
  /** Its port towards the client, and the one towards the server. */
  readonly clientPort: string;
  readonly serverPort: string;
  readonly client: string;
  readonly server: string;
  /** The network behind the server; every address in it is the server's. */
  readonly asked: string;
}

/** The bridge of a place in the row, at most 16. */
export function bridgeAt(place: number, name: string): Bridge {
  const host = place * 16 + 1;
  const ports = { clientPort: `${name}-in`, serverPort: `${name}-out` };
  return { name, ...ports, client: `192.0.2.${host}`, server: `203.0.113.${host}`, asked: `198.18.${place * 16}.0/20` };
}

/** Address `index` of the network behind the server of a bridge. Throws where there are none any more. */
export function askedAddress(place: number, index: number): string {
  if (index >= MOST_ADDRESSES) throw new Error(`a bridge has ${MOST_ADDRESSES} addresses to ask, and no more`);
  return `198.18.${place * 16 + (index >> 8)}.${index & 255}`;
}

export class FirstQueryNet {
  readonly openVswitch: OpenVswitch;
  readonly #mininet: ChildProcessWithoutNullStreams;
  readonly #client: number;

  private constructor(openVswitch: OpenVswitch, mininet: ChildProcessWithoutNullStreams, client: number) {
    this.openVswitch = openVswitch;
    this.#mininet = mininet;
    this.#client = client;
  }

  /** Resolves when the server answers at its addresses `asked`. Needs root and a private world. */
  static async start(bench: Bench, bridges: readonly Bridge[], asked: readonly string[]): Promise<FirstQueryNet> {
    const openVswitch = await OpenVswitch.start(join(bench.folder, 'ovs'));
    const file = writeServer(join(bench.folder, 'nsd'), asked);
    const ready = ['dig', `@${asked.at(-1)}`, ASKED_NAME, '+tries=1', '+time=1'];
    const script = repositoryPath('bench', 'support', 'first-query-net.py');
    const mininet = spawn(PYTHON, [script], { env: openVswitch.env, signal: bench.signal });
    mininet.once('error', () => undefined);
    let complaint = '';
    mininet.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-2000);
    });
    mininet.stdin.on('error', () => undefined);
    mininet.stdin.write(`${JSON.stringify({ bridges, start: ['nsd', '-d', '-c', file], ready })}\n`);
    for await (const line of createInterface({ input: mininet.stdout })) {
      const said = JSON.parse(line) as { readonly client?: number; readonly error?: string };
      if (said.client !== undefined) return new FirstQueryNet(openVswitch, mininet, said.client);
      complaint += said.error;
    }
    await openVswitch.stop();
    throw new Error(`the network cannot be built: ${complaint}`);
  }

  /** Starts a program on the client. */
  spawn(argv: readonly string[]): ChildProcessWithoutNullStreams {
    return spawn(MNEXEC, ['-a', String(this.#client), ...argv]);
  }

  async stop(): Promise<void> {
    this.#mininet.stdin.end();
    const timer = setTimeout(() => this.#mininet.kill('SIGKILL'), STOP_MS);
    await exited(this.#mininet);
    clearTimeout(timer);
    await this.openVswitch.stop();
  }
}

/** Files of an nsd that serves corp.example at each address; answers where its configuration is. */
function writeServer(folder: string, addresses: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  const zone = ['corp.example. 3600 IN SOA ns1 hostmaster 1 3600 600 86400 60', 'corp.example. 3600 IN NS ns1'];
  const records = ['ns1 3600 IN A 198.51.100.21', 'www 3600 IN A 198.51.100.121'];
  writeFileSync(join(folder, 'corp.zone'), `$ORIGIN corp.example.\n${[...zone, ...records].join('\n')}\n`);
  const paths = { pidfile: 'nsd.pid', xfrdfile: 'xfrd.state', zonelistfile: 'zone.list' };
  const server = [
    ...addresses.map((address) => `ip-address: ${address}`),
    ...['server-count: 1', 'username: ""', 'chroot: ""', 'database: ""', 'rrl-ratelimit: 0', 'do-ip6: no'],
    ...[`zonesdir: "${folder}"`, `xfrdir: "${folder}"`],
    ...Object.entries(paths).map(([key, name]) => `${key}: "${join(folder, name)}"`),
  ];
  const clauses = ['server:', ...server.map((line) => `  ${line}`), 'remote-control:', '  control-enable: no'];
  const file = join(folder, 'nsd.conf');
  writeFileSync(file, `${[...clauses, 'zone:', '  name: "corp.example"', '  zonefile: "corp.zone"'].join('\n')}\n`);
  return file;
}
