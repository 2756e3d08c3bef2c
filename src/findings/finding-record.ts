/** A finding as the store has it: JSON. */
import { z } from 'zod';
import {
  CLOSED_AS,
  FINDING_KINDS,
  FINDING_STATES,
  type Finding,
  MAX_CHANGES,
  MAX_COMMENTS,
  MAX_HOSTS,
  MAX_REASONS,
  MAX_SAMPLES,
} from './finding.ts';

/** More than the longest finding has. */
export const MAX_RECORD_OCTETS = 4 << 20;
/** Words of people, such as a comment or why it was closed. */
export const MAX_WORDS_CHARACTERS = 2000;
export const MAX_BY_CHARACTERS = 64;
/** A kind of reason, an address, an id. */
export const MAX_WORD_CHARACTERS = 64;
/** A domain name in presentation form, each octet as `\DDD`. */
export const MAX_SUBJECT_CHARACTERS = 1024;
/** A sentence of what was found. */
export const MAX_LINE_CHARACTERS = 1000;
export const MAX_CASES = 100;

/** The end of the year 9999. */
export const MAX_INSTANT_MS = 253_402_300_799_999;

const instant = z.number().min(0).max(MAX_INSTANT_MS);
const share = z.number().min(0).max(1);
const subject = z.string().max(MAX_SUBJECT_CHARACTERS);
const line = z.string().max(MAX_LINE_CHARACTERS);
const word = z.string().max(MAX_WORD_CHARACTERS);
const by = z.string().max(MAX_BY_CHARACTERS);
const told = z.strictObject({ atMs: instant, by, text: z.string().max(MAX_WORDS_CHARACTERS) });

const reason = z.strictObject({
  kind: word,
  weight: share,
  line,
  events: z.number().min(0),
  firstAtMs: instant,
  lastAtMs: instant,
  samples: z.array(z.strictObject({ atMs: instant, text: line })).max(MAX_SAMPLES),
});

const record = z.strictObject({
  id: word,
  kind: z.enum(FINDING_KINDS),
  subject,
  score: share,
  reasons: z.array(reason).max(MAX_REASONS),
  hosts: z.array(word).max(MAX_HOSTS),
  firstAtMs: instant,
  lastAtMs: instant,
  openedAtMs: instant,
  updatedAtMs: instant,
  state: z.enum(FINDING_STATES),
  closed: z
    .strictObject({ atMs: instant, by, as: z.enum(CLOSED_AS), reason: z.string().max(MAX_WORDS_CHARACTERS) })
    .optional(),
  comments: z.array(told).max(MAX_COMMENTS),
  changes: z.array(told).max(MAX_CHANGES),
  cases: z.array(word).max(MAX_CASES),
  detail: z.unknown().optional(),
});

export function composeFinding(finding: Finding): string {
  return JSON.stringify(finding);
}

/** Undefined when the text is no finding: it may have been tampered with. */
export function readFinding(text: string): Finding | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = record.safeParse(json);
  if (!parsed.success) return undefined;
  const { closed, detail, ...rest } = parsed.data;
  if ((rest.state === 'closed') !== (closed !== undefined)) return undefined;
  return { ...rest, closed, ...(detail === undefined ? {} : { detail }) };
}
