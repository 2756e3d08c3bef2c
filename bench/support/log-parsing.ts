import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, createWriteStream, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { EntryBatchWriter } from '../../src/querylog/entry-batch.ts';
import { LineSplitter } from '../../src/querylog/line-splitter.ts';
import { logFormat } from '../../src/querylog/readers/list.ts';
import type { RecordSink } from '../../src/querylog/record-splitter.ts';
import { SourceTime } from '../../src/querylog/source-time.ts';
import { manyBindLines } from './many-entries.ts';

export const LINES = 3_000_000;
const SEED = 1;
const READ_OCTETS = 1 << 20;
const BATCH_ENTRIES = 16_384;

/** Writes LINES lines of BIND into a file; says its name and length. */
export async function writeBindLog(folder: string): Promise<{ readonly file: string; readonly bytes: number }> {
  const file = join(folder, 'bind.log');
  const stream = createWriteStream(file);
  for (const piece of manyBindLines(LINES, SEED)) if (!stream.write(piece)) await once(stream, 'drain');
  stream.end();
  await once(stream, 'finish');
  return { file, bytes: stream.bytesWritten };
}

/** Octets a second of a log of BIND, read into packed entries, and passed through `cat FILE | LC_ALL=C grep -c query:`. */
export function timeParsing(folder: string): () => Promise<{ readonly ours: number; readonly theirs: number }> {
  const written = writeBindLog(folder);
  return async () => {
    const { file, bytes } = await written;
    const startedAtMs = performance.now();
    const count = execFileSync('sh', ['-c', 'cat "$1" | LC_ALL=C grep -c query:', 'sh', file], { encoding: 'utf8' });
    const grepMs = performance.now() - startedAtMs;
    if (Number(count) !== LINES) throw new Error(`grep counts ${count.trim()} lines, not ${LINES}`);
    const parseMs = parseAll(file);
    return { ours: bytes / (parseMs / 1000), theirs: bytes / (grepMs / 1000) };
  };
}

function parseAll(file: string): number {
  const startedAtMs = performance.now();
  const entries = new EntryBatchWriter();
  const time = new SourceTime({
    zone: 'UTC',
    nowMs: () => Date.now(),
  });
  const reader = logFormat('bind')!.create({ entries, time, server: undefined, client: (address) => address });
  const splitter = new LineSplitter();
  let count = 0;
  const sink: RecordSink = {
    record(octets, start, end) {
      reader.read(octets, start, end);
      if (entries.count < BATCH_ENTRIES) return;
      count += entries.count;
      entries.take();
    },
    refused(reason) {
      throw new Error(reason);
    },
  };
  const portion = Buffer.allocUnsafe(READ_OCTETS);
  const descriptor = openSync(file, 'r');
  for (let read = readSync(descriptor, portion); read > 0; read = readSync(descriptor, portion)) {
    splitter.push(portion.subarray(0, read), sink);
  }
  closeSync(descriptor);
  reader.settle();
  count += entries.count;
  if (count !== LINES) throw new Error(`${count} entries were read, not ${LINES}`);
  return performance.now() - startedAtMs;
}
