import { describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../../src/correlation/host-event.ts';
import { answer, BEGIN_MS, directQuery, name, OUTSIDE, outside, query, syn } from '../../../support/host-events.ts';
import { series, watch } from '../../../support/watched-host.ts';

const KIND = 'beaconing';
const MINUTE_MS = 60_000;

/** 0 to 1, the same at each run. */
function lot(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** `count` beats of 10 min, each up to `jitter` too early or late; a share of them is missed. */
function beacon(count: number, jitter: number, missed = 0, parts: Parameters<typeof syn>[1] = {}): HostEvent[] {
  const random = lot(count);
  let atMs = 0;
  const events: HostEvent[] = [];
  for (let beat = 0; beat < count; beat++) {
    atMs += 10 * MINUTE_MS * (1 + jitter * (2 * random() - 1));
    if (random() >= missed) events.push(syn(atMs, parts));
  }
  return events;
}

/** Contacts by chance, 10 min apart on average. */
function byChance(count: number, seed: number): HostEvent[] {
  const random = lot(seed);
  let atMs = 0;
  return Array.from({ length: count }, () => {
    atMs -= Math.log(1 - random()) * 10 * MINUTE_MS;
    return syn(atMs);
  });
}

describe('Beaconing', () => {
  it.each([
    [0, 0],
    [0.1, 0],
    [0.3, 0],
    [0.05, 0.2],
  ])('sees regular contacts, jitter %d, missed %d, and is never sure by them alone', (jitter, missed) => {
    const { weight, evidence } = watch(beacon(50, jitter, missed));
    expect(weight(KIND)).toBeGreaterThan(0.2);
    expect(weight(KIND)).toBeLessThanOrEqual(0.45);
    expect(evidence.get(KIND)!.line).toEqual(
      expect.stringMatching(
        /^began a TCP connection to 198\.51\.100\.7:443 every (8|9|10|11) min, \d+ % of \d+ times in time$/,
      ),
    );
  });

  it('sees none in contacts by chance', () => {
    const weights = Array.from({ length: 200 }, (_, seed) => watch(byChance(60, seed * 7919)).weight(KIND));
    expect(weights.filter((weight) => weight > 0.1)).toEqual([]);
  });

  it('needs hours', () => {
    expect(watch(series(100, 6000, (atMs) => syn(atMs))).evidence.has(KIND)).toBe(false);
    expect(watch(beacon(5, 0)).evidence.has(KIND)).toBe(false);
  });

  it('takes connections at once for one beat', () => {
    const events = series(50, 10 * MINUTE_MS, (atMs) => [syn(atMs), syn(atMs + 20), syn(atMs + 900)]);
    expect(watch(events).evidence.get(KIND)!.line).toEqual(expect.stringContaining('every 10 min, 100 % of 47 times'));
  });

  it('weighs an address that no answer named more than a name', () => {
    const toName = series(50, 10 * MINUTE_MS, (atMs) => query(atMs, { name: name('time.example') }));
    const named = watch([answer(0, { addresses: [OUTSIDE] }), ...beacon(50, 0)]);
    const unnamed = watch([answer(0, { addresses: [outside(1)] }), ...beacon(50, 0)]);
    const direct = watch(series(50, 10 * MINUTE_MS, (atMs) => directQuery(atMs)));
    expect(watch(toName).weight(KIND)).toBeCloseTo(0.3);
    expect(named.weight(KIND)).toBeCloseTo(0.3);
    expect(unnamed.weight(KIND)).toBeCloseTo(0.45);
    expect(direct.weight(KIND)).toBeCloseTo(0.45);
    expect(watch(toName).evidence.get(KIND)!.samples[0]!.text).toBe('asked for time.example every 10 min');
  });

  it('keeps a rhythm among contacts that come and go', () => {
    const random = lot(3);
    const events = beacon(40, 0.05).flatMap((event) => [
      event,
      ...series(4, 1000, (_, index) =>
        syn(event.atMs - BEGIN_MS + 1000 + index, { destination: outside(Math.floor(random() * 1000)) }),
      ),
    ]);
    expect(watch(events).weight(KIND)).toBeGreaterThan(0.2);
  });

  it('goes on after the clock jumped, there and back', () => {
    const before = beacon(20, 0);
    const far = [syn(1e12), syn(-1e12), syn(0)];
    const after = series(40, 10 * MINUTE_MS, (atMs) => syn(atMs + 1000));
    expect(watch([...before, ...far, ...after]).weight(KIND)).toBeGreaterThan(0.2);
  });
});
