/** Schemas of rules and verdicts. */
import { z } from '@hono/zod-openapi';
import type { CheckView } from '../../services/explain-verdict.ts';
import type { RulePreviewView } from '../../services/rule-preview.ts';
import type { RuleChangeView, RuleView } from '../../services/rule-services.ts';
import { addressText, count, instant, viewSchema, word, words } from './common.ts';
import { eventRow } from './event-schemas.ts';

const MAX_REASON_CHARACTERS = 500;
const MAX_TYPES = 64;

/** Which queries a rule is about; a request has at least one of these. */
export const askedMatch = z
  .strictObject({
    from: word.optional().describe('an address, a network, mac:02:00:00:00:00:01, port:NAME or group:NAME'),
    to: word.optional().describe('an address, a network, pack:NAME or name:NAME-SERVER'),
    zone: word.optional().describe('queries for this name and what lies below it'),
    types: z.array(word).min(1).max(MAX_TYPES).optional(),
    protocol: z.enum(['udp', 'tcp']).optional(),
  })
  .meta({ id: 'RuleMatch' });
export const ruleAction = z.enum(['allow', 'deny']);
export const askedReason = words(MAX_REASON_CHARACTERS).describe('why: a ticket, a name');

const ruleMatch = z.object({
  from: z.string().optional(),
  to: z.string().optional(),
  zone: z.string().optional(),
  types: z.array(z.string()).optional(),
  protocol: z.enum(['udp', 'tcp']).optional(),
});

export const ruleView = viewSchema<RuleView>()(
  z
    .object({
      id: z.string(),
      version: z.string().describe('of its words, not of its hits: the ETag'),
      action: ruleAction,
      match: ruleMatch,
      origin: z.enum(['configuration', 'command']),
      reason: z.string(),
      owner: z.string(),
      created: instant.nullable().describe('null: it is from the configuration'),
      expires: instant.nullable().describe('null: it does not expire'),
      hits: count.describe('verdicts that it decided since the start'),
      lastHit: instant.nullable(),
    })
    .meta({ id: 'Rule' }),
);

export const ruleChange = viewSchema<RuleChangeView>()(
  z
    .object({
      outcome: z.enum(['added', 'renewed', 'present', 'changed', 'full', 'removed', 'absent', 'configured']),
      rule: ruleView.optional(),
      kept: z.boolean().describe('false: the store could not keep it, and it lasts until gluewall stops'),
      warnings: z.array(z.string()).describe('that it cannot win, or what it costs'),
    })
    .meta({ id: 'RuleChange' }),
);

export const rulePreview = viewSchema<RulePreviewView>()(
  z
    .object({
      events: count.describe('kept events that would have gone otherwise'),
      more: z.boolean().describe('there may be more: it did not look at all of them'),
      looked: count.describe('events it looked at'),
      since: instant.nullable().describe('how far back it looked'),
      samples: z.array(eventRow).describe('the newest of them, at most 20'),
    })
    .meta({ id: 'RulePreview' }),
);

const CHECK_STEPS = [
  'destination is inside',
  'trusted resolver',
  'client group',
  'deny rules',
  'allow rules',
  'deny packs',
  'history',
  'strictness',
  'query name',
  'flow',
  'mode',
] as const;
export const checkView = viewSchema<CheckView>()(
  z
    .object({
      address: addressText,
      client: z.string().nullable(),
      queryName: z.string().nullable(),
      group: z.string().nullable(),
      verdict: z.enum(['allow', 'block']),
      reason: z.string(),
      rule: z.string().nullable(),
      enforced: z.boolean().describe('false: the verdict would only be told'),
      message: z.string(),
      steps: z.array(z.object({ step: z.enum(CHECK_STEPS), finding: z.string(), decides: z.boolean() })),
    })
    .meta({ id: 'Check' }),
);

export const RULE_EXAMPLE: z.input<typeof ruleView> = {
  id: '1f3a9c04',
  version: '6d1f0a9be2c4',
  action: 'allow',
  match: { from: '192.0.2.66', to: '203.0.113.8' },
  origin: 'command',
  reason: 'ticket 4711',
  owner: 'ann',
  created: '2026-11-22T08:00:00.000Z',
  expires: '2026-11-23T08:00:00.000Z',
  hits: 0,
  lastHit: null,
};
