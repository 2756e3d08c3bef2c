import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { request as requestHttps } from 'node:https';
import type { Readable } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { TlsEnd } from './lab-certificates.ts';

/** What a node answered. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly body: string;
}

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** In one piece, or as it comes. */
  readonly body?: string | Buffer | Readable;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const NODE = 'node.example';

/** Sends what is no good, as a peer of ours never would, over a connection of its own. */
export type Send = (end: TlsEnd, port: number, sent: Sent) => Promise<Answered>;

export const sendHttp1: Send = async (end, port, { method = 'POST', path = '/v1/traceback', headers, body = '' }) => {
  const where = { host: '127.0.0.1', port, servername: NODE, agent: false, method, path };
  const request = requestHttps({ ...end, ...where, headers: { ...JSON_TYPE, ...headers } });
  // A node that has answered may close while the body is still being sent.
  request.on('error', () => {});
  write(request, body);
  const [response] = await once(request, 'response', { signal: AbortSignal.timeout(8000) });
  const text = await textOf(response);
  request.destroy();
  return { status: response.statusCode, headers: response.headers, body: text };
};

export const sendHttp2: Send = async (end, port, { method = 'POST', path = '/v1/traceback', headers, body = '' }) => {
  const session = openSession(end, port);
  try {
    const stream = session.request({ ':method': method, ':path': path, ...JSON_TYPE, ...headers });
    stream.on('error', () => {});
    if (method !== 'GET') write(stream, body);
    const [head] = await once(stream, 'response', { signal: AbortSignal.timeout(8000) });
    return { status: Number(head[':status']), headers: head, body: await textOf(stream) };
  } finally {
    session.destroy();
  }
};

export function openSession(end: TlsEnd, port: number): ClientHttp2Session {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ...end, servername: NODE });
  session.on('error', () => {});
  return session;
}

/** A connection of TLS on which anything can be written. */
export async function openTls(end: TlsEnd, port: number, protocol: 'h2' | 'http/1.1'): Promise<TLSSocket> {
  const socket = connectTls({ ...end, host: '127.0.0.1', port, servername: NODE, ALPNProtocols: [protocol] });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

/** All that comes until the other end closes. */
export async function textOf(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  stream.on('data', (part: Buffer) => parts.push(part));
  if (!stream.destroyed) {
    await new Promise<void>((resolve) => {
      stream
        .once('end', resolve)
        .once('close', resolve)
        .once('error', () => resolve());
    });
  }
  return Buffer.concat(parts).toString('utf8');
}

function write(request: NodeJS.WritableStream, body: NonNullable<Sent['body']>): void {
  if (typeof body === 'string' || Buffer.isBuffer(body)) request.end(body);
  else body.pipe(request);
}
