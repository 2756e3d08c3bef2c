import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/address.ts';
import { formatAddress } from '../../../src/core/address.ts';
import type { VerdictEvent } from '../../../src/events/verdict-event.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import type { ClientGroup } from '../../../src/policy/client-group.ts';
import type { Rule } from '../../../src/policy/rule.ts';
import {
  type RolloutQuery,
  type RolloutRow,
  type RolloutSummary,
  reportRollout,
} from '../../../src/services/report-rollout.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { historyOptions } from '../../support/learning.ts';
import { groupOf, policiesOn, ruleOf } from '../../support/policies.ts';
import { addressOf, nameOf, tripleOf } from '../../support/store-rows.ts';
import { verdictEvent } from '../../support/verdict-events.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 12);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WARMUP_MS = 2 * DAY_MS;
const [BOT, LAPTOP, EVIL, UPDATES] = ['192.0.2.66', '192.0.2.10', '203.0.113.66', '203.0.113.8'].map(addressOf) as [
  Address,
  Address,
  Address,
  Address,
];

/** An event that would have been a block, `agoMs` before now. */
const wouldBlock = (agoMs: number, changes: Partial<VerdictEvent> = {}) =>
  verdictEvent({ atMs: NOW_MS - agoMs, enforced: false, ...changes });

const repeated = (count: number, agoMs: number, changes: Partial<VerdictEvent>) =>
  Array.from({ length: count }, (_, index) => wouldBlock(agoMs + index, changes));

interface World {
  readonly rules?: readonly Rule[];
  readonly groups?: readonly ClientGroup[];
  readonly learnedForMs?: number;
  readonly query?: Partial<RolloutQuery>;
  readonly prepare?: (history: NsHistory) => void;
}

async function report(events: readonly VerdictEvent[], world: World = {}) {
  const clock = new VirtualClock(NOW_MS);
  const history = new NsHistory(clock, historyOptions({ size: 100 }));
  world.prepare?.(history);
  const store = new MemoryStore({ events: 100_000 });
  await store.saveEvents(events);
  const { learnedForMs = 4 * DAY_MS } = world;
  await store.saveWarmup({ learnedForMs, lastLearnedAtMs: NOW_MS });
  const policies = policiesOn(clock, history, world.rules, world.groups);
  const parts = { clock, policies, store, flush: async () => {}, warmupMs: () => WARMUP_MS };
  const items = reportRollout({ sinceMs: NOW_MS - 7 * DAY_MS, ...world.query }, parts);
  const rows: RolloutRow[] = [];
  const progress: number[] = [];
  for (;;) {
    const { value, done } = await items.next();
    if (done === true) return { rows, progress, summary: value as RolloutSummary };
    if ('row' in value) rows.push(value.row);
    else progress.push(value.progress);
  }
}

