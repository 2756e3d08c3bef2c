import { z } from '@hono/zod-openapi';
import type { HostAxesView } from '../../services/host-axes.ts';
import type { TimelineItem } from '../../services/host-timeline.ts';
import { type ApiApp, answerOne } from '../api-app.ts';
import {
  addEndpoint,
  addressText,
  askedInstant,
  count,
  giveOne,
  instant,
  listOf,
  numberText,
  viewSchema,
  word,
} from './common.ts';
import { hostView } from './finding-schemas.ts';

const MAX_ITEMS = 500;
const DEFAULT_ITEMS = 100;

interface TimelineAnswer {
  readonly items: readonly TimelineItem[];
}

const params = z.strictObject({ address: word });
const NOT_SEEN = { 'behaviour-off': 'nobody looks at what hosts do' };

const timelineItem = viewSchema<TimelineItem>()(
  z
    .object({
      at: instant,
      kind: z.enum(['event', 'finding', 'evidence', 'rule', 'client']),
      text: z.string(),
      event: count.optional(),
      finding: z.string().optional(),
    })
    .meta({ id: 'TimelineItem' }),
);

const hostAxes = viewSchema<HostAxesView>()(
  z
    .object({
      address: addressText,
      since: instant,
      until: instant,
      axes: z
        .array(
          z.object({
            family: z.enum(['ipv4', 'ipv6']),
            axes: z.array(z.object({ label: z.string(), most: count })),
            lines: z.array(z.object({ values: z.array(count), queries: count })),
            queries: count,
            leftOut: count,
          }),
        )
        .describe('one for each family that has queries, IPv4 first'),
      more: z.boolean().describe('there are more queries than are shown'),
    })
    .meta({ id: 'HostAxes' }),
);

/** What is known of one host. */
export function addHostEndpoints(api: ApiApp): void {
  const shared = { method: 'get', subject: 'hosts', role: 'viewer', params } as const;
  addEndpoint(
    api,
    {
      ...shared,
      path: '/hosts/{address}',
      summary: 'One host: who it is, the evidence against it, its findings',
      answer: hostView,
      problems: NOT_SEEN,
    },
    (c, { params: { address } }) => giveOne(c, { operation: 'host show', host: address }),
  );
  addEndpoint(
    api,
    {
      ...shared,
      path: '/hosts/{address}/timeline',
      summary: 'What happened around a host, the newest first',
      query: z.strictObject({
        since: askedInstant.optional(),
        limit: numberText(1, MAX_ITEMS).default(DEFAULT_ITEMS),
      }),
      answer: listOf(timelineItem),
    },
    async (c, { params: { address }, query }) => {
      const { items } = (await answerOne(c, { operation: 'host timeline', host: address, ...query })) as TimelineAnswer;
      return c.json({ items, next: null });
    },
  );
  addEndpoint(
    api,
    {
      ...shared,
      path: '/hosts/{address}/axes',
      summary: 'The DNS queries of a host on ten parallel axes, from the query log',
      query: z.strictObject({ since: askedInstant.optional() }),
      answer: hostAxes,
      problems: { 'no-query-log': 'there is no query log', 'no-queries': 'the log has none of this host' },
    },
    (c, { params: { address }, query }) => giveOne(c, { operation: 'host axes', host: address, ...query }),
  );
}
