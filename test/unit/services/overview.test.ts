import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MinuteFigures } from '../../../src/events/minute-store.ts';
import {
  MAX_STEPS,
  MINUTE_FIGURES,
  type RunningFigures,
  sharedBusiest,
  viewOverview,
} from '../../../src/services/overview.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { addressOf } from '../../support/store-rows.ts';
import { verdictEvent } from '../../support/verdict-events.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

const NOW: ReturnType<RunningFigures['now']> = {
  mode: 'enforce',
  warmupEnds: null,
  enforced: true,
  switches: 2,
  capture: 'on',
  learnsNothing: false,
};

async function rig(kept: readonly MinuteFigures[], waiting: readonly MinuteFigures[] = []) {
  const clock = new VirtualClock();
  const store = new MemoryStore({ events: 1000 });
  await store.addMinutes(kept);
  const running: RunningFigures = { minutes: () => waiting, now: () => NOW, packetInBudget: () => 1000 };
  return { clock, store, running };
}

describe('the overview', () => {
  it('is of the last day, with what is not in the store yet', async () => {
    const startMs = new VirtualClock().nowMs();
    const parts = await rig(
      [
        { atMs: startMs - DAY_MS, figures: { allow: 2, block: 1 } },
        { atMs: startMs - MINUTE_MS, figures: { allow: 3, lost: 1 } },
        { atMs: startMs - 3 * DAY_MS, figures: { allow: 1000 } },
      ],
      [{ atMs: startMs, figures: { wouldBlock: 4, packetIns: 9, newAddresses: 5 } }],
    );
    parts.clock.advance(30_000);
    const view = await viewOverview({}, parts);
    expect(view).toMatchObject({ stepMs: 10 * MINUTE_MS, budget: 1000, clients: [], destinations: [] });
    expect(view.since).toBe(new Date(startMs - DAY_MS).toISOString());
    expect(view.until).toBe(new Date(startMs + 10 * MINUTE_MS).toISOString());
    expect(view.steps).toHaveLength(145);
    expect(view.steps[0]).toMatchObject({ at: view.since, allow: 2, block: 1, lost: 0 });
    expect(view.steps[143]).toMatchObject({ allow: 3, lost: 1 });
    expect(view.steps[144]).toMatchObject({ wouldBlock: 4, packetIns: 9, newAddresses: 5, allow: 0 });
    expect(view.now).toEqual({ ...NOW, openHigh: 0, openMedium: 0, openLow: 0, escalated: 0 });
  });

  it('counts who is busiest once for all who ask, and not again for twenty times as long as it took', async () => {
    const clock = new VirtualClock();
    const asked: string[] = [];
    const slow = {
      busiest: async (by: 'client' | 'destination', sinceMs: number) => {
        asked.push(`${by} ${sinceMs}`);
        await clock.advance(100);
        return [];
      },
    };
    const busiest = sharedBusiest(slow, clock);
    await Promise.all([busiest('client', 0, 10), busiest('client', 1000, 10), busiest('destination', 0, 10)]);
    expect(asked).toEqual(['client 0', 'destination 0']);
    await clock.advance(1900);
    await busiest('client', 0, 10);
    expect(asked).toHaveLength(2);
    await busiest('client', 3_600_000, 10);
    expect(asked.at(-1)).toBe('client 3600000');
    await clock.advance(4000);
    await busiest('client', 0, 10);
    expect(asked).toHaveLength(4);
    const failing = sharedBusiest({ busiest: () => Promise.reject(new Error('away')) }, clock);
    await expect(failing('client', 0, 10)).rejects.toThrow('away');
    await expect(failing('client', 0, 10)).rejects.toThrow('away');
  });

  it('names the busiest, and counts what is open', async () => {
    const parts = await rig([]);
    const atMs = parts.clock.nowMs() - MINUTE_MS;
    const other = { destination: addressOf('203.0.113.9'), reason: 'denyRule' as const };
    await parts.store.saveEvents([
      verdictEvent({ atMs, clientName: 'printer' }),
      verdictEvent({ atMs: atMs + 1, clientName: 'printer' }),
      verdictEvent({ atMs: atMs + 2, client: addressOf('192.0.2.7'), ...other }),
    ]);
    const view = await viewOverview({}, parts);
    expect(view.clients).toEqual([
      { address: '192.0.2.66', name: 'printer', events: 2 },
      { address: '192.0.2.7', name: null, events: 1 },
    ]);
    expect(view.destinations.map(({ address, events }) => [address, events])).toEqual([
      ['203.0.113.66', 2],
      ['203.0.113.9', 1],
    ]);
    expect(view.now).toMatchObject({ openHigh: 1, openMedium: 1, openLow: 0, escalated: 0 });
    expect(await viewOverview({ busiest: 0 }, parts)).toMatchObject({ clients: [], destinations: [], now: view.now });
  });

  it('is to be had of a store that rests', async () => {
    const { clock, store } = await rig([]);
    const view = await viewOverview({}, { clock, store });
    expect(view.budget).toBeNull();
    expect(view.now).toMatchObject({ mode: 'not running', enforced: false, switches: 0 });
  });

  it('has 200 steps at most, of one length and one after the other, and loses no minute of the time', async () => {
    const seed = Number(process.env.GLUEWALL_SEED ?? Date.now() % 2 ** 31);
    const span = fc.oneof(fc.integer({ min: 0, max: DAY_MS }), fc.integer({ min: 0, max: 10_000 * DAY_MS }));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(DAY_MS),
        span,
        fc.array(fc.nat(1e9), { maxLength: 20 }),
        async (offsetMs, spanMs, agos) => {
          const clock = new VirtualClock();
          clock.advance(offsetMs);
          const untilMs = clock.nowMs();
          const minutes = agos.map((agoMs) => ({
            atMs: Math.floor((untilMs - (agoMs % (spanMs + 1))) / MINUTE_MS) * MINUTE_MS,
            figures: { allow: 1 },
          }));
          const parts = await rig([], minutes);
          const view = await viewOverview({ sinceMs: untilMs - spanMs, untilMs }, { ...parts, clock });
          expect(view.steps.length).toBeLessThanOrEqual(MAX_STEPS);
          expect(view.steps.length).toBeGreaterThan(0);
          const ats = view.steps.map(({ at }) => Date.parse(at));
          expect(ats).toEqual(ats.map((_, index) => Date.parse(view.since) + index * view.stepMs));
          expect(Date.parse(view.until)).toBe(ats.at(-1)! + view.stepMs);
          expect(Date.parse(view.since)).toBeLessThanOrEqual(untilMs - spanMs);
          expect(Date.parse(view.until)).toBeGreaterThanOrEqual(untilMs);
          // One that begins just when the time ends is no part of it.
          const within = minutes.filter(({ atMs }) => atMs < Date.parse(view.until));
          expect(view.steps.reduce((sum, { allow }) => sum + allow, 0)).toBe(within.length);
          for (const step of view.steps) expect(Object.keys(step).sort()).toEqual(['at', ...MINUTE_FIGURES].sort());
        },
      ),
      { seed, numRuns: 200 },
    );
  });
});
