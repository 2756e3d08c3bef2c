/** What the configuration database of Open vSwitch says of its bridges, read through `ovs-vsctl`. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';

const TIMEOUT_SECONDS = 5;
/** ovs-vsctl is to give up first, and say why. */
const KILL_AFTER_MS = (TIMEOUT_SECONDS + 2) * 1000;
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
const MAX_PROBLEM_CHARACTERS = 300;

export interface ControllerRow {
  /** Such as `tcp:127.0.0.1:6653`. */
  readonly target: string;
  readonly isConnected: boolean;
}

/** One bridge as its administrator configured it. Text is as it came. */
export interface BridgeRow {
  readonly name: string;
  /** 16 hexadecimal digits; empty until ovs-vswitchd has made the bridge. */
  readonly datapathId: string;
  /** `system` or `netdev`; empty is `system`. */
  readonly datapathType: string;
  /** Empty is `standalone`. */
  readonly failMode: string;
  /** Empty is every version that Open vSwitch offers by itself, 1.3 among them. */
  readonly protocols: readonly string[];
  readonly controllers: readonly ControllerRow[];
}

export interface DatabaseFacts {
  /** How many VLAN tags are looked at; 0 is all; undefined where nobody set it. */
  readonly vlanLimit: number | undefined;
  readonly bridges: readonly BridgeRow[];
}

export type DatabaseAnswer =
  | { readonly ok: true; readonly facts: DatabaseFacts }
  | { readonly ok: false; readonly problem: string; readonly remedy: string };

const QUESTIONS = [
  ['--columns=other_config', 'list', 'Open_vSwitch'],
  ['--columns=name,datapath_id,datapath_type,fail_mode,protocols,controller', 'list', 'Bridge'],
  ['--columns=_uuid,target,is_connected', 'list', 'Controller'],
];

/** Never rejects: what stands in the way is in the answer. */
export async function readDatabase(runDirectory: string): Promise<DatabaseAnswer> {
  const database = `--db=unix:${join(runDirectory, 'db.sock')}`;
  const options = [database, `--timeout=${TIMEOUT_SECONDS}`, '--format=json'];
  const output = await runVsctl([...options, ...QUESTIONS.flatMap((words) => ['--', ...words])]);
  if (!output.ok) return output;
  const facts = parseDatabase(output.text);
  if (facts !== undefined) return { ok: true, facts };
  return { ok: false, problem: 'the answer of ovs-vsctl cannot be read', remedy: 'ovs-vsctl show' };
}

type Output = { readonly ok: true; readonly text: string } | Extract<DatabaseAnswer, { readonly ok: false }>;

function runVsctl(args: readonly string[]): Promise<Output> {
  const options = { timeout: KILL_AFTER_MS, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES } as const;
  return new Promise((resolve) => {
    execFile('ovs-vsctl', args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ ok: true, text: stdout });
      else resolve({ ok: false, ...whyNot(error, stderr) });
    });
  });
}

/** What a failed `ovs-vsctl` means, and what to do. */
export function whyNot(error: { readonly code?: unknown; readonly message: string }, stderr: string) {
  if (error.code === 'ENOENT') {
    const remedy = 'install Open vSwitch (Debian: apt install openvswitch-switch)';
    return { problem: 'ovs-vsctl is not installed', remedy };
  }
  const [said = ''] = (stderr || error.message).split('\n');
  const problem = said.slice(0, MAX_PROBLEM_CHARACTERS);
  if (/permission denied/i.test(problem)) return { problem, remedy: 'run as root' };
  return { problem, remedy: 'start Open vSwitch: systemctl start openvswitch-switch' };
}

/** Reads the three tables that `ovs-vsctl` prints, one a line; undefined when they are something else. */
export function parseDatabase(text: string): DatabaseFacts | undefined {
  const [root, bridges, controllers] = text.split('\n').map(parseTable);
  if (root === undefined || bridges === undefined || controllers === undefined) return undefined;
  const byId = new Map(
    controllers.map((row): [string, ControllerRow] => [
      textOf(row.get('_uuid')),
      { target: textOf(row.get('target')), isConnected: row.get('is_connected') === true },
    ]),
  );
  return {
    vlanLimit: vlanLimitOf(root[0]?.get('other_config')),
    bridges: bridges.map((row) => ({
      name: textOf(row.get('name')),
      datapathId: textOf(row.get('datapath_id')),
      datapathType: textOf(row.get('datapath_type')),
      failMode: textOf(row.get('fail_mode')),
      protocols: itemsOf(row.get('protocols')).map(textOf),
      controllers: itemsOf(row.get('controller')).flatMap((id) => byId.get(textOf(id)) ?? []),
    })),
  };
}

type Row = ReadonlyMap<string, unknown>;

function parseTable(line: string): readonly Row[] | undefined {
  let table: unknown;
  try {
    table = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { headings, data } = (table ?? {}) as { readonly headings?: unknown; readonly data?: unknown };
  if (!Array.isArray(headings) || !Array.isArray(data)) return undefined;
  const rows = data.filter((cells) => Array.isArray(cells));
  return rows.map((cells) => new Map(headings.map((heading, column) => [String(heading), cells[column] as unknown])));
}

/** The members of an OVSDB set (RFC 7047 §5.1), in which one alone may stand for itself. */
function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value) && value[0] === 'set') return Array.isArray(value[1]) ? value[1] : [];
  return value === undefined ? [] : [value];
}

/** The text of a string or a UUID; empty for what is not there. */
function textOf(value: unknown): string {
  const [item] = itemsOf(value);
  if (Array.isArray(item) && item[0] === 'uuid') return String(item[1]);
  return typeof item === 'string' ? item : '';
}

function vlanLimitOf(otherConfig: unknown): number | undefined {
  const pairs = Array.isArray(otherConfig) && Array.isArray(otherConfig[1]) ? otherConfig[1] : [];
  const pair = pairs.find((one) => Array.isArray(one) && one[0] === 'vlan-limit');
  const limit = Number.parseInt(String(pair?.[1]), 10);
  return Number.isNaN(limit) ? undefined : limit;
}
