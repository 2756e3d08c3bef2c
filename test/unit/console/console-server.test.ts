import { once } from 'node:events';
import { request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../mininet/until.ts';
import { ConsoleServer } from '../../../src/console/console-server.ts';
import { silentLog } from '../../../src/core/log.ts';
import { loadServerKeys, type ServerKeys } from '../../../src/core/tls-settings.ts';
import { type ConsoleRig, cookieOf, type Reply, startConsole } from '../../support/console-rig.ts';
import { LabCertificates } from '../../support/lab-certificates.ts';

const LISTEN = { host: '127.0.0.1', port: 0 };
const QUICK = { headersMs: 200, requestMs: 400, handshakeMs: 200, restMs: 200, silenceMs: 600 };

let server: ConsoleServer;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.stop();
});

/** A server with little patience. */
async function start(fetch: (request: Request) => Response | Promise<Response>, keys?: ServerKeys): Promise<number> {
  server = new ConsoleServer(LISTEN, keys, silentLog, QUICK);
  return server.start(fetch);
}

/** What comes back on a connection, and whether it has been closed. */
function open(port: number, text: string) {
  const socket = connect(port, '127.0.0.1', () => socket.write(text));
  sockets.push(socket);
  const seen = { text: '', isClosed: false, socket };
  socket.setEncoding('latin1').on('data', (part: string) => {
    seen.text += part;
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    seen.isClosed = true;
  });
  return seen;
}

const closed = (seen: { readonly isClosed: boolean }) =>
  until('the connection is closed', 5000, () => seen.isClosed || undefined);

describe('a slow client', () => {
  it.each([
    ['says nothing at all', ''],
    ['never ends its fields', 'GET / HTTP/1.1\r\nHost: localhost\r\n'],
    ['never sends its body', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nab'],
  ])('that %s is let go', async (_what, text) => {
    const port = await start(async (asked) => new Response(await asked.text()));
    const slow = open(port, text);
    await closed(slow);
    expect(slow.text === '' || /^HTTP\/1\.1 4\d\d /.test(slow.text)).toBe(true);
  });

  it('that sends one octet after the other is let go, too', async () => {
    const port = await start(() => new Response('x'));
    const slow = open(port, 'GET / HTTP/1.1\r\n');
    await once(slow.socket, 'connect');
    while (!slow.isClosed) {
      slow.socket.write('X');
      await sleep(20);
    }
    expect(slow.text).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('that does not read what it asked for is let go', async () => {
    const large = new Uint8Array(64 * 1024 * 1024);
    const port = await start(() => new Response(large));
    const slow = open(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    slow.socket.pause();
    await sleep(4 * QUICK.silenceMs);
    slow.socket.resume();
    await closed(slow);
    expect(slow.text.length).toBeLessThan(large.length);
  });
});

describe('the end of the console', () => {
  it('waits a moment for answers that are being sent, and no longer', async () => {
    const port = await start(() => new Promise<Response>(() => undefined));
    const hanging = open(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await sleep(50);
    const began = performance.now();
    await server.stop();
    await server.stop();
    expect(performance.now() - began).toBeLessThan(3000);
    await closed(hanging);
  });

  it('is no failure before its beginning', async () => {
    server = new ConsoleServer(LISTEN, undefined, silentLog);
    await expect(server.stop()).resolves.toBeUndefined();
  });
});

describe('an address that cannot be had', () => {
  it('is said with the key of the configuration', async () => {
    const port = await start(() => new Response());
    const second = new ConsoleServer({ host: '127.0.0.1', port }, undefined, silentLog);
    await expect(second.start(() => new Response())).rejects.toMatchObject({
      code: 'console-listen',
      message: expect.stringMatching(/console\.listen: 127\.0\.0\.1:\d+ cannot be listened on .*choose another/),
    });
  });
});

describe('a console with TLS', () => {
  let certificates: LabCertificates;
  let rig: ConsoleRig;

  beforeAll(async () => {
    certificates = await LabCertificates.make();
    const keys = loadServerKeys(certificates.files, Date.now(), 'console.tls');
    rig = await startConsole({ console: { keys } });
  });

  afterAll(async () => {
    await rig.stop();
    certificates.remove();
  });

  function askTls(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { ca } = certificates.controller;
      const options = { host: '127.0.0.1', port: rig.port, method, path, headers, ca, agent: false as const };
      const asked = request({ ...options, checkServerIdentity: () => undefined }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, text, json: JSON.parse(text || '{}') }),
        );
      });
      asked.on('error', reject);
      asked.end(body);
    });
  }

  it('has browsers come by TLS alone, and its cookie too', async () => {
    const { secret } = rig.book.setupLinks.make();
    const reply = await askTls(
      'POST',
      '/api/v1/setup',
      { origin: rig.origin.replace('http:', 'https:'), 'x-gluewall': 'page', 'content-type': 'application/json' },
      JSON.stringify({ secret, user: 'ann', password: 'correct horse battery staple' }),
    );
    expect(reply.status).toBe(201);
    expect(reply.headers['strict-transport-security']).toBe('max-age=31536000');
    expect(reply.headers['set-cookie']?.[0]).toMatch(/; HttpOnly; Secure; SameSite=Strict$/);
    const session = await askTls('GET', '/api/v1/session', { cookie: cookieOf(reply) });
    expect(session.json).toMatchObject({ user: 'ann', role: 'admin' });
  });

  it('takes no page of plain HTTP for its own', async () => {
    const headers = { origin: rig.origin, 'x-gluewall': 'page', 'content-type': 'application/json' };
    const reply = await askTls('POST', '/api/v1/session', headers, '{"user":"ann","password":"x"}');
    expect(reply).toMatchObject({ status: 403, json: { code: 'cross-site' } });
  });

  it('speaks TLS 1.2 at least', async () => {
    const { ca } = certificates.controller;
    const failure = await new Promise<Error | undefined>((resolve) => {
      const socket = connectTls({
        host: '127.0.0.1',
        port: rig.port,
        ca,
        minVersion: 'TLSv1.1',
        maxVersion: 'TLSv1.1',
        checkServerIdentity: () => undefined,
      });
      socket.on('secureConnect', () => resolve(undefined));
      socket.on('error', resolve);
    });
    expect(failure).toBeInstanceOf(Error);
  });

  it('answers nothing to who speaks plain HTTP', async () => {
    const plain = open(rig.port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await closed(plain);
    expect(plain.text).not.toContain('200');
  });
});
