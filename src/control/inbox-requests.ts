/** Requests about the inbox of blocked queries, and searches of the events. */
import { z } from 'zod';
import { MAX_WORDS_CHARACTERS } from '../findings/finding-record.ts';
import { ENTRY_STATES } from '../inbox/entry.ts';
import { MAX_SEARCH_CHARACTERS } from '../inbox/search-fields.ts';
import { instant, owner } from './request-fields.ts';

/** The most entries that one request changes. */
export const MAX_CHANGED_ENTRIES = 500;
/** The most entries, or events, on one page. */
export const MAX_PAGE_ROWS = 500;
/** The most changed entries that one request asks for. */
export const MAX_CHANGES = 100;
const DEFAULT_PAGE_ROWS = 100;

/** Left out where it is known who asks. */
const by = owner.default('');
const entryId = z.int().min(1);
const entries = z.array(entryId).min(1).max(MAX_CHANGED_ENTRIES).readonly();
const search = z.string().max(MAX_SEARCH_CHARACTERS).optional();
const limit = z.int().min(1).max(MAX_PAGE_ROWS).default(DEFAULT_PAGE_ROWS);

/** `atMs.id`, as `next` of the page before has it. */
const place = z
  .string()
  .max(64)
  .transform((text, context) => {
    const match = /^(\d{1,16}(?:\.\d{1,20})?)\.(\d{1,16})$/.exec(text);
    if (match !== null) return { atMs: Number(match[1]), id: Number(match[2]) };
    context.addIssue({ code: 'custom', message: `"${text}" is no page: want what \`next\` of the page before says` });
    return z.NEVER;
  })
  .optional();

const undoStep = z
  .strictObject({
    id: entryId,
    state: z.enum(ENTRY_STATES),
    until: instant.nullable(),
    stateChange: z.int().min(0),
  })
  .readonly();

export const inboxRequests = [
  z.strictObject({ operation: z.literal('inbox list'), search, after: place, limit }),
  z.strictObject({ operation: z.literal('inbox show'), entry: entryId }),
  z.strictObject({ operation: z.literal('inbox events'), entry: entryId, after: place, limit }),
  /** Limit 0: only the number of the last change. */
  z.strictObject({
    operation: z.literal('inbox changes'),
    after: z.int().min(0),
    limit: z.int().min(0).max(MAX_CHANGES),
  }),
  z.strictObject({
    operation: z.literal('inbox acknowledge'),
    entries,
    /** Left out: for a day. */
    until: instant.optional(),
    owner: by,
  }),
  z.strictObject({ operation: z.literal('inbox escalate'), entries, owner: by }),
  z.strictObject({ operation: z.literal('inbox reopen'), entries, owner: by }),
  z.strictObject({
    operation: z.literal('inbox undo'),
    steps: z.array(undoStep).min(1).max(MAX_CHANGED_ENTRIES).readonly(),
    owner: by,
  }),
  z.strictObject({
    operation: z.literal('inbox comment'),
    entry: entryId,
    text: z.string().trim().min(1).max(MAX_WORDS_CHARACTERS),
    owner: by,
  }),
  z.strictObject({ operation: z.literal('events search'), search, after: place, limit }),
] as const;
