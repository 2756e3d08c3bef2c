/**
 * What the live inbox is compared with: a program that sends as many octets to whoever connects, as often, and does nothing
 * else. Told by a message (DummyOrder); says the port it listens on. It sends by the pace from the first connection on.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface DummyOrder {
  /** Octets a second for each connection. */
  readonly octetsPerSecond: number;
}

export interface DummyMessage {
  readonly port: number;
}

const TIMES_A_SECOND = 2;
const readers = new Set<ServerResponse>();

process.on('disconnect', () => process.exit(0));
process.on('message', ({ octetsPerSecond }: DummyOrder) => {
  const portion = Buffer.alloc(Math.max(1, Math.round(octetsPerSecond / TIMES_A_SECOND)), 'x');
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(':\n\n');
    readers.add(response);
    response.on('close', () => readers.delete(response));
  });
  server.listen(0, '127.0.0.1', () => {
    process.send?.({ port: (server.address() as AddressInfo).port } satisfies DummyMessage);
  });
  setInterval(() => {
    for (const reader of readers) reader.write(portion);
  }, 1000 / TIMES_A_SECOND);
});
