/** One run of the history benchmark in a process of its own; prints its figures as JSON. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { configuredGroups } from '../../src/cli/configured-groups.ts';
import { defaultConfig } from '../../src/config/load.ts';
import type { Address } from '../../src/core/address.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { EventFeed } from '../../src/events/event-feed.ts';
import type { VerdictEvent } from '../../src/events/verdict-event.ts';
import { AllowedSampler } from '../../src/firewall/allowed-sampler.ts';
import { Firewall } from '../../src/firewall/firewall.ts';
import { NsHistory } from '../../src/nsdb/ns-history.ts';
import { NO_PACKS } from '../../src/policy/pack.ts';
import { PolicyBook } from '../../src/policy/policy-book.ts';
import { RuleBook } from '../../src/policy/rule-book.ts';
import { manyTriples } from './many-triples.ts';

export interface HistoryRun {
  readonly rssMb1M: number;
  readonly lookupP50Ns: number;
  readonly unknownP50Ns: number;
  readonly expiryMaxPauseMs: number;
  readonly expired: number;
}

const TRIPLES = 1_000_000;
const EXPIRING = 100_000;
const LOOKUPS = 1_000_000;
/** Look-ups timed in one go: the clock costs as much as a look-up. */
const LOOKUPS_PER_TIMING = 20;
const EXPIRES_IN_MS = 20_000;
const TICK_MS = 500;

/** Nanoseconds of one look-up, the median of those timed. */
function lookupP50(history: NsHistory, addresses: readonly Address[]): number {
  const timings: number[] = [];
  for (let done = 0; done < LOOKUPS; done += LOOKUPS_PER_TIMING) {
    const startedAt = process.hrtime.bigint();
    for (let index = 0; index < LOOKUPS_PER_TIMING; index++) history.standing(addresses[done + index]!);
    timings.push(Number(process.hrtime.bigint() - startedAt) / LOOKUPS_PER_TIMING);
  }
  return timings.sort((a, b) => a - b)[timings.length >> 1]!;
}

async function main(): Promise<void> {
  const history = new NsHistory(systemClock, {
    ttlFloorSeconds: 60,
    ttlCapSeconds: 7 * 86_400,
    size: TRIPLES,
    keepMs: 7 * 86_400_000,
    staleMs: 0,
    isParentBound: true,
  });
  const nowMs = systemClock.nowMs();
  const expiresAtMs = Math.ceil((nowMs + EXPIRES_IN_MS) / 1000) * 1000;
  for (const triple of manyTriples(TRIPLES, nowMs, { count: EXPIRING, atMs: expiresAtMs })) history.restore(triple);
  if (history.size !== TRIPLES) throw new Error(`the history holds ${history.size} triples`);
  globalThis.gc?.();
  const rssMb1M = process.memoryUsage().rss / 1e6;
  const known = sample(history, LOOKUPS);
  const unknown = known.map((_, index) => ((203 << 24) | index) as Address);
  const lookupP50Ns = lookupP50(history, known);
  const unknownP50Ns = lookupP50(history, unknown);
  const feed = new EventFeed<VerdictEvent>(systemClock, { size: 1, perRound: 1, roundMs: 1000 }, () => {});
  const hold = { timeMs: 0, packets: 0, bytes: 0 };
  const groups = configuredGroups(defaultConfig());
  const firewall = new Firewall({
    clock: systemClock,
    log: silentLog,
    history,
    policies: new PolicyBook(systemClock, history, new RuleBook(0), NO_PACKS, groups),
    modeOf: ({ mode }) => mode,
    feed,
    sampler: new AllowedSampler(systemClock, 0),
    hold,
    openings: { connections: 0, bytes: 0, timeMs: 1 },
    onLeft: () => undefined,
    onSeen: () => undefined,
  });
  if (systemClock.nowMs() > expiresAtMs - 1000) throw new Error('the machine is too slow for EXPIRES_IN_MS');
  const before = history.size;
  await sleep(expiresAtMs - systemClock.nowMs() - TICK_MS);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  for (let round = 0; round < 6; round++) {
    firewall.tick();
    await sleep(TICK_MS);
  }
  delay.disable();
  const run: HistoryRun = {
    rssMb1M,
    lookupP50Ns,
    unknownP50Ns,
    expiryMaxPauseMs: delay.max / 1e6,
    expired: before - history.size,
  };
  process.stdout.write(`${JSON.stringify(run)}\n`);
}

/** Addresses of the history in an order that has nothing to do with that of the table. */
function sample(history: NsHistory, most: number): Address[] {
  const all: Address[] = [];
  for (const { address } of history.triples()) all.push(address);
  return Array.from({ length: most }, (_, index) => all[(index * 611_953) % all.length]!);
}

main();
