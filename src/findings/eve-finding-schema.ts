/**
 * One line of eve.json: news of a finding, in the style of Suricata's EVE. docs/events/finding.schema.json is made from this file.
 */
import { z } from 'zod';
import { eveInstant } from '../events/eve-schema.ts';
import { CLOSED_AS, FINDING_KINDS, FINDING_STATES } from './finding.ts';

/** Hosts and reasons of one line; the finding itself has all. */
export const EVE_HOSTS = 100;
export const EVE_REASONS = 10;

const share = z.number().min(0).max(1);

export const eveFindingSchema = z
  .strictObject({
    timestamp: eveInstant.describe('when it was opened, or changed'),
    event_type: z.literal('finding'),
    src_ip: z
      .union([z.ipv4(), z.ipv6()])
      .nullable()
      .describe('the host of the inside, where it is about one: for joins with other events'),
    finding: z.strictObject({
      id: z.string().min(1),
      news: z
        .enum(['opened', 'state', 'risen', 'response'])
        .describe(
          'opened, its state changed, clearly more speaks for it (at most half the doubt), or something was done about it',
        ),
      kind: z.enum(FINDING_KINDS),
      subject: z.string().min(1).describe('an address, a domain name or the id of a group'),
      state: z.enum(FINDING_STATES),
      closed_as: z.enum(CLOSED_AS).nullable(),
      by: z.string().nullable().describe('who changed the state, or did something; null where nobody did'),
      change: z.string().nullable().describe('what became of it, in words; null where nothing did'),
      score: share,
      first: eveInstant.describe('when the first was seen of what it stands on'),
      last: eveInstant,
      hosts: z.array(z.string()).max(EVE_HOSTS),
      host_count: z.int().min(0),
      reasons: z
        .array(z.strictObject({ kind: z.string(), weight: share, line: z.string(), events: z.number().min(0) }))
        .max(EVE_REASONS)
        .describe('the heaviest first'),
      cases: z.array(z.string()).describe('traceback cases that were opened from it'),
    }),
  })
  .describe('News of a finding');
