import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { Clock } from '../../core/clock.ts';
import { Problem } from '../problem.ts';
import type { HttpLimits } from './http-limits.ts';

/** A request and its response, of HTTP/1.1 or HTTP/2. */
export interface Exchange {
  readonly request: IncomingMessage | Http2ServerRequest;
  readonly response: ServerResponse | Http2ServerResponse;
}

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer to a request that is refused: a problem document (RFC 9457 §3). */
export function problemReply({ document, retryAfterMs }: Problem): Reply {
  const retry = retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) };
  const text = JSON.stringify(document);
  return { status: document.status, type: 'application/problem+json', text, headers: retry };
}

/**
 * Sends the whole of an answer. Who does not take it within the time of the limits is cut off; who is still sending a body that
 * nobody reads has `lingerMs` to read why. After the last answer of a connection HTTP/1.1 is told so.
 */
export function send(exchange: Exchange, reply: Reply, isLast: boolean, limits: HttpLimits, clock: Clock): void {
  const { request, response } = exchange;
  if (response.headersSent || response.writableEnded || response.destroyed) return;
  const isUnread = !request.complete;
  const close = 'stream' in response || !(isLast || isUnread) ? {} : { connection: 'close' };
  const cancel = clock.after(limits.answerMs, () => abandon(exchange));
  response.once('close', cancel);
  response.writeHead(reply.status, {
    'content-type': reply.type,
    'content-length': Buffer.byteLength(reply.text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...reply.headers,
    ...close,
  });
  if ('stream' in response) {
    response.end(reply.text, () => response.stream?.close(constants.NGHTTP2_NO_ERROR));
  } else if (isUnread) {
    // Closed at once, the connection would be reset, and the answer lost with what came in unread.
    response.write(reply.text);
    clock.after(limits.lingerMs, () => response.end());
  } else response.end(reply.text);
}

/** Ends it without another word. */
export function abandon({ request }: Exchange): void {
  if ('stream' in request) request.stream.close(constants.NGHTTP2_CANCEL);
  else request.socket.destroy();
}

/**
 * The body of a request. Rejects with Problem `too-large` or `too-slow`, and reads no further; `malformed` when it ends before its
 * time.
 */
export function readBody({ request }: Exchange, limits: HttpLimits, clock: Clock): Promise<Buffer> {
  const tooLarge = new Problem('too-large', `a request has ${limits.bodyBytes} octets at most`);
  if (Number(request.headers['content-length'] ?? 0) > limits.bodyBytes) return Promise.reject(tooLarge);
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let lengthBytes = 0;
    const done = () => {
      cancel();
      request.off('data', onData).off('end', onEnd).off('close', onClose);
    };
    const refuse = (problem: Problem) => {
      done();
      request.pause();
      reject(problem);
    };
    const onData = (part: Buffer) => {
      lengthBytes += part.length;
      if (lengthBytes > limits.bodyBytes) refuse(tooLarge);
      else parts.push(part);
    };
    const onEnd = () => {
      done();
      resolve(Buffer.concat(parts));
    };
    const onClose = () => refuse(new Problem('malformed', 'the request ended before its time'));
    const cancel = clock.after(limits.bodyMs, () => {
      refuse(new Problem('too-slow', `a request is to be here within ${limits.bodyMs / 1000} s`));
    });
    request.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}
