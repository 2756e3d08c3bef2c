/** What a node does with those who would wear it out, over real TCP and TLS; another peer's requests go on meanwhile. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { parseName } from '../../src/dns/name.ts';
import { MemoryQueryLog } from '../../src/storage/query-log/memory-query-log.ts';
import { TracebackNode } from '../../src/traceback/traceback-node.ts';
import { BAD, BesiegedNode, expectProblem, GOOD } from '../support/besieged-node.ts';
import { type Answered, openSession, openTls, sendHttp1, sendHttp2, textOf } from '../support/hostile-peer.ts';
import type { TlsEnd } from '../support/lab-certificates.ts';
import type { Answering } from '../support/node-rig.ts';
import { answerNobody, clientNamed, nodeOptions, tracebackOf } from '../support/node-rig.ts';

let node: BesiegedNode;
let bad: TlsEnd;
beforeAll(async () => {
  node = await BesiegedNode.make();
  bad = await node.lab.end(BAD);
}, 60_000);
afterAll(() => node.end());
afterEach(() => node.stop());

const body = () => JSON.stringify(tracebackOf(BAD));

/** Octets on the port, and what comes back until the node closes. */
async function onThePort(octets: string | Buffer): Promise<string> {
  const socket = connect(node.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(octets);
  return textOf(socket);
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const [HEADERS, RST_STREAM, SETTINGS, PING, UNKNOWN] = [1, 3, 4, 6, 0x77];

/** A frame of HTTP/2 (RFC 9113 §4.1). */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** :method POST, :scheme https, :path / of the static table, :authority x, and END_HEADERS. */
const request = (stream: number) => frame(HEADERS, 4, stream, Buffer.from([0x83, 0x87, 0x84, 0x41, 1, 0x78]));
const reset = (stream: number) => frame(RST_STREAM, 0, stream, Buffer.from([0, 0, 0, 8]));
const requestAndReset = (round: number) => Buffer.concat([request(2 * round + 1), reset(2 * round + 1)]);
/** Without :authority. */
const halfRequest = (round: number) => frame(HEADERS, 4, 2 * round + 1, Buffer.from([0x83, 0x87, 0x84]));

/** Sends what `flood` gives, again and again, until the node has cut it off. */
async function floodSession(flood: (round: number) => Buffer): Promise<void> {
  const socket = await openTls(bad, node.port, 'h2');
  socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, Buffer.alloc(0))]));
  const closed = textOf(socket);
  let round = 0;
  const timer = setInterval(() => {
    const frames = Array.from({ length: 50 }, () => flood(round++));
    if (socket.writable) socket.write(Buffer.concat(frames));
  }, 5);
  await closed;
  clearInterval(timer);
}

