/** A controller under load: a process of its own that lives for one load. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

/** A controller that listens on `port` of the loopback. */
export interface Peer {
  readonly port: number;
  readonly pid: number;
  /** Ends the process and waits until it is gone. */
  stop(): Promise<void>;
}

const START_MS = 60_000;
const STOP_MS = 5000;
const TRY_AGAIN_MS = 50;
/** What is kept of what a peer complained of. */
const MAX_COMPLAINT = 2000;

/**
 * Starts a Node program that prints its port in a line that `portIn` knows. What it writes is read to the end, as a log
 * collector would, and thrown away. With `ipc`, it can be sent messages.
 */
export async function startNode(
  args: readonly string[],
  portIn: (line: string) => number | undefined,
  signal: AbortSignal,
  ipc?: 'ipc',
): Promise<Peer & { readonly child: ChildProcess }> {
  const stdio = ['ignore', 'pipe', 'inherit', ...(ipc === undefined ? [] : [ipc])] as const;
  const child = spawn(process.execPath, args, { stdio: [...stdio] });
  const end = killOn(signal, child);
  try {
    for await (const line of createInterface({ input: child.stdout! })) {
      const port = portIn(line);
      if (port === undefined) continue;
      child.stdout!.resume();
      return { port, pid: child.pid!, stop: () => stopChild(child), child };
    }
  } finally {
    end();
  }
  throw new Error(`${args.at(0)} ended before it listened`);
}

/** Starts a program that is told its port by `argsFor`, and resolves when it takes connections there. */
export async function startOnPort(
  command: string,
  argsFor: (port: number) => readonly string[],
  signal: AbortSignal,
): Promise<Peer> {
  const port = await freePort();
  const child = spawn(command, argsFor(port), { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-MAX_COMPLAINT);
  });
  child.once('error', (error) => {
    complaint += error.message;
  });
  const end = killOn(signal, child);
  try {
    while (!isListening(port)) {
      if (isGone(child)) throw new Error(`${command} ended before it listened: ${complaint.trim()}`);
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
    return { port, pid: child.pid!, stop: () => stopChild(child) };
  } finally {
    end();
  }
}

/** Free when asked; nobody keeps it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

/** Asked of the kernel (/proc/net/tcp): a connection made to find out would be one of the few that some peers take. */
function isListening(port: number): boolean {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const listening = '0A';
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return lines.some((line) => line.includes(` ${address} 00000000:0000 ${listening} `));
}

/** Kills a peer that starts too slowly, or is not wanted any more. The result ends that. */
function killOn(signal: AbortSignal, child: ChildProcess): () => void {
  const kill = () => child.kill('SIGKILL');
  const giveUp = setTimeout(kill, START_MS);
  signal.addEventListener('abort', kill);
  if (signal.aborted) kill();
  return () => {
    clearTimeout(giveUp);
    signal.removeEventListener('abort', kill);
  };
}

function isGone(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (isGone(child)) return;
  const gone = once(child, 'exit');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  child.kill('SIGTERM');
  await gone;
  clearTimeout(force);
}
