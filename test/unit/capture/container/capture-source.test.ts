import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, createReadStream, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openCaptureSource } from '../../../../src/capture/container/capture-source.ts';
import { readCapture } from '../../../../src/capture/container/read-capture.ts';
import { pcapFile, readPackets } from '../../../support/capture-file-builder.ts';

const record = { seconds: 1, ticks: 0, octets: Buffer.alloc(10_000, 3) };
const recordOctets = 16 + record.octets.length;

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-capture-'));
  path = join(folder, 'made.pcap');
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

async function expectRefusal(name: string, message: string): Promise<void> {
  await expect(openCaptureSource(name)).rejects.toMatchObject({
    name: 'GluewallError',
    code: 'capture-file',
    message: expect.stringContaining(message),
  });
}

function pretendStdin(stream: unknown): void {
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(stream as typeof process.stdin);
}

describe('openCaptureSource', () => {
  it('gives the octets of a file in large chunks', async () => {
    writeFileSync(path, Buffer.alloc(2_500_000, 1));
    const source = await openCaptureSource(path);
    expect(source).toMatchObject({ name: path, sizeBytes: 2_500_000 });
    const lengths: number[] = [];
    for await (const chunk of source.chunks) lengths.push(chunk.length);
    expect(lengths).toEqual([1_048_576, 1_048_576, 402_848]);
  });

  it('refuses what cannot be read, and says why', async () => {
    await expectRefusal(join(folder, 'none'), `${folder}/none cannot be read: there is no such file`);
    await expectRefusal(folder, `${folder} is a folder`);
    writeFileSync(path, '');
    await expectRefusal(path, `${path} is empty`);
    await expectRefusal(join(path, 'below'), 'cannot be read: ENOTDIR');
    await expectRefusal('a\0b', 'cannot be read: ');
  });

  it('refuses a file that may not be read', async () => {
    writeFileSync(path, pcapFile([record]), { mode: 0 });
    chmodSync(folder, 0o755);
    // Root may read everything: the file system is asked as another user.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      await expectRefusal(path, `${path} cannot be read: you may not read it`);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it('rejects when the file goes away before it is read', async () => {
    writeFileSync(path, pcapFile([record]));
    const source = await openCaptureSource(path);
    rmSync(path);
    await expect(readPackets(source)).rejects.toMatchObject({
      code: 'capture-file',
      message: expect.stringContaining('there is no such file'),
    });
  });

  it('reads of a growing file what was there at the opening', async () => {
    writeFileSync(path, pcapFile(Array.from({ length: 300 }, () => record)));
    const source = await openCaptureSource(path);
    const grow = () => appendFileSync(path, pcapFile([record, record]).subarray(24));
    grow();
    let bytesRead = 0;
    const summary = await readCapture(
      source,
      () => {},
      (bytes) => {
        bytesRead = bytes;
        grow();
      },
    );
    expect(summary).toEqual({ packets: 300, damage: undefined });
    expect(bytesRead).toBe(source.sizeBytes);
  });

  it('reads a shrinking file to where it ends', async () => {
    writeFileSync(path, pcapFile(Array.from({ length: 1000 }, () => record)));
    const source = await openCaptureSource(path);
    truncateSync(path, 24 + 10 * recordOctets + 5);
    expect(await readCapture(source, () => {})).toEqual({
      packets: 10,
      damage: `it ends in the middle of the record at octet ${24 + 10 * recordOctets}`,
    });

    writeFileSync(path, pcapFile(Array.from({ length: 1000 }, () => record)));
    const { packets } = await readCapture(
      await openCaptureSource(path),
      () => {},
      () => truncateSync(path, 24 + 300 * recordOctets),
    );
    expect(packets).toBeGreaterThanOrEqual(104);
    expect(packets).toBeLessThan(1000);
  });

  it('reads a named pipe', async () => {
    execFileSync('mkfifo', [path]);
    const source = await openCaptureSource(path);
    expect(source.sizeBytes).toBeUndefined();
    const [summary] = await Promise.all([readCapture(source, () => {}), writeFile(path, pcapFile([record, record]))]);
    expect(summary).toEqual({ packets: 2, damage: undefined });
  });

  it('reads standard input, but no terminal', async () => {
    writeFileSync(path, pcapFile([record]));
    pretendStdin(createReadStream(path));
    const source = await openCaptureSource('-');
    expect(source).toMatchObject({ name: 'standard input', sizeBytes: undefined });
    expect(await readCapture(source, () => {})).toEqual({ packets: 1, damage: undefined });
    pretendStdin({ isTTY: true });
    await expectRefusal('-', 'standard input is a terminal');
  });
});
