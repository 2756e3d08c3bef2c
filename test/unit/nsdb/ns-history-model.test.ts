import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import { formatName } from '../../../src/dns/name.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import { historyOptions, learnAt } from '../../support/learning.ts';
import { addressOf, nameOf, tripleAt } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const SIZE = 6;
const KEEP_MS = 100_000;
const CAP_SECONDS = 400;
const ZONES = ['a.example', 'b.example', 'ns.example'];
const SERVERS = ['ns.example', 'ns.a.example'];
const ADDRESSES = ['203.0.113.1', '203.0.113.2', '2001:db8::1'];

interface ModelRow {
  readonly address: string;
  untilMs: number;
  /** When it was swept: it stands in the past in this order. */
  isPast: boolean;
}

/** Rows by zone, name server and address; those that are past stand behind, in the order in which they came to be. */
class Model {
  readonly rows = new Map<string, ModelRow>();
  readonly past: string[] = [];

  learn(key: string, address: string, untilMs: number, nowMs: number): string {
    if (untilMs <= nowMs) return 'over';
    const held = this.rows.get(key);
    if (held === undefined && this.rows.size >= SIZE) {
      const oldest = this.past.shift();
      if (oldest === undefined) return 'history is full';
      this.rows.delete(oldest);
    }
    if (held?.isPast) this.past.splice(this.past.indexOf(key), 1);
    const longest = held === undefined || held.isPast ? untilMs : Math.max(held.untilMs, untilMs);
    this.rows.set(key, { address, untilMs: longest, isPast: false });
    return held === undefined ? 'new' : 'seen';
  }

  /** What is due is past from now on. */
  expire(nowMs: number): void {
    for (const [key, row] of this.rows) {
      if (row.isPast || row.untilMs > nowMs) continue;
      row.isPast = true;
      this.past.push(key);
    }
  }

  untilMs(address: string): number {
    const ends = [...this.rows.values()].filter((row) => row.address === address).map(({ untilMs }) => untilMs);
    return Math.max(0, ...ends);
  }
}

const step = fc.record({
  do: fc.constantFrom('learn', 'learn', 'learn', 'restore', 'expire', 'wait'),
  zone: fc.constantFrom(...ZONES),
  nameServer: fc.constantFrom(...SERVERS),
  address: fc.constantFrom(...ADDRESSES),
  seconds: fc.integer({ min: 0, max: 600 }),
});

it('NsHistory knows what a list of rows would know, and tells each life of an address', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const clock = new VirtualClock();
      const options = { size: SIZE, keepMs: KEEP_MS, ttlCapSeconds: CAP_SECONDS, isParentBound: false };
      const history = new NsHistory(clock, historyOptions(options));
      const model = new Model();
      const known = new Set<string>();
      history.subscribe({
        learned: (address) => known.add(formatAddress(address)),
        expired: (address) => expect(known.delete(formatAddress(address))).toBe(true),
      });
      for (const [index, { do: what, zone, nameServer, address, seconds }] of steps.entries()) {
        const nowMs = clock.nowMs();
        const key = `${zone} ${nameServer} ${address}`;
        if (what === 'learn') {
          const untilMs = nowMs + 1000 * Math.min(CAP_SECONDS, Math.max(60, seconds));
          const taking = learnAt(history, nowMs, { zone, nameServer, address, nsTtlSeconds: seconds });
          expect(taking).toBe(model.learn(key, address, untilMs, nowMs));
        }
        if (what === 'restore') {
          const expiresAtMs = nowMs + 1000 * seconds;
          const triple = tripleAt(nowMs, { zone, nameServer, address, expiresAtMs, trust: 'unverified' });
          const untilMs = Math.min(expiresAtMs, nowMs + 1000 * CAP_SECONDS);
          const isTaken = seconds === 0 || model.learn(key, address, untilMs, nowMs) !== 'history is full';
          if (seconds > 0) expect(history.restore(triple)).toBe(isTaken);
        }
        // One step of time ends with a sweep of its own, so that no two rows are swept in an unknown order.
        if (what === 'expire' || what === 'wait') {
          const endMs = nowMs + (what === 'wait' ? 1000 * seconds : index);
          const ends = [...model.rows.values()].flatMap((row) => (row.isPast ? [] : [row.untilMs]));
          for (const atMs of [...new Set([...ends.filter((end) => end <= endMs), endMs])].sort((a, b) => a - b)) {
            clock.advance(atMs - clock.nowMs());
            expect(history.expire(100)).toBe(true);
            forgetAsHistory(model, history, atMs);
          }
        }
        expectSame(model, history, clock.nowMs());
      }
      clock.advance(1000 * CAP_SECONDS + KEEP_MS);
      expect(history.expire(100)).toBe(true);
      expect([history.size, history.pastCount, history.addressCount, history.rows.size]).toEqual([0, 0, 0, 0]);
      expect([history.rows.names.size, history.rows.addresses.size, known.size]).toEqual([0, 0, 0]);
    }),
    { numRuns: 500 },
  );
});

/** Rows of one millisecond are swept in any order: the model takes that of the history, and forgets what is long past. */
function forgetAsHistory(model: Model, history: NsHistory, nowMs: number): void {
  const before = new Set(model.past);
  model.expire(nowMs);
  const swept = model.past.splice(before.size);
  const order = pastOrder(history);
  model.past.push(...swept.sort((a, b) => order.indexOf(a) - order.indexOf(b)));
  while (model.past.length > 0 && model.rows.get(model.past[0]!)!.untilMs <= nowMs - KEEP_MS)
    model.rows.delete(model.past.shift()!);
}

function pastOrder(history: NsHistory): string[] {
  const { rows } = history;
  const keys: string[] = [];
  for (let row = 1; row <= rows.lastRow; row++) {
    if (!rows.has(row) || rows.expiresMs(row) > history.nowMs) continue;
    let rank = 0;
    for (let before = rows.timeBefore(row); before !== 0 && rank <= SIZE; before = rows.timeBefore(before)) rank++;
    const names = [rows.zone(row), rows.nameServer(row)].map((id) => formatName(rows.names.nameOf(id)));
    keys[rank] = [...names, formatAddress(rows.addresses.addressOf(rows.address(row)))].join(' ');
  }
  return keys;
}

function expectSame(model: Model, history: NsHistory, nowMs: number): void {
  expect([history.size, history.pastCount]).toEqual([model.rows.size - model.past.length, model.past.length]);
  for (const address of ADDRESSES) {
    const untilMs = model.untilMs(address);
    expect(history.standing(addressOf(address))?.untilMs).toBe(untilMs > nowMs ? untilMs : undefined);
  }
  const keysOf = (zone: string, nameServer: string) =>
    ADDRESSES.map((address) => `${zone} ${nameServer} ${address}`).filter((key) => model.rows.has(key));
  const held = (triples: ReturnType<NsHistory['ofZone']>) =>
    [...triples].map((t) => `${formatName(t.zone)} ${formatName(t.nameServer)} ${formatAddress(t.address)}`).sort();
  for (const zone of ZONES)
    expect(held(history.ofZone(nameOf(zone)))).toEqual(SERVERS.flatMap((server) => keysOf(zone, server)).sort());
  for (const server of SERVERS)
    expect(held(history.ofNameServer(nameOf(server)))).toEqual(ZONES.flatMap((zone) => keysOf(zone, server)).sort());
}
