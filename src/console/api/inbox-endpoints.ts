import { z } from '@hono/zod-openapi';
import { ENTRY_STATES } from '../../inbox/entry.ts';
import { MAX_SEARCH_CHARACTERS } from '../../inbox/search-fields.ts';
import type { InboxChangeView, InboxUndoView } from '../../services/inbox-view.ts';
import type { ApiApp } from '../api-app.ts';
import {
  addEndpoint,
  askedInstant,
  count,
  foundOf,
  giveOne,
  idParams,
  instant,
  listOf,
  pageLimit,
  pagePlace,
  viewSchema,
  words,
} from './common.ts';
import { ENTRY_EXAMPLE, EVENT_EXAMPLE, entryDetail, entryView, eventRow } from './event-schemas.ts';

const MAX_ENTRIES = 500;
const MAX_COMMENT_CHARACTERS = 2000;

const entryId = z.int().min(1);
const entries = z.array(entryId).min(1).max(MAX_ENTRIES);
export const search = z.string().max(MAX_SEARCH_CHARACTERS).optional();

const undoStep = z
  .object({ id: count, state: z.enum(ENTRY_STATES), until: instant.nullable(), stateChange: count })
  .meta({ id: 'UndoStep', description: 'What puts an entry back, as long as nobody else has changed it since.' });
const changed = viewSchema<InboxChangeView>()(z.object({ changed: z.array(entryView), undo: z.array(undoStep) }));
const undone = viewSchema<InboxUndoView>()(
  z.object({ changed: z.array(entryView), left: z.array(count).describe('entries that somebody changed since') }),
);

const UNDO_EXAMPLE: z.input<typeof undoStep> = { id: 12, state: 'open', until: null, stateChange: 90 };
const CHANGED_EXAMPLE = {
  changed: [{ ...ENTRY_EXAMPLE, state: 'acknowledged', stateBy: 'ann', stateAt: '2026-11-22T08:01:00.000Z' }],
  undo: [UNDO_EXAMPLE],
};

/** The inbox: its lists, and what is done with its entries. */
export function addInboxEndpoints(api: ApiApp): void {
  addReading(api);
  addStates(api);
  addUndo(api);
}

function addReading(api: ApiApp): void {
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/inbox',
      subject: 'inbox',
      summary: 'Entries of the inbox, the one seen last first',
      description: 'Without a `state:` in the search, those that are open or escalated.',
      role: 'viewer',
      query: z.strictObject({ search, after: pagePlace, limit: pageLimit }),
      answer: foundOf(entryView),
      example: { items: [ENTRY_EXAMPLE], next: null, lookedBackTo: null },
      problems: { 'bad-search': 'a word of the search means nothing: the detail says which, and why' },
    },
    (c, { query }) => giveOne(c, { operation: 'inbox list', ...query }),
  );
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/inbox/{id}',
      subject: 'inbox',
      summary: 'One entry, with its comments and what was found about its client',
      role: 'viewer',
      params: idParams,
      answer: entryDetail,
      example: { ...ENTRY_EXAMPLE, remarks: [], findings: [] },
      problems: { 'no-entry': 'there is none with this id' },
    },
    (c, { params }) => giveOne(c, { operation: 'inbox show', entry: params.id }),
  );
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/inbox/{id}/events',
      subject: 'inbox',
      summary: 'The events of an entry, the newest first',
      role: 'viewer',
      params: idParams,
      query: z.strictObject({ after: pagePlace, limit: pageLimit }),
      answer: listOf(eventRow),
      example: { items: [EVENT_EXAMPLE], next: null },
      problems: { 'no-entry': 'there is none with this id' },
    },
    (c, { params, query }) => giveOne(c, { operation: 'inbox events', entry: params.id, ...query }),
  );
  addEndpoint(
    api,
    {
      method: 'post',
      path: '/inbox/{id}/comments',
      subject: 'inbox',
      summary: 'Add a comment to an entry',
      role: 'analyst',
      params: idParams,
      body: z.strictObject({ text: words(MAX_COMMENT_CHARACTERS) }),
      bodyExample: { text: 'asked the owner of the machine' },
      answer: entryDetail,
      example: { ...ENTRY_EXAMPLE, comments: 1, remarks: [], findings: [] },
      problems: { 'no-entry': 'there is none with this id', 'entry-full': 'it has as many comments as it may have' },
    },
    (c, { params, body }) => giveOne(c, { operation: 'inbox comment', entry: params.id, ...body, owner: '' }),
  );
}

function addStates(api: ApiApp): void {
  const shared = {
    method: 'post',
    subject: 'inbox',
    role: 'analyst',
    answer: changed,
    example: CHANGED_EXAMPLE,
    description: 'Entries that are not there are left out of the answer; `undo` is what POST /inbox/undo takes.',
  } as const;
  addEndpoint(
    api,
    {
      ...shared,
      path: '/inbox/acknowledge',
      summary: 'Acknowledge entries until a time, a day when left out',
      body: z.strictObject({ entries, until: askedInstant.optional() }),
      bodyExample: { entries: [12], until: '2026-11-23T08:00:00Z' },
    },
    (c, { body }) => giveOne(c, { operation: 'inbox acknowledge', ...body, owner: '' }),
  );
  for (const [state, summary] of [
    ['escalate', 'Escalate entries'],
    ['reopen', 'Put entries back among the open ones'],
  ] as const) {
    addEndpoint(
      api,
      {
        ...shared,
        path: `/inbox/${state}`,
        summary,
        body: z.strictObject({ entries }),
        bodyExample: { entries: [12] },
      },
      (c, { body }) => giveOne(c, { operation: `inbox ${state}`, ...body, owner: '' }),
    );
  }
}

function addUndo(api: ApiApp): void {
  addEndpoint(
    api,
    {
      method: 'post',
      path: '/inbox/undo',
      subject: 'inbox',
      summary: 'Undo a change of states; entries that somebody changed since are left alone',
      role: 'analyst',
      body: z.strictObject({
        steps: z
          .array(
            z.strictObject({
              id: entryId,
              state: z.enum(ENTRY_STATES),
              until: askedInstant.nullable(),
              stateChange: count,
            }),
          )
          .min(1)
          .max(MAX_ENTRIES),
      }),
      bodyExample: { steps: [UNDO_EXAMPLE] },
      answer: undone,
      example: { changed: [ENTRY_EXAMPLE], left: [] },
    },
    (c, { body }) => giveOne(c, { operation: 'inbox undo', ...body, owner: '' }),
  );
}