describe('what is no TLS, or no HTTP', () => {
  it.each<[string, string | Buffer]>([
    ['HTTP without TLS', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['octets', Buffer.alloc(5000, 0xa5)],
    ['the beginning of TLS', Buffer.from([0x16, 3, 1, 0xff, 0xff, 1, 2, 3])],
  ])('%s is hung up on, and counted', async (_what, octets) => {
    await node.start({}, { limits: { strangerMs: 300 } });
    await node.besideOthers(() => onThePort(octets));
    await vi.waitFor(() => node.expectRefused(undefined, 'no-handshake'));
    expect(node.rig.server.figures.counts).toMatchObject({ handshakes: 1 });
  });

  it('TLS 1.2 is not spoken', async () => {
    await node.start();
    const options = {
      ...bad,
      host: '127.0.0.1',
      port: node.port,
      servername: 'node.example',
      maxVersion: 'TLSv1.2',
    } as const;
    await node.besideOthers(async () => {
      await expect(once(connectTls(options), 'secureConnect')).rejects.toThrow(/protocol/);
    });
    node.expectRefused(undefined, 'no-handshake');
  });

  it('of what is no HTTP/1.1 a peer is told so', async () => {
    await node.start();
    const text = await node.besideOthers(async () => {
      const socket = await openTls(bad, node.port, 'http/1.1');
      socket.write('HELO mail\r\n\r\n');
      return textOf(socket);
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 malformed\r\ncontent-type: application\/problem\+json\r\n/);
    node.expectRefused(BAD, 'malformed');
  });

  it('what is no HTTP/2 ends its connection', async () => {
    await node.start();
    await node.besideOthers(async () => {
      const socket = await openTls(bad, node.port, 'h2');
      socket.write(Buffer.alloc(4096, 0x5a));
      await textOf(socket);
    });
    await vi.waitFor(() => expect(node.rig.server.figures.connections).toBe(1));
  });

  it('a header that does not end is not waited for', async () => {
    await node.start({}, { limits: { bodyMs: 300 } });
    const text = await node.besideOthers(async () => {
      const socket = await openTls(bad, node.port, 'http/1.1');
      socket.write('POST /v1/traceback HTTP/1.1\r\nHost: x\r\nX-Slow: ');
      return textOf(socket);
    });
    expect(text).toMatch(/^HTTP\/1\.1 408 too slow\r\n/);
    node.expectRefused(BAD, 'too-slow');
  });

  it('a header without end is too long', async () => {
    await node.start();
    const text = await node.besideOthers(async () => {
      const socket = await openTls(bad, node.port, 'http/1.1');
      socket.write(`POST /v1/traceback HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(100_000)}`);
      return textOf(socket);
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 malformed\r\n/);
    node.expectRefused(BAD, 'malformed');
  });
});

describe('CONNECT', () => {
  it('is no method of ours', async () => {
    await node.start();
    await node.besideOthers(async () => {
      const session = openSession(bad, node.port);
      const stream = session.request({ ':method': 'CONNECT', ':authority': '192.0.2.1:25' });
      const [headers] = await once(stream, 'response');
      expectProblem({ status: Number(headers[':status']), headers, body: await textOf(stream) }, 'not-found');
      session.destroy();
      const socket = await openTls(bad, node.port, 'http/1.1');
      socket.write('CONNECT 192.0.2.1:25 HTTP/1.1\r\nHost: x\r\n\r\n');
      expect(await textOf(socket)).toBe('');
    });
    expect(node.rig.desk.figures.refused['not-found']).toBe(1);
  });
});

describe('floods', () => {
  const limits = { framesPerSecond: 1, framesAtOnce: 300 };

  it.each<[string, (round: number) => Buffer]>([
    ['PINGs', () => frame(PING, 0, 0, Buffer.alloc(8))],
    ['SETTINGS', () => frame(SETTINGS, 0, 0, Buffer.alloc(0))],
    ['requests that are reset', requestAndReset],
  ])('%s are cut off when there are too many', async (_what, flood) => {
    await node.start({}, { limits });
    await node.besideOthers(() => floodSession(flood));
    expect(node.rig.server.figures).toMatchObject({ connections: 1, counts: { floods: 1 } });
    expect(node.rig.desk.figures.refused['quota-exceeded']).toBe(1);
  });

  it('frames that cost nothing but their octets are cut off', async () => {
    await node.start();
    const nothing = frame(UNKNOWN, 0, 0, Buffer.alloc(10_000));
    await node.besideOthers(() => floodSession(() => nothing));
    expect(node.rig.server.figures).toMatchObject({ connections: 1, counts: { floods: 1 } });
    node.expectRefused(BAD, 'quota-exceeded');
  });

  it('frames that make no sense are cut off', async () => {
    await node.start();
    await node.besideOthers(() => floodSession(halfRequest));
    node.expectRefused(BAD, 'malformed');
  });

  it('strangers who connect and say nothing make room for one another, and none for peers', async () => {
    await node.start({}, { limits: { strangers: 20, strangerMs: 60_000 } });
    const sockets: Socket[] = [];
    await node.besideOthers(async () => {
      for (let count = 0; count < 200; count++) {
        const socket = connect(node.port, '127.0.0.1');
        socket.on('error', () => {});
        sockets.push(socket);
        await once(socket, 'connect');
      }
      // A peer that is not there yet gets in, too.
      const late = await clientNamed(node.lab, GOOD);
      await late.ask(node.rig.peer, tracebackOf(GOOD), new AbortController().signal);
      late.stop();
      // Its request is one of those of the good peer.
      node.rig.audit.entries.splice(-2);
    });
    for (const socket of sockets) socket.destroy();
    expect(node.rig.server.figures.counts.evicted).toBeGreaterThan(150);
  });

  it('strangers of one address drive out one another, and nobody who has connected from elsewhere', async () => {
    await node.start({}, { limits: { strangers: 20 } });
    const early = connect(node.port, '127.0.0.1');
    await once(early, 'connect');
    const sockets: Socket[] = [];
    await node.besideOthers(async () => {
      for (let count = 0; count < 100; count++) {
        const socket = connect({ port: node.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
        socket.on('error', () => {});
        sockets.push(socket);
        await once(socket, 'connect');
      }
      const slow = connectTls({ ...bad, socket: early, servername: 'node.example', ALPNProtocols: ['http/1.1'] });
      await once(slow, 'secureConnect');
      slow.write('GET /v1/schema HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      expect(await textOf(slow)).toMatch(/^HTTP\/1\.1 200 /);
    });
    for (const socket of sockets) socket.destroy();
    expect(node.rig.server.figures.counts.evicted).toBeGreaterThanOrEqual(80);
  });

  it('strangers live for a moment', async () => {
    await node.start({}, { limits: { strangerMs: 200 } });
    const nobody = { ca: node.lab.ca };
    await node.besideOthers(async () => textOf(await openTls(nobody, node.port, 'h2')));
    expect(node.rig.server.figures.connections).toBe(1);
  });

  it('a peer has so many connections, and is busy on the next', async () => {
    await node.start({}, { limits: { connectionsPerPeer: 2 } });
    await node.besideOthers(async () => {
      const held = [await openTls(bad, node.port, 'h2'), await openTls(bad, node.port, 'h2')];
      expectProblem(await sendHttp2(bad, node.port, { body: body() }), 'busy');
      for (const socket of held) socket.destroy();
    });
    expect(node.rig.audit.refusals(undefined, 'busy')).toBe(1);
  });

  it('a thousand refusals are all counted, and some of them audited', async () => {
    await node.start({ perDay: 1 });
    await node.besideOthers(async () => {
      const session = openSession(bad, node.port);
      for (let count = 0; count < 400; count++) {
        const stream = session.request({
          ':method': 'POST',
          ':path': '/v1/traceback',
          'content-type': 'application/json',
        });
        stream.end(body());
        await once(stream, 'response');
        stream.resume();
      }
      session.destroy();
    });
    expect(node.rig.desk.figures.refused['quota-exceeded']).toBe(399);
    const audited = node.rig.audit.refusals(BAD, 'quota-exceeded');
    expect(audited).toBeGreaterThan(100);
    expect(audited + node.rig.desk.figures.refused.unaudited!).toBe(399);
  });
});

describe('requests at once', () => {
  /** Those of the hostile peer hang until they are aborted. */
  const hanging = (aborted: string[]): Answering => {
    return (request, signal) =>
      request.path[0] === GOOD
        ? answerNobody(request, signal)
        : new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              aborted.push(request.request);
              reject(signal.reason);
            });
          });
  };

  it('are bounded for each peer, and end when the peer goes away', async () => {
    const aborted: string[] = [];
    await node.start({}, { answering: hanging(aborted) });
    await node.besideOthers(async () => {
      const session = openSession(bad, node.port);
      const answers: Promise<Answered>[] = [];
      for (let count = 0; count < 20; count++) {
        const stream = session.request({
          ':method': 'POST',
          ':path': '/v1/traceback',
          'content-type': 'application/json',
        });
        stream.on('error', () => {});
        stream.end(body());
        answers.push(
          once(stream, 'response').then(async ([headers]) => ({
            status: Number(headers[':status']),
            headers,
            body: await textOf(stream),
          })),
        );
      }
      const refused = await Promise.race(answers.slice(8));
      expectProblem(refused, 'busy');
      await vi.waitFor(() => expect(node.rig.audit.refusals(BAD, 'busy')).toBe(12));
      expect(node.rig.desk.figures.atWork).toBeGreaterThanOrEqual(8);
      session.destroy();
      for (const answer of answers) answer.catch(() => {});
      await vi.waitFor(() => expect(aborted).toHaveLength(8));
    });
    await vi.waitFor(() => expect(node.rig.desk.figures.atWork).toBe(0));
    expect(node.rig.desk.figures.refused).toEqual({ busy: 12, late: 8 });
  });

  it('end when their time is up, whatever the node does', async () => {
    const aborted: string[] = [];
    await node.start({}, { answering: hanging(aborted) });
    const text = JSON.stringify(tracebackOf(BAD, { timeLimitMs: 100 }));
    expectProblem(await node.besideOthers(() => sendHttp1(bad, node.port, { body: text })), 'late');
    node.expectRefused(BAD, 'late');
  });

  it('a request that has come by this node already is a loop', async () => {
    const door = { ask: () => Promise.reject(new Error('nobody is asked')) };
    const parts = { log: new MemoryQueryLog(1), door, names: () => undefined, clock: systemClock };
    const looped = new TracebackNode(nodeOptions({ zones: [parseName('example.org')!] }), parts);
    await node.start({}, { answering: (request, signal) => looped.answer(request, signal) });
    const text = JSON.stringify(tracebackOf(BAD, { path: ['node.example', 'other.example', BAD] }));
    expectProblem(await node.besideOthers(() => sendHttp2(bad, node.port, { body: text })), 'loop');
    node.expectRefused(BAD, 'loop');
  });
});
