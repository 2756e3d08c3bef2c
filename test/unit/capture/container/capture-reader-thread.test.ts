import { afterEach, describe, expect, it } from 'vitest';
import { CaptureReaderThread } from '../../../../src/capture/container/capture-reader-thread.ts';

const threadScript = new URL('../../../support/fake-reader-thread.mjs', import.meta.url);
const opened: CaptureReaderThread[] = [];

function open(onBatch: (batch: Uint8Array) => void = () => {}): CaptureReaderThread {
  const thread = new CaptureReaderThread(onBatch, { threadScript });
  opened.push(thread);
  return thread;
}

afterEach(async () => {
  for (const thread of opened.splice(0)) await thread.stop();
});

describe('CaptureReaderThread', () => {
  it('hands on batches and progress, and gives the batches back', async () => {
    const lengths: number[] = [];
    const progress: number[] = [];
    const thread = open((batch) => lengths.push(batch.length));
    expect(await thread.read('good', (bytesRead) => progress.push(bytesRead))).toEqual({
      packets: 5,
      damage: undefined,
    });
    expect([lengths, progress]).toEqual([[4, 4, 4], [77]]);
    expect(await thread.finish()).toEqual({ given: 3, back: 3 });
  });

  it('rejects with the code of what was refused, and goes on', async () => {
    const thread = open();
    await expect(thread.read('refuses')).rejects.toMatchObject({
      name: 'GluewallError',
      code: 'capture-file',
      message: 'no capture',
    });
    expect((await thread.read('good')).packets).toBe(5);
  });

  it('rejects with what the taker of batches threw, now and ever after', async () => {
    let taken = 0;
    const broken = new Error('full');
    const thread = open(() => {
      taken++;
      throw broken;
    });
    await expect(thread.read('good')).rejects.toBe(broken);
    await expect(thread.finish()).rejects.toBe(broken);
    // What the thread has sent already comes when it ends.
    await thread.stop();
    expect(taken).toBe(1);
  });

  it.each([
    ['throws', 'out of order'],
    ['exits', 'it has ended'],
  ])('rejects when the thread %s', async (path, reason) => {
    const thread = open();
    const failure = { code: 'capture-file', message: expect.stringContaining(reason) };
    await expect(thread.read(path)).rejects.toMatchObject(failure);
    await expect(thread.read('good')).rejects.toMatchObject(failure);
  });

  it('rejects when there is no such thread', async () => {
    const missing = new URL('./missing.mjs', import.meta.url);
    const thread = new CaptureReaderThread(() => {}, { threadScript: missing });
    await expect(thread.read('good')).rejects.toMatchObject({ code: 'capture-file' });
  });

  it('ends a reading when it is stopped', async () => {
    const thread = open();
    const reading = expect(thread.read('silent')).rejects.toMatchObject({ code: 'capture-file' });
    await thread.stop();
    await reading;
    await thread.stop();
  });
});
