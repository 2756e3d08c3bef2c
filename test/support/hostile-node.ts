import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { TlsEnd } from './lab-certificates.ts';

/** What a node of somebody else does with a request whose body was read. Works for both versions of HTTP. */
export type Answers = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A server that shows `end` and answers as it likes. */
export class HostileNode {
  readonly server: Http2SecureServer | ReturnType<typeof createServer>;
  readonly sockets = new Set<TLSSocket>();
  requests = 0;
  port = 0;

  constructor(end: TlsEnd, answers: Answers, version: 1 | 2 = 2) {
    const onRequest = (request: unknown, response: unknown) => {
      this.requests++;
      const incoming = request as IncomingMessage;
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('error', () => {});
      incoming.on('end', () => answers(incoming, response as ServerResponse, Buffer.concat(parts).toString()));
    };
    const options = { ...end, requestCert: true, rejectUnauthorized: false };
    this.server = version === 2 ? createSecureServer(options, onRequest) : createServer(options, onRequest);
    this.server.on('secureConnection', (socket: TLSSocket) => {
      this.sockets.add(socket);
      socket.on('error', () => {}).once('close', () => this.sockets.delete(socket));
    });
    this.server.on('sessionError', () => {});
  }

  async start(port = 0): Promise<void> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
