/** The controllers under load, each a process of its own that lives for one run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A controller that listens on `port` of the loopback. */
export interface Peer {
  readonly port: number;
  /** Ends the process and waits until it is gone. */
  stop(): Promise<void>;
}

const START_MS = 30_000;
const STOP_MS = 5000;

/** Starts the bare loop. `script` is its compiled program. */
export function startBareLoop(script: string): Promise<Peer> {
  return startPeer([script], (line) => Number(line));
}

/** Starts gluewall as a user does, from a configuration in `folder`. `script` is its compiled command line. */
export function startGluewall(script: string, folder: string): Promise<Peer> {
  const file = join(folder, 'gluewall.yaml');
  writeFileSync(file, gluewallConfig());
  const args = [script, 'run', '--config', file, '--socket', join(folder, 'control.sock')];
  return startPeer(args, (line) => (line.includes('listening for switches') ? JSON.parse(line).port : undefined));
}

/** Enforce without warm-up, hold and drop budgets; 198.18.0.0/16 is known; a free port. */
function gluewallConfig(): string {
  const seed = Array.from({ length: 65_536 }, (_, index) => `198.18.${index >> 8}.${index & 255}`);
  return [
    'mode: enforce',
    'warmup: 0',
    'inside: { networks: [10.0.0.0/8] }',
    'outside: { ports: [2] }',
    'openflow: { listen: "127.0.0.1:0" }',
    'hold: { time: 0 }',
    'allow_flow: { total: 1000000 }',
    'drop_flow: { life: 1s, per_client: 16777216, total: 16777216 }',
    `seed: [${seed.join(', ')}]`,
    '',
  ].join('\n');
}

/** What it writes is read to the end, as a log collector would, and thrown away. */
async function startPeer(args: readonly string[], portIn: (line: string) => number | undefined): Promise<Peer> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const stop = () => stopChild(child);
  const giveUp = setTimeout(() => child.kill('SIGKILL'), START_MS);
  try {
    for await (const line of lines) {
      const port = portIn(line);
      if (port === undefined) continue;
      child.stdout.resume();
      return { port, stop };
    }
  } finally {
    clearTimeout(giveUp);
  }
  throw new Error(`${args[0]} ended before it listened`);
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  child.kill('SIGTERM');
  await gone;
  clearTimeout(force);
}
