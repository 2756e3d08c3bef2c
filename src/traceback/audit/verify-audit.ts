import { auditLines } from './audit-lines.ts';
import { chunksOf, type OpenedPart, openParts } from './audit-parts.ts';
import { type AuditHead, type AuditRecord, CHAIN_START, parseRecord } from './audit-record.ts';

/** The first record that is not as it was written. */
export interface AuditFault {
  /** The number that the record has or should have. */
  readonly number: number;
  readonly file: string;
  /** Of the file, from 1 on. */
  readonly line: number;
  /** Where the line begins, in octets of the file. */
  readonly offset: number;
  /** Whether this is a last line without an end, as a crash leaves it. */
  readonly isCut: boolean;
  readonly why: string;
}

/** What a look over the log found. */
export interface AuditVerdict {
  /** Records that are right, up to the fault. */
  readonly records: number;
  /** What they go on from; its number is more than 0 where older parts were put away. */
  readonly start: AuditHead;
  readonly parts: number;
  /** Of the last record that is right. */
  readonly head: AuditHead;
  readonly fault: AuditFault | undefined;
}

/** A record that is right, as it was read. */
export interface ReadRecord {
  readonly record: AuditRecord;
  readonly line: Buffer;
  /** What its hash goes on from. */
  readonly before: AuditHead;
}

/**
 * Reads the log in `path` and its filled parts, a line at a time, whatever its size: the records that are right, up to the first that
 * was changed, removed, added or put elsewhere. `kept` is a head that was kept elsewhere: that record must be there, as it was. `from`
 * is what the log goes on from where older parts were put away; `any`: its first record, which is taken as it is, and not given.
 * Rejects as node:fs does when a part cannot be read.
 */
export async function* readAudit(
  path: string,
  kept?: AuditHead,
  from: AuditHead | 'any' = CHAIN_START,
): AsyncGenerator<ReadRecord, AuditVerdict> {
  const base = from === 'any' ? await firstHead(path) : undefined;
  const start = base ?? (from === 'any' ? CHAIN_START : from);
  let checked: CheckedPart = { head: start, end: { line: 1, offset: 0 }, fault: undefined };
  let isBase = base !== undefined;
  let file = path;
  let parts = 0;
  for await (const part of openParts(path)) {
    parts++;
    file = part.file;
    checked = yield* readPart(part, checked.head, kept, isBase);
    isBase = false;
    if (checked.fault !== undefined) break;
  }
  const { head, end } = checked;
  const fault = checked.fault ?? cutTail(head, kept, { file, ...end });
  return { records: head.number - start.number, start, parts, head, fault };
}

/** Looks the whole log over, as `readAudit` does. */
export function verifyAudit(path: string, kept?: AuditHead, from?: AuditHead): Promise<AuditVerdict> {
  return lastOf(readAudit(path, kept, from));
}

/** Looks over one part, which goes on from `start`. */
export function verifyPart(part: OpenedPart, start: AuditHead): Promise<CheckedPart> {
  return lastOf(readPart(part, start, undefined, false));
}

/** What the first record says of itself; undefined: it is that of the chain, or none. */
async function firstHead(path: string): Promise<AuditHead | undefined> {
  for await (const part of openParts(path)) {
    for await (const { octets } of auditLines(chunksOf(part))) {
      const { number = 1, hash = '' } = parseRecord(octets, '')?.record ?? {};
      return number === 1 ? undefined : { number, hash };
    }
  }
  return undefined;
}

async function lastOf<T>(records: AsyncGenerator<ReadRecord, T>): Promise<T> {
  for (;;) {
    const step = await records.next();
    if (step.done === true) return step.value;
  }
}

function cutTail(
  head: AuditHead,
  kept: AuditHead | undefined,
  place: Pick<AuditFault, 'file' | 'line' | 'offset'>,
): AuditFault | undefined {
  if (kept === undefined || kept.number <= head.number) return undefined;
  const why = `the log ends here, and record ${kept.number} was there: the end was cut off`;
  return { number: head.number + 1, ...place, isCut: false, why };
}

/** What a part holds: the head behind its last right record, and where that ends. */
interface CheckedPart {
  readonly head: AuditHead;
  readonly end: { readonly line: number; readonly offset: number };
  readonly fault: AuditFault | undefined;
}

async function* readPart(
  part: OpenedPart,
  start: AuditHead,
  kept: AuditHead | undefined,
  isFirstKnown: boolean,
): AsyncGenerator<ReadRecord, CheckedPart> {
  let head = start;
  let end = { line: 1, offset: 0 };
  for await (const { octets, number: line, offset, state } of auditLines(chunksOf(part))) {
    const next = { line: line + 1, offset: offset + octets.length + 1 };
    if (isFirstKnown && line === 1) {
      end = next;
      continue;
    }
    const found = state === 'whole' ? checkRecord(octets, head) : UNUSABLE[state];
    const why = typeof found === 'string' ? found : changedSince(found, kept);
    if (typeof found === 'string' || why !== undefined) {
      const place = { number: head.number + 1, file: part.file, line, offset };
      return { head, end, fault: { ...place, isCut: state === 'cut', why: why! } };
    }
    yield { record: found, line: octets, before: head };
    head = { number: found.number, hash: found.hash };
    end = next;
  }
  return { head, end, fault: undefined };
}

const UNUSABLE = {
  cut: 'the line has no end: it was cut off',
  'too long': 'the line is longer than a record can be',
} as const;

/** The record of a line that follows `before`, or what is wrong with it. */
function checkRecord(line: Buffer, before: AuditHead): AuditRecord | string {
  const due = before.number + 1;
  const parsed = parseRecord(line, before.hash);
  if (parsed === undefined) return 'the line is no record: it was changed or added';
  const { record, expectedHash } = parsed;
  if (record.number > due) {
    const missing = record.number - 1 === due ? `record ${due} is` : `records ${due} to ${record.number - 1} are`;
    return `record ${record.number} stands here: ${missing} missing, or it was put here from elsewhere`;
  }
  if (record.number < due) {
    return `record ${record.number} stands here again: it was added, or put here from elsewhere`;
  }
  if (record.hash === expectedHash) return record;
  return 'its hash does not fit: it, or the record before it, was changed';
}

function changedSince(record: AuditRecord, kept: AuditHead | undefined): string | undefined {
  if (record.number !== kept?.number || record.hash === kept.hash) return undefined;
  return 'it has another hash than was kept elsewhere: it, or a record before it, was changed since';
}
