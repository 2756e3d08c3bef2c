/**
 * People who look at a live inbox: connections that read what comes, in a process of their own. Told by a message which
 * (ViewersOrder); says `ready` when each has had its first octets, and on the message `count` how many octets have come.
 */
import { type ClientRequest, request } from 'node:http';

export interface ViewersOrder {
  readonly origin: string;
  readonly path: string;
  /** One for each viewer; the same session may have several. */
  readonly cookies: readonly string[];
}

export type ViewersMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'counted'; readonly octets: number }
  | { readonly kind: 'failed'; readonly reason: string };

const tell = (message: ViewersMessage) => process.send?.(message);
const open: ClientRequest[] = [];
let octets = 0;

process.on('message', (message: ViewersOrder | 'count' | 'stop') => {
  if (message === 'count') tell({ kind: 'counted', octets });
  else if (message === 'stop') process.exit(0);
  else look(message);
});
process.on('disconnect', () => process.exit(0));

function look({ origin, path, cookies }: ViewersOrder): void {
  let waiting = cookies.length;
  for (const cookie of cookies) {
    const sent = request(`${origin}${path}`, { headers: { cookie, accept: 'text/event-stream' } }, (response) => {
      if (response.statusCode !== 200) tell({ kind: 'failed', reason: `a viewer got ${response.statusCode}` });
      let isFirst = true;
      response.on('data', ({ length }: Buffer) => {
        octets += length;
        if (isFirst && --waiting === 0) tell({ kind: 'ready' });
        isFirst = false;
      });
      response.on('end', () => tell({ kind: 'failed', reason: 'a viewer was sent away' }));
    });
    sent.on('error', (error) => tell({ kind: 'failed', reason: error.message }));
    sent.end();
    open.push(sent);
  }
}
