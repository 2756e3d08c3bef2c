import { z } from '@hono/zod-openapi';
import { CLOSED_AS, FINDING_KINDS, FINDING_STATES } from '../../findings/finding.ts';
import type { ApiApp } from '../api-app.ts';
import { caseQuestion, TIME_LIMIT_DEFAULT_MS, traceParts } from './case-schemas.ts';
import { addEndpoint, askedInstant, giveItems, giveOne, listOf, numberText, word, words } from './common.ts';
import { botGroup, findingChange, findingSummary, findingView } from './finding-schemas.ts';
import { NDJSON, replies, streamReplies } from './stream-replies.ts';

const MAX_FINDINGS = 10_000;
const DEFAULT_FINDINGS = 100;
const MAX_COMMENT_CHARACTERS = 2000;
const MAX_REASON_CHARACTERS = 500;

const params = z.strictObject({ id: word.max(64) });
const UNKNOWN = { 'finding-unknown': 'there is none with this id, or several begin with it' };
const DONE_ALREADY = { ...UNKNOWN, 'finding-state': 'it is so already' };

/** Findings, and the groups of bots behind some of them. */
export function addFindingEndpoints(api: ApiApp): void {
  addReading(api);
  addStates(api);
  addWords(api);
  addBots(api);
}

function addReading(api: ApiApp): void {
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/findings',
      subject: 'findings',
      summary: 'Findings, those last updated first',
      role: 'viewer',
      query: z.strictObject({
        kind: z.enum(FINDING_KINDS).optional(),
        state: z.enum(FINDING_STATES).optional(),
        host: word.optional(),
        since: askedInstant.optional(),
        limit: numberText(1, MAX_FINDINGS).default(DEFAULT_FINDINGS),
      }),
      answer: listOf(findingSummary),
    },
    (c, { query }) => giveItems(c, { operation: 'findings list', ...query }),
  );
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/findings/{id}',
      subject: 'findings',
      summary: 'One finding, with its reasons, comments and history',
      role: 'viewer',
      params,
      answer: findingView,
      problems: UNKNOWN,
    },
    (c, { params: { id } }) => giveOne(c, { operation: 'findings show', finding: id }),
  );
}

function addStates(api: ApiApp): void {
  for (const [state, summary] of [
    ['acknowledge', 'Acknowledge a finding'],
    ['escalate', 'Escalate a finding'],
    ['reopen', 'Open a closed finding again'],
  ] as const) {
    addEndpoint(
      api,
      {
        method: 'post',
        path: `/findings/{id}/${state}`,
        subject: 'findings',
        summary,
        role: 'analyst',
        params,
        body: z.strictObject({}),
        bodyExample: {},
        answer: findingChange,
        problems: DONE_ALREADY,
      },
      (c, { params: { id } }) => giveOne(c, { operation: `findings ${state}`, finding: id, owner: '' }),
    );
  }
}

function addWords(api: ApiApp): void {
  const shared = { method: 'post', subject: 'findings', role: 'analyst', params } as const;
  addEndpoint(
    api,
    {
      ...shared,
      path: '/findings/{id}/close',
      summary: 'Close a finding, and say as what',
      body: z.strictObject({ as: z.enum(CLOSED_AS), reason: words(MAX_REASON_CHARACTERS) }),
      bodyExample: { as: 'resolved', reason: 'the machine was set up anew' },
      answer: findingChange,
      problems: DONE_ALREADY,
    },
    (c, { params: { id }, body }) => giveOne(c, { operation: 'findings close', finding: id, ...body, owner: '' }),
  );
  addEndpoint(
    api,
    {
      ...shared,
      path: '/findings/{id}/comments',
      summary: 'Add a comment to a finding',
      body: z.strictObject({ text: words(MAX_COMMENT_CHARACTERS) }),
      bodyExample: { text: 'asked the owner of the machine' },
      answer: findingChange,
      problems: UNKNOWN,
    },
    (c, { params: { id }, body }) => giveOne(c, { operation: 'findings comment', finding: id, ...body, owner: '' }),
  );
  addEndpoint(
    api,
    {
      ...shared,
      path: '/findings/{id}/trace',
      summary: 'Open a traceback case from a finding; what is left out is taken from it',
      body: z.strictObject({ ...caseQuestion.partial().shape, ...traceParts }),
      bodyExample: {},
      answer: replies,
      mediaType: NDJSON,
      problems: {
        ...UNKNOWN,
        'finding-trace': 'the finding does not say what to look for',
        'no-node': 'this gluewall is no traceback node',
        'case-busy': 'as many cases are worked on as may be',
      },
    },
    (c, { params: { id }, body: { commandAndControl = false, timeLimitMs = TIME_LIMIT_DEFAULT_MS, ...wanted } }) =>
      streamReplies(c, {
        operation: 'findings trace',
        finding: id,
        ...wanted,
        commandAndControl,
        timeLimitMs,
        owner: '',
      }),
  );
}

function addBots(api: ApiApp): void {
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/bots',
      subject: 'findings',
      summary: 'Groups of hosts that behave as bots of one botnet, the surest first',
      role: 'viewer',
      answer: listOf(botGroup),
      problems: { 'behaviour-off': 'nobody looks at what hosts do' },
    },
    (c) => giveItems(c, { operation: 'bots' }),
  );
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/bots/{id}',
      subject: 'findings',
      summary: 'One group: its hosts, servers and victims, and what they have in common',
      role: 'viewer',
      params,
      answer: botGroup,
      problems: { 'group-unknown': 'there is none with this id', 'behaviour-off': 'nobody looks at what hosts do' },
    },
    (c, { params: { id } }) => giveOne(c, { operation: 'bots show', group: id }),
  );
}
