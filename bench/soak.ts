/**
 * npm run bench -- soak [--json] [--minutes N]: gluewall under a bounded load of 256 switches, one of which reconnects every
 * second; whether its memory grows. docs/performance.md says what the figures mean.
 */
import { type Bench, countOption, runBench } from './support/bench-program.ts';
import { startGluewall } from './support/gluewall-peer.ts';
import { compileLoadGenerator, type Load, runLoad } from './support/load-generator.ts';
import { watchRss } from './support/memory.ts';
import { figureLines, reportLine, type Shown } from './support/report.ts';
import { type Point, slopeOf, spreadOf } from './support/statistics.ts';

const MINUTES = 10;
const MOST_MINUTES = 24 * 60;
/**
 * A tenth of what gluewall can answer. So few destinations that every switch has the allow flows of all of them before the
 * second half, in which memory is judged.
 */
const LOAD: Omit<Load, 'seconds'> = {
  switches: 256,
  window: 16,
  warm: 0,
  rate: 20_000,
  reconnects: 1,
  destinations: 256,
};
const LOOK_MS = 1000;
const SAY_EVERY_SECONDS = 30;

const MEGABYTES: Shown = { unit: 'MB', digits: 1 };
const COUNT: Shown = { unit: '', digits: 0 };
const SHOWN: Readonly<Record<string, Shown>> = {
  rssStartMb: MEGABYTES,
  rssEndMb: MEGABYTES,
  rssMostMb: MEGABYTES,
  growthMbPerMinute: { unit: 'MB/min', digits: 3 },
  answersPerSecond: { unit: 'answers/s', digits: 0 },
  p99Us: { unit: 'µs', digits: 0 },
  reconnects: COUNT,
  abandoned: COUNT,
  closed: COUNT,
  unanswered: COUNT,
};

/** Says now and then how far the soak is. */
function tellProgress(call: Bench, minutes: number): (point: Point) => void {
  let saidAt = 0;
  return ({ at, value }) => {
    if (at - saidAt < SAY_EVERY_SECONDS) return;
    saidAt = at;
    call.say(`${(at / 60).toFixed(1)} of ${minutes} minutes: ${value.toFixed(1)} MB`);
  };
}

async function bench(call: Bench): Promise<string> {
  const minutes = countOption(call, 'minutes', MINUTES, 1, MOST_MINUTES);
  const generator = await compileLoadGenerator(call.folder, call.signal);
  const gluewall = await startGluewall(call);
  let memory: ReturnType<typeof watchRss> | undefined;
  try {
    const load = { ...LOAD, seconds: minutes * 60 };
    const result = await runLoad(generator, gluewall.port, load, call.signal, (mark) => {
      if (mark === 'measuring') memory = watchRss(gluewall.pid, LOOK_MS, tellProgress(call, minutes));
      else memory?.stop();
    });
    const points = memory?.stop() ?? [];
    const { answersPerSecond, p99Us, reconnects, abandoned, closed, unanswered } = result;
    const values = {
      rssStartMb: points[0]!.value,
      rssEndMb: points.at(-1)!.value,
      rssMostMb: Math.max(...points.map(({ value }) => value)),
      growthMbPerMinute: 60 * slopeOf(points.slice(Math.floor(points.length / 2))),
      answersPerSecond,
      p99Us,
      reconnects,
      abandoned,
      closed,
      unanswered,
    };
    const figures = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, spreadOf([value])]));
    for (const line of figureLines(figures, SHOWN)) call.say(line);
    return reportLine('soak', figures, []);
  } finally {
    memory?.stop();
    await gluewall.stop();
  }
}

runBench('soak', { options: ['minutes'] }, bench);
