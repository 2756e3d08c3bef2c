import { z } from '@hono/zod-openapi';
import type { ChangeView } from '../../services/account-views.ts';
import type { ApiApp } from '../api-app.ts';
import {
  addEndpoint,
  askedInstant,
  count,
  giveOne,
  instant,
  listOf,
  MAX_PAGE,
  numberText,
  pagePlace,
  viewSchema,
  word,
} from './common.ts';

const DEFAULT_CHANGES = 100;
const MAX_NAME_CHARACTERS = 64;

const changeView = viewSchema<ChangeView>()(
  z
    .object({
      id: count,
      at: instant,
      by: z.string().describe('a user; `socket` for who is on the machine itself'),
      token: z.string().nullable().describe('the token that acted for the user'),
      from: z.string().describe('the address of the other end'),
      operation: z.string(),
      subject: z.string().describe('what it was done to'),
      before: z.string().nullable().describe('what was so, as JSON text'),
      after: z.string().nullable(),
      refused: z.string().nullable().describe('null: it was done; else the code of the refusal'),
    })
    .meta({ id: 'Change' }),
);

/** Who changed what. */
export function addChangeEndpoints(api: ApiApp): void {
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/changes',
      subject: 'accounts',
      summary: 'The record of changes: who did what, when, from where, and what was so before, the newest first',
      role: 'admin',
      query: z.strictObject({
        since: askedInstant.optional(),
        until: askedInstant.optional(),
        by: word.max(MAX_NAME_CHARACTERS).optional(),
        of: word.max(MAX_NAME_CHARACTERS).optional().describe('an operation, such as `rule add`'),
        subject: word.optional(),
        after: pagePlace,
        limit: numberText(1, MAX_PAGE).default(DEFAULT_CHANGES),
      }),
      answer: listOf(changeView),
    },
    (c, { query }) => giveOne(c, { operation: 'changes', ...query }),
  );
}
