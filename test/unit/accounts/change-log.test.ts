import { beforeEach, describe, expect, it } from 'vitest';
import type { AccountStore, Change } from '../../../src/accounts/account-store.ts';
import { ChangeLog, changeText, MAX_CHANGE_CHARACTERS } from '../../../src/accounts/change-log.ts';
import { GluewallError } from '../../../src/core/errors.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const ALL = {
  sinceMs: undefined,
  untilMs: undefined,
  by: undefined,
  operation: undefined,
  subject: undefined,
  before: undefined,
  limit: 500,
} as const;
const CHANGE: Omit<Change, 'atMs'> = {
  by: 'ann',
  token: undefined,
  from: '192.0.2.10',
  operation: 'rule add',
  subject: '1f3a9c04',
  before: undefined,
  after: '{"reason":"ticket 1"}',
  refused: '',
};

let clock: VirtualClock;
let log: RecordingLog;
let store: AccountStore;
let changes: ChangeLog;

beforeEach(() => {
  clock = new VirtualClock();
  log = new RecordingLog();
  store = new MemoryStore({ events: 10 });
  changes = new ChangeLog({ clock, log, store });
});

describe('the record of changes', () => {
  it('has what was done as soon as it is asked for', async () => {
    changes.add(CHANGE);
    clock.advance(1000);
    changes.add({ ...CHANGE, by: 'ben', subject: 's'.repeat(1000) });
    const { rows } = await changes.find(ALL);
    expect(rows.map(({ by, subject }) => [by, subject.length])).toEqual([
      ['ben', 255],
      ['ann', 8],
    ]);
    expect(rows[0]!.atMs - rows[1]!.atMs).toBe(1000);
    expect(changes.figures).toEqual({ written: 2, lost: 0, skipped: 0 });
  });

  it('says in the log what could not be recorded', async () => {
    const failing = {
      ...ALL,
      addChange: () => Promise.reject(new GluewallError('store-away', 'the database is away')),
      findChanges: () => store.findChanges(ALL),
    };
    changes = new ChangeLog({ clock, log, store: failing });
    changes.add(CHANGE);
    await changes.stop();
    expect(changes.figures).toEqual({ written: 0, lost: 1, skipped: 0 });
    expect(log.lines).toEqual([
      'error: "rule add" of ann could not be recorded, and is so all the same: the database is away',
    ]);
  });

  it('holds no more than a thousand for a store that does not answer', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    changes = new ChangeLog({ clock, log, store: { addChange: () => held, findChanges: store.findChanges } });
    for (let count = 0; count < 1500; count++) changes.add(CHANGE);
    expect(changes.figures.lost).toBe(500);
    release();
    await changes.stop();
    expect(changes.figures).toEqual({ written: 1000, lost: 500, skipped: 0 });
  });

  it('is not to be flooded by refusals: what was done stays', async () => {
    changes.add(CHANGE);
    for (let count = 0; count < 1000; count++) changes.add({ ...CHANGE, refused: 'role-refused' });
    changes.add(CHANGE);
    const { rows } = await changes.find(ALL);
    expect(rows.filter(({ refused }) => refused === '')).toHaveLength(2);
    expect(rows).toHaveLength(202);
    expect(changes.figures.skipped).toBe(800);
    clock.advance(10_000);
    changes.add({ ...CHANGE, refused: 'role-refused' });
    await changes.stop();
    expect(changes.figures.skipped).toBe(800);
    expect(log.lines[0]).toContain('warn: refusals come too fast');
  });
});

describe('what the record says of before and after', () => {
  it('is JSON without secrets', () => {
    expect(changeText({ id: 'a', secret: 'gw_x', inner: [{ secret: 'y', name: 'n' }] })).toBe(
      '{"id":"a","inner":[{"name":"n"}]}',
    );
    expect(changeText(undefined)).toBeUndefined();
    expect(changeText(null)).toBeUndefined();
  });

  it('is bounded, and JSON also then', () => {
    for (const character of ['a', '"', '\\', '\u0001', '\u{1f99c}']) {
      const text = changeText({ text: character.repeat(20_000) })!;
      expect(text.length).toBeLessThanOrEqual(MAX_CHANGE_CHARACTERS);
      expect(JSON.parse(text)).toHaveProperty('cut');
    }
  });
});
