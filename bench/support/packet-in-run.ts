/** One run of the packet-in benchmark: each peer in turn, and what they come to. */
import type { Bench } from './bench-program.ts';
import { accountOfEvents } from './event-account.ts';
import { type Gluewall, LOG_RATE, startGluewall } from './gluewall-peer.ts';
import { type Load, type LoadResult, runLoad } from './load-generator.ts';
import { watchRss } from './memory.ts';
import { bareLoop, type Candidate } from './other-controllers.ts';
import type { Peer } from './peer.ts';

const THROUGHPUT: Load = { switches: 1, window: 64, warm: 1.5, seconds: 3 };
const SIXTEEN: Load = { switches: 16, window: 64, warm: 1.5, seconds: 3 };
const LATENCY: Load = { switches: 1, window: 1, warm: 1, seconds: 2 };
const MANY: Load = { switches: 256, window: 16, warm: 2, seconds: 4 };
const LOOK_MS = 200;

/** The controllers of others that this machine may have. */
export interface Others {
  readonly osken: Candidate;
  readonly testcontroller: Candidate;
}

/** Figures of one run by name; undefined where the controller is not there, or failed. */
export type RunFigures = Readonly<Record<string, number | undefined>>;

/** `leaveOut` is told which of the others was not measured, and why. Rejects where gluewall or the bare loop fails. */
export async function measureOnce(
  bench: Bench,
  generator: string,
  others: Others,
  leaveOut: (what: keyof Others, reason: string) => void,
): Promise<RunFigures> {
  const load = (start: () => Promise<Peer>, what: Load) => loadOnce(bench, generator, start, what);
  const perSecond = async (name: keyof Others, what: Load): Promise<number | undefined> => {
    const candidate = others[name];
    if ('missing' in candidate) {
      leaveOut(name, candidate.missing);
      return undefined;
    }
    try {
      return (await load(candidate.start, what)).answersPerSecond;
    } catch (error) {
      if (bench.signal.aborted) throw error;
      leaveOut(name, (error as Error).message);
      return undefined;
    }
  };

  const { ours, ...events } = await measureOurs(bench, generator);
  const bareNode = (await load(() => bareLoop(bench), THROUGHPUT)).answersPerSecond;
  const osken = await perSecond('osken', THROUGHPUT);
  const testcontroller = await perSecond('testcontroller', { ...THROUGHPUT, all_out: 1 });
  const ours16 = (await load(() => startGluewall(bench), SIXTEEN)).answersPerSecond;
  const testcontroller16 = await perSecond('testcontroller', { ...SIXTEEN, all_out: 1 });
  const { p50Us, p99Us } = await load(() => startGluewall(bench), LATENCY);
  const { p50Us: bareNodeP50Us } = await load(() => bareLoop(bench), LATENCY);
  return {
    ours,
    osken,
    testcontroller,
    bareNode,
    oursByOsken: ratio(ours, osken),
    oursByTestcontroller: ratio(ours, testcontroller),
    oursByBareNode: ratio(ours, bareNode),
    ours16,
    testcontroller16,
    ours16ByTestcontroller16: ratio(ours16, testcontroller16),
    p50Us,
    p99Us,
    bareNodeP50Us,
    p50ByBareNode: ratio(p50Us, bareNodeP50Us),
    p99ByP50: ratio(p99Us, p50Us),
    ...(await measureMany(bench, generator)),
    ...events,
  };
}

async function measureOurs(bench: Bench, generator: string) {
  const gluewall = await startGluewall(bench);
  return stopping(gluewall, async () => {
    const result = await runLoad(generator, gluewall.port, THROUGHPUT, bench.signal);
    const { lost, beyondPace } = accountOfEvents(
      await gluewall.status(),
      LOG_RATE,
      THROUGHPUT.warm + THROUGHPUT.seconds,
    );
    return { ours: result.answersPerSecond, eventsLost: lost, eventsBeyondPace: beyondPace };
  });
}

/** The memory counted is the most that was seen while answers counted. */
async function measureMany(bench: Bench, generator: string) {
  const gluewall: Gluewall = await startGluewall(bench);
  return stopping(gluewall, async () => {
    let watch: ReturnType<typeof watchRss> | undefined;
    try {
      const result = await runLoad(generator, gluewall.port, MANY, bench.signal, (mark) => {
        if (mark === 'measuring') watch = watchRss(gluewall.pid, LOOK_MS);
      });
      return { minShare256: result.leastShare, rssMb: Math.max(...watch!.stop().map(({ value }) => value)) };
    } finally {
      watch?.stop();
    }
  });
}

/** A process of its own for each load: flows that stand from one before would answer in its place. */
async function loadOnce(bench: Bench, generator: string, start: () => Promise<Peer>, load: Load): Promise<LoadResult> {
  const peer = await start();
  return stopping(peer, () => runLoad(generator, peer.port, load, bench.signal));
}

async function stopping<T>(peer: Peer, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await peer.stop();
  }
}

function ratio(one: number, other: number | undefined): number | undefined {
  return other === undefined || other === 0 ? undefined : one / other;
}
