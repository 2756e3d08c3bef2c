/** What people who look at the console cost the verdicts: beside a sender of as many octets that has nothing to do with them. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { repositoryPath } from '../../mininet/repository-path.ts';
import type { Bench } from './bench-program.ts';
import { startConsoleSite } from './console-site.ts';
import type { ViewersMessage, ViewersOrder } from './console-viewers.ts';
import type { DummyMessage, DummyOrder } from './dummy-sender.ts';
import { type LoadResult, runLoad } from './load-generator.ts';

const VIEWERS = 200;
const USERS = 20;
/** A tenth of the packet_ins is blocked: 500 events a second. */
const LOAD = { switches: 4, window: 256, warm: 3, seconds: 12, known: 90, rate: 5000, destinations: 16_384 } as const;
const KNOWN = 16_384;

export interface ShiftRun {
  readonly p99Us: number;
  readonly dummyP99Us: number;
  /** Octets that one viewer got in a second. */
  readonly octetsPerSecond: number;
}

/** One run of each, on a gluewall of its own. `isConsoleFirst` says in which order. */
export async function measureShift(bench: Bench, generator: string, isConsoleFirst: boolean): Promise<ShiftRun> {
  // How much a viewer gets is only known once one has looked: the first run of all is for that, when the dummy is first.
  const rehearsal = isConsoleFirst ? undefined : await withViewers(bench, generator);
  const dummyFirst = rehearsal && (await withDummy(bench, generator, rehearsal.octetsPerSecond));
  const seen = await withViewers(bench, generator);
  const dummy = dummyFirst ?? (await withDummy(bench, generator, seen.octetsPerSecond));
  return { p99Us: seen.load.p99Us, dummyP99Us: dummy.p99Us, octetsPerSecond: seen.octetsPerSecond };
}

async function withViewers(bench: Bench, generator: string) {
  const site = await startConsoleSite(bench, { known: KNOWN });
  try {
    const sessions: string[] = [];
    for (let user = 0; user < USERS; user++) sessions.push(await site.signIn(`viewer${user}`));
    const cookies = Array.from({ length: VIEWERS }, (_, index) => sessions[index % USERS]!);
    return await withReaders(bench, { origin: site.origin, path: '/api/v1/live', cookies }, async (count) => {
      const load = await loaded(bench, generator, site.port, count);
      return { load: load.result, octetsPerSecond: load.octets / VIEWERS / LOAD.seconds };
    });
  } finally {
    await site.stop();
  }
}

async function withDummy(bench: Bench, generator: string, octetsPerSecond: number): Promise<LoadResult> {
  const site = await startConsoleSite(bench, { known: KNOWN });
  const dummy = fork(repositoryPath('dist', 'bench', 'support', 'dummy-sender.js'), { signal: bench.signal });
  dummy.on('error', () => undefined);
  try {
    dummy.send({ octetsPerSecond } satisfies DummyOrder);
    const [{ port }] = (await once(dummy, 'message')) as [DummyMessage];
    const cookies = Array.from({ length: VIEWERS }, () => '');
    const order = { origin: `http://127.0.0.1:${port}`, path: '/', cookies };
    return await withReaders(bench, order, async (count) => (await loaded(bench, generator, site.port, count)).result);
  } finally {
    await ended(dummy);
    await site.stop();
  }
}

/** The load, and the octets that the readers got while its answers counted. */
async function loaded(bench: Bench, generator: string, port: number, count: () => Promise<number>) {
  const marks: Promise<number>[] = [];
  const result = await runLoad(generator, port, LOAD, bench.signal, () => marks.push(count()));
  const [before = 0, after = 0] = await Promise.all(marks);
  return { result, octets: after - before };
}

/** Has the readers connected while `body` runs, which is given a way to ask how many octets they have. */
async function withReaders<T>(
  bench: Bench,
  order: ViewersOrder,
  body: (count: () => Promise<number>) => Promise<T>,
): Promise<T> {
  const readers = fork(repositoryPath('dist', 'bench', 'support', 'console-viewers.js'), { signal: bench.signal });
  readers.on('error', () => undefined);
  const waiting: ((octets: number) => void)[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      readers.on('message', (message: ViewersMessage) => {
        if (message.kind === 'ready') resolve();
        else if (message.kind === 'failed') reject(new Error(message.reason));
        else waiting.shift()?.(message.octets);
      });
      readers.once('exit', () => reject(new Error('the viewers ended')));
      readers.send(order);
    });
    return await body(
      () =>
        new Promise((resolve) => {
          waiting.push(resolve);
          readers.send('count');
        }),
    );
  } finally {
    await ended(readers);
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
