import { describe, expect, it } from 'vitest';
import { answer, outside, syn } from '../../../support/host-events.ts';
import { series, watch } from '../../../support/watched-host.ts';

const KIND = 'syns-without-answer';
const HOUR_MS = 3_600_000;

const unnamed = series(200, 5000, (atMs, index) => syn(atMs, { destination: outside(index) }));

describe('SynsWithoutAnswer', () => {
  it('says nothing where no answer to the host was ever seen', () => {
    expect(watch(unnamed).evidence.has(KIND)).toBe(false);
  });

  it('weighs many addresses that nobody named, and is not sure by them alone', () => {
    const { weight, evidence } = watch([answer(0), ...unnamed]);
    expect(weight(KIND)).toBeGreaterThan(0.4);
    expect(weight(KIND)).toBeLessThanOrEqual(0.5);
    expect(evidence.get(KIND)!.line).toEqual(
      expect.stringMatching(
        /^began 200 TCP connections to about \d+ addresses that no DNS answer to it had named \(100 %/,
      ),
    );
    expect(evidence.get(KIND)!.samples[0]!.text).toEqual(
      expect.stringMatching(/^began a TCP connection to 198\.18\.0\.\d+:443$/),
    );
  });

  it('tells connections at once, within the TTL and later apart, and counts none of them', () => {
    const named = series(40, 60_000, (atMs, index) => [
      answer(atMs, { addresses: [outside(index)], ttlSeconds: 30 }),
      syn(atMs + 500, { destination: outside(index) }),
      syn(atMs + 20_000, { destination: outside(index) }),
      syn(atMs + 50_000, { destination: outside(index) }),
    ]);
    expect(watch(named).evidence.has(KIND)).toBe(false);
    const mixed = watch([
      answer(0),
      ...unnamed.slice(0, 1),
      ...named,
      ...series(100, 1, (_, index) => syn(3e6 + index, { destination: outside(500 + index) })),
    ]);
    expect(mixed.evidence.has(KIND)).toBe(true);
    expect(mixed.evidence.get(KIND)!.line).toEqual(
      expect.stringMatching(
        /of the others about \d\d came within a second of the answer, \d\d within its TTL, \d\d later/,
      ),
    );
  });

  it('remembers what was named for hours after, as clients do', () => {
    const events = [
      ...series(60, 100, (atMs, index) => answer(atMs, { addresses: [outside(index)] })),
      ...series(60, 100, (atMs, index) => syn(atMs + 5 * HOUR_MS, { destination: outside(index) })),
    ];
    expect(watch(events).evidence.has(KIND)).toBe(false);
  });

  it('says nothing of a few addresses written in a program', () => {
    const events = series(500, 60_000, (atMs, index) => syn(atMs, { destination: outside(index % 4) }));
    expect(watch([answer(0), ...events]).evidence.has(KIND)).toBe(false);
  });
});
