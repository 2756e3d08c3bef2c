import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import {
  type ClientHttp2Session,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import { type Agent, request as requestHttp1 } from 'node:https';
import { gather } from './gather.ts';
import { type HttpLimits, MAX_HEADER_BYTES } from './http-limits.ts';
import type { HttpReply } from './read-answer.ts';

const ACCEPT = 'application/json, application/problem+json';

/** Sends `text` and reads what comes back; when `signal` aborts, the stream is cancelled. Rejects with any Error. */
export async function postHttp2(
  session: ClientHttp2Session,
  path: string,
  text: string,
  limits: HttpLimits,
  signal: AbortSignal,
): Promise<HttpReply> {
  const stream = session.request({ ':method': 'POST', ':path': path, ...headersOf(text) });
  const cancel = () => stream.close(constants.NGHTTP2_CANCEL);
  signal.addEventListener('abort', cancel, { once: true });
  let head: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
  stream.once('response', (headers) => {
    head = headers;
  });
  stream.end(text);
  try {
    // Of a session that has ended a stream ends as if it were done.
    const isWhole = () =>
      head[':status'] !== undefined && !stream.aborted && stream.rstCode === constants.NGHTTP2_NO_ERROR;
    const body = await gather(stream, limits.answerBytes, isWhole);
    return { status: Number(head[':status']), type: head['content-type'], body };
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** The same over HTTP/1.1. */
export async function postHttp1(
  agent: Agent,
  url: URL,
  text: string,
  limits: HttpLimits,
  signal: AbortSignal,
): Promise<HttpReply> {
  const options = { agent, method: 'POST', headers: headersOf(text), maxHeaderSize: MAX_HEADER_BYTES, signal };
  const request = requestHttp1(url, options);
  request.end(text);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  request.on('error', () => {});
  const body = await gather(response, limits.answerBytes, () => response.complete);
  return { status: response.statusCode ?? 0, type: response.headers['content-type'], body };
}

function headersOf(text: string): Record<string, string | number> {
  return { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), accept: ACCEPT };
}
