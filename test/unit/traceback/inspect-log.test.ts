import { describe, expect, it } from 'vitest';
import { formatAddress, parseNetwork } from '../../../src/core/address.ts';
import type { LogEntry } from '../../../src/querylog/log-entry.ts';
import type { LogQuestion } from '../../../src/querylog/query-log-store.ts';
import { MemoryQueryLog } from '../../../src/storage/query-log/memory-query-log.ts';
import { inspectLog, MAX_INSPECTED_ENTRIES, windowSpan } from '../../../src/traceback/inspect-log.ts';
import type { SearchedLog } from '../../../src/traceback/log-entries.ts';
import { Registry } from '../../../src/traceback/registry.ts';
import { batchOf, entryOf, NOON_MS } from '../../support/log-entries.ts';
import { addressOf, nameOf } from '../../support/store-rows.ts';

const CLIENTS = ['192.0.2.0/24', '2001:db8:1::/48'].map((text) => parseNetwork(text)!);
const peer = {
  ...{ name: 'p.test', url: undefined, servers: [parseNetwork('198.51.100.0/24')!], zones: [] },
  ...{ requests: [], names: [], perMinute: 1, perDay: 1 },
};
const servers = [parseNetwork('192.0.2.53/32')!];
const registry = new Registry({ servers, clients: CLIENTS, zones: [], peers: [peer] }, undefined);
const never = new AbortController().signal;
const name = nameOf('www.example.com');
/** From 5 s before noon until 1 s after. */
const span = windowSpan(NOON_MS, { beforeMs: 5000, afterMs: 1000 });

/** Seconds after noon, and who asked. */
async function logOf(queries: Record<string, readonly (readonly [number, string | undefined])[]>) {
  const log = new MemoryQueryLog(1_000_000);
  for (const [source, list] of Object.entries(queries)) {
    const entries = list.map(([at, client]): LogEntry => {
      return entryOf(at, { client: client === undefined ? undefined : addressOf(client) });
    });
    await log.append(batchOf(entries, { source }));
  }
  return log;
}

async function inspect(log: SearchedLog, cacheMs: number | 'none' = 7_200_000) {
  const found = await inspectLog(
    log,
    registry,
    { name, ...span, cacheMs: cacheMs === 'none' ? undefined : cacheMs },
    never,
  );
  const hosts = Object.fromEntries(Array.from(found.hosts, ([address, host]) => [formatAddress(address), host]));
  const asked = Array.from(found.servers, ([{ name: who }, list]) => [
    who,
    list.map((one) => formatAddress(one.address)),
  ]);
  return {
    hosts,
    servers: asked,
    unknown: found.unknown.map(formatAddress),
    isCut: found.isCut,
    isSilent: found.isSilent,
  };
}

