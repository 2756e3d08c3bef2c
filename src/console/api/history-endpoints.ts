import { z } from '@hono/zod-openapi';
import type { ApiApp } from '../api-app.ts';
import { addEndpoint, giveItems, giveOne, listOf, word } from './common.ts';
import { clientView } from './finding-schemas.ts';
import { lookupView } from './history-schemas.ts';

/** What the history knows, and which clients there are. */
export function addHistoryEndpoints(api: ApiApp): void {
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/history',
      subject: 'history',
      summary: 'What the history says of an address, a zone or a name server',
      role: 'viewer',
      query: z.strictObject({ target: word.meta({ example: '203.0.113.53' }) }),
      answer: lookupView,
    },
    (c, { query }) => giveOne(c, { operation: 'lookup', target: query.target }),
  );
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/clients',
      subject: 'history',
      summary: 'The clients that are known, or those of an address, a MAC address or a name',
      role: 'viewer',
      query: z.strictObject({ target: word.optional() }),
      answer: listOf(clientView),
    },
    (c, { query }) => giveItems(c, { operation: 'clients', target: query.target }),
  );
}
