/**
 * npm run bench -- first-query [--json] [--runs N] [--rounds N]: time of a first direct query to a known name server, through a
 * bridge with one NORMAL flow and through gluewall in reactive and in proactive mode. Runs in a network of its own, as root.
 * docs/performance.md says what the figures mean.
 */
import { join } from 'node:path';
import { GluewallProcess } from '../mininet/gluewall-process.ts';
import { until } from '../mininet/until.ts';
import { type Bench, countOption, runBench } from './support/bench-program.ts';
import { ASKED_NAME, askedAddress, type Bridge, bridgeAt, FirstQueryNet, INSIDE } from './support/first-query-net.ts';
import { TurnSender } from './support/query-sender.ts';
import { figureLines, reportLine, type Shown, type Target } from './support/report.ts';
import { type Spread, spreadOf } from './support/statistics.ts';

const RUNS = 5;
const MOST_RUNS = 10;
const ROUNDS = 60;
const MOST_ROUNDS = 200;
/** Before anything counts, so that code is compiled. */
const WARM_ROUNDS = 50;
const GAP_MS = 5;
const FLOWS_MS = 10_000;

/** The same switch as `normal`, asked for the second time in each round: what two series of one thing differ by. */
const SERIES = ['normal', 'again', 'reactive', 'proactive'] as const;
type Series = (typeof SERIES)[number];
const BRIDGES = {
  normal: bridgeAt(0, 'normal'),
  reactive: bridgeAt(1, 'reactive'),
  proactive: bridgeAt(2, 'proactive'),
};
/** Of the third bridge. */
const PROACTIVE_ID = '0000000000000003';

/** For information: the exit code does not depend on them. */
const TARGETS: readonly Target[] = [{ figure: 'reactiveAddedMs', want: '<= 3' }];

const MS: Shown = { unit: 'ms', digits: 3 };
const SHOWN: Readonly<Record<string, Shown>> = {
  normalP50Ms: MS,
  againP50Ms: MS,
  reactiveP50Ms: MS,
  proactiveP50Ms: MS,
};

/** Milliseconds of each series, round by round. */
type Times = Readonly<Record<Series, number[]>>;

/** Where a series is asked in a round: never twice at the same place. */
function askedIn(series: Series, round: number): string {
  if (series === 'normal') return askedAddress(0, 2 * round);
  if (series === 'again') return askedAddress(0, 2 * round + 1);
  return askedAddress(series === 'reactive' ? 1 : 2, round);
}

/** gluewall on two of the bridges. Every address that will be asked is known to it. */
async function startGluewall(call: Bench, net: FirstQueryNet, seed: readonly string[]): Promise<GluewallProcess> {
  const gluewall = await GluewallProcess.start(join(call.folder, 'gluewall'), {
    mode: 'enforce',
    warmup: 0,
    inside: { networks: [INSIDE] },
    outside: { ports: [BRIDGES.reactive.serverPort, BRIDGES.proactive.serverPort] },
    capture: { interfaces: [] },
    install: { proactive: [PROACTIVE_ID] },
    seed,
  });
  for (const { name } of [BRIDGES.reactive, BRIDGES.proactive]) {
    await net.openVswitch.vsctl('set-controller', name, 'tcp:127.0.0.1:6653');
    await net.openVswitch.vsctl('set', 'controller', name, 'max_backoff=1000');
  }
  return gluewall;
}

async function flowCount(net: FirstQueryNet, { name }: Bridge): Promise<number> {
  const text = await net.openVswitch.ofctl('dump-aggregate', name);
  return Number(/flow_count=(\d+)/.exec(text)?.[1] ?? 0);
}

/** The bridges are ready when the proactive one has a flow for each address. */
async function connectBridges(net: FirstQueryNet, gluewall: GluewallProcess, known: number): Promise<void> {
  await net.openVswitch.ofctl('add-flow', BRIDGES.normal.name, 'actions=NORMAL');
  await until('both bridges are connected', FLOWS_MS, async () =>
    (await gluewall.status()).switches.length === 2 ? true : undefined,
  );
  await until('the proactive bridge has its flows', FLOWS_MS, async () =>
    (await flowCount(net, BRIDGES.proactive)) > known ? true : undefined,
  );
}

/** One round after the other; in each, the series come in another order. */
async function measureRounds(sender: TurnSender, first: number, rounds: number): Promise<Times> {
  const times: Times = { normal: [], again: [], reactive: [], proactive: [] };
  for (let round = first; round < first + rounds; round++) {
    const order = shuffled(SERIES);
    const taken = await sender.ask(
      order.map((series) => askedIn(series, round)),
      ASKED_NAME,
    );
    for (const [index, series] of order.entries()) times[series].push(taken[index]!);
  }
  return times;
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

async function bench(call: Bench): Promise<string> {
  const runs = countOption(call, 'runs', RUNS, 1, MOST_RUNS);
  const rounds = countOption(call, 'rounds', ROUNDS, 10, MOST_ROUNDS);
  const all = WARM_ROUNDS + runs * rounds;
  const asked = SERIES.flatMap((series) => Array.from({ length: all }, (_, round) => askedIn(series, round)));
  const net = await FirstQueryNet.start(call, Object.values(BRIDGES), asked);
  try {
    const gluewall = await startGluewall(call, net, asked);
    await connectBridges(net, gluewall, asked.length);
    const sender = new TurnSender(net, GAP_MS);
    await measureRounds(sender, 0, WARM_ROUNDS);
    const taken: Times[] = [];
    for (let run = 0; run < runs; run++) {
      taken.push(await measureRounds(sender, WARM_ROUNDS + run * rounds, rounds));
      const p50 = SERIES.map((series) => `${series} ${spreadOf(taken.at(-1)![series]).median.toFixed(3)} ms`);
      call.say(`run ${run + 1} of ${runs}: ${p50.join(', ')}`);
    }
    await sender.stop();
    console.error(await gluewall.status());
    await gluewall.kill();
    const figures: Record<string, Spread> = {};
    for (const series of SERIES)
      figures[`${series}P50Ms`] = spreadOf(taken.map((times) => spreadOf(times[series]).median));
    for (const line of figureLines(figures, SHOWN)) call.say(line);
    return reportLine('first-query', figures, TARGETS);
  } finally {
    await net.stop();
  }
}

runBench('first-query', { options: ['runs', 'rounds'] }, bench);
