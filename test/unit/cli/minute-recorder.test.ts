import { describe, expect, it } from 'vitest';
import { type MinuteReading, MinuteRecorder } from '../../../src/cli/minute-recorder.ts';
import type { MinuteFigures } from '../../../src/events/minute-store.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const MINUTE_MS = 60_000;

function rig() {
  const clock = new VirtualClock();
  const kept: MinuteFigures[] = [];
  const world = {
    isAway: false,
    counts: { allow: 5, block: 0, wouldBlock: 0, newAddresses: 0, packetIns: 0 },
    losses: new Map([['here', 2]]),
  };
  const store = {
    addMinutes: async (minutes: readonly MinuteFigures[]) => {
      if (world.isAway) throw new Error('away');
      kept.push(...minutes);
    },
  };
  const read = (): MinuteReading => ({ counts: { ...world.counts }, losses: new Map(world.losses) });
  const recorder = new MinuteRecorder({ clock, store, read });
  const pass = async (durationMs: number) => {
    clock.advance(durationMs);
    await new Promise(setImmediate);
  };
  return { clock, kept, world, recorder, pass, startMs: clock.nowMs() };
}

describe('minutes', () => {
  it('are kept when they are over, each with what happened in it', async () => {
    const { recorder, world, pass, kept, startMs } = rig();
    await pass(30_000);
    recorder.start();
    world.counts.allow += 3;
    world.counts.packetIns += 4;
    world.losses.set('here', 3).set('there', 1);
    await pass(29_999);
    expect(kept).toEqual([]);
    expect(recorder.minutes()).toEqual([{ atMs: startMs, figures: { allow: 3, packetIns: 4, lost: 2 } }]);
    await pass(1);
    expect(kept).toEqual([{ atMs: startMs, figures: { allow: 3, packetIns: 4, lost: 2 } }]);
    expect(recorder.minutes()).toEqual([]);
    world.counts.block++;
    await pass(MINUTE_MS);
    expect(kept[1]).toEqual({ atMs: startMs + MINUTE_MS, figures: { block: 1 } });
    await pass(MINUTE_MS);
    expect(kept, 'nothing happened').toHaveLength(2);
    await recorder.stop();
  });

  it('count no loss back when a switch goes and begins anew', async () => {
    const { recorder, world, pass, kept } = rig();
    recorder.start();
    world.losses.delete('here');
    await pass(MINUTE_MS);
    world.losses.set('here', 1);
    await pass(MINUTE_MS);
    expect(kept.map(({ figures }) => figures)).toEqual([{ lost: 1 }]);
    await recorder.stop();
  });

  it('wait for a store that is away, in order, a day of them at most', async () => {
    const { recorder, world, pass, kept, startMs } = rig();
    recorder.start();
    world.isAway = true;
    for (let minute = 0; minute < 1500; minute++) {
      world.counts.block++;
      await pass(MINUTE_MS);
    }
    expect(kept).toEqual([]);
    expect(recorder.minutes()).toHaveLength(1440);
    world.isAway = false;
    world.counts.block++;
    await pass(MINUTE_MS);
    expect(kept).toHaveLength(1440);
    expect(kept.map(({ atMs }) => atMs)).toEqual(
      Array.from({ length: 1440 }, (_, index) => startMs + (61 + index) * MINUTE_MS),
    );
    await recorder.stop();
  });

  it('end with the process where they are, also when the store does not take them', async () => {
    const { recorder, world, pass, kept, startMs, clock } = rig();
    recorder.start();
    world.counts.allow++;
    await pass(1000);
    await recorder.stop();
    expect(kept).toEqual([{ atMs: startMs, figures: { allow: 1 } }]);
    await recorder.stop();
    expect(kept).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
    const other = rig();
    other.recorder.start();
    other.world.counts.allow++;
    other.world.isAway = true;
    await other.recorder.stop();
    expect(other.kept).toEqual([]);
  });
});
