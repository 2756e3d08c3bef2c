import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { OwnIntake } from '../../../../src/cli/query-log/own-intake.ts';
import { GluewallError } from '../../../../src/core/errors.ts';
import { silentLog } from '../../../../src/core/log.ts';
import { QueueRoom } from '../../../../src/querylog/queue-room.ts';
import { entryOf, NOON_MS } from '../../../support/log-entries.ts';
import { RecordingQueryLog } from '../../../support/recording-query-log.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

function rig(roomOctets = 10_000_000) {
  const clock = new VirtualClock();
  const store = new RecordingQueryLog();
  const room = new QueueRoom(roomOctets);
  const own = new OwnIntake('gate', room, store, clock, silentLog);
  const add = (count: number) => {
    for (let number = 0; number < count; number++) {
      own.entries.add(entryOf(number));
      own.added();
    }
  };
  return { clock, store, room, own, add };
}

async function turns(): Promise<void> {
  for (let count = 0; count < 10; count++) await setImmediate();
}

describe('OwnIntake', () => {
  it('hands over what there is when it is told to, or when it is many', async () => {
    const { store, room, own, add } = rig();
    own.flush();
    add(3);
    expect([store.appends, own.figures()]).toEqual([
      0,
      expect.objectContaining({ source: 'gate', entries: 3, records: 3, taken: 3, lost: 0, lastAtMs: undefined }),
    ]);
    own.flush();
    await turns();
    expect(store.batches).toMatchObject([{ source: 'gate', position: undefined, quarantined: [] }]);
    expect(own.figures()).toMatchObject({
      entries: 3,
      lastAtMs: NOON_MS + 2000,
      bytes: store.batches[0]!.entries.length,
    });
    add(16_385);
    await turns();
    expect(store.entries).toHaveLength(3 + 16_384);
    await own.stop();
    await own.stop();
    expect(store.entries).toHaveLength(3 + 16_385);
    expect(room.taken).toBe(0);
  });

  it('counts as lost what finds no room, what is refused, and what is left at the end', async () => {
    const { clock, store, room, own, add } = rig(100_000);
    store.failure = new Error('away');
    add(500);
    own.flush();
    add(5000);
    own.flush();
    await turns();
    expect(own.figures()).toMatchObject({ entries: 500, lost: 5000, records: 5500, problem: 'away' });
    store.failure = new GluewallError('store-rows', 'no such rows');
    clock.advance(1000);
    await turns();
    expect(own.figures()).toMatchObject({ entries: 0, lost: 5500 });
    store.failure = new Error('away');
    add(2);
    await own.stop();
    expect(own.figures()).toMatchObject({ entries: 0, lost: 5502, records: 5502 });
    expect([room.taken, store.entries.length, clock.pendingTimers]).toEqual([0, 0, 0]);
  });
});
