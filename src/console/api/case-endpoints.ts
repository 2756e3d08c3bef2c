import { z } from '@hono/zod-openapi';
import type { ApiApp } from '../api-app.ts';
import {
  caseQuestion,
  caseSummary,
  caseView,
  evidenceBundle,
  TIME_LIMIT_DEFAULT_MS,
  traceParts,
} from './case-schemas.ts';
import { addEndpoint, giveItems, giveOne, listOf, word, words } from './common.ts';
import { NDJSON, replies, streamReplies } from './stream-replies.ts';

const MAX_REASON_CHARACTERS = 500;
const MAX_WINDOW_MS = 86_400_000;

const params = z.strictObject({ id: word.max(36) });
const windowPart = z.int().min(0).max(MAX_WINDOW_MS).optional();
const NO_NODE = { 'no-node': 'this gluewall is no traceback node' };
const UNKNOWN = { ...NO_NODE, 'case-unknown': 'there is none with this id' };

/** Cases of traceback. */
export function addCaseEndpoints(api: ApiApp): void {
  addReading(api);
  addChanging(api);
}

function addReading(api: ApiApp): void {
  const shared = { method: 'get', subject: 'cases' } as const;
  addEndpoint(
    api,
    {
      ...shared,
      path: '/cases',
      summary: 'The cases of this node, newest first',
      role: 'viewer',
      answer: listOf(caseSummary),
      problems: NO_NODE,
    },
    (c) => giveItems(c, { operation: 'traceback list' }),
  );
  addEndpoint(
    api,
    {
      ...shared,
      path: '/cases/{id}',
      summary: 'One case: what was asked, who was named, how likely, and what is missing',
      role: 'viewer',
      params,
      answer: caseView,
      problems: UNKNOWN,
    },
    (c, { params: { id } }) => giveOne(c, { operation: 'traceback show', case: id }),
  );
  addEndpoint(
    api,
    {
      ...shared,
      path: '/cases/{id}/evidence',
      summary: 'The evidence bundle of a case, signed by the node, to hand to another organisation',
      role: 'analyst',
      params,
      answer: evidenceBundle,
      problems: UNKNOWN,
    },
    (c, { params: { id } }) => giveOne(c, { operation: 'traceback export', case: id, owner: '' }),
  );
}

function addChanging(api: ApiApp): void {
  addEndpoint(
    api,
    {
      method: 'post',
      path: '/cases',
      subject: 'cases',
      summary: 'Open a case, and be told how it goes',
      description: 'Closing the connection cancels it; it is kept as far as it has come.',
      role: 'analyst',
      body: caseQuestion.extend({
        ...traceParts,
        beforeMs: windowPart.describe('how long before the attack hosts may have asked'),
        afterMs: windowPart.describe('how long after it, for clocks that differ'),
        method: z.enum(['oblivious', 'hash']).optional().describe('how the source is confirmed to be spoofed'),
        override: words(MAX_REASON_CHARACTERS).optional().describe('why hosts may be named without a confirmation'),
      }),
      bodyExample: { name: 'www.example.org', at: '2026-11-20T12:00:05Z', source: '192.0.2.7' },
      answer: replies,
      mediaType: NDJSON,
      problems: { ...NO_NODE, 'case-busy': 'as many cases are worked on as may be' },
    },
    (c, { body: { commandAndControl = false, timeLimitMs = TIME_LIMIT_DEFAULT_MS, ...wanted } }) =>
      streamReplies(c, { operation: 'traceback request', ...wanted, commandAndControl, timeLimitMs, owner: '' }),
  );
  addEndpoint(
    api,
    {
      method: 'post',
      path: '/cases/{id}/close',
      subject: 'cases',
      summary: 'Close a case that is dealt with; it stays to be shown',
      role: 'analyst',
      params,
      body: z.strictObject({ reason: words(MAX_REASON_CHARACTERS) }),
      bodyExample: { reason: '192.0.2.66 was cleaned, ticket 4711' },
      answer: caseView,
      problems: { ...UNKNOWN, 'case-closed': 'it is closed already', 'case-busy': 'it is worked on' },
    },
    (c, { params: { id }, body }) => giveOne(c, { operation: 'traceback close', case: id, ...body, owner: '' }),
  );
}
