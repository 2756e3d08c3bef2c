/** Schemas of findings, of what hosts do, and of groups of bots. */
import { z } from '@hono/zod-openapi';
import { EVIDENCE_KINDS } from '../../correlation/detector.ts';
import { CLOSED_AS, FINDING_KINDS, FINDING_STATES } from '../../findings/finding.ts';
import type { BotGroupView } from '../../services/bot-view.ts';
import type { ClientView } from '../../services/client-view.ts';
import type { FindingChangeView } from '../../services/finding-services.ts';
import type { FindingSummary, FindingView } from '../../services/finding-view.ts';
import type { HostView } from '../../services/host-view.ts';
import { addressText, count, instant, share, viewSchema } from './common.ts';

const identity = {
  id: z.string(),
  kind: z.enum(FINDING_KINDS),
  state: z.enum(FINDING_STATES),
};
/** A finding where something else is shown. */
export const findingMention = z.object(identity);

const summaryParts = {
  ...identity,
  subject: z.string().describe('whom it is about: an address, a name, or the id of a group'),
  score: share,
  opened: instant.nullable(),
  updated: instant.nullable(),
  last: instant.nullable().describe('when the last was seen of what it stands on'),
};
export const findingSummary = viewSchema<FindingSummary>()(
  z
    .object({ ...summaryParts, hosts: count, because: z.string().describe('the heaviest reason') })
    .meta({ id: 'FindingSummary' }),
);

const remarks = z.array(z.object({ at: instant.nullable(), by: z.string(), text: z.string() }));
export const findingView = viewSchema<FindingView>()(
  z
    .object({
      ...summaryParts,
      hosts: z.array(z.string()),
      first: instant.nullable(),
      reasons: z.array(
        z.object({
          kind: z.string(),
          weight: share,
          line: z.string(),
          events: count,
          first: instant.nullable(),
          last: instant.nullable(),
          samples: z.array(z.object({ at: instant.nullable(), text: z.string() })),
        }),
      ),
      closed: z
        .object({ by: z.string(), as: z.enum(CLOSED_AS), reason: z.string(), at: instant.nullable() })
        .nullable(),
      comments: remarks,
      changes: remarks,
      cases: z.array(z.string()).describe('traceback cases, by id'),
    })
    .meta({ id: 'Finding' }),
);

export const findingChange = viewSchema<FindingChangeView>()(
  z.object({
    finding: findingView,
    kept: z.boolean().describe('false: it is so from now on, but could not be written to the store yet'),
  }),
);

const pictured = {
  role: z.enum(['c2', 'download']),
  address: z.string().nullable(),
  name: z.string().nullable(),
  ports: z.array(count),
  score: share,
  contactedBy: z.array(z.string()),
  suspects: count,
  others: count,
};
export const botGroup = viewSchema<BotGroupView>()(
  z
    .object({
      id: z.string(),
      score: share,
      since: instant,
      last: instant,
      hosts: z.array(z.object({ host: z.string(), score: share, matches: count })),
      candidates: z.array(z.object({ ...pictured, first: instant, last: instant, reasons: z.array(z.string()) })),
      features: z.array(
        z.object({
          kind: z.enum(['destination', 'name', 'timing']),
          text: z.string(),
          members: count,
          others: count,
          weight: share,
        }),
      ),
      matches: z.array(z.object({ hosts: z.tuple([z.string(), z.string()]), features: count })),
      victims: z.array(
        z.object({ address: z.string(), attackedBy: z.array(z.string()), syns: count, first: instant, last: instant }),
      ),
      changes: z.array(
        z.object({
          at: instant,
          what: z.enum(['began', 'grew', 'shrank', 'merged', 'split', 'ended']),
          with: z.array(z.string()),
        }),
      ),
      findings: z.array(z.string()).describe('ids of findings about it'),
    })
    .meta({ id: 'BotGroup' }),
);

export const clientView = viewSchema<ClientView>()(
  z
    .object({
      name: z.string().nullable(),
      nameSource: z.enum(['lease', 'ptr']).nullable(),
      mac: z.string().nullable(),
      switch: z.string().nullable().describe('the datapath id'),
      port: z.string().nullable(),
      behindRouter: z.boolean(),
      addresses: z.array(z.string()),
      seen: z.array(
        z.object({
          address: addressText,
          vlan: count.nullable(),
          firstSeen: instant,
          lastSeen: instant,
          moved: z
            .object({ from: z.string(), at: instant, times: count })
            .nullable()
            .describe('the MAC address it had before, and since when it has another'),
          leasedTo: z.string().nullable().describe('the MAC address to which it was leased, where that is another'),
        }),
      ),
      firstSeen: instant.nullable(),
      lastSeen: instant.nullable(),
    })
    .meta({ id: 'Client' }),
);

const evidence = z.object({
  kind: z.enum(EVIDENCE_KINDS),
  weight: share,
  line: z.string(),
  events: count,
  first: instant,
  last: instant,
  samples: z.array(z.object({ at: instant, text: z.string() })),
});
export const hostView = viewSchema<HostView>()(
  z
    .object({
      address: addressText,
      client: clientView.nullable(),
      hosts: z
        .array(
          z.object({
            mac: z.string().nullable(),
            last: instant,
            score: share,
            evidence: z.array(evidence),
            group: z.object({ id: z.string(), weight: share, line: z.string() }).nullable(),
          }),
        )
        .describe('one for each MAC address that had the address, the one seen last first'),
      findings: z.array(z.object({ ...identity, score: share })),
      unseen: z
        .array(z.object({ what: z.string(), why: z.string(), remedy: z.string() }))
        .describe('what is not looked for'),
    })
    .meta({ id: 'Host' }),
);
