import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ControlRequest } from '../../control/protocol.ts';
import { GluewallError } from '../../core/errors.ts';
import type { RuleChangeView, RuleView } from '../../services/rule-services.ts';
import { type ApiApp, answerOne, type ConsoleEnv } from '../api-app.ts';
import { addEndpoint, askedInstant, giveItems, giveOne, listOf, word } from './common.ts';
import {
  askedMatch,
  askedReason,
  checkView,
  RULE_EXAMPLE,
  ruleAction,
  ruleChange,
  rulePreview,
  ruleView,
} from './rule-schemas.ts';

const params = z.strictObject({ id: word });
const ifMatch = z.object({
  'if-match': z
    .string()
    .optional()
    .openapi({ description: 'the ETag of what was read', example: '"6d1f0a9be2c4"', param: { required: true } }),
});
const NO_RULE = { 'rule-unknown': 'there is none with this id' };
const VERSIONED = {
  ...NO_RULE,
  'rule-version-needed': 'there is no If-Match',
  'rule-changed': 'it is not what it was when it was read: read it anew',
  'rule-configured': 'it is from the configuration: change it there',
};
const CHANGE_EXAMPLE = { outcome: 'added', rule: RULE_EXAMPLE, kept: true, warnings: [] };
const MATCH_EXAMPLE = { from: '192.0.2.66', to: '203.0.113.8' };
const ETAG = { ETag: 'the version of the rule, for If-Match' };

/** Rules, and what they would do. */
export function addRuleEndpoints(api: ApiApp): void {
  addReading(api);
  addChanging(api);
  addTrying(api);
}

function addReading(api: ApiApp): void {
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/rules',
      subject: 'rules',
      summary: 'All rules, in the order in which they are asked',
      role: 'viewer',
      answer: listOf(ruleView),
      example: { items: [RULE_EXAMPLE], next: null },
    },
    (c) => giveItems(c, { operation: 'rule list' }),
  );
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/rules/{id}',
      subject: 'rules',
      summary: 'One rule',
      role: 'viewer',
      params,
      answer: ruleView,
      example: RULE_EXAMPLE,
      answerHeaders: ETAG,
      problems: NO_RULE,
    },
    async (c, { params: { id } }) => {
      const rule = (await answerOne(c, { operation: 'rule show', id })) as RuleView;
      return c.json(rule, 200, { ETag: etagOf(rule) });
    },
  );
}

function addChanging(api: ApiApp): void {
  addEndpoint(
    api,
    {
      method: 'post',
      path: '/rules',
      subject: 'rules',
      summary: 'Add a rule; one with the same match is renewed',
      role: 'analyst',
      body: z.strictObject({
        action: ruleAction,
        match: askedMatch,
        reason: askedReason,
        expires: askedInstant.optional().describe('left out: it does not expire'),
        renews: z
          .boolean()
          .optional()
          .describe('false: leave a rule with the same match alone, and say that it is there'),
      }),
      bodyExample: { action: 'allow', match: MATCH_EXAMPLE, reason: 'ticket 4711', expires: '2026-11-23T08:00:00Z' },
      answer: ruleChange,
      example: CHANGE_EXAMPLE,
      status: 201,
      answerHeaders: { ...ETAG, Location: 'the rule' },
      problems: { 'rules-full': 'there are as many rules as may be' },
    },
    (c, { body }) => giveChange(c, { operation: 'rule add', ...body, owner: '' }),
  );
  addEndpoint(
    api,
    {
      method: 'patch',
      path: '/rules/{id}',
      subject: 'rules',
      summary: 'Change why a rule is there, or when it expires',
      role: 'analyst',
      params,
      headers: ifMatch,
      body: z.strictObject({
        reason: askedReason.optional(),
        expires: askedInstant.nullable().optional().describe('null: it does not expire any more'),
      }),
      bodyExample: { expires: '2026-11-24T08:00:00Z' },
      answer: ruleChange,
      example: { ...CHANGE_EXAMPLE, outcome: 'changed' },
      answerHeaders: ETAG,
      problems: VERSIONED,
    },
    (c, { params: { id }, body }) =>
      giveChange(c, { operation: 'rule change', id, ...body, ifVersion: wantedVersion(c) }),
  );
  addEndpoint(
    api,
    {
      method: 'delete',
      path: '/rules/{id}',
      subject: 'rules',
      summary: 'Remove a rule',
      role: 'analyst',
      params,
      headers: ifMatch,
      answer: ruleChange,
      example: { ...CHANGE_EXAMPLE, outcome: 'removed' },
      problems: VERSIONED,
    },
    (c, { params: { id } }) => giveChange(c, { operation: 'rule remove', id, ifVersion: wantedVersion(c) }),
  );
}

