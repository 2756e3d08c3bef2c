import { describe, expect, it } from 'vitest';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import { keepSeed } from '../../../src/nsdb/seed.ts';
import { historyOptions } from '../../support/learning.ts';
import { addressOf, nameOf } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

describe('keepSeed', () => {
  it('makes addresses known for good that serve no zone of any real name', () => {
    const clock = new VirtualClock();
    const history = new NsHistory(clock, historyOptions({ size: 100 }));
    const addresses = ['203.0.113.1', '2001:db8::1'].map(addressOf);
    keepSeed(history, addresses);
    clock.advance(1e12);
    history.expire(1000);
    for (const address of addresses) {
      expect(history.standing(address)).toEqual({ origin: 'seed', untilMs: Number.POSITIVE_INFINITY, isStale: false });
      for (const name of ['.', 'org', 'www.example.org', 'invalid', 'x.invalid']) {
        expect(history.closestServedZone(address, nameOf(name))).toBeUndefined();
      }
    }
  });
});
