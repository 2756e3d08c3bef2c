import { afterEach, describe, expect, it, vi } from 'vitest';
import { LiveCapture } from '../../../src/capture/live-capture.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { silentLog } from '../../../src/core/log.ts';
import type { DnsObservation } from '../../../src/dns/observation.ts';
import { unpackBatch } from '../../support/collected-observations.ts';

const running: LiveCapture[] = [];

afterEach(async () => {
  for (const capture of running.splice(0)) await capture.stop();
});

/** A LiveCapture whose child is `fake-capture-process.mjs` in the part named. Time stands still but for `runTimers`. */
function setUp(part: string, nowMs = () => 1_700_000_000_000) {
  const timers: { delayMs: number; action: () => void }[] = [];
  const clock: Clock = {
    nowMs,
    after(delayMs, action) {
      const timer = { delayMs, action };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
  };
  const observations: DnsObservation[] = [];
  const problems: string[] = [];
  let ready = 0;
  const capture = new LiveCapture(
    {
      interfaces: [part],
      direction: 'port',
      insideNetworks: [],
      childScript: new URL('../../support/fake-capture-process.mjs', import.meta.url),
    },
    (batch, shiftMs) => {
      for (const one of unpackBatch(batch)) observations.push({ ...one, atMs: one.atMs + shiftMs });
    },
    clock,
    {
      ...silentLog,
      info: () => ready++,
      warn: (_fields, text) => problems.push(text),
      error: (_fields, text) => problems.push(text),
    },
  );
  running.push(capture);
  capture.start();
  const runTimers = () => {
    const due = timers.splice(0);
    for (const { action } of due) action();
    return due.map(({ delayMs }) => delayMs);
  };
  return { capture, observations, problems, readyCount: () => ready, runTimers, timers };
}

describe('LiveCapture', () => {
  it('passes on what the child tells', async () => {
    const { capture, observations, problems, readyCount } = setUp('eth7');
    await vi.waitFor(() => expect(capture.statistics().openInterfaces).toEqual(['eth7']), 5000);
    expect(readyCount()).toBe(1);
    expect(problems).toEqual(['cannot capture on eth7: it is away; bring it back']);
    // Octets beyond ASCII arrive as they were.
    expect(observations).toMatchObject([{ server: '\xff'.repeat(16), question: { name: '\x01\xe4\0' } }]);
    expect(capture.statistics()).toMatchObject({
      observations: 1,
      receivedByKernel: 3,
      droppedByKernel: 2,
      droppedByBackpressure: 1,
      restarts: 0,
      counters: { frames: 3 },
      sources: [
        { name: 'this host', isConnected: true, interfaces: ['eth7'], openInterfaces: ['eth7'], observations: 1 },
      ],
    });
  });

  it('gives times by its own clock, whatever that of the child says', async () => {
    const { observations } = setUp('eth7');
    await vi.waitFor(() => expect(observations.length).toBe(1), 5000);
    // Sent ten milliseconds after it was seen.
    expect(observations[0]?.atMs).toBe(1_700_000_000_000 - 10);
  });

  it('hangs up on a child that says something else', async () => {
    const { problems, timers } = setUp('babble');
    await vi.waitFor(() => expect(timers.length).toBe(1), 5000);
    expect(problems[0]).toMatch(/^the capture process is not ours: it does not speak version 1/);
  });

  it('starts a child that ends again, later and later, and says why', async () => {
    const { problems, runTimers, timers, capture } = setUp('fail');
    const delays: number[] = [];
    for (let round = 0; round < 7; round++) {
      await vi.waitFor(() => expect(timers.length).toBe(1), 5000);
      delays.push(...runTimers());
    }
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    expect(problems[0]).toBe('the capture process ended (no pcap here); it is started again in 0.5 s');
    expect(capture.statistics().restarts).toBe(7);
  }, 20_000);

  it('adds up the figures of all children', async () => {
    const { runTimers, timers, capture } = setUp('once');
    for (let round = 1; round <= 2; round++) {
      await vi.waitFor(() => expect(timers.length).toBe(1), 5000);
      expect(capture.statistics()).toMatchObject({ openInterfaces: [], receivedByKernel: 3 * round });
      expect(capture.statistics().counters.frames).toBe(3 * round);
      runTimers();
    }
  }, 20_000);

  it('stops twice, and a child that will not end is killed', async () => {
    const { capture, readyCount, timers } = setUp('stubborn');
    await vi.waitFor(() => expect(readyCount()).toBe(1), 5000);
    await Promise.all([capture.stop(), capture.stop()]);
    await capture.stop();
    expect(timers).toEqual([]);
  }, 10_000);

  it('stops while it waits to start a child again, and before it was started', async () => {
    const { capture, timers } = setUp('fail');
    await vi.waitFor(() => expect(timers.length).toBe(1), 5000);
    await capture.stop();
    expect(timers).toEqual([]);
  });
});
