import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startReading } from '../../../../src/capture/container/capture-reading.ts';
import { pcapFile } from '../../../support/capture-file-builder.ts';
import { unpackBatch } from '../../../support/collected-observations.ts';
import { composeQuery } from '../../../support/dns-messages.ts';
import { composeFrame } from '../../../support/frames.ts';

const threadScript = new URL('../../../support/fake-reader-thread.mjs', import.meta.url);
const record = { seconds: 1, ticks: 0, octets: composeFrame(composeQuery('www.example.org')) };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-reading-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('startReading', () => {
  it('reads small captures at once', async () => {
    const path = join(folder, 'small.pcap');
    writeFileSync(path, pcapFile([record, record]));
    const kinds: string[] = [];
    const progress: number[] = [];
    const reading = startReading([path], (batch) => kinds.push(...unpackBatch(batch).map(({ kind }) => kind)), {
      threadScript,
    });
    expect(await reading.read(path, (bytesRead) => progress.push(bytesRead))).toEqual({
      packets: 2,
      damage: undefined,
    });
    expect(progress.length).toBe(1);
    expect(await reading.finish()).toMatchObject({ packets: 2, observed: { queries: 2 } });
    expect(kinds).toEqual(['query', 'query']);
    await reading.stop();
  });

  it('says what is wrong with a path when it is read, not before', async () => {
    for (const path of [join(folder, 'none'), folder, '\0']) {
      const reading = startReading([path], () => {}, { threadScript });
      await expect(reading.read(path)).rejects.toMatchObject({ code: 'capture-file' });
    }
  });

  it('leaves large captures to a thread', async () => {
    const path = join(folder, 'large.pcap');
    writeFileSync(path, Buffer.alloc(16 * 1024 * 1024));
    let batches = 0;
    const reading = startReading(['none', path], () => batches++, { threadScript });
    expect((await reading.read(path)).packets).toBe(5);
    await reading.stop();
    expect(batches).toBe(3);
  });

  it('reads on this thread where standard input is among them', async () => {
    const path = join(folder, 'large.pcap');
    writeFileSync(path, Buffer.alloc(16 * 1024 * 1024));
    const reading = startReading(['-', path], () => {}, { threadScript });
    await expect(reading.read(path)).rejects.toMatchObject({ message: expect.stringContaining('it is no capture') });
  });
});
