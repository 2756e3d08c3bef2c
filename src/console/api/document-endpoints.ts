import { z } from '@hono/zod-openapi';
import type { ApiApp } from '../api-app.ts';
import { documentEndpoint } from './common.ts';
import { docsPage } from './docs-page.ts';
import { DOCS_STYLE } from './docs-style.ts';
import { openApiDocument } from './open-api-document.ts';

const STYLE_PATH = 'docs.css';
const FRAME_EXAMPLE = 'event: entries\nid: 91\ndata: {"entries":[],"count":0,"change":91}\n\n';

/** The documentation of the API, for programs and for people; it is made when it is asked for first. */
export function addDocumentEndpoints(api: ApiApp): void {
  documentLive(api);
  let made: { readonly json: string; readonly page: string } | undefined;
  // As text, once: anybody may ask for it as often as he likes.
  const texts = () => {
    if (made !== undefined) return made;
    const document = openApiDocument(api);
    made = { json: JSON.stringify(document), page: docsPage(document, STYLE_PATH).toString() };
    return made;
  };
  api.get('/openapi.json', (c) => c.body(texts().json, 200, { 'Content-Type': 'application/json' }));
  api.get('/docs', (c) => c.html(texts().page));
  api.get(`/${STYLE_PATH}`, (c) => c.body(DOCS_STYLE, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
}

function documentLive(api: ApiApp): void {
  documentEndpoint(api, {
    method: 'get',
    path: '/live',
    subject: 'live',
    summary: 'Server-sent events: entries of the inbox as they change, and the figures of the overview',
    description: [
      '`entries` has at most 50 entries (`InboxEntry`), `count`, how many changed, and `change`, the number of the last, which is',
      'the id of the event, too. Where `count` is more than what came, and after `lost`, load the list anew. `now` has the',
      'member `now` of the overview. After `end` the session is over.',
    ].join('\n'),
    role: 'viewer',
    headers: z.object({ 'last-event-id': z.string().optional().describe('go on after this change') }),
    answer: z.string(),
    mediaType: 'text/event-stream',
    example: FRAME_EXAMPLE,
    problems: { 'too-many-streams': 'as many are open as may be' },
  });
}
