/**
 * npm run bench -- first-query [--json] [--runs N] [--rounds N]: time of a first direct query to a known name server, through a
 * bridge with one NORMAL flow and through gluewall in reactive and in proactive mode; and reloads of ten thousand rules under load.
 * Runs in a network of its own, as root. docs/performance.md says what the figures mean.
 */
import { type Bench, countOption, runBench } from './support/bench-program.ts';
import { ASKED_NAME, askedAddress, FirstQueryNet } from './support/first-query-net.ts';
import { BRIDGES, GatedBridges, setOwnFlows } from './support/gated-bridges.ts';
import { TurnSender } from './support/query-sender.ts';
import { measureReloads, reloadServers } from './support/reload-run.ts';
import { figureLines, reportLine, type Shown, type Target } from './support/report.ts';
import { type Spread, spreadOf } from './support/statistics.ts';

const RUNS = 5;
const MOST_RUNS = 10;
const ROUNDS = 50;
const MOST_ROUNDS = 150;
/** Before anything counts, so that code is compiled. */
const WARM_ROUNDS = 100;
const GAP_MS = 5;

/**
 * `again`: the bridge of `normal` once more, for what two series of the same differ by. `static`: a bridge without a controller, with a
 * flow for each address, for what it takes the switch to find one.
 */
const SERIES = ['normal', 'again', 'static', 'reactive', 'proactive'] as const;
type Series = (typeof SERIES)[number];
/** Milliseconds, one for each round. */
type Times = Readonly<Record<Series, readonly number[]>>;

/** For information: the exit code does not depend on them. */
const TARGETS: readonly Target[] = [
  { figure: 'reactiveAddedMs', want: '<= 3' },
  { figure: 'reload10kSeconds', want: '<= 1' },
  { figure: 'lost', want: '<= 0' },
];

const MS: Shown = { unit: 'ms', digits: 3 };
const SECONDS: Shown = { unit: 's', digits: 2 };
const SHOWN: Readonly<Record<string, Shown>> = {
  normalP50Ms: MS,
  againP50Ms: MS,
  staticP50Ms: MS,
  reactiveP50Ms: MS,
  proactiveP50Ms: MS,
  uncopiedP50Ms: MS,
  againAddedMs: MS,
  staticAddedMs: MS,
  reactiveAddedMs: MS,
  proactiveAddedMs: MS,
  uncopiedAddedMs: MS,
  reload10kSeconds: SECONDS,
  reloadCommandSeconds: SECONDS,
};

/** Which of the bridges a series goes through. */
const PLACES = { normal: 0, again: 0, reactive: 1, proactive: 2, static: 3 } as const satisfies Record<Series, number>;

/** Where a series is asked in a round: never twice at the same place. */
function askedIn(series: Series, round: number): string {
  if (series === 'normal') return askedAddress(0, 2 * round);
  if (series === 'again') return askedAddress(0, 2 * round + 1);
  return askedAddress(PLACES[series], round);
}

/** One round after the other; in each, the series come in another order. */
async function measureRounds(sender: TurnSender, first: number, rounds: number): Promise<Times> {
  const times: Record<Series, number[]> = { normal: [], again: [], static: [], reactive: [], proactive: [] };
  for (let round = first; round < first + rounds; round++) {
    const order = shuffled(SERIES);
    const servers = order.map((series) => askedIn(series, round));
    const taken = await sender.ask(servers, ASKED_NAME);
    for (const [index, series] of order.entries()) times[series].push(taken[index]!);
  }
  return times;
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  const drawn = items.map((item) => ({ item, at: Math.random() })).sort((one, other) => one.at - other.at);
  return drawn.map(({ item }) => item);
}

/** `runs` times as many rounds, from the round `first` on. */
async function measureRuns(call: Bench, sender: TurnSender, first: number, runs: number, rounds: number) {
  const taken: Times[] = [];
  for (let run = 0; run < runs; run++) {
    const times = await measureRounds(sender, first + run * rounds, rounds);
    taken.push(times);
    const p50 = SERIES.map((series) => `${series} ${spreadOf(times[series]).median.toFixed(3)} ms`);
    call.say(`run ${run + 1} of ${runs}: ${p50.join(', ')}`);
  }
  return taken;
}

/** All series with gluewall as it comes, then once more with copies of allowed queries off. */
async function measureQueries(call: Bench, net: FirstQueryNet, bridges: GatedBridges, runs: number, rounds: number) {
  const sender = new TurnSender(net, GAP_MS);
  try {
    await measureRounds(sender, 0, WARM_ROUNDS);
    const asItComes = await measureRuns(call, sender, WARM_ROUNDS, runs, rounds);
    bridges.configure({ copy: { allowed_rate: 0 } });
    await bridges.ask('reload');
    call.say('without copies of allowed queries');
    const uncopied = await measureRuns(call, sender, WARM_ROUNDS + runs * rounds, runs, rounds);
    return { ...figuresOf(asItComes, SERIES), ...uncopiedFigures(uncopied) };
  } finally {
    await sender.stop();
  }
}

/** What a series took more than `normal` in the same round, the median. */
function added(times: Times, series: Series): number {
  return spreadOf(times[series].map((timeMs, round) => timeMs - times.normal[round]!)).median;
}

function figuresOf(taken: readonly Times[], wanted: readonly Series[]): Record<string, Spread> {
  const figures: Record<string, Spread> = {};
  for (const series of wanted) {
    figures[`${series}P50Ms`] = spreadOf(taken.map((times) => spreadOf(times[series]).median));
    if (series !== 'normal') figures[`${series}AddedMs`] = spreadOf(taken.map((times) => added(times, series)));
  }
  return figures;
}

function uncopiedFigures(taken: readonly Times[]): Record<string, Spread> {
  const { proactiveP50Ms, proactiveAddedMs } = figuresOf(taken, ['proactive']);
  return { uncopiedP50Ms: proactiveP50Ms!, uncopiedAddedMs: proactiveAddedMs! };
}

async function bench(call: Bench): Promise<string> {
  const runs = countOption(call, 'runs', RUNS, 1, MOST_RUNS);
  const rounds = countOption(call, 'rounds', ROUNDS, 10, MOST_ROUNDS);
  const all = WARM_ROUNDS + 2 * runs * rounds;
  const asked = SERIES.flatMap((series) => Array.from({ length: all }, (_, round) => askedIn(series, round)));
  const servers = reloadServers(all);
  const watched = { unknown: askedAddress(1, all + servers.length), known: askedAddress(1, all + servers.length + 1) };
  const known = [...asked, ...servers, watched.known];
  const net = await FirstQueryNet.start(call, BRIDGES, [...known, watched.unknown]);
  try {
    await setOwnFlows(call, net, asked);
    const bridges = await GatedBridges.start(call, net, known);
    try {
      const figures: Record<string, Spread> = await measureQueries(call, net, bridges, runs, rounds);
      const { inForceSeconds, commandSeconds, load } = await measureReloads(net, bridges, servers, watched, call.say);
      figures.reload10kSeconds = spreadOf(inForceSeconds);
      figures.reloadCommandSeconds = spreadOf(commandSeconds);
      figures.lost = spreadOf([load.lost]);
      figures.sent = spreadOf([load.sent]);
      for (const line of figureLines(figures, SHOWN)) call.say(line);
      const report = JSON.parse(reportLine('first-query', figures, TARGETS)) as { readonly figures: object };
      return JSON.stringify({ ...report, ...report.figures });
    } finally {
      await bridges.stop();
    }
  } finally {
    await net.stop();
  }
}

runBench('first-query', { options: ['runs', 'rounds'] }, bench);
