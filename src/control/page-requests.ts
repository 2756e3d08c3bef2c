/** Requests that the pages of the console make of the gate: events, previews, overviews. */
import { z } from 'zod';
import { MAX_TIMELINE_ITEMS } from '../services/host-timeline.ts';
import { MAX_BUSY } from '../services/overview.ts';
import { address, instant, MAX_REASON_CHARACTERS, match, ruleId, ruleVersion } from './request-fields.ts';

const eventId = z.int().min(1);
const action = z.enum(['allow', 'deny']);

export const pageRequests = [
  z.strictObject({ operation: z.literal('event show'), event: eventId }),
  z.strictObject({ operation: z.literal('event packet'), event: eventId }),
  z.strictObject({ operation: z.literal('rule show'), id: ruleId }),
  z.strictObject({ operation: z.literal('rule preview'), action, match }),
  z.strictObject({
    operation: z.literal('rule change'),
    id: ruleId,
    reason: z.string().trim().min(1).max(MAX_REASON_CHARACTERS).optional(),
    /** Null: it does not expire any more. Left out: as it is. */
    expires: instant.nullable().optional(),
    /** Only while the rule has this version. */
    ifVersion: ruleVersion.optional(),
  }),
  z.strictObject({
    operation: z.literal('overview'),
    since: instant.optional(),
    until: instant.optional(),
    /** How many of the busiest; with 0 they are not counted, which takes the longest. */
    busiest: z.int().min(0).max(MAX_BUSY).optional(),
  }),
  z.strictObject({ operation: z.literal('switches') }),
  z.strictObject({
    operation: z.literal('host timeline'),
    host: address,
    since: instant.optional(),
    limit: z.int().min(1).max(MAX_TIMELINE_ITEMS),
  }),
  z.strictObject({ operation: z.literal('host axes'), host: address, since: instant.optional() }),
] as const;

/** One of these as the services take it. */
export type PageRequest = z.output<(typeof pageRequests)[number]>;

const OPERATIONS: ReadonlySet<string> = new Set(pageRequests.map(({ shape }) => shape.operation.value));

export function isPageRequest(request: { readonly operation: string }): request is PageRequest {
  return OPERATIONS.has(request.operation);
}
