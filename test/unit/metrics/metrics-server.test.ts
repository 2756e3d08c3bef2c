import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Log, silentLog } from '../../../src/core/log.ts';
import { metricList } from '../../../src/metrics/metric-list.ts';
import type { MetricSources } from '../../../src/metrics/metric-sources.ts';
import { createRegistry } from '../../../src/metrics/metrics-registry.ts';
import { MetricsServer } from '../../../src/metrics/metrics-server.ts';
import { metricFigures } from '../../support/metric-figures.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const HOST = '127.0.0.1';
const clock = new VirtualClock();
const servers: MetricsServer[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serve(changes: Partial<MetricSources> = {}, port = 0, log: Log = silentLog) {
  const registry = createRegistry(metricList(), metricFigures(changes), () => {}, false);
  const server = new MetricsServer(registry, { host: HOST, port }, clock, log);
  servers.push(server);
  return server.start();
}

const get = (port: number, path: string, method = 'GET') => fetch(`http://${HOST}:${port}${path}`, { method });

async function open(port: number): Promise<Socket> {
  const socket = connect(port, HOST);
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the other end closes. */
async function rest(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  // Not `once`, which takes a reset for a failure.
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(parts).toString('latin1');
}

describe('the door of the metrics', () => {
  it('gives them as Prometheus wants them', async () => {
    const port = await serve();
    const response = await get(port, '/metrics?from=anywhere');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const text = await response.text();
    expect(text).toContain('\n# TYPE gluewall_verdicts_total counter\n');
    expect(text.endsWith('\n')).toBe(true);
  });

  it('says where they are, and has nothing else', async () => {
    const port = await serve();
    expect(await (await get(port, '/')).text()).toBe('gluewall: metrics for Prometheus are at /metrics\n');
    for (const path of ['/metrics/', '/METRICS', '/debug', '/%2e%2e/etc/passwd', '//metrics']) {
      expect((await get(port, path)).status, path).toBe(404);
    }
  });

  it.each(['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'])('refuses %s', async (method) => {
    const port = await serve();
    for (const path of ['/', '/metrics']) {
      const response = await get(port, path, method);
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('GET');
    }
  });

  it('reads the figures once for all that ask at the same time, and anew a moment later', async () => {
    let reads = 0;
    const sample = metricFigures();
    const port = await serve({
      policy() {
        reads++;
        return sample.policy();
      },
    });
    await Promise.all([1, 2, 3].map(() => get(port, '/metrics').then((response) => response.text())));
    const readsOfOne = reads;
    await (await get(port, '/metrics')).text();
    expect(reads).toBe(readsOfOne);
    clock.advance(1000);
    await (await get(port, '/metrics')).text();
    expect(reads).toBe(2 * readsOfOne);
  });

  it('answers a request with a body without waiting for it, and ends the connection', async () => {
    const socket = await open(await serve());
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n');
    expect(await rest(socket)).toMatch(/^HTTP\/1\.1 200 .*\r\nConnection: close\r\n.*at \/metrics\n$/s);
  });

  it.each([
    ['what is no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['headers that are too long', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(9000)}\r\n\r\n`, 431],
    ['a path that is too long', `GET /${'y'.repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['another expectation', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nConnection: close\r\n\r\n', 417],
  ])('turns %s away', async (_what, request, status) => {
    const port = await serve();
    const socket = await open(port);
    socket.write(request, 'latin1');
    expect(await rest(socket)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect((await get(port, '/')).status).toBe(200);
  });

  it('lets no more than 16 in at once, and others again when they have gone', async () => {
    const port = await serve();
    const inside = await Promise.all(Array.from({ length: 16 }, () => open(port)));
    const late = connect(port, HOST);
    sockets.push(late);
    late.on('error', () => {});
    expect(await rest(late)).toBe('');
    const ended = once(inside[0]!, 'close');
    inside[0]!.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    inside[0]!.resume();
    await ended;
    expect((await get(port, '/')).status).toBe(200);
  });

  it('says which key to change when its port is taken', async () => {
    const port = await serve();
    await expect(serve({}, port)).rejects.toMatchObject({
      code: 'metrics-listen',
      message: expect.stringMatching(/^metrics\.listen: 127\.0\.0\.1:\d+ cannot be listened on \(.*EADDRINUSE/),
    });
  });

  it('stops at once though a connection is open, and twice', async () => {
    const port = await serve();
    const socket = await open(port);
    socket.write('GET /metrics HTTP/1.1\r\n');
    const [server] = servers;
    await Promise.all([server!.stop(), rest(socket)]);
    await server!.stop();
    await expect(get(port, '/')).rejects.toThrow();
  });

  it('keeps to itself that metrics cannot be written', async () => {
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (_fields: object, message: string) => warnings.push(message) };
    const registry = createRegistry(metricList(), metricFigures(), () => {}, false);
    registry.getSingleMetricAsString = () => Promise.reject(new Error('no'));
    const server = new MetricsServer(registry, { host: HOST, port: 0 }, clock, log);
    servers.push(server);
    const port = await server.start();
    const response = await get(port, '/metrics');
    expect([response.status, await response.text()]).toEqual([
      500,
      'metrics could not be written; the log has the reason\n',
    ]);
    expect(warnings).toEqual(['metrics could not be written']);
    expect((await get(port, '/')).status).toBe(200);
  });
});