function addTrying(api: ApiApp): void {
  addEndpoint(
    api,
    {
      method: 'post',
      path: '/rules/preview',
      subject: 'rules',
      summary: 'Which events a rule would have let through, or stopped; nothing is changed',
      role: 'viewer',
      body: z.strictObject({ action: ruleAction, match: askedMatch }),
      bodyExample: { action: 'allow', match: MATCH_EXAMPLE },
      answer: rulePreview,
      example: { events: 0, more: false, looked: 1200, since: '2026-11-15T08:00:00.000Z', samples: [] },
    },
    (c, { body }) => giveOne(c, { operation: 'rule preview', ...body }),
  );
  addEndpoint(
    api,
    {
      method: 'post',
      path: '/rules/check',
      subject: 'rules',
      summary: 'How a query would be judged now, step by step',
      role: 'viewer',
      body: z.strictObject({
        destination: word,
        client: word.optional(),
        queryName: word.optional(),
        queryType: word.optional(),
        protocol: z.enum(['udp', 'tcp']).optional(),
        recursionDesired: z.boolean().optional(),
      }),
      bodyExample: { destination: '203.0.113.8', client: '192.0.2.66', queryName: 'c2.example', queryType: 'TXT' },
      answer: checkView,
    },
    (c, { body }) => giveOne(c, { operation: 'check', ...body }),
  );
}

type Changing = Extract<ControlRequest, { readonly operation: 'rule add' | 'rule change' | 'rule remove' }>;

/** What a change of a rule came to, as HTTP says it. */
async function giveChange(c: Context<ConsoleEnv>, request: Changing): Promise<Response> {
  const change = (await answerOne(c, request)) as RuleChangeView;
  const { outcome, rule } = change;
  if (outcome === 'full') throw new GluewallError('rules-full', 'there are as many rules as may be: remove some');
  if (outcome === 'absent')
    throw new GluewallError('rule-unknown', 'there is no such rule: it was removed, or has expired');
  if (outcome === 'configured') {
    throw new GluewallError('rule-configured', 'the rule is from the configuration: change it there, and reload');
  }
  const headers = outcome === 'removed' || rule === undefined ? {} : { ETag: etagOf(rule) };
  if (outcome !== 'added' || rule === undefined) return c.json(change, 200, headers);
  return c.json(change, 201, { ...headers, Location: `/api/v1/rules/${encodeURIComponent(rule.id)}` });
}

const etagOf = ({ version }: RuleView) => `"${version}"`;

/** The version of If-Match (RFC 9110 §13.1.1); undefined for `*`, any version. Throws GluewallError `rule-version-needed`. */
function wantedVersion(c: Context<ConsoleEnv>): string | undefined {
  const wanted = c.req.header('if-match')?.trim();
  if (wanted === '*') return undefined;
  const version = /^"([\x21\x23-\x7e]{1,64})"$/.exec(wanted ?? '')?.[1];
  if (version !== undefined) return version;
  if (wanted !== undefined) throw new GluewallError('rule-changed', 'If-Match is not the ETag of a rule: read it anew');
  throw new GluewallError('rule-version-needed', 'say with If-Match which version you mean: the ETag that GET gave');
}
