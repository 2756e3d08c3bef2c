import type { ChildProcess } from 'node:child_process';
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryPath } from '../../mininet/repository-path.ts';
import type { Bench } from './bench-program.ts';
import { type Peer, startNode } from './peer.ts';

/** Lines a second that the log takes, as by default. */
export const LOG_RATE = 1000;

/** Connections at once; a switch that reconnects may overtake the end of its old connection. */
const CONNECTIONS = 300;

export interface GluewallOptions {
  readonly logRate?: number;
  /** A module loaded before gluewall itself; it gets a channel for messages. */
  readonly probe?: string;
}

/** What the benchmarks read of `gluewall status --json`. */
export interface GluewallStatus {
  readonly verdicts: Readonly<Record<string, number>>;
  readonly eventsLost: number;
  readonly store: { readonly lostEvents: number };
}

export interface Gluewall extends Peer {
  readonly child: ChildProcess;
  /** Asked over the control socket. */
  status(): Promise<GluewallStatus>;
}

/** Starts gluewall as a user does, from a configuration and with a store of its own. */
export async function startGluewall(bench: Bench, options: GluewallOptions = {}): Promise<Gluewall> {
  const folder = mkdtempSync(join(bench.folder, 'gluewall-'));
  const file = join(folder, 'gluewall.yaml');
  const socket = join(folder, 'control.sock');
  writeFileSync(file, gluewallConfig(options.logRate ?? LOG_RATE));
  const script = repositoryPath('dist', 'src', 'cli', 'main.js');
  const imports = options.probe === undefined ? [] : ['--import', options.probe];
  const args = [...imports, script, 'run', '--config', file, '--socket', socket];
  const peer = await startNode(args, portIn, bench.signal, options.probe === undefined ? undefined : 'ipc');
  const status = async () => {
    const ask = [script, 'status', '--json', '--socket', socket];
    const { stdout } = await promisify(execFile)(process.execPath, ask, { signal: bench.signal });
    return JSON.parse(stdout) as GluewallStatus;
  };
  return { ...peer, status };
}

function portIn(line: string): number | undefined {
  return line.includes('listening for switches') ? JSON.parse(line).port : undefined;
}

/** Enforce without warm-up, hold and drop budgets; 198.18.0.0/16 is known; a free port. */
function gluewallConfig(logRate: number): string {
  const seed = Array.from({ length: 65_536 }, (_, index) => `198.18.${index >> 8}.${index & 255}`);
  return [
    'mode: enforce',
    'warmup: 0',
    'inside: { networks: [10.0.0.0/8] }',
    'outside: { ports: [2] }',
    `openflow: { listen: "127.0.0.1:0", switches: ${CONNECTIONS} }`,
    'hold: { time: 0 }',
    'drop_flow: { life: 1s, per_client: 16777216, total: 16777216 }',
    'store: { file: gluewall.db }',
    `log: { rate: ${logRate} }`,
    `seed: [${seed.join(', ')}]`,
    '',
  ].join('\n');
}
