import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalName, isAtOrBelow, labelCount, type Name, parentName } from '../../../src/dns/name.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import { NOWHERE, QuestionZones } from '../../../src/nsdb/question-zones.ts';
import { historyOptions, learnAt } from '../../support/learning.ts';
import { addressOf, nameOf } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const SERVER = '203.0.113.53';

function zonesOf(question: Name): QuestionZones {
  const zones = new QuestionZones();
  // Behind other names, as in a batch.
  const octets = Buffer.from(`\x03org\0${question}\x01x\0`, 'latin1');
  zones.read(octets, 5);
  return zones;
}

function depthOf(zones: QuestionZones, name: Name): number {
  return zones.depthOf(Buffer.from(`\x01y\0${name}\x01z\0`, 'latin1'), 3);
}

describe('QuestionZones', () => {
  it.each([
    ['wWw.eXample.ORG', 'example.org', 2],
    ['www.example.org', 'www.example.org', 3],
    ['www.example.org', '.', 0],
    ['.', '.', 0],
    ['.', 'org', NOWHERE],
    ['example.org', 'www.example.org', NOWHERE],
    ['www.example.org', 'example.net', NOWHERE],
    ['www.example.org', 'ample.org', NOWHERE],
    ['www.example.org', 'w.example.org', NOWHERE],
    ['a\\.b.org', 'b.org', NOWHERE],
    ['www.a\\.b.org', 'a\\.b.org', 2],
  ])('of %s: %s lies %i labels deep', (question, name, depth) => {
    expect(depthOf(zonesOf(nameOf(question)), nameOf(name))).toBe(depth);
  });

  it('reads names of 127 labels and of 255 octets', () => {
    const most = nameOf(Array.from({ length: 127 }, () => 'a').join('.'));
    expect(most).toHaveLength(255);
    const zones = zonesOf(most);
    expect(zones.depth).toBe(127);
    expect(depthOf(zones, most)).toBe(127);
    expect(depthOf(zones, nameOf('a.a'))).toBe(2);
    zones.read(Buffer.from(nameOf('b'), 'latin1'), 0);
    expect([zones.depth, depthOf(zones, nameOf('a'))]).toEqual([1, NOWHERE]);
  });

  it('leaves what is no letter as it is', () => {
    const zones = zonesOf(nameOf('@[`{\\193.Zz'));
    expect(zones.octets.toString('latin1', 0, zones.startOf(0) + 1)).toBe(nameOf('@[`{\\193.zz'));
  });

  it('agrees with the names in their object form', () => {
    const label = fc.constantFrom('a', 'b', 'A', 'ab', 'x'.repeat(60), '\\000', '\\.');
    const name = fc.array(label, { maxLength: 4 }).map((labels) => nameOf(labels.join('.') || '.'));
    fc.assert(
      fc.property(name, name, fc.nat({ max: 4 }), (question, other, up) => {
        const zones = zonesOf(question);
        expect(zones.depth).toBe(labelCount(question));
        let ancestor = canonicalName(question);
        for (let count = 0; count < up; count++) ancestor = parentName(ancestor);
        for (const zone of [canonicalName(other), ancestor]) {
          const isAbove = isAtOrBelow(canonicalName(question), zone);
          expect(depthOf(zones, zone)).toBe(isAbove ? labelCount(zone) : NOWHERE);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['few', []],
    ['many', ['a.example', 'b.example', 'c.example', 'd.example', 'e.example', 'f.example']],
  ])('finds the closest zone that an address of %s zones serves, while it does', (_what, others) => {
    const clock = new VirtualClock();
    const history = new NsHistory(clock, historyOptions());
    for (const zone of ['org', 'sub.example.org', ...others])
      learnAt(history, clock.nowMs(), { zone, address: SERVER });
    learnAt(history, clock.nowMs(), { zone: 'example.org', address: SERVER, nsTtlSeconds: 100 });
    learnAt(history, clock.nowMs(), { zone: 'www.example.org', address: '203.0.113.54' });
    const closest = (question: string, address = SERVER) =>
      zonesOf(nameOf(question)).closestServed(history, history.rows.addresses.find(addressOf(address)));
    expect(closest('WWW.Example.org')).toBe(2);
    expect(closest('x.sub.example.org')).toBe(3);
    expect(closest('org')).toBe(1);
    expect(closest('example.net')).toBe(NOWHERE);
    expect(closest('www.example.org', '203.0.113.99')).toBe(NOWHERE);
    clock.advance(100_000);
    expect(closest('www.example.org')).toBe(1);
  });

  it('finds the same zone as the history does, by whichever way', () => {
    const texts = ['.', 'a', 'b.a', 'c.b.a', 'b', 'a.b', 'c.a.b', 'x.c.b.a', 'c', 'c.c'];
    fc.assert(
      fc.property(fc.subarray(texts), fc.constantFrom(...texts), (zones, question) => {
        const clock = new VirtualClock();
        const history = new NsHistory(clock, historyOptions({ size: 20, ttlCapSeconds: 3600 }));
        for (const zone of zones) learnAt(history, clock.nowMs(), { zone, address: SERVER });
        const found = history.closestServedZone(addressOf(SERVER), nameOf(question));
        const depth = zonesOf(nameOf(question)).closestServed(history, history.rows.addresses.find(addressOf(SERVER)));
        expect(depth).toBe(found === undefined ? NOWHERE : labelCount(found));
      }),
      { numRuns: 200 },
    );
  });
});