describe('the rows', () => {
  it('are one for each client, destination and reason, the most frequent first', async () => {
    const hint = { zone: nameOf('old.test'), nameServer: nameOf('ns.old.test'), expiresAtMs: NOW_MS - DAY_MS };
    const events = [
      ...repeated(3, 2 * DAY_MS, { client: LAPTOP, destination: UPDATES, clientName: 'laptop.test', hint }),
      ...repeated(5, 3 * DAY_MS, { client: BOT, destination: EVIL, queryName: undefined }),
      wouldBlock(DAY_MS + 1, { client: BOT, destination: UPDATES, reason: 'tooYoung' }),
      wouldBlock(DAY_MS + 2, { client: BOT, destination: UPDATES, reason: 'notServed' }),
      // What passed, what was blocked, and what is older is no part of it.
      wouldBlock(DAY_MS, { verdict: 'allow', reason: 'history' }),
      wouldBlock(DAY_MS, { enforced: true }),
      wouldBlock(8 * DAY_MS, { client: BOT }),
    ];
    const { rows, summary } = await report(events);
    const told = rows.map(({ client, destination, reason, count }) => [client, destination, reason, count]);
    expect(told).toEqual([
      ['192.0.2.66', '203.0.113.66', 'unknown', 5],
      ['192.0.2.10', '203.0.113.8', 'unknown', 3],
      ['192.0.2.66', '203.0.113.8', 'tooYoung', 1],
      ['192.0.2.66', '203.0.113.8', 'notServed', 1],
    ]);
    expect(rows[0]).toMatchObject({ clientName: null, names: [], nameServer: null });
    expect(rows[1]).toMatchObject({
      clientName: 'laptop.test',
      group: 'default',
      firstSeen: new Date(NOW_MS - 2 * DAY_MS - 2).toISOString(),
      lastSeen: new Date(NOW_MS - 2 * DAY_MS).toISOString(),
      names: ['evil.test'],
      nameServer: { name: 'ns.old.test', zone: 'old.test', expires: new Date(NOW_MS - DAY_MS).toISOString() },
      command: 'gluewall allow add 203.0.113.8 --from 192.0.2.10 --reason "found in monitoring"',
      remark: null,
    });
    expect(summary).toMatchObject({ events: 10, pairs: 3, newPairs: 0, uncounted: 0, settled: { rows: 0, events: 0 } });
  });

  it('have three names at most', async () => {
    const names = ['a.test', 'b.test', 'a.test', 'c.test', 'd.test'].map(nameOf);
    const { rows } = await report(names.map((queryName, index) => wouldBlock(2 * DAY_MS - index, { queryName })));
    expect(rows.map((row) => row.names)).toEqual([['a.test', 'b.test', 'c.test']]);
  });

  it('are those of one group where that is asked for', async () => {
    const events = ['office', 'default', 'office'].map((group, index) => wouldBlock(2 * DAY_MS + index, { group }));
    const { rows, summary } = await report(events, { query: { group: 'office' } });
    expect(rows).toMatchObject([{ group: 'office', count: 2 }]);
    expect(summary).toMatchObject({ group: 'office', events: 2 });
  });

  it('have one command for a group where many of it ask the same', async () => {
    const client = (number: number) => addressOf(`192.0.2.${number}`);
    const events = [1, 2, 3, 4, 5].flatMap((number) => [
      wouldBlock(2 * DAY_MS + number, { client: client(number), group: 'office', destination: UPDATES }),
      ...(number < 5 ? [wouldBlock(3 * DAY_MS, { client: client(number), group: 'office', destination: EVIL })] : []),
    ]);
    const { rows } = await report(events, { groups: [groupOf(7, 'office', ['192.0.2.0/24'])] });
    const commandsTo = (destination: Address) =>
      new Set(rows.filter((row) => row.destination === formatAddress(destination)).map(({ command }) => command));
    expect([...commandsTo(UPDATES)]).toEqual([
      'gluewall allow add 203.0.113.8 --from group:office --reason "found in monitoring"',
    ]);
    expect(commandsTo(EVIL).size).toBe(4);
    expect(rows.find(({ destination }) => destination === '203.0.113.8')?.remark).toBe(
      '5 clients of group office ask it',
    );
  });

  it('say what to do where no allow rule can win', async () => {
    const rules = [
      ruleOf('deny', { to: '203.0.113.66' }, { id: 'typed', reason: 'seen in an attack' }),
      ruleOf('deny', { to: '203.0.113.8' }, { id: 'written', origin: 'configuration' }),
    ];
    const events = [
      ...repeated(3, 2 * DAY_MS, { reason: 'denyRule', ruleId: 'typed', destination: EVIL }),
      ...repeated(2, 2 * DAY_MS, { reason: 'denyRule', ruleId: 'written', destination: UPDATES }),
      wouldBlock(2 * DAY_MS, { reason: 'denyRule', ruleId: 'gone', destination: LAPTOP }),
    ];
    const { rows } = await report(events, { rules });
    expect(rows.map(({ command, remark }) => [command, remark])).toEqual([
      ['gluewall rule remove typed', expect.stringContaining('typed (seen in an attack) is asked before any allow')],
      [null, expect.stringContaining('change it in the configuration')],
      [null, expect.stringContaining('there no more')],
    ]);
  });

  it('leave out what would pass by now: a rule has come, or the history has learned', async () => {
    const learned = tripleOf(1, { address: UPDATES, expiresAtMs: NOW_MS + DAY_MS });
    const events = [
      ...repeated(3, 2 * DAY_MS, { destination: EVIL, client: LAPTOP }),
      ...repeated(2, 2 * DAY_MS, { destination: UPDATES }),
      wouldBlock(2 * DAY_MS, { destination: EVIL, client: BOT }),
    ];
    const { rows, summary } = await report(events, {
      rules: [ruleOf('allow', { to: '203.0.113.66', from: '192.0.2.10' })],
      prepare: (history) => history.restore(learned),
    });
    expect(rows).toMatchObject([{ client: '192.0.2.66', destination: '203.0.113.66' }]);
    expect(summary).toMatchObject({ events: 6, pairs: 1, settled: { rows: 2, events: 5 } });
  });

  it('are bounded: what finds no room is counted', async () => {
    const client = (number: number) => addressOf(`198.18.${number >> 8}.${number & 255}`);
    const events = Array.from({ length: 10_500 }, (_, number) =>
      wouldBlock(3 * DAY_MS - number, { client: client(number) }),
    );
    const { rows, summary, progress } = await report([...events, ...repeated(9, 2 * DAY_MS, { client: client(0) })]);
    expect(rows).toHaveLength(10_000);
    expect(rows[0]).toMatchObject({ client: '198.18.0.0', count: 10 });
    expect(summary).toMatchObject({ uncounted: 500, events: 10_509, isShortEnough: false });
    expect(summary.missing).toEqual([expect.stringContaining('there are 10000 and more')]);
    expect(progress.length).toBeGreaterThan(4);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.every((share) => share > 0 && share <= 1)).toBe(true);
  });
});

