import { expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { SourceIntake } from '../../../src/querylog/source-intake.ts';
import { MemoryQueryLog } from '../../../src/storage/query-log/memory-query-log.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { sourceOptions } from '../../support/source-options.ts';

it('of two that take the same file in at once one does, and the other ends without having kept anything', async () => {
  const store = new MemoryQueryLog(100_000);
  const nowMs = Math.floor(systemClock.nowMs());
  const [first, second] = [0, 20_000].map((from) =>
    Buffer.from(Array.from({ length: 20_000 }, (_, at) => `${nowMs} h${from + at}.example\n`).join('')),
  ) as [Buffer, Buffer];
  const begun = () => {
    const intake = new SourceIntake(sourceOptions({ isLive: false }), store, systemClock, new RecordingLog());
    intake.begin('100:abc');
    return intake;
  };
  const [one, other] = [begun(), begun()];
  await one.push(first);
  await vi.waitFor(async () => expect(await store.position('ns1')).toBeDefined());
  const takeAll = async () => {
    for (const octets of [first, second]) await other.push(octets);
    await other.end();
  };
  await expect(takeAll()).rejects.toMatchObject({ code: 'store-position' });
  // Hands over what is left, as an import does whatever went wrong: it begins with what the first one has kept, and is not that.
  await other.stop();
  await one.push(second);
  await one.end();
  const [coverage] = await store.coverage(3_600_000);
  expect(coverage?.entries).toBe(40_000);
});