describe('inspectLog', () => {
  it('tells hosts of the window from servers of the time that caches reach back', async () => {
    const log = await logOf({
      bind: [
        ...[
          [-7205.001, '198.51.100.1'],
          [-7205, '198.51.100.2'],
          [-5.001, '192.0.2.1'],
          [-5, '192.0.2.2'],
        ],
        ...[
          [-3, '192.0.2.53'],
          [-3, '203.0.113.1'],
          [-2, '2001:db8:1::7'],
          [-1, undefined],
          [0, '192.0.2.2'],
        ],
        ...[
          [0.999, '192.0.2.3'],
          [1, '192.0.2.4'],
          [1, '198.51.100.3'],
          [0.5, '198.51.100.4'],
        ],
      ] as [number, string | undefined][],
    });
    const { hosts, ...others } = await inspect(log);
    expect(Object.keys(hosts)).toEqual(['192.0.2.3', '192.0.2.2', '2001:db8:1::7']);
    expect(hosts['192.0.2.2']).toEqual({ firstAtMs: NOON_MS - 5000, lastAtMs: NOON_MS, queries: 2 });
    const servers = [['p.test', ['198.51.100.4', '198.51.100.2']]];
    expect(others).toEqual({ servers, unknown: ['203.0.113.1'], isCut: false, isSilent: false });
  });

  it('looks no farther than the window where servers do not matter', async () => {
    const log = await logOf({
      bind: [
        [-60, '198.51.100.1'],
        [-1, '198.51.100.1'],
        [-1, '203.0.113.1'],
        [-1, '192.0.2.1'],
      ],
    });
    const { hosts, servers, unknown } = await inspect(log, 'none');
    expect([Object.keys(hosts), servers, unknown]).toEqual([['192.0.2.1'], [], []]);
  });

  it('counts a query once that two sources of the log have recorded', async () => {
    const seen = [
      [-3, '192.0.2.1'],
      [-2, '192.0.2.1'],
    ] as const;
    const log = await logOf({ bind: seen, dnstap: [...seen, [-1, '192.0.2.1']] });
    expect((await inspect(log)).hosts['192.0.2.1']).toEqual({
      firstAtMs: NOON_MS - 3000,
      lastAtMs: NOON_MS - 1000,
      queries: 3,
    });
  });

  it('goes on over pages, and stops at its limit', async () => {
    const questions: LogQuestion[] = [];
    const total = MAX_INSPECTED_ENTRIES + 1;
    const endless = (count: number): SearchedLog => ({
      async search(question) {
        questions.push(question);
        const from = question.after?.number ?? count;
        const entries = Array.from({ length: Math.min(question.limit, from) }, (_, index) => {
          const place = { atMs: NOON_MS - 1, number: from - 1 - index };
          return { ...entryOf(0, { client: addressOf(`192.0.2.${place.number % 200}`) }), source: 'bind', place };
        });
        return { entries, last: from > question.limit ? entries.at(-1)!.place : undefined };
      },
    });
    expect(await inspect(endless(total))).toMatchObject({ isCut: true });
    expect(questions).toHaveLength(10);
    const whole = await inspect(endless(MAX_INSPECTED_ENTRIES));
    expect([whole.isCut, Object.keys(whole.hosts).length]).toEqual([false, 199]);
  });

  it('looks at no more than 5,000 hosts, those that asked last', async () => {
    const log = new MemoryQueryLog(1_000_000);
    const asked = Array.from({ length: 5001 }, (_, index): LogEntry => {
      const client = addressOf(`2001:db8:1::${(index + 1).toString(16)}`);
      return entryOf(-index / 2000, { client });
    });
    await log.append(batchOf([...asked, entryOf(-4, { client: addressOf('198.51.100.1') })], { source: 'bind' }));
    const { hosts, isCut } = await inspect(log);
    expect([Object.keys(hosts).length, isCut]).toEqual([5000, true]);
    expect([hosts['2001:db8:1::1'] !== undefined, hosts['2001:db8:1::1389']]).toEqual([true, undefined]);
  });

  it('knows a log that has nothing around the window', async () => {
    const hour = 3600;
    expect(await inspect(await logOf({ bind: [[-hour - 5.001, '192.0.2.1']] }), 'none')).toMatchObject({
      isSilent: true,
    });
    expect(await inspect(await logOf({ bind: [[-hour - 5, '192.0.2.1']] }), 'none')).toMatchObject({
      isSilent: false,
    });
    expect(await inspect(await logOf({ bind: [[-hour - 60, '198.51.100.1']] }))).toMatchObject({
      isSilent: true,
      servers: [['p.test', ['198.51.100.1']]],
    });
    expect(await inspect(await logOf({ bind: [[hour + 1, '192.0.2.1']] }))).toMatchObject({ isSilent: true });
    expect(await inspect(await logOf({ bind: [[hour, '192.0.2.1']] }))).toMatchObject({ isSilent: false });
  });

  it('ends with the reason of its signal, also where the log answers an empty page then', async () => {
    const controller = new AbortController();
    const log: SearchedLog = {
      async search() {
        controller.abort(new Error('called off'));
        return { entries: [], last: undefined };
      },
    };
    await expect(inspectLog(log, registry, { name, ...span, cacheMs: 0 }, controller.signal)).rejects.toThrow(
      'called off',
    );
  });

  it('has no empty window', () => {
    expect(windowSpan(NOON_MS, { beforeMs: 0, afterMs: 0 })).toEqual({ fromMs: NOON_MS, toMs: NOON_MS + 1 });
  });
});
