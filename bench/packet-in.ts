/**
 * npm run bench -- packet-in [--json] [--runs N]: packet_ins answered per second, how long an answer takes, how fair and
 * how large gluewall is with many switches, beside other controllers under the same load, in turns. With --heap instead:
 * heap octets allocated for a packet_in with a small and with a large frame. docs/performance.md says what the figures
 * mean.
 */
import { measureAllocation } from './support/allocation-run.ts';
import { type Bench, countOption, runBench } from './support/bench-program.ts';
import { compileLoadGenerator } from './support/load-generator.ts';
import { osKen, testcontroller } from './support/other-controllers.ts';
import { measureOnce, type RunFigures } from './support/packet-in-run.ts';
import { type Figures, figureLines, type LeftOut, reportLine, type Shown, type Target } from './support/report.ts';
import { spreadOf } from './support/statistics.ts';

const RUNS = 5;
const MOST_RUNS = 100;

/** For information: the exit code does not depend on them. */
const TARGETS: readonly Target[] = [
  { figure: 'oursByOsken', want: '>= 40' },
  { figure: 'oursByTestcontroller', want: '>= 2.5' },
  { figure: 'oursByBareNode', want: '>= 0.6' },
  { figure: 'ours16ByTestcontroller16', want: '>= 5' },
  { figure: 'p50ByBareNode', want: '<= 1.5' },
  { figure: 'p99ByP50', want: '<= 5' },
  { figure: 'minShare256', want: '>= 0.5' },
  { figure: 'rssMb', want: '<= 400' },
];

/** One octet for ten that a frame has more: a copy of it would take one for each. */
const HEAP_TARGETS: readonly Target[] = [
  { figure: 'heapBytesPerOctet', want: '<= 0.1' },
  { figure: 'copiedBytesPerOctet', want: '<= 0.1' },
];

const ANSWERS: Shown = { unit: 'answers/s', digits: 0 };
const MICROSECONDS: Shown = { unit: 'µs', digits: 0 };
const OCTETS: Shown = { unit: 'octets', digits: 0 };
const RATIO: Shown = { unit: '', digits: 2 };
const SHOWN: Readonly<Record<string, Shown>> = {
  ours: ANSWERS,
  osken: ANSWERS,
  testcontroller: ANSWERS,
  bareNode: ANSWERS,
  oursByOsken: RATIO,
  oursByTestcontroller: RATIO,
  oursByBareNode: RATIO,
  ours16: ANSWERS,
  testcontroller16: ANSWERS,
  ours16ByTestcontroller16: RATIO,
  p50Us: MICROSECONDS,
  p99Us: MICROSECONDS,
  bareNodeP50Us: MICROSECONDS,
  p50ByBareNode: RATIO,
  p99ByP50: RATIO,
  minShare256: RATIO,
  rssMb: { unit: 'MB', digits: 0 },
  heapBytesPerSmall: OCTETS,
  heapBytesPerLarge: OCTETS,
  heapBytesPerOctet: RATIO,
  bufferBytesPerSmall: OCTETS,
  bufferBytesPerLarge: OCTETS,
  answerBytesPerSmall: OCTETS,
  answerBytesPerLarge: OCTETS,
  copiedBytesPerOctet: RATIO,
  eventsLost: { unit: 'events', digits: 0 },
  eventsBeyondPace: { unit: 'events', digits: 0 },
};

/** Of the runs that have it; `leftOut` says why others have not. */
function figuresOf(runs: readonly RunFigures[]): Figures {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(
    names.map((name) => {
      const values = runs.flatMap((run) => run[name] ?? []);
      return [name, values.length > 0 ? spreadOf(values) : undefined];
    }),
  );
}

function shortly(run: RunFigures): string {
  const names = ['ours', 'bareNode', 'osken', 'testcontroller', 'ours16', 'testcontroller16'];
  return names.map((name) => `${name} ${run[name]?.toLocaleString('en') ?? 'left out'}`).join(', ');
}

async function benchHeap(call: Bench, count: number): Promise<string> {
  const generator = await compileLoadGenerator(call.folder, call.signal);
  const runs: RunFigures[] = [];
  for (let run = 1; run <= count; run++) {
    runs.push(await measureAllocation(call, generator));
    const { heapBytesPerSmall, heapBytesPerLarge } = runs.at(-1)!;
    const [small, large] = [heapBytesPerSmall, heapBytesPerLarge].map((bytes) => bytes?.toFixed(1));
    call.say(`run ${run} of ${count}: heap octets for a small frame ${small}, for a large one ${large}`);
  }
  return conclude(call, figuresOf(runs), count, HEAP_TARGETS);
}

async function benchSpeed(call: Bench, count: number): Promise<string> {
  const generator = await compileLoadGenerator(call.folder, call.signal);
  const others = { osken: osKen(call), testcontroller: testcontroller(call) };
  const reasons = new Map<string, string>();
  const leaveOut = (what: string, reason: string) => {
    if (reasons.get(what) === reason) return;
    reasons.set(what, reason);
    process.stderr.write(`packet-in: ${what} IS LEFT OUT: ${reason}\n`);
  };
  const runs: RunFigures[] = [];
  for (let run = 1; run <= count; run++) {
    runs.push(await measureOnce(call, generator, others, leaveOut));
    call.say(`run ${run} of ${count}: ${shortly(runs.at(-1)!)}`);
  }
  const leftOut = [...reasons].map(([what, reason]) => ({ what, reason }));
  return conclude(call, figuresOf(runs), count, TARGETS, leftOut);
}

function conclude(
  call: Bench,
  figures: Figures,
  count: number,
  targets: readonly Target[],
  leftOut: readonly LeftOut[] = [],
): string {
  call.say(`\nmedian of ${count} runs (least to most)`);
  for (const line of figureLines(figures, SHOWN)) call.say(line);
  call.say('');
  return reportLine('packet-in', figures, targets, leftOut);
}

function bench(call: Bench): Promise<string> {
  const count = countOption(call, 'runs', RUNS, 1, MOST_RUNS);
  return call.has('heap') ? benchHeap(call, count) : benchSpeed(call, count);
}

runBench('packet-in', { flags: ['heap'], options: ['runs'] }, bench);
