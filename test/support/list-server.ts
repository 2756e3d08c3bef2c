import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KeyAndCertificate } from '../../src/pki/lab-authority.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTPS server on loopback that does what each test says, and remembers what it was asked. */
export class ListServer {
  readonly requests: IncomingMessage[] = [];
  /** What the next requests are answered with. */
  handler: Handler = (_request, response) => response.writeHead(404).end();
  readonly #server: Server;

  constructor({ keyPem, certificatePem }: KeyAndCertificate) {
    this.#server = createServer({ key: keyPem, cert: certificatePem }, (request, response) => {
      this.requests.push(request);
      this.handler(request, response);
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
  }

  /** Of a path on it. */
  url(path = '/list', host = '127.0.0.1'): string {
    return `https://${host}:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  /** Answers with a list, and with 304 whoever has it already. */
  serve(text: string, etag: string): void {
    this.handler = (request, response) => {
      if (request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end();
      else response.writeHead(200, { etag, 'last-modified': 'Sat, 21 Nov 2026 12:00:00 GMT' }).end(text);
    };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}
