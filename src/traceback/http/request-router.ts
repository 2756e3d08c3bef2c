import type { Clock } from '../../core/clock.ts';
import type { RequestKind } from '../messages.ts';
import { Problem } from '../problem.ts';
import { publishedSchema } from '../published-schema.ts';
import type { RequestDesk } from '../request-desk.ts';
import { type Exchange, problemReply, type Reply, readBody } from './exchange.ts';
import type { HttpLimits } from './http-limits.ts';

const ROUTES: ReadonlyMap<string, RequestKind> = new Map([
  ['/v1/confirm', 'confirm'],
  ['/v1/traceback', 'traceback'],
  ['/v1/command-and-control', 'command-and-control'],
]);
const SCHEMA_PATH = '/v1/schema';

/** Brings the requests of peers to the desk. */
export class RequestRouter {
  readonly #desk: Pick<RequestDesk, 'handle' | 'refuse'>;
  readonly #limits: HttpLimits;
  readonly #clock: Clock;
  readonly #schema = JSON.stringify(publishedSchema());

  constructor(desk: Pick<RequestDesk, 'handle' | 'refuse'>, limits: HttpLimits, clock: Clock) {
    this.#desk = desk;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** What a peer is answered: a problem document where it is refused. A peer that goes away aborts its request. */
  async replyTo(exchange: Exchange, peer: string): Promise<Reply> {
    const { request, response } = exchange;
    let kind: RequestKind | undefined;
    let json: unknown;
    try {
      kind = routeOf(request.method ?? '', pathOf(request.url));
      if (kind === undefined) return { status: 200, type: 'application/schema+json', text: this.#schema };
      checkType(request.headers['content-type']);
      if (isContinueAwaited(exchange)) response.writeContinue();
      json = parseJson(await readBody(exchange, this.#limits, this.#clock));
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem('internal', 'the request failed here');
      return refusal(await this.#desk.refuse({ peer, kind }, problem));
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const answer = await this.#desk.handle(peer, json, gone.signal, kind);
      return { status: 200, type: 'application/json', text: JSON.stringify(answer) };
    } catch (error) {
      return refusal(error instanceof Problem ? error : new Problem('internal', 'the request failed here'));
    }
  }
}

function refusal(problem: Problem): Reply {
  const reply = problemReply(problem);
  if (problem.type !== 'method-not-allowed') return reply;
  return { ...reply, headers: { ...reply.headers, allow: 'GET, POST' } };
}

function pathOf(url: string | undefined): string {
  return (url ?? '').replace(/\?.*/s, '');
}

/** Undefined: the schema is asked for. */
function routeOf(method: string, path: string): RequestKind | undefined {
  const kind = ROUTES.get(path);
  if (kind === undefined && path !== SCHEMA_PATH) throw new Problem('not-found', 'nothing is answered here');
  const wanted = kind === undefined ? 'GET' : 'POST';
  if (method !== wanted) throw new Problem('method-not-allowed', `want ${wanted}`);
  return kind;
}

function checkType(type: string | undefined): void {
  if (/^application\/json *(;|$)/i.test(type ?? '')) return;
  throw new Problem('not-json', 'want content-type: application/json');
}

function isContinueAwaited({ request }: Exchange): boolean {
  return request.headers.expect?.toLowerCase() === '100-continue';
}

/** Octets that are no UTF-8 are no JSON (RFC 8259 §8.1). */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new Problem('malformed', 'the request is no JSON');
  }
}
