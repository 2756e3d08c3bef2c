import type { Address, Ipv4Address } from '../../src/core/address.ts';
import { DAY_MS } from '../../src/core/clock.ts';
import { parseName } from '../../src/dns/name.ts';
import type { ModelOptions } from '../../src/traceback/node-options.ts';
import type { WindowFacts, WindowHost } from '../../src/traceback/window-facts.ts';

/** Random numbers from a seed: from 0, included, to 1, excluded (xorshift32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  const step = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
  // The first numbers of small seeds are alike.
  for (let round = 0; round < 16; round++) step();
  return step;
}

/** A whole number about `mean` (Poisson; a normal distribution stands for it where the mean is large). */
export function poisson(mean: number, random: () => number): number {
  if (mean > 20) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + normal * Math.sqrt(mean)));
  }
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}

export interface WorldOptions {
  readonly clients: number;
  /** How often the name of a victim is asked for: hosts expected in a window, drawn evenly in its logarithm. */
  readonly leastExpected: number;
  readonly mostExpected: number;
  /** Windows of the day before that the log covers. */
  readonly slots: number;
  /** How unlike clients are: 0, each asks as often as the next; 1, the second half as often as the first, as Zipf has it. */
  readonly unlikeness: number;
  /** Cases before the one that is judged. */
  readonly otherCases: number;
  readonly model: ModelOptions;
}

export interface World {
  readonly facts: WindowFacts;
  readonly others: readonly WindowFacts[];
  readonly bot: Address;
}

/** A source with its bots, and what its log has of several attacks: the truth is known. */
export function randomWorld(options: WorldOptions, random: () => number): World {
  const bots: number[] = [];
  const cases = Array.from({ length: options.otherCases + 1 }, (_, index) => {
    bots.push(nextBot(bots, options, random));
    return randomCase(bots[index]!, index, options, random);
  });
  return { facts: cases.at(-1)!, others: cases.slice(0, -1), bot: clientAddress(bots.at(-1)!) };
}

/** Two cases have the same bot with `sameBot`; a bot that had many is the more likely to have the next. */
function nextBot(before: readonly number[], { clients, model }: WorldOptions, random: () => number): number {
  const ofBefore = model.sameBot * before.length;
  const isOfBefore = random() * (1 - model.sameBot + ofBefore) < ofBefore;
  return isOfBefore ? before[Math.floor(random() * before.length)]! : Math.floor(random() * clients);
}

function randomCase(bot: number, index: number, options: WorldOptions, random: () => number): WindowFacts {
  const { clients, slots, unlikeness, leastExpected, mostExpected, model } = options;
  const expected = leastExpected * (mostExpected / leastExpected) ** random();
  const weights = Array.from({ length: clients }, (_, rank) => (unlikeness === 0 ? 1 : (rank + 1) ** -unlikeness));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  // Whom a name is dear to differs from name to name.
  const shift = Math.floor(random() * clients);
  const hosts: WindowHost[] = [];
  const counts: number[] = [];
  for (let client = 0; client < clients; client++) {
    const chance = Math.min(1, (expected * weights[(client + shift) % clients]!) / sum);
    const seen = Math.min(slots, poisson(chance * slots, random));
    counts.push(seen);
    const asks = random() < chance || (client === bot && random() < model.queryRate);
    if (asks) hosts.push({ address: clientAddress(client), firstAtMs: 1000, lastAtMs: 2000, queries: 1, slots: seen });
  }
  return {
    name: parseName(`victim${index}.example`)!,
    fromMs: 0,
    toMs: 6000,
    expected: slots === 0 ? 0 : counts.reduce((all, count) => all + count, 0) / slots,
    slots,
    coveredMs: DAY_MS,
    askers: counts.filter((count) => count > 0).length,
    askedOnce: counts.filter((count) => count === 1).length,
    clients,
    hosts,
  };
}

export function clientAddress(client: number): Address {
  return (0x0a000000 + client) as Ipv4Address;
}
