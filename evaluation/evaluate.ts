/**
 * npm run evaluate -- [--json] [--seeds 1,2,3] [--hosts N] [--scenario DIR] [--write DIR]: how well infected hosts, their groups and
 * C&C servers are told from everything else, in scenarios that are drawn or were made by others. docs/evaluation.md has the format
 * and says what the figures mean.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT } from '../src/cli/exit-codes.ts';
import { messageOf } from '../src/core/errors.ts';
import { printable, printableJson } from '../src/core/printable.ts';
import { isMet, summaryOf, TARGETS, tableOf } from './report.ts';
import { runScenario } from './run-scenario.ts';
import { MAX_HOSTS, MIN_HOSTS, makeScenario, type Scenario } from './scenario/make-scenario.ts';
import { openScenario, writeScenario } from './scenario-folder.ts';
import { addScores, type Score, scoreOutcome } from './score.ts';

const DEFAULT_SEEDS = '1,2,3,4,5,6,7,8,9,10';
const MAX_SEEDS = 1000;
const USAGE = 'usage: npm run evaluate -- [--json] [--seeds N,...] [--hosts N] [--scenario DIR]... [--write DIR]';

interface Wanted {
  readonly json: boolean;
  readonly scenarios: readonly (() => Scenario)[];
  readonly seeds: readonly number[];
  readonly write: string | undefined;
}

function readWanted(): Wanted {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      seeds: { type: 'string' },
      hosts: { type: 'string' },
      scenario: { type: 'string', multiple: true },
      write: { type: 'string' },
    },
  });
  const hosts = values.hosts === undefined ? undefined : numberOf('--hosts', values.hosts, MIN_HOSTS, MAX_HOSTS);
  const folders = values.scenario ?? [];
  const listed = values.seeds ?? (folders.length > 0 ? '' : DEFAULT_SEEDS);
  const seeds = listed.split(',').filter((text) => text !== '');
  if (seeds.length > MAX_SEEDS) throw new Error(`--seeds: want at most ${MAX_SEEDS}`);
  const numbers = seeds.map((text) => numberOf('--seeds', text, 0, 2 ** 31));
  return {
    json: values.json,
    scenarios: [
      ...folders.map((folder) => () => openScenario(folder)),
      ...numbers.map((seed) => () => makeScenario(seed, hosts)),
    ],
    seeds: numbers,
    write: values.write,
  };
}

function numberOf(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d{1,10}$/.test(text.trim()) && value >= least && value <= most) return value;
  throw new Error(`${option}: "${text}" is no whole number from ${least} to ${most}`);
}

function say(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

async function evaluate({ scenarios }: Wanted): Promise<Score> {
  const scores: Score[] = [];
  for (const [index, make] of scenarios.entries()) {
    const scenario = make();
    say(`${index + 1} of ${scenarios.length}: ${scenario.title}`);
    const outcome = await runScenario(scenario);
    const score = scoreOutcome(scenario.truth, outcome);
    const perSecond = Math.round(outcome.events / Math.max(1e-3, outcome.spentMs / 1000));
    say(
      `  ${outcome.events} events, ${perSecond} a second with rounds; precision ${score.precision.hits}/${score.precision.of}, recall ${score.recall.hits}/${score.recall.of}, C&C ${score.c2Top3.hits}/${score.c2Top3.of}`,
    );
    for (const note of score.notes) say(`  ${note}`);
    scores.push(score);
  }
  return addScores(scores);
}

async function writeAll({ scenarios, write }: Wanted): Promise<void> {
  for (const [index, make] of scenarios.entries()) {
    const folder = scenarios.length === 1 ? write! : join(write!, String(index + 1));
    const scenario = make();
    say(`${folder}: ${scenario.title}`);
    await writeScenario(scenario, folder);
  }
}

async function main(): Promise<void> {
  let wanted: Wanted;
  try {
    wanted = readWanted();
  } catch (error) {
    for (const line of [messageOf(error), USAGE]) say(line);
    process.exitCode = EXIT.usage;
    return;
  }
  try {
    if (wanted.write !== undefined) {
      await writeAll(wanted);
      return;
    }
    const score = await evaluate(wanted);
    if (wanted.json) process.stdout.write(`${printableJson(summaryOf(score, wanted.scenarios.length))}\n`);
    else process.stdout.write(`${tableOf(score).map(printable).join('\n')}\n`);
    process.exitCode = TARGETS.every((target) => isMet(target, score)) ? EXIT.done : EXIT.refused;
  } catch (error) {
    for (const line of messageOf(error).split('\n')) say(`evaluate: ${line}`);
    process.exitCode = EXIT.usage;
  }
}

await main();
