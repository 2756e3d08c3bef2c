import { describe, expect, it } from 'vitest';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import { addressOf, nameOf } from '../../support/observations.ts';

const lesson = {
  zone: nameOf('example.test'),
  nameServer: nameOf('ns.example.test'),
  address: addressOf('192.0.2.53'),
  nsTtlSeconds: 3600,
  glueTtlSeconds: 3600,
  trust: 'low',
  teacher: addressOf('198.51.100.1'),
  queryAtMs: 900,
  queryId: 1,
  queryName: nameOf('www.example.test'),
  responseAtMs: 1000,
} as const;

function historyOf() {
  return new NsHistory({ nowMs: () => 2500 }, { ttlFloorSeconds: 60, ttlCapSeconds: 86_400, size: 10 });
}

describe('the lesson of a triple', () => {
  it('is the newest one, in the object that the history holds', () => {
    const history = historyOf();
    history.learn(lesson);
    const [held] = history.triples();
    const newer = {
      ...lesson,
      teacher: addressOf('2001:db8::1'),
      queryAtMs: undefined,
      queryId: 2,
      responseAtMs: 2000,
    };
    history.learn(newer);
    history.learn({ ...lesson, queryId: 3, responseAtMs: 1500 });
    expect([...history.triples()]).toEqual([held]);
    expect(held?.lesson).toEqual(newer);
  });

  it('is never the object that a caller gave', () => {
    const history = historyOf();
    const given = { ...lesson };
    history.learn(given);
    const times = { firstSeenAtMs: 1, lastSeenAtMs: 2000, expiresAtMs: 9000 };
    const { zone, nameServer, address } = lesson;
    const restored = { ...lesson, queryId: 2 };
    history.restore({ zone, nameServer, address, origin: 'learned', trust: 'low', ...times, lesson: restored });
    history.learn({ ...lesson, queryId: 3, responseAtMs: 3000 });
    expect(given).toEqual(lesson);
    expect(restored.queryId).toBe(2);
  });

  it('goes when a later sighting is restored that has none', () => {
    const history = historyOf();
    history.learn(lesson);
    const { zone, nameServer, address } = lesson;
    const times = { firstSeenAtMs: 1, lastSeenAtMs: 2000, expiresAtMs: 9000 };
    history.restore({ zone, nameServer, address, origin: 'learned', trust: 'low', ...times, lesson: undefined });
    const [held] = history.triples();
    expect(held?.lesson).toBeUndefined();
  });
});
