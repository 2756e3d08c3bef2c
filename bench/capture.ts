/**
 * npm run bench -- capture [--json] [--runs N]: packets a second that a running gluewall captures and learns from without
 * losing one, and how long it takes from a response on the wire to its address in the history. Runs in a network of its own,
 * as root. docs/performance.md says what the figures mean.
 */
import { join } from 'node:path';
import { type Bench, countOption, runBench } from './support/bench-program.ts';
import { writeBorderCapture } from './support/border-capture.ts';
import { compileSender, type LoadResult, MeasuredCapture, makeLink } from './support/capture-run.ts';
import { figureLines, reportLine, type Shown, type Target } from './support/report.ts';
import { spreadOf } from './support/statistics.ts';

const RUNS = 3;
const MOST_RUNS = 100;
const CAPTURE_BYTES = 40_000_000;
const SEED = 1;
/** Before anything counts, so that code is compiled. */
const WARM = { rate: 20_000, seconds: 3, every: 10 };
const SLOW = { rate: 1000, seconds: 10, every: 5 };
/** Of every search for the greatest rate. */
const SECONDS = 5;
const EVERY = 50;
const FIRST_RATE = 60_000;
const MOST_RATE = 500_000;
const STEP = 1.25;
const BISECTIONS = 3;

/** For information: the exit code does not depend on them. */
const TARGETS: readonly Target[] = [
  { figure: 'packetsPerSecond', want: '>= 100000' },
  { figure: 'lost', want: '<= 0' },
  { figure: 'learnP50Ms', want: '<= 2' },
  { figure: 'learnP99Ms', want: '<= 10' },
];

const MS: Shown = { unit: 'ms', digits: 2 };
const SHOWN: Readonly<Record<string, Shown>> = {
  packetsPerSecond: { unit: 'packets/s', digits: 0 },
  lost: { unit: 'packets', digits: 0 },
  learnP50Ms: MS,
  learnP99Ms: MS,
  halfRateP50Ms: MS,
  halfRateP99Ms: MS,
};

type RunFigures = Readonly<Record<keyof typeof SHOWN, number>>;

const lostOf = ({ unobserved, unlearned }: LoadResult) => unobserved + unlearned;

/** The load with the greatest rate of which nothing was lost, within a few per cent; the slowest one when none was. */
async function greatestRate(play: (rate: number) => Promise<LoadResult>): Promise<LoadResult> {
  let best = await play(FIRST_RATE);
  if (lostOf(best) > 0) return best;
  let good = FIRST_RATE;
  let bad: number | undefined;
  for (let rate = good * STEP; bad === undefined && rate < MOST_RATE; rate *= STEP) {
    const result = await play(rate);
    if (lostOf(result) > 0) bad = rate;
    else [best, good] = [result, rate];
  }
  for (let round = 0; bad !== undefined && round < BISECTIONS; round++) {
    const rate: number = (good + bad) / 2;
    const result = await play(rate);
    if (lostOf(result) > 0) bad = rate;
    else [best, good] = [result, rate];
  }
  return best;
}

async function measureOnce(call: Bench, sender: string, file: string): Promise<RunFigures> {
  const capture = await MeasuredCapture.start(call, sender, file);
  try {
    await capture.play(WARM);
    const slow = await capture.play(SLOW);
    const best = await greatestRate(async (rate) => {
      const result = await capture.play({ rate, seconds: SECONDS, every: EVERY });
      const { packetsPerSecond, unobserved, unlearned, marks } = result;
      const lost = `${unobserved} not observed, ${unlearned} of ${marks.known + unlearned} marks not learned`;
      call.say(`  ${Math.round(packetsPerSecond)} packets/s: ${lost}, p99 ${marks.p99Ms.toFixed(1)} ms`);
      return result;
    });
    const half = await capture.play({ rate: best.packetsPerSecond / 2, seconds: SECONDS, every: EVERY });
    return {
      packetsPerSecond: best.packetsPerSecond,
      lost: lostOf(best) + lostOf(slow) + lostOf(half),
      learnP50Ms: slow.marks.p50Ms,
      learnP99Ms: slow.marks.p99Ms,
      halfRateP50Ms: half.marks.p50Ms,
      halfRateP99Ms: half.marks.p99Ms,
    };
  } finally {
    await capture.stop();
  }
}

async function bench(call: Bench): Promise<string> {
  const count = countOption(call, 'runs', RUNS, 1, MOST_RUNS);
  makeLink();
  const sender = await compileSender(call.folder, call.signal);
  const file = join(call.folder, 'border.pcap');
  await writeBorderCapture(file, CAPTURE_BYTES, SEED);
  const runs: RunFigures[] = [];
  for (let run = 1; run <= count; run++) {
    runs.push(await measureOnce(call, sender, file));
    const { packetsPerSecond, learnP50Ms, learnP99Ms } = runs.at(-1)!;
    const times = `p50 ${learnP50Ms!.toFixed(2)} ms, p99 ${learnP99Ms!.toFixed(2)} ms`;
    call.say(`run ${run} of ${count}: ${Math.round(packetsPerSecond!)} packets/s; at ${SLOW.rate} packets/s ${times}`);
  }
  const figures = Object.fromEntries(Object.keys(SHOWN).map((name) => [name, spreadOf(runs.map((run) => run[name]!))]));
  call.say(`\nmedian of ${count} runs (least to most)`);
  for (const line of figureLines(figures, SHOWN)) call.say(line);
  call.say('');
  return reportLine('capture', figures, TARGETS);
}

runBench('capture', { options: ['runs'] }, bench);
