/** Schemas of the history of name servers. */
import { z } from '@hono/zod-openapi';
import type { LookupView } from '../../services/lookup.ts';
import type { TripleView } from '../../services/triple-view.ts';
import { addressText, count, instant, viewSchema } from './common.ts';

export const tripleView = viewSchema<TripleView>()(
  z
    .object({
      zone: z.string(),
      nameServer: z.string(),
      address: addressText,
      origin: z.string(),
      trust: z.string(),
      glue: z.string(),
      sightings: count,
      teachers: z.array(z.string()).describe('newest first'),
      firstSeen: instant,
      lastSeen: instant,
      expires: instant.nullable().describe('null: it never expires'),
      taughtBy: z
        .object({
          server: z.string(),
          queryName: z.string(),
          queryId: count,
          queryTime: instant.nullable(),
          responseTime: instant,
          nsTtlSeconds: count,
          glueTtlSeconds: count,
        })
        .nullable()
        .describe('the newest exchange'),
    })
    .meta({ id: 'Triple' }),
);

export const lookupView = viewSchema<LookupView>()(
  z
    .object({
      target: z.string(),
      known: z.boolean(),
      expires: instant.nullable(),
      summary: z.object({
        zones: count,
        nameServers: count,
        addresses: count,
        sightings: count,
        teachers: count,
        trust: z.string().nullable(),
        firstSeen: instant.nullable(),
        lastSeen: instant.nullable(),
      }),
      triples: z.array(tripleView),
      past: z.array(tripleView).describe('those that have expired and are remembered, newest first'),
      more: z.boolean().describe('there are more than are shown'),
      last: z
        .object({ zone: z.string(), nameServer: z.string(), expired: instant })
        .nullable()
        .describe('what was last said of an address that is not known any more'),
    })
    .meta({ id: 'Lookup' }),
);
