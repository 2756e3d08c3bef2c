import { z } from '@hono/zod-openapi';
import type { OverviewView } from '../../services/overview.ts';
import type { SwitchView } from '../../services/switch-list.ts';
import type { ApiApp } from '../api-app.ts';
import {
  addEndpoint,
  addressText,
  askedInstant,
  count,
  giveItems,
  giveOne,
  instant,
  listOf,
  viewSchema,
} from './common.ts';

const busy = z.array(z.object({ address: addressText, name: z.string().nullable(), events: count }));

const overview = viewSchema<OverviewView>()(
  z
    .object({
      since: instant,
      until: instant,
      stepMs: count,
      steps: z
        .array(
          z.object({
            at: instant,
            allow: count,
            block: count,
            wouldBlock: count,
            newAddresses: count,
            packetIns: count,
            lost: count,
          }),
        )
        .describe('at most 200'),
      clients: busy.describe('those of which most was blocked, at most 10'),
      destinations: busy.describe('those to which most was blocked, at most 10'),
      budget: z.number().nullable().describe('packet_in messages a second that are taken'),
      now: z.object({
        mode: z.string(),
        warmupEnds: instant.nullable(),
        enforced: z.boolean(),
        switches: count,
        capture: z.enum(['on', 'off', 'lost']),
        learnsNothing: z.boolean(),
        openHigh: count,
        openMedium: count,
        openLow: count,
        escalated: count,
      }),
    })
    .meta({ id: 'Overview' }),
);

const switchView = viewSchema<SwitchView>()(
  z
    .object({
      datapathId: z.string(),
      address: z.string().nullable().describe('of its connection; null: it is away'),
      port: count.nullable(),
      role: z.string(),
      state: z.enum(['in step', 'coming', 'away']),
      since: instant.nullable(),
      flows: z.object({ allow: count, drop: count, allowBudget: count, dropBudget: count }),
      waiting: count.describe('queries that are held'),
      ports: z.array(z.object({ name: z.string(), number: count, isOutside: z.boolean() })),
      checks: z.array(
        z.object({ is: z.enum(['good', 'warning', 'bad']), what: z.string(), remedy: z.string().nullable() }),
      ),
    })
    .meta({ id: 'Switch' }),
);

/** The switches, and how it goes. */
export function addSwitchEndpoints(api: ApiApp): void {
  const shared = { method: 'get', subject: 'switches', role: 'viewer' } as const;
  addEndpoint(
    api,
    {
      ...shared,
      path: '/switches',
      summary: 'The switches: connection, role, flows against their budgets, and what is not as it should be',
      answer: listOf(switchView),
    },
    (c) => giveItems(c, { operation: 'switches' }),
  );
  addEndpoint(
    api,
    {
      ...shared,
      path: '/overview',
      summary: 'Verdicts over a time, who was blocked most, and how it stands; the last 24 hours when left out',
      query: z.strictObject({ since: askedInstant.optional(), until: askedInstant.optional() }),
      answer: overview,
    },
    (c, { query }) => giveOne(c, { operation: 'overview', ...query }),
  );
  addEndpoint(
    api,
    {
      ...shared,
      path: '/status',
      summary: 'Figures of the running gluewall; they may be more in later versions',
      answer: z.record(z.string(), z.unknown()),
    },
    (c) => giveOne(c, { operation: 'status' }),
  );
}
