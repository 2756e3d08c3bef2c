import { createSecretKey } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { silentLog } from '../../../src/core/log.ts';
import { parseName } from '../../../src/dns/name.ts';
import { AxfrServer } from '../../../src/rpz/axfr-server.ts';
import { Notifier } from '../../../src/rpz/notifier.ts';
import { Protection } from '../../../src/rpz/protection.ts';
import { signRequest } from '../../../src/rpz/tsig.ts';
import type { TsigKey } from '../../../src/rpz/tsig-key.ts';
import { RpzZone } from '../../../src/rpz/zone.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const APEX = parseName('rpz.example.net')!;
const key: TsigKey = { name: parseName('k')!, algorithm: 'hmac-sha256', secret: createSecretKey(Buffer.alloc(32, 1)) };
const zone = new RpzZone(APEX, undefined);
const OPEN = new Protection({ names: [], addresses: [], networks: [], lists: [] });
zone.update([], OPEN, { zonesOfAddress: () => [], zonesOfServer: () => [] }, 1e12);

let server: AxfrServer;
let port: number;
let sockets: Socket[];

const SOA_QUERY = Buffer.concat([
  Buffer.from([0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
  Buffer.from(APEX, 'latin1'),
  Buffer.from([0, 6, 0, 1]),
]);
const framed = (message: Buffer) => Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);
const good = () => framed(signRequest(SOA_QUERY, key, systemClock.nowMs()).message);

beforeEach(async () => {
  const options = { listen: { host: '127.0.0.1', port: 0 }, key, unsignedOnLoopback: false };
  server = new AxfrServer(options, () => zone.state, systemClock, silentLog);
  port = await server.start();
  sockets = [];
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await server.stop();
  await server.stop();
});

async function opened(localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** What comes until the server closes, or `octets` have come. */
async function received(socket: Socket, octets = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of socket) {
    parts.push(part as Buffer);
    length += (part as Buffer).length;
    if (length >= octets) break;
  }
  return Buffer.concat(parts);
}

describe('AxfrServer', () => {
  it('answers one request after the other, however they are cut', async () => {
    const socket = await opened();
    socket.setNoDelay(true);
    const octets = Buffer.concat([good(), good()]);
    for (const octet of octets) socket.write(Buffer.from([octet]));
    await received(socket, 2 * 100);
    expect(server.counters.get('soa')).toBe(2);
  });

  it('ends with who may not ask', async () => {
    const socket = await opened();
    socket.write(Buffer.concat([framed(SOA_QUERY), good()]));
    const answer = await received(socket);
    expect(answer.readUInt16BE(4) & 0xf).toBe(5);
    expect(answer.length).toBe(2 + SOA_QUERY.length);
    expect(server.counters.snapshot()).toEqual({ unsigned: 1 });
  });

  it.each([
    ['a message that is too long', Buffer.concat([Buffer.from([0x10, 1]), Buffer.alloc(100)])],
    ['an empty message', Buffer.from([0, 0])],
    ['a response', framed(Buffer.concat([Buffer.from([0, 1, 0x80, 0]), Buffer.alloc(8)]))],
  ])('ends with who sends %s', async (_, octets) => {
    const socket = await opened();
    socket.write(octets);
    expect(await received(socket)).toHaveLength(0);
  });

  it('ends after so many requests, and lets one peer have so many connections', async () => {
    const busy = await opened();
    busy.write(Buffer.concat(Array.from({ length: 70 }, good)));
    await received(busy);
    expect(server.counters.get('soa')).toBe(64);
    const many = await Promise.all(Array.from({ length: 12 }, () => opened()));
    await expect.poll(() => server.counters.get('connections refused')).toBe(4);
    for (const socket of many) socket.destroy();
    await expect
      .poll(async () => {
        const socket = await opened();
        socket.write(good());
        return (await received(socket, 50)).length > 50;
      })
      .toBe(true);
  });

  it('lets those who say nothing, however many, keep nobody out', async () => {
    const asking = await opened();
    asking.write(good());
    await once(asking, 'data');
    for (let count = 0; count < 40; count++) await opened(`127.0.0.${2 + Math.floor(count / 8)}`);
    await expect.poll(() => server.counters.get('connections refused')).toBe(9);
    const late = await opened('127.0.0.9');
    late.write(good());
    expect((await received(late, 50)).length).toBeGreaterThan(50);
    asking.write(good());
    await once(asking, 'data');
    expect(server.counters.get('soa')).toBe(3);
  });

  it('waits for a good request no longer than two seconds, also where octets come', async () => {
    const slow = await opened();
    const startedMs = performance.now();
    const trickle = setInterval(() => slow.write(Buffer.from([0])), 300);
    slow.write(Buffer.from([1]));
    await once(slow, 'close');
    clearInterval(trickle);
    expect(performance.now() - startedMs).toBeLessThan(4000);
  });

  it('says when an address is taken', async () => {
    const options = { listen: { host: '127.0.0.1', port }, key, unsignedOnLoopback: false };
    const other = new AxfrServer(options, () => zone.state, systemClock, silentLog);
    await expect(other.start()).rejects.toMatchObject({ code: 'rpz-listen' });
  });
});

describe('Notifier', () => {
  it('tells again until it is answered, four times at the most, and without a signature where that is refused', async () => {
    const secondary = createSocket('udp4');
    secondary.bind(0, '127.0.0.1');
    await once(secondary, 'listening');
    const clock = new VirtualClock();
    const got: Buffer[] = [];
    secondary.on('message', (octets) => got.push(octets));
    const { port: to } = secondary.address();
    const notifier = new Notifier([{ host: '127.0.0.1', port: to }], '127.0.0.1', key, clock, silentLog);
    notifier.notify(zone.state);
    for (const [index, waitMs] of [1000, 5000, 15_000, 60_000].entries()) {
      await expect.poll(() => got.length).toBe(index + 1);
      clock.advance(waitMs);
    }
    expect(notifier.figures).toEqual({ sent: 4, unanswered: 1 });
    expect(got.every((octets) => octets.readUInt16BE(10) === 1)).toBe(true);
    secondary.on('message', (octets, peer) => {
      const answer = Buffer.from(octets.subarray(0, 12));
      answer.writeUInt16BE(0x8000 | (octets.readUInt16BE(10) === 1 ? 1 : 0), 2);
      secondary.send(answer, peer.port, peer.address);
    });
    notifier.notify(zone.state);
    await expect.poll(() => got.length).toBe(6);
    expect(got[5]!.readUInt16BE(10)).toBe(0);
    await expect.poll(() => clock.pendingTimers).toBe(0);
    notifier.stop();
    secondary.close();
  });
});
