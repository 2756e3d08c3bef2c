/** Schemas of events and of entries of the inbox: several endpoints give them. */
import { z } from '@hono/zod-openapi';
import { ENTRY_STATES, SEVERITIES } from '../../inbox/entry.ts';
import type { EventRow } from '../../services/event-row-view.ts';
import type { EntryDetail, EntryView } from '../../services/inbox-view.ts';
import { addressText, count, instant, viewSchema } from './common.ts';
import { findingMention } from './finding-schemas.ts';

const client = z.object({
  address: addressText,
  name: z.string().nullable(),
  mac: z.string().nullable(),
  switch: z.string().describe('its datapath id'),
  port: count.describe('of the switch, by OpenFlow number'),
});
const verdictParts = {
  protocol: z.enum(['udp', 'tcp']),
  queryName: z.string().nullable().describe('null: no question could be read'),
  queryType: z.string().nullable(),
  recursionDesired: z.boolean().nullable(),
};
const reasonParts = {
  reason: z.string(),
  rule: z.string().nullable(),
  message: z.string(),
  group: z.string(),
};

const entryParts = {
  id: count,
  change: count.describe('the number of its last change: later changes of any entry have higher ones'),
  severity: z.enum(SEVERITIES),
  state: z.enum(ENTRY_STATES),
  stateBy: z.string().nullable(),
  stateAt: instant.nullable(),
  until: instant.nullable().describe('an acknowledged entry that is seen again after this opens anew'),
  first: instant,
  last: instant,
  events: count,
  packets: count,
  hours: z.array(count).describe('events of the last 24 hours, by hour, the current one last'),
  client,
  destination: z.object({
    address: addressText,
    // biome-ignore lint/suspicious/noThenProperty: the view is called so
    then: z
      .object({ zone: z.string(), nameServer: z.string(), expires: instant.nullable() })
      .nullable()
      .describe('what the history said of it when it was judged'),
    now: z.array(z.object({ zone: z.string(), nameServer: z.string() })).describe('what it says now, at most 3'),
  }),
  ...verdictParts,
  verdict: z.enum(['block', 'would block']),
  ...reasonParts,
  comments: count,
  event: count.nullable().describe('its newest event that is kept'),
};

export const entryView = viewSchema<EntryView>()(z.object(entryParts).meta({ id: 'InboxEntry' }));

export const entryDetail = viewSchema<EntryDetail>()(
  z
    .object({
      ...entryParts,
      remarks: z.array(z.object({ at: instant, by: z.string(), text: z.string() })),
      findings: z.array(findingMention).describe('about the client'),
    })
    .meta({ id: 'InboxEntryDetail' }),
);

export const eventRowParts = {
  id: count,
  at: instant,
  client,
  destination: addressText,
  ...verdictParts,
  verdict: z.enum(['allow', 'block', 'would block']),
  ...reasonParts,
  packets: count,
  severity: z.enum(SEVERITIES).nullable().describe('null: it was allowed'),
};

export const eventRow = viewSchema<EventRow>()(z.object(eventRowParts).meta({ id: 'Event' }));

/** For the documentation. */
export const EVENT_EXAMPLE: z.input<typeof eventRow> = {
  id: 4711,
  at: '2026-11-22T08:00:00.000Z',
  client: {
    address: '192.0.2.66',
    name: 'desk-7',
    mac: '02:00:00:00:00:42',
    switch: '00:00:00:00:00:00:00:01',
    port: 7,
  },
  destination: '203.0.113.8',
  protocol: 'udp',
  queryName: 'c2.example',
  queryType: 'TXT',
  recursionDesired: false,
  verdict: 'block',
  reason: 'unknown',
  rule: null,
  message: '203.0.113.8 is unknown and block',
  packets: 1,
  group: 'default',
  severity: 'medium',
};

const { destination: _, at, ...common } = EVENT_EXAMPLE;
export const ENTRY_EXAMPLE: z.input<typeof entryView> = {
  ...common,
  id: 12,
  change: 90,
  severity: 'medium',
  state: 'open',
  stateBy: null,
  stateAt: null,
  until: null,
  first: at,
  last: at,
  events: 3,
  packets: 3,
  hours: [...new Array<number>(23).fill(0), 3],
  // biome-ignore lint/suspicious/noThenProperty: the view is called so
  destination: { address: '203.0.113.8', then: null, now: [] },
  verdict: 'block',
  comments: 0,
  event: 4711,
};
