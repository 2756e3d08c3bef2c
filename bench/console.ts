/**
 * npm run bench -- console [--json] [--runs N] [--events N] [--triples N]: how long staff waits for the inbox and for searches beside
 * a history of millions, when the page can be worked with, how large it is, and what viewers cost the verdicts.
 * docs/performance.md says what the figures mean.
 */
import { join } from 'node:path';
import { type Bench, countOption, runBench } from './support/bench-program.ts';
import { measureFirstLook } from './support/console-browser.ts';
import { inboxP95, searchP95 } from './support/console-requests.ts';
import { measureShift, type ShiftRun } from './support/console-shift.ts';
import { startConsoleSite } from './support/console-site.ts';
import { writeConsoleStore } from './support/console-store.ts';
import { compileLoadGenerator } from './support/load-generator.ts';
import { figureLines, reportLine, type Shown, type Target } from './support/report.ts';
import { spreadOf } from './support/statistics.ts';

const RUNS = 3;
const MOST_RUNS = 20;
const EVENTS = 5_000_000;
const TRIPLES = 1_000_000;
const REQUESTS = 200;
const MILLISECONDS: Shown = { unit: 'ms', digits: 1 };
const SHOWN: Readonly<Record<string, Shown>> = {
  inboxP95Ms: MILLISECONDS,
  searchP95Ms: MILLISECONDS,
  interactiveMs: { unit: 'ms', digits: 0 },
  firstPageGzipKb: { unit: 'kB', digits: 1 },
  verdictP99Us: { unit: 'µs', digits: 0 },
  dummyP99Us: { unit: 'µs', digits: 0 },
  verdictP99Shift: { unit: '', digits: 3 },
};

/** For information: the exit code does not depend on them. */
const TARGETS: readonly Target[] = [
  { figure: 'inboxP95Ms', want: '<= 100' },
  { figure: 'searchP95Ms', want: '<= 300' },
  { figure: 'verdictP99Shift', want: '<= 0.1' },
  { figure: 'interactiveMs', want: '<= 1000' },
  { figure: 'firstPageGzipKb', want: '<= 120' },
];

interface Waits {
  readonly inboxP95Ms: number[];
  readonly searchP95Ms: number[];
  readonly interactiveMs: number[];
  readonly firstPageGzipKb: number[];
}

async function measureWaits(call: Bench, runs: number): Promise<Waits> {
  const events = countOption(call, 'events', EVENTS, 1000, 20_000_000);
  const triples = countOption(call, 'triples', TRIPLES, 1000, 5_000_000);
  const store = join(call.folder, 'site.db');
  call.say(`writing ${events.toLocaleString('en')} events and ${triples.toLocaleString('en')} history entries`);
  await writeConsoleStore(store, { events, triples }, Date.now(), call.say);
  const waits: Waits = { inboxP95Ms: [], searchP95Ms: [], interactiveMs: [], firstPageGzipKb: [] };
  const site = await startConsoleSite(call, { store, events });
  try {
    const cookie = await site.signIn('staff');
    for (let run = 1; run <= runs; run++) {
      waits.inboxP95Ms.push(await inboxP95(site, cookie, REQUESTS));
      waits.searchP95Ms.push(await searchP95(site, cookie, REQUESTS, call.say));
      const { interactiveMs, gzipKb } = await measureFirstLook(site, cookie);
      waits.interactiveMs.push(interactiveMs);
      waits.firstPageGzipKb.push(gzipKb);
      const [inbox, search] = [waits.inboxP95Ms, waits.searchP95Ms].map((times) => times.at(-1)!.toFixed(0));
      call.say(`run ${run} of ${runs}: inbox ${inbox} ms, searches ${search} ms, page ${interactiveMs.toFixed(0)} ms`);
    }
    return waits;
  } finally {
    await site.stop();
  }
}

async function measureShifts(call: Bench, runs: number): Promise<readonly ShiftRun[]> {
  const generator = await compileLoadGenerator(call.folder, call.signal);
  const shifts: ShiftRun[] = [];
  for (let run = 1; run <= runs; run++) {
    const one = await measureShift(call, generator, run % 2 === 1);
    shifts.push(one);
    const octets = one.octetsPerSecond.toFixed(0);
    call.say(
      `run ${run} of ${runs}: p99 ${one.p99Us} µs with viewers (${octets} octets/s each), ${one.dummyP99Us} without`,
    );
  }
  return shifts;
}

await runBench('console', { options: ['runs', 'events', 'triples'] }, async (call) => {
  const runs = countOption(call, 'runs', RUNS, 1, MOST_RUNS);
  const waits = await measureWaits(call, runs);
  const shifts = await measureShifts(call, runs);
  const figures = {
    inboxP95Ms: spreadOf(waits.inboxP95Ms),
    searchP95Ms: spreadOf(waits.searchP95Ms),
    interactiveMs: spreadOf(waits.interactiveMs),
    firstPageGzipKb: spreadOf(waits.firstPageGzipKb),
    verdictP99Us: spreadOf(shifts.map(({ p99Us }) => p99Us)),
    dummyP99Us: spreadOf(shifts.map(({ dummyP99Us }) => dummyP99Us)),
    verdictP99Shift: spreadOf(shifts.map(({ p99Us, dummyP99Us }) => p99Us / dummyP99Us - 1)),
  };
  for (const line of figureLines(figures, SHOWN)) call.say(line);
  return reportLine('console', figures, TARGETS);
});
