import { join } from 'node:path';
import { GluewallError } from '../../core/errors.ts';
import type { CaseOutcome } from '../../simulation/case-outcome.ts';
import { Figures } from '../../simulation/figures.ts';
import { traceRecorded } from '../../simulation/recorded.ts';
import { simulate } from '../../simulation/simulate.ts';
import { MemoryQueryLog } from '../../storage/query-log/memory-query-log.ts';
import type { SimulateOptions } from '../commands/traceback-simulate.ts';
import { printJson, printLines } from '../output.ts';
import { ProgressBar } from '../progress-bar.ts';
import { printSimulation } from './print-simulation.ts';
import { readTruth } from './read-truth.ts';
import { RecordedLogs } from './recorded-logs.ts';
import { probabilityArgument, refuseGenerated, simulationArguments } from './simulation-arguments.ts';
import { type SimulationResult, simulationResult } from './simulation-result.ts';

/** Of one organisation, of some 26 hours. */
const MAX_ENTRIES = 2_000_000;

/** `gluewall traceback simulate`. */
export async function runSimulation(options: SimulateOptions): Promise<void> {
  const { logs, json } = options;
  const result = logs === undefined ? await generated(options) : await recorded(logs, options);
  if (json === true) await printJson(result);
  else await printLines(printSimulation(result));
}

async function generated(options: SimulateOptions): Promise<SimulationResult> {
  const typed = simulationArguments(options);
  const { participation: p, queryRate: q, hops, cases, seed, hasCaches, queriesPerClient } = typed;
  const { figures } = await addUp(
    simulate(typed, () => new MemoryQueryLog(MAX_ENTRIES)),
    cases,
  );
  const facts = { p, q, hops, expected: p ** hops * q, seed, caches: hasCaches, background: queriesPerClient };
  return simulationResult(figures, facts);
}

/** p and q that were not typed are measured: nodes that have logs, and bots that asked. */
async function recorded(folder: string, options: SimulateOptions): Promise<SimulationResult> {
  refuseGenerated(options);
  const typedP = probabilityArgument('--participation', options.participation);
  const typedQ = probabilityArgument('--query-rate', options.queryRate);
  const truth = await readTruth(join(folder, 'truth.json'));
  const logs = new RecordedLogs();
  try {
    await logs.load(truth, folder);
    const { figures, ways, askedShare } = await addUp(traceRecorded(truth, logs.byNode), truth.cases.length);
    const p = typedP ?? logs.byNode.size / truth.nodes.length;
    const q = typedQ ?? askedShare;
    if (q === undefined) {
      const remedy = 'give --query-rate, or "asked" in a case of the truth';
      throw new GluewallError('usage', `no log here tells whether a bot asked for its victim: ${remedy}`);
    }
    const expected = ways.reduce((sum, hops) => sum + p ** hops * q, 0) / figures.cases;
    const hops = ways.length === 0 ? 0 : ways.reduce((sum, way) => sum + way, 0) / ways.length;
    return simulationResult(figures, {
      p,
      q,
      hops,
      expected,
      seed: undefined,
      caches: undefined,
      background: undefined,
    });
  } finally {
    await logs.close();
  }
}

/** Adds cases up as they are done, and says how far it is. */
async function addUp(outcomes: AsyncIterable<CaseOutcome>, cases: number) {
  const figures = new Figures();
  const ways: number[] = [];
  const asked = { yes: 0, known: 0 };
  const bar = new ProgressBar('cases {bar} {value} of {total}', cases);
  try {
    for await (const outcome of outcomes) {
      figures.add(outcome);
      const { hops, isAsked } = outcome.truth;
      if (hops !== undefined) ways.push(hops);
      if (isAsked !== undefined) asked.known++;
      if (isAsked === true) asked.yes++;
      bar.report(figures.cases, `${figures.cases} of ${cases} cases`);
    }
  } finally {
    bar.stop();
  }
  return { figures, ways, askedShare: asked.known === 0 ? undefined : asked.yes / asked.known };
}
