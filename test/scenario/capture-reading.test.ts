/** Captures read by the compiled thread, as gluewall uses it, beside the same captures read on this one. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { writeBorderCapture } from '../../bench/support/border-capture.ts';
import { CaptureReader } from '../../src/capture/container/capture-reader.ts';
import { CaptureReaderThread } from '../../src/capture/container/capture-reader-thread.ts';
import { openCaptureSource } from '../../src/capture/container/capture-source.ts';
import { captureVectors } from '../support/capture-vectors.ts';
import { unpackBatch } from '../support/collected-observations.ts';

const threadScript = new URL('../../dist/src/capture/container/reader-worker.js', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'gluewall-reading-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What this thread reads: observations, and totals. */
async function readHere(paths: readonly string[]) {
  const observations: unknown[] = [];
  const reader = new CaptureReader((batch) => observations.push(...unpackBatch(batch)));
  for (const path of paths) await reader.read(await openCaptureSource(path));
  reader.finish();
  return { observations, totals: reader.totals };
}

async function readInThread(paths: readonly string[]) {
  const observations: unknown[] = [];
  const thread = new CaptureReaderThread((batch) => observations.push(...unpackBatch(batch)), { threadScript });
  const progress: number[] = [];
  for (const path of paths) await thread.read(path, (bytesRead) => progress.push(bytesRead));
  return { observations, totals: await thread.finish(), progress };
}

describe('the thread that reads captures', () => {
  it('gives what this thread reads, of many captures', async () => {
    const paths = captureVectors().map(({ path }) => path);
    const here = await readHere(paths);
    const { observations, totals } = await readInThread(paths);
    expect(observations).toEqual(here.observations);
    expect(totals).toEqual(here.totals);
    expect(observations.length).toBeGreaterThan(200);
  });

  it('gives what this thread reads, of a large capture, plain and packed, and tells how far it is', async () => {
    const path = join(folder, 'border.pcap');
    const { bytes, packets } = await writeBorderCapture(path, 24_000_000, 1);
    const here = await readHere([path]);
    const { observations, totals, progress } = await readInThread([path]);
    expect(totals).toEqual(here.totals);
    expect(totals.packets).toBe(packets);
    expect(observations.length).toBe(packets);
    // A difference in so many would take long to print.
    expect(JSON.stringify(observations) === JSON.stringify(here.observations)).toBe(true);
    expect(progress.length).toBeGreaterThan(20);
    expect([progress.at(-1), progress.toSorted((a, b) => a - b)]).toEqual([bytes, progress]);

    const packed = join(folder, 'border.pcap.gz');
    writeFileSync(packed, gzipSync(readFileSync(path), { level: 1 }));
    expect((await readInThread([packed])).totals).toEqual(here.totals);
  });

  it('refuses what is no capture, and reads the next', async () => {
    const thread = new CaptureReaderThread(() => {}, { threadScript });
    await expect(thread.read(join(folder, 'none'))).rejects.toMatchObject({ code: 'capture-file' });
    const [vector] = captureVectors();
    expect((await thread.read(vector!.path)).packets).toBeGreaterThan(0);
    await thread.stop();
  });
});
