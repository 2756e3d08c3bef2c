import { describe, expect, it } from 'vitest';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import { keepSeed } from '../../../src/nsdb/seed.ts';
import { historyOptions, learnAt } from '../../support/learning.ts';
import { addressOf, nameOf } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const SERVER = '203.0.113.53';

function setUp() {
  const clock = new VirtualClock();
  const history = new NsHistory(clock, historyOptions({ ttlFloorSeconds: 1 }));
  const learn = (zone: string, nameServer: string, nsTtlSeconds = 3600) =>
    learnAt(history, clock.nowMs(), { zone, nameServer, address: SERVER, nsTtlSeconds });
  return { clock, history, learn };
}

describe('nameServersOf', () => {
  it('is each name server once that isNamed knows the address by, without those that have expired', () => {
    const { clock, history, learn } = setUp();
    learn('example.org', 'ns.example.org');
    learn('example.net', 'ns.example.org');
    learn('example.com', 'ns.example.com');
    learn('example.edu', 'ns.example.edu', 10);
    clock.advance(11_000);
    const names = history.nameServersOf(addressOf(SERVER));
    expect([...names].sort()).toEqual(['ns.example.com', 'ns.example.org'].map(nameOf).sort());
    for (const text of ['ns.example.org', 'ns.example.com', 'ns.example.edu', 'ns.example']) {
      expect(history.isNamed(addressOf(SERVER), nameOf(text)), text).toBe(names.includes(nameOf(text)));
    }
    expect(history.nameServersOf(addressOf('203.0.113.54'))).toEqual([]);
  });

  it('looks at no more rows than isNamed does', () => {
    const { history, learn } = setUp();
    const count = 100;
    for (let n = 0; n < count; n++) learn(`z${n}.example`, `ns${n}.example`);
    const names = history.nameServersOf(addressOf(SERVER));
    expect(names).toHaveLength(64);
    for (let n = 0; n < count; n++) {
      const name = nameOf(`ns${n}.example`);
      expect(history.isNamed(addressOf(SERVER), name)).toBe(names.includes(name));
    }
  });
});

describe('the addresses seen most often', () => {
  it('come first, and what was configured is among them although nobody has seen it', () => {
    const clock = new VirtualClock();
    const history = new NsHistory(clock, historyOptions());
    keepSeed(history, [addressOf('192.0.2.53')]);
    for (let count = 0; count < 3; count++) learnAt(history, clock.nowMs(), { address: '203.0.113.1' });
    learnAt(history, clock.nowMs(), { zone: 'other.example', nameServer: 'ns.other.example', address: '203.0.113.2' });
    const [first, ...others] = history.mostSighted();
    expect(first).toBe(addressOf('203.0.113.1'));
    expect(new Set(others)).toEqual(new Set([addressOf('203.0.113.2'), addressOf('192.0.2.53')]));
  });
});