describe('the list', () => {
  const old = wouldBlock(3 * DAY_MS);

  it.each<[string, readonly VerdictEvent[], World, readonly string[]]>([
    ['is short enough: an old pair, and time enough', [old], {}, []],
    ['is short enough: nothing at all, in time enough', [], {}, []],
    ['is short enough by events on record alone', [old, wouldBlock(2 * DAY_MS)], { learnedForMs: 0 }, []],
    [
      'wants time: neither events nor learning go back far enough',
      [wouldBlock(DAY_MS)],
      { learnedForMs: 36 * HOUR_MS },
      ['1d 12h more of monitoring (so far 1d 12h)'],
    ],
    // An imported history has ended warm-up, and nobody has watched.
    [
      'wants time after an import, too',
      [],
      { learnedForMs: Number.POSITIVE_INFINITY },
      ['3d more of monitoring (so far 0min)'],
    ],
    [
      'wants a report of that time',
      [old],
      { query: { sinceMs: NOW_MS - HOUR_MS } },
      ['a report of at least 3d (see --since; this is one of 1h 0min)'],
    ],
    [
      'wants at most ten pairs',
      Array.from({ length: 11 }, (_, number) => wouldBlock(3 * DAY_MS, { client: addressOf(`192.0.2.${number}`) })),
      {},
      ['no more than 10 pairs of client and destination (there are 11)'],
    ],
    [
      'wants a day without a new pair',
      [old, wouldBlock(DAY_MS - 1, { destination: UPDATES })],
      {},
      ['a day without a new pair (1 came in the last 24 h)'],
    ],
  ])('%s', async (_, events, world, missing) => {
    const { summary } = await report(events, world);
    expect(summary.missing).toEqual(missing);
    expect(summary.isShortEnough).toBe(missing.length === 0);
    expect(summary.rule).toBe(
      'short enough to enforce: monitored for 3d (warm-up and a day more), at most 10 pairs of client and destination, none of them new in the last 24 h',
    );
  });

  it('counts a pair once, whatever the reasons', async () => {
    const reasons = ['unknown', 'tooYoung', 'notServed'] as const;
    const { rows, summary } = await report(reasons.map((reason) => wouldBlock(2 * DAY_MS, { reason })));
    expect(rows).toHaveLength(3);
    expect(summary.pairs).toBe(1);
  });
});
