import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RECORD_TYPE } from '../../../../src/dns/registry.ts';
import { name, query, verdict } from '../../../support/host-events.ts';
import { series, watch } from '../../../support/watched-host.ts';

const KIND = 'odd-names';
/** Digits, others for each number. */
const encoded = (index: number) => createHash('sha256').update(`${index}`).digest('hex').slice(0, 40);

describe('OddNames', () => {
  it('suspects ever new names that look like data, and does not more than suspect', () => {
    const events = series(100, 5000, (atMs, index) => query(atMs, { name: name(`${encoded(index)}.t.example`) }));
    const { weight, evidence } = watch(events);
    expect(weight(KIND)).toBeGreaterThan(0.1);
    expect(weight(KIND)).toBeLessThanOrEqual(0.2);
    expect(evidence.get(KIND)!.line).toEqual(expect.stringMatching(/^a suspicion: .* encoded data below t\.example/));
  });

  it('suspects bursts of domains that look drawn by lot, where no answers are seen', () => {
    const drawn = (index: number) =>
      createHash('sha256')
        .update(`${index}`)
        .digest('hex')
        .replaceAll(/[aeiou]/g, 'k')
        .slice(0, 12);
    const events = series(60, 5000, (atMs, index) => query(atMs, { name: name(`${drawn(index)}.example`) }));
    expect(watch(events).weight(KIND)).toBeGreaterThan(0.4);
    expect(watch(events).weight(KIND)).toBeLessThan(0.6);
    expect(watch(events).evidence.get(KIND)!.line).toEqual(
      expect.stringMatching(/about \d+ domains that look drawn by lot/),
    );
    const slowly = series(60, 1_800_000, (atMs, index) => query(atMs, { name: name(`${drawn(index)}.example`) }));
    expect(watch(slowly).weight(KIND)).toBeLessThan(0.05);
  });

  it('counts TXT through the resolver, and in verdicts', () => {
    for (const make of [query, verdict]) {
      const events = series(40, 5000, (atMs) => make(atMs, { type: RECORD_TYPE.TXT }));
      expect(watch(events).weight(KIND)).toBeGreaterThan(0.05);
    }
  });

  it.each([
    ['ordinary names', (index: number) => `www.site${index}.example`, 1],
    [
      'keys and policies of mail',
      (index: number) => `selector${index}-abcdefghijkl2345._domainkey.d${index}.example`,
      RECORD_TYPE.TXT,
    ],
    [
      'reverse names of IPv6',
      (index: number) => `${'1.2.3.4.5.6.7.8.'.repeat(3)}${index % 10}.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa`,
      12,
    ],
    ['one name of a content network', () => 'e1a2b3c4d5e6f7g8h9i0.cdn.example', 1],
  ])('says nothing of %s', (_, names, type) => {
    expect(
      watch(series(200, 5000, (atMs, index) => query(atMs, { name: name(names(index)), type }))).weight(KIND),
    ).toBe(0);
  });
});
