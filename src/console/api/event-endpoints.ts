import { z } from '@hono/zod-openapi';
import type { EventView, PacketFileView } from '../../services/event-services.ts';
import type { ApiApp } from '../api-app.ts';
import { answerOne } from '../api-app.ts';
import { addEndpoint, count, foundOf, giveOne, idParams, instant, pageLimit, pagePlace, viewSchema } from './common.ts';
import { EVENT_EXAMPLE, eventRow, eventRowParts } from './event-schemas.ts';
import { tripleView } from './history-schemas.ts';
import { search } from './inbox-endpoints.ts';
import { checkView } from './rule-schemas.ts';

const decodedMessage = z.object({
  id: count,
  opcode: z.string(),
  flags: z.array(z.string()),
  questions: z.array(z.object({ name: z.string(), type: z.string(), class: z.string() })),
  records: z.array(
    z.object({
      section: z.enum(['answer', 'authority', 'additional']),
      name: z.string(),
      type: z.string(),
      ttl: count,
      data: z.string(),
    }),
  ),
  problem: z.string().nullable().describe('what could not be read'),
});

const eventView = viewSchema<EventView>()(
  z
    .object({
      ...eventRowParts,
      entry: count.nullable().describe('the entry of the inbox that it belongs to'),
      alarm: z.string().nullable(),
      enforced: z.boolean(),
      heldMs: z.number().describe('how long the query was held before it was judged'),
      scope: z.array(z.string()).describe('what the verdict was for'),
      // biome-ignore lint/suspicious/noThenProperty: the view is called so
      then: z
        .object({ zone: z.string(), nameServer: z.string(), expires: instant.nullable() })
        .nullable()
        .describe('what the history said of the destination'),
      packet: z
        .object({ hex: z.string(), length: count, message: decodedMessage.nullable() })
        .nullable()
        .describe('the frame of the query; null: it is not kept, as of what was allowed'),
      now: checkView.describe('how it would be judged now'),
      known: z.array(tripleView).describe('entries of the history that hold now, at most 5'),
      past: z.array(tripleView).describe('entries that have expired, at most 5'),
      siblings: z.array(eventRow).describe('of the same client, within five minutes, at most 20'),
      drop: z
        .object({
          standing: z.boolean(),
          packets: count,
          bytes: count,
          since: instant,
          asOf: instant,
          flow: z.string().describe('its match'),
        })
        .nullable()
        .describe('the flow that drops what it is about; it has dropped at least so many packets'),
    })
    .meta({ id: 'EventDetail' }),
);

/** Verdicts one by one. */
export function addEventEndpoints(api: ApiApp): void {
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/events',
      subject: 'events',
      summary: 'Verdicts, allowed ones too, the newest first',
      role: 'viewer',
      query: z.strictObject({ search, after: pagePlace, limit: pageLimit }),
      answer: foundOf(eventRow),
      example: { items: [EVENT_EXAMPLE], next: null, lookedBackTo: null },
      problems: { 'bad-search': 'a word of the search means nothing here: the detail says which, and why' },
    },
    (c, { query }) => giveOne(c, { operation: 'events search', ...query }),
  );
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/events/{id}',
      subject: 'events',
      summary: 'All that is known of one event',
      role: 'viewer',
      params: idParams,
      answer: eventView,
      problems: { 'no-event': 'there is none with this id' },
    },
    (c, { params }) => giveOne(c, { operation: 'event show', event: params.id }),
  );
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/events/{id}/packet',
      subject: 'events',
      summary: 'The frame of a blocked query, as a capture file of one packet',
      role: 'viewer',
      params: idParams,
      answer: z.string().meta({ format: 'binary' }),
      mediaType: 'application/vnd.tcpdump.pcap',
      answerHeaders: { 'Content-Disposition': 'the name of the file' },
      problems: { 'no-event': 'there is none with this id', 'no-packet': 'its frame is not kept' },
    },
    async (c, { params }) => {
      const { name, base64 } = (await answerOne(c, { operation: 'event packet', event: params.id })) as PacketFileView;
      return c.body(Buffer.from(base64, 'base64'), 200, {
        'Content-Type': 'application/vnd.tcpdump.pcap',
        'Content-Disposition': `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}"`,
      });
    },
  );
}
