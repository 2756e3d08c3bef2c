import { createHash } from 'node:crypto';
import { z } from 'zod';
import { CONFIRMATION_METHODS } from '../confirmation/confirmation-test.ts';
import { REQUEST_KINDS } from '../messages.ts';
import { PROBLEMS, type ProblemType } from '../problem.ts';
import type { AuditEntry } from './audit.ts';

/** Octets of a line without its end: what an answer may name at most fits. */
export const MAX_LINE_OCTETS = 1 << 20;

/** Something that befell the log itself. */
export interface AuditNote {
  readonly note: string;
}

/** One line of the log. */
export interface AuditRecord {
  /** From 1 on, over all parts of the log. */
  readonly number: number;
  /** UTC with milliseconds. */
  readonly at: string;
  readonly entry: AuditEntry | AuditNote;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/** Where the chain is: its last record. Kept elsewhere, it says later whether the end of the log was cut off. */
export type AuditHead = Pick<AuditRecord, 'number' | 'hash'>;

/** What the first record goes on from. */
export const CHAIN_START: AuditHead = { number: 0, hash: '0'.repeat(64) };

const problem = z.enum(Object.keys(PROBLEMS) as [ProblemType, ...ProblemType[]]);
const entry = z.strictObject({
  kind: z.enum(REQUEST_KINDS).optional(),
  peer: z.string().optional(),
  from: z.string().optional(),
  request: z.string().optional(),
  case: z.string().optional(),
  name: z.string().optional(),
  decision: z.enum(['granted', 'answered', 'failed', 'refused']),
  problem: problem.optional(),
  at: z.string().optional(),
  window: z.strictObject({ beforeMs: z.int(), afterMs: z.int() }).optional(),
  path: z.array(z.string()).optional(),
  test: z.enum(CONFIRMATION_METHODS).optional(),
  override: z.string().optional(),
  lookbackMs: z.int().optional(),
  hosts: z.array(z.string()).optional(),
  allHosts: z.int().optional(),
  gaps: z.int().optional(),
  leftOut: z.partialRecord(problem, z.int()).optional(),
  seconds: z.int().optional(),
});
const note = z.strictObject({ note: z.string() });
const body = z.strictObject({
  number: z.int().min(1),
  at: z.iso.datetime({ precision: 3 }),
  entry: z.union([note, entry]),
});

/** A record is its text up to the hash, octet by octet, then the hash over that of the record before and this text. */
const LINE = /^(\{.*),"hash":"([0-9a-f]{64})"\}$/s;

/** The line of the record that follows `before`, without its end, and the head that it makes. */
export function composeRecord(
  before: AuditHead,
  atMs: number,
  content: AuditEntry | AuditNote,
): { readonly line: string; readonly head: AuditHead } {
  const number = before.number + 1;
  const text = JSON.stringify({ number, at: new Date(atMs).toISOString(), entry: content }).slice(0, -1);
  const hash = chainHash(before.hash, text);
  return { line: `${text},"hash":"${hash}"}`, head: { number, hash } };
}

/** What a line says, and the hash that it should have behind `previousHash`; undefined: it is no record. */
export function parseRecord(
  line: Buffer,
  previousHash: string,
): { readonly record: AuditRecord; readonly expectedHash: string } | undefined {
  // Octet by octet: what is no UTF-8 must not be taken for another character that is.
  const [, text, hash] = LINE.exec(line.toString('latin1')) ?? [];
  if (text === undefined || hash === undefined) return undefined;
  const octets = Buffer.from(text, 'latin1');
  const parsed = body.safeParse(parseJson(`${octets.toString('utf8')}}`));
  if (!parsed.success) return undefined;
  return { record: { ...parsed.data, hash } as AuditRecord, expectedHash: chainHash(previousHash, octets) };
}

function chainHash(previousHash: string, text: string | Buffer): string {
  return createHash('sha256').update(previousHash, 'latin1').update(text).digest('hex');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `N:HASH`, as it is printed and kept elsewhere. */
export function formatHead({ number, hash }: AuditHead): string {
  return `${number}:${hash}`;
}

export function parseHead(text: string): AuditHead | undefined {
  const [, number, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  return number === undefined || hash === undefined ? undefined : { number: Number(number), hash };
}
