import { describe, expect, it } from 'vitest';
import { RCODE } from '../../../../src/dns/registry.ts';
import { answer, HOST, name, outside } from '../../../support/host-events.ts';
import { series, watch } from '../../../support/watched-host.ts';

const KIND = 'unresolvable-names';
const CONSONANTS = 'bcdfghjklmnpqrstvwxz';
const SYLLABLES = ['ba', 'ne', 'ti', 'lo', 'ma', 'ru', 'si', 'do', 'ka', 'fe'];

/** Such as `bqzxkwpl`, another for each number. */
const random = (index: number) =>
  Array.from({ length: 10 }, (_, place) => CONSONANTS[(index * 7 + place * place * 3 + (index >> place)) % 20]).join(
    '',
  );
/** Such as `banetilo`. */
const spoken = (index: number) =>
  [index % 10, Math.floor(index / 10) % 10, (index * 3) % 10, (index * 7 + 1) % 10].map((at) => SYLLABLES[at]).join('');

const missing = (names: (index: number) => string, count = 60, responseCode: number = RCODE.NXDOMAIN) =>
  series(count, 2000, (atMs, index) => answer(atMs, { name: name(names(index)), responseCode }));

describe('UnresolvableNames', () => {
  it('is sure of bursts of names drawn by lot', () => {
    const { weight, evidence } = watch(missing((index) => `${random(index)}.example`));
    expect(weight(KIND)).toBeGreaterThan(0.8);
    expect(evidence.get(KIND)!.line).toEqual(expect.stringMatching(/^asked for 60 names .*; \d+ % look drawn by lot$/));
    expect(evidence.get(KIND)!.samples[0]!.text).toEqual(
      expect.stringMatching(/^was answered NXDOMAIN by 192\.0\.2\.53 for A [a-z]{10}\.example$/),
    );
  });

  it('stays below the threshold for names made of words', () => {
    const { weight } = watch(missing((index) => `www.${spoken(index)}.example`));
    expect(weight(KIND)).toBeGreaterThan(0.5);
    expect(weight(KIND)).toBeLessThan(0.6);
  });

  it.each([
    ['one name again and again', () => 'wpad.office.example'],
    ['many names of one domain, as lists of senders of spam have', (index: number) => `${index}.2.0.192.list.example`],
    ['names of one label, as browsers make them up', (index: number) => random(index)],
    ['reverse names', (index: number) => `${index}.2.0.192.in-addr.arpa`],
  ])('says nothing of %s', (_, names) => {
    expect(watch(missing(names)).evidence.has(KIND)).toBe(false);
  });

  it('says nothing of a resolver that is down', () => {
    const events = missing((index) => `${random(index)}.example`, 60, RCODE.SERVFAIL);
    expect(watch(events).evidence.has(KIND)).toBe(false);
  });

  it('says little of a crawler, which succeeds far more often', () => {
    const events = series(400, 2000, (atMs, index) =>
      answer(atMs, {
        name: name(`${spoken(index)}.example`),
        responseCode: index % 12 === 0 ? RCODE.NXDOMAIN : RCODE.NOERROR,
        addresses: [outside(index)],
      }),
    );
    expect(watch(events).weight(KIND)).toBeLessThan(0.3);
  });

  it('needs a burst: the same names through weeks say nothing', () => {
    const events = series(60, 6 * 3_600_000, (atMs, index) =>
      answer(atMs, { name: name(`${random(index)}.example`), responseCode: RCODE.NXDOMAIN }),
    );
    expect(watch(events).evidence.has(KIND)).toBe(false);
  });

  it('is not shown what a mail server of the site looks up', () => {
    expect(
      watch(
        missing((index) => `${random(index)}.example`),
        { mailServers: [HOST] },
      ).evidence.has(KIND),
    ).toBe(false);
  });
});
