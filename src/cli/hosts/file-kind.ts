import { GluewallError } from '../../core/errors.ts';
import type { LogFormat } from '../../querylog/log-reader.ts';
import { ImportSource } from '../query-log/import-source.ts';
import { type ReadOptions, tryFile, unknownFormat } from '../query-log/read-options.ts';

/** What a file holds: packets, lines of host events (docs/evaluation.md), or the queries of a DNS server. */
export type FileKind =
  | { readonly kind: 'capture' | 'events'; readonly path: string }
  | { readonly kind: 'log'; readonly path: string; readonly format: LogFormat };

/** How pcap and pcapng files begin, in either order of octets. */
const CAPTURE_MARKS: readonly number[] = [
  0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1, 0xa1b2cd34, 0x34cdb2a1, 0x0a0d0d0a,
];

/** Looks how a file begins. Rejects with GluewallError `log-file` when it cannot be read, or is nothing that is known. */
export async function fileKind(path: string, reading: ReadOptions): Promise<FileKind> {
  if (path === '-') {
    throw new GluewallError('usage', 'standard input cannot be looked at twice: write it to a file, and name that');
  }
  const file = await ImportSource.open(path);
  try {
    if (file.sizeBytes === undefined) {
      throw new GluewallError('usage', `${path} is a pipe and cannot be looked at twice: name a file`);
    }
    const { head } = file;
    if (head.length >= 4 && CAPTURE_MARKS.includes(head.readUInt32BE(0))) return { kind: 'capture', path };
    if (looksLikeEvents(head)) return { kind: 'events', path };
    const detection = tryFile(file, reading);
    if (detection.found !== undefined) return { kind: 'log', path, format: detection.found.format };
    if (/\.jsonl(?:\.gz)?$/.test(path)) return { kind: 'events', path };
    throw unknownFormat(file, detection);
  } finally {
    await file.close();
  }
}

/** Whether the first line that is not blank is an object with an event of ours. */
function looksLikeEvents(head: Buffer): boolean {
  const first = /^\uFEFF?\s*(\{.*)/.exec(head.toString('utf8'))?.[1];
  return first !== undefined && /"event"\s*:\s*"(?:dns|syn|verdict)"/.test(first) && /"time"\s*:/.test(first);
}
