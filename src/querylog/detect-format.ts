import type { Address } from '../core/address.ts';
import { createSplitter } from './create-splitter.ts';
import { EntryBatchWriter, readEntries } from './entry-batch.ts';
import type { LogEntry } from './log-entry.ts';
import type { LogFormat } from './log-reader.ts';
import { LOG_FORMATS } from './readers/list.ts';
import { RefusalCounts } from './source-figures.ts';
import { SourceTime, type TimeAssumption } from './source-time.ts';

/** What of a file is looked at. */
export const DETECT_OCTETS = 256 * 1024;

export interface DetectOptions {
  readonly zone: string;
  readonly server: Address | undefined;
  readonly nowMs: number;
  /** When the file was last changed. */
  readonly writtenMs: number;
}

/** What one format makes of a file. */
export interface FormatTrial {
  readonly format: LogFormat;
  readonly taken: number;
  readonly other: number;
  /** Records that it cannot read, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  readonly assumptions: readonly TimeAssumption[];
  /** The first entries. */
  readonly entries: readonly LogEntry[];
}

export interface Detection {
  /** The format that takes most records; undefined: none takes any. */
  readonly found: FormatTrial | undefined;
  /** What was tried, in the order of the list. */
  readonly trials: readonly FormatTrial[];
  /** What the file is instead, and what to do about it, where that is known. */
  readonly advice: string | undefined;
}

const SHOWN_ENTRIES = 3;

/** Tries how a file begins, DETECT_OCTETS of it or all, on all formats. */
export function detectFormat(
  head: Buffer,
  options: DetectOptions,
  formats: readonly LogFormat[] = LOG_FORMATS,
): Detection {
  const advice = adviceFor(head);
  if (advice !== undefined) return { found: undefined, trials: [], advice };
  const trials = formats.map((format) => tryFormat(format, head, options));
  let found: FormatTrial | undefined;
  for (const trial of trials) if (trial.taken > (found?.taken ?? 0)) found = trial;
  return { found, trials, advice: undefined };
}

function tryFormat(format: LogFormat, head: Buffer, options: DetectOptions): FormatTrial {
  const entries = new EntryBatchWriter();
  const { zone, server, nowMs, writtenMs } = options;
  const time = new SourceTime({ zone, nowMs: () => nowMs, writtenMs: () => writtenMs });
  const reader = format.create({ entries, time, server, client: (address) => address });
  const splitter = createSplitter(format);
  const counts = { taken: 0, other: 0 };
  const refused = new RefusalCounts();
  const sink = {
    record(octets: Buffer, start: number, end: number) {
      const outcome = reader.read(octets, start, end);
      if (typeof outcome === 'string') counts[outcome]++;
      else refused.add(outcome.refused);
    },
    refused: (reason: string) => refused.add(reason),
  };
  const whole = head.subarray(0, DETECT_OCTETS);
  splitter.push(whole, sink);
  // The last record of more is cut, and not the file's fault.
  if (head.length < DETECT_OCTETS) splitter.end(sink);
  reader.settle();
  const shown = firstEntries(entries.take());
  return { format, ...counts, refused: refused.snapshot(), assumptions: time.assumptions, entries: shown };
}

function firstEntries(batch: Uint8Array): LogEntry[] {
  const first: LogEntry[] = [];
  for (const entry of readEntries(batch)) {
    first.push(entry);
    if (first.length === SHOWN_ENTRIES) break;
  }
  return first;
}

const MAGICS: readonly (readonly [readonly number[], string])[] = [
  [[0x1f, 0x8b], 'it is packed by gzip: unpack it first (gunzip -k FILE, or zcat FILE)'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'it is packed by xz: unpack it first (unxz -k FILE)'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'it is packed by zstd: unpack it first (unzstd FILE)'],
  [[0x42, 0x5a, 0x68], 'it is packed by bzip2: unpack it first (bunzip2 -k FILE)'],
];
const UTF_16 = 'it is UTF-16: convert it first (iconv -f UTF-16 -t UTF-8 FILE)';
const LOOKED_AT = 512;

function adviceFor(head: Buffer): string | undefined {
  if (head.length === 0) return 'it is empty';
  const magic = MAGICS.find(([octets]) => octets.every((octet, at) => head[at] === octet));
  if (magic !== undefined) return magic[1];
  return isUtf16(head) ? UTF_16 : undefined;
}

/** By its mark, or as every second octet of its text is zero. */
function isUtf16(head: Buffer): boolean {
  if (head.length >= 2 && ['fffe', 'feff'].includes(head.toString('hex', 0, 2))) return true;
  const pairs = Math.min(head.length, LOOKED_AT) >> 1;
  let high = 0;
  let low = 0;
  for (let at = 0; at < 2 * pairs; at += 2) {
    if (head[at] === 0 && isText(head[at + 1]!)) low++;
    if (head[at + 1] === 0 && isText(head[at]!)) high++;
  }
  return pairs >= 8 && Math.max(low, high) > 0.9 * pairs;
}

function isText(octet: number): boolean {
  return octet >= 32 || octet === 9 || octet === 10 || octet === 13;
}
