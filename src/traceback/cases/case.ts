import { z } from 'zod';
import { CONFIRMATION_METHODS } from '../confirmation/confirmation-test.ts';
import {
  commandAndControlAnswer,
  MAX_GAPS,
  MAX_HOSTS,
  MAX_NAMES,
  MAX_REPORTS,
  MAX_TIME_LIMIT_MS,
  REQUEST_KINDS,
  tracebackAnswer,
  tracebackRequest,
} from '../messages.ts';

/** How far a case has come. */
export const CASE_STEPS = ['opened', ...REQUEST_KINDS, 'ended'] as const;
export type CaseStep = (typeof CASE_STEPS)[number];

/** How a case has ended. */
export const OUTCOMES = [
  'not spoofed',
  'not confirmed',
  'hosts named',
  'no host named',
  'cancelled',
  'late',
  'failed',
  'interrupted',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const MAX_REASON_CHARACTERS = 500;
/** Those of all answers. */
export const MAX_CASE_GAPS = REQUEST_KINDS.length * MAX_GAPS;

const words = z.string().max(2000);
const reason = z.string().trim().min(1).max(MAX_REASON_CHARACTERS);
const instant = z.iso.datetime({ precision: 3 });
const count = z.int().min(0);
const share = z.number().min(0).max(1);
const requestParts = tracebackRequest.shape;
const path = requestParts.path.readonly();

const question = z.strictObject({
  name: requestParts.name,
  at: instant.describe('when the attack began'),
  source: z.string().max(45).describe('the address that the packets are said to come from'),
  window: requestParts.window,
  method: z.enum(CONFIRMATION_METHODS),
  override: reason.optional().describe('why hosts may be named where the confirmation does not say that it is spoofed'),
  commandAndControl: z.boolean().describe('whether names that the hosts asked for before are looked for'),
  timeLimitMs: z.int().min(1).max(MAX_TIME_LIMIT_MS),
  by: z.string().max(64).optional().describe('who asked'),
});
const confirmation = z.strictObject({
  outcome: z.enum(['spoofed', 'not spoofed', 'no query', 'unknown']),
  words,
  verdicts: z.array(z.strictObject({ path, verdict: z.enum(['match', 'no match', 'no query']) })).max(MAX_REPORTS),
});

const rankedHost = z.strictObject({
  address: z.string().max(45),
  name: z.string().max(255).optional(),
  confidence: share,
  paths: z.array(path).max(MAX_REPORTS).readonly(),
  expected: z.number().min(0),
  chance: share,
  queries: count,
  firstAt: instant,
  lastAt: instant,
  cases: z.array(share).max(MAX_REPORTS * MAX_NAMES),
  reasons: z.array(words).max(64).readonly(),
});

/** One message that left for other nodes, or for our own log. */
const exchange = z.strictObject({
  kind: z.enum(REQUEST_KINDS),
  request: z.uuid(),
  sentAt: instant,
  timeLimitMs: count,
  endedAt: instant,
  failure: words.optional().describe('why there was no answer'),
});
export type Exchange = z.infer<typeof exchange>;

/** A case as it is kept: one file of JSON. */
export const caseFile = z.strictObject({
  version: z.literal(1),
  id: z.uuid(),
  state: z.enum(['open', 'closed']),
  closed: z.strictObject({ at: instant, reason, by: z.string().max(64).optional() }).optional(),
  node: z.string().max(253).describe('the node where it was asked'),
  question,
  openedAt: instant,
  endedAt: instant.optional(),
  step: z.enum(CASE_STEPS),
  outcome: z.enum(OUTCOMES).optional().describe('none: it is being worked on'),
  detail: words.describe('the outcome for people, or how far it has come'),
  confirmation: confirmation.optional(),
  ground: requestParts.ground.optional(),
  hosts: z
    .array(rankedHost)
    .max(MAX_REPORTS * MAX_HOSTS)
    .readonly()
    .describe('most likely first'),
  reports: tracebackAnswer.shape.reports,
  suspects: commandAndControlAnswer.shape.reports,
  gaps: z.array(tracebackAnswer.shape.gaps.element).max(MAX_CASE_GAPS),
  isComplete: z.boolean().describe('whether it ended with an answer, and without gaps'),
  exchanges: z.array(exchange).max(REQUEST_KINDS.length),
});
export type Case = z.infer<typeof caseFile>;

/** A case in a list. */
export interface CaseSummary extends Pick<Case, 'id' | 'state' | 'openedAt' | 'step' | 'outcome' | 'isComplete'> {
  readonly name: string;
  readonly at: string;
  readonly source: string;
  readonly gaps: number;
  /** How many are named, and the most likely. */
  readonly hosts: number;
  readonly first:
    | { readonly address: string; readonly name?: string | undefined; readonly confidence: number }
    | undefined;
}

export function summarise({
  id,
  state,
  openedAt,
  step,
  outcome,
  isComplete,
  question,
  hosts,
  gaps,
}: Case): CaseSummary {
  const { name, at, source } = question;
  const best = hosts[0];
  const first = best && { address: best.address, name: best.name, confidence: best.confidence };
  return {
    id,
    state,
    openedAt,
    step,
    outcome,
    isComplete,
    name,
    at,
    source,
    gaps: gaps.length,
    hosts: hosts.length,
    first,
  };
}

/** What is said while a case is worked on. */
export interface CaseProgress {
  readonly case: string;
  readonly step: CaseStep;
  readonly words: string;
}
