import { randomInt } from 'node:crypto';
import { GluewallError } from '../../core/errors.ts';
import type { InternetOptions } from '../../simulation/internet.ts';
import { MAX_HOPS } from '../../traceback/messages.ts';
import { DEFAULT_MODEL } from '../../traceback/node-options.ts';
import type { SimulateOptions } from '../commands/traceback-simulate.ts';

/** p of figure 13 of paper 1. */
const DEFAULT_PARTICIPATION = 0.9;
const DEFAULT_CASES = 1000;
const MAX_CASES = 1_000_000;
const MAX_SEED = 2 ** 32 - 1;
/** The clients of a source then ask for the most popular name 1,650 times a day. */
const DEFAULT_BACKGROUND = 400;
const MAX_BACKGROUND = 100_000;

/** What was typed. Throws GluewallError `usage`. */
export function simulationArguments(options: SimulateOptions): InternetOptions & { readonly cases: number } {
  const { seed, hops, cases, background, participation, queryRate } = options;
  return {
    seed: String(whole('--seed', seed, 0, MAX_SEED) ?? randomInt(MAX_SEED)),
    participation: probabilityArgument('--participation', participation) ?? DEFAULT_PARTICIPATION,
    queryRate: probabilityArgument('--query-rate', queryRate) ?? DEFAULT_MODEL.queryRate,
    hops: whole('--hops', hops, 2, MAX_HOPS) ?? 2,
    cases: whole('--cases', cases, 1, MAX_CASES) ?? DEFAULT_CASES,
    hasCaches: options.caches === true,
    queriesPerClient: whole('--background', background, 0, MAX_BACKGROUND) ?? DEFAULT_BACKGROUND,
  };
}

/** Options that logs made elsewhere leave no room for. Throws GluewallError `usage`. */
export function refuseGenerated(options: SimulateOptions): void {
  const { hops, cases, seed, caches, background } = options;
  const named = Object.entries({ hops, cases, seed, caches, background }).find(([, value]) => value !== undefined);
  if (named === undefined) return;
  throw new GluewallError('usage', `--${named[0]} is for a generated Internet: leave it out with --logs`);
}

/** Undefined: nothing was typed. Throws GluewallError `usage`. */
export function probabilityArgument(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= 1) return value;
  throw new GluewallError('usage', `${option}: "${text}" is no probability: want a number from 0 to 1, such as 0.55`);
}

function whole(option: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new GluewallError('usage', `${option}: "${text}" is no such number: want a whole one from ${least} to ${most}`);
}
