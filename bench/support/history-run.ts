/** One run of the history benchmark in a process of its own; prints its figures as JSON. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Address, parseAddress } from '../../src/core/address.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { type Name, parseName } from '../../src/dns/name.ts';
import { EventFeed } from '../../src/events/event-feed.ts';
import type { VerdictEvent } from '../../src/events/verdict-event.ts';
import { Firewall } from '../../src/firewall/firewall.ts';
import { NsHistory } from '../../src/nsdb/ns-history.ts';
import type { NsTriple } from '../../src/nsdb/ns-triple.ts';
import { AllowList } from '../../src/policy/allow-list.ts';

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
const HOST_ZONES = 50;
const EXPIRES_IN_MS = 20_000;
const HOLDS_MS = 172_800_000;
const TICK_MS = 500;

/** Zones with two to four name servers, two in five on servers that fifty zones share; half of the servers have IPv6, too. */
function* triples(nowMs: number, expiresAtMs: number): Generator<NsTriple, void> {
  for (let zone = 0, count = 0; count < TRIPLES; zone++) {
    const isHosted = zone % 5 < 2;
    const zoneName = nameOf(`zone${zone}.example`);
    const queryName = nameOf(`www${zone % 256}.zone${zone}.example`);
    for (let server = 0; server < 2 + (zone % 3); server++) {
      const host = isHosted ? Math.floor(zone / HOST_ZONES) : zone;
      const nameServer = nameOf(isHosted ? `ns${server}.host${host}.example` : `ns${server}.zone${zone}.example`);
      for (const address of addressesOf(isHosted ? host + (1 << 23) : host, server)) {
        if (count++ === TRIPLES) return;
        const untilMs = count <= EXPIRING ? expiresAtMs + (count % 1000) : nowMs + HOLDS_MS;
        yield tripleOf(zoneName, nameServer, address, queryName, nowMs, untilMs);
      }
    }
  }
}

function addressesOf(host: number, server: number): Address[] {
  const ipv4 = ((100 << 24) | (host << 2) | server) as Address;
  if (server % 2 === 0) return [ipv4];
  return [ipv4, parseAddress(`2001:db8:${(host >>> 16).toString(16)}:${(host & 0xffff).toString(16)}::${server}`)!];
}

function tripleOf(
  zone: Name,
  nameServer: Name,
  address: Address,
  queryName: Name,
  nowMs: number,
  expiresAtMs: number,
): NsTriple {
  const lesson = {
    nsTtlSeconds: 172_800,
    glueTtlSeconds: 172_800,
    queryAtMs: nowMs - 10,
    queryId: 1,
    queryName,
    responseAtMs: nowMs,
  };
  const times = { firstSeenAtMs: nowMs, lastSeenAtMs: nowMs };
  const teachers = [parseAddress('192.5.6.30')!];
  return {
    zone,
    nameServer,
    address,
    origin: 'learned',
    trust: 'referral',
    glue: 'in-domain',
    ...times,
    expiresAtMs,
    sightings: 1,
    teachers,
    lesson,
  };
}

function nameOf(text: string): Name {
  return parseName(text)!;
}

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
  for (const triple of triples(nowMs, expiresAtMs)) history.restore(triple);
  if (history.size !== TRIPLES) throw new Error(`the history holds ${history.size} triples`);
  globalThis.gc?.();
  const rssMb1M = process.memoryUsage().rss / 1e6;
  const known = sample(history, LOOKUPS);
  const unknown = known.map((_, index) => ((203 << 24) | index) as Address);
  const lookupP50Ns = lookupP50(history, known);
  const unknownP50Ns = lookupP50(history, unknown);
  const feed = new EventFeed<VerdictEvent>(systemClock, { size: 1, perRound: 1, roundMs: 1000 }, () => {});
  const hold = { timeMs: 0, packets: 0, bytes: 0 };
  const firewall = new Firewall(systemClock, silentLog, history, new AllowList(1), feed, hold);
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
