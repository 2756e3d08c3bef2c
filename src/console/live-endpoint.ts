import type { ApiApp } from './api-app.ts';
import type { LiveFeed } from './live-feed.ts';
import { checkWho, isOver } from './who-asks.ts';

/** `GET /live`: the inbox as it changes, as text/event-stream (HTML Standard §9.2). `Last-Event-ID` resumes after that change. */
export function addLiveEndpoint(api: ApiApp, feed: LiveFeed): void {
  api.get('/live', (c) => {
    const { user } = c.get('actor');
    const { ask, from, who } = c.var;
    const lastId = c.req.header('last-event-id');
    const after = lastId !== undefined && /^\d{1,15}$/.test(lastId) ? Number(lastId) : undefined;
    const check = async () => {
      try {
        await checkWho(ask, who, from, true);
        return true;
      } catch (error) {
        if (isOver(error)) return false;
        throw error;
      }
    };
    const stream = feed.open({ user, secret: who.secret, after, check });
    return c.body(stream, 200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
  });
}
