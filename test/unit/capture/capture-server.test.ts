import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CaptureServer, type CaptureServerOptions } from '../../../src/capture/capture-server.ts';
import { composeBatchHead, composeMessage } from '../../../src/capture/capture-wire.ts';
import type { CaptureMessage } from '../../../src/capture/protocol.ts';
import type { DnsObservation } from '../../../src/dns/observation.ts';
import { ObservationWriter } from '../../../src/dns/observation-writer.ts';
import { unpackBatch } from '../../support/collected-observations.ts';
import { LAB_START_MS, LabCertificates, type TlsEnd } from '../../support/lab-certificates.ts';
import { queryAt } from '../../support/observations.ts';
import { keepingLog } from '../../support/session-rig.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const HELLO: CaptureMessage = { kind: 'hello', name: 'border', interfaces: ['eth7'] };
const STATISTICS: CaptureMessage = {
  kind: 'statistics',
  openInterfaces: ['eth7'],
  receivedByKernel: 5,
  droppedByKernel: 1,
  droppedByBackpressure: 2,
  counters: { frames: 5 },
};
const DAY_MS = 86_400_000;

let certificates: LabCertificates;
let folder: string;
let clock: VirtualClock;
const lines: string[] = [];
let observations: DnsObservation[];
let onBatch: (batch: Uint8Array, shiftMs: number) => void;
const opened: { stop(): Promise<void> | void }[] = [];

beforeAll(async () => {
  certificates = await LabCertificates.make();
});

afterAll(() => certificates.remove());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
  clock = new VirtualClock(LAB_START_MS + DAY_MS);
  lines.length = 0;
  observations = [];
  onBatch = (batch, shiftMs) => {
    for (const one of unpackBatch(batch)) observations.push({ ...one, atMs: one.atMs + shiftMs });
  };
});

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.stop();
  rmSync(folder, { recursive: true });
});

const socketPath = () => join(folder, 'capture.sock');

function serverOf(options: CaptureServerOptions = { listen: { path: socketPath() } }): CaptureServer {
  const server = new CaptureServer(options, (batch, shiftMs) => onBatch(batch, shiftMs), clock, keepingLog(lines));
  opened.push(server);
  return server;
}

async function startTls(): Promise<{ readonly server: CaptureServer; readonly port: number }> {
  const server = serverOf({ listen: { host: '127.0.0.1', port: 0 }, tls: certificates.files });
  return { server, port: await server.start() };
}

function opening(socket: Socket): Socket {
  socket.on('error', () => {});
  socket.resume();
  opened.push({ stop: () => void socket.destroy() });
  return socket;
}

async function open(): Promise<Socket> {
  const socket = opening(connect(socketPath()));
  await once(socket, 'connect');
  return socket;
}

function batchOf(...written: DnsObservation[]): Uint8Array {
  const batches: Uint8Array[] = [];
  const writer = new ObservationWriter((batch) => batches.push(batch));
  for (const observation of written) writer.write(observation);
  writer.flush();
  return batches[0]!;
}

function sendBatch(socket: Socket, batch: Uint8Array, sentAtMs = clock.nowMs()): void {
  socket.write(Buffer.concat([composeBatchHead(batch, sentAtMs), batch]));
}

const closed = (socket: Socket) => until(() => expect(socket.closed).toBe(true));
const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 5 });

describe('CaptureServer on a unix socket', () => {
  it('lets only its own user in, and learns from who connects', async () => {
    const server = serverOf();
    await server.start();
    expect(statSync(socketPath()).mode & 0o777).toBe(0o600);
    expect(server.isCapturing).toBe(false);
    const socket = await open();
    socket.write(composeMessage(HELLO));
    sendBatch(socket, batchOf(queryAt(clock.nowMs() - 5000, { name: 'a.example' })), clock.nowMs() - 4990);
    socket.write(composeMessage(STATISTICS));
    await until(() => expect(server.isCapturing).toBe(true));
    expect(observations).toMatchObject([{ question: { name: '\x01a\x07example\0' }, atMs: clock.nowMs() - 10 }]);
    const totals = {
      observations: 1,
      receivedByKernel: 5,
      droppedByKernel: 1,
      droppedByBackpressure: 2,
      counters: { frames: 5 },
    };
    expect(server.statistics()).toEqual({
      ...totals,
      openInterfaces: ['eth7'],
      restarts: 0,
      sources: [
        {
          name: 'the capture of border',
          isConnected: true,
          interfaces: ['eth7'],
          openInterfaces: ['eth7'],
          ...totals,
        },
      ],
    });
  });

  it('goes on counting when a capture comes back, and tells of one that is gone', async () => {
    const server = serverOf();
    await server.start();
    for (const round of [1, 2]) {
      const socket = await open();
      socket.write(composeMessage(HELLO));
      socket.write(composeMessage(STATISTICS));
      await until(() => expect(server.statistics().receivedByKernel).toBe(5 * round));
      expect(server.statistics().sources.length).toBe(1);
      socket.destroy();
      await until(() =>
        expect(server.statistics().sources).toMatchObject([{ isConnected: false, openInterfaces: [] }]),
      );
      expect(server.isCapturing).toBe(false);
    }
  });

  it('is not capturing while an interface of any capture is closed', async () => {
    const server = serverOf();
    await server.start();
    const first = await open();
    first.write(composeMessage(HELLO));
    first.write(composeMessage(STATISTICS));
    await until(() => expect(server.isCapturing).toBe(true));
    const second = await open();
    second.write(composeMessage({ ...HELLO, interfaces: ['eth8'] }));
    second.write(
      composeMessage({ kind: 'problem', interface: 'eth8', reason: 'no such interface', remedy: 'check its name' }),
    );
    const problem = 'cannot capture on eth8: no such interface; check its name';
    await until(() => expect(lines.join()).toContain(problem));
    expect(server.isCapturing).toBe(false);
  });

  it('takes times of a sender within the last minute, whatever it says', async () => {
    const server = serverOf();
    await server.start();
    const socket = await open();
    socket.write(composeMessage(HELLO));
    const times = [-1e12, 100, 1000, 2000, Number.NaN];
    sendBatch(socket, batchOf(...times.map((atMs) => queryAt(atMs, {}))), 1000);
    await until(() => expect(observations.length).toBe(times.length));
    expect(observations.map(({ atMs }) => atMs - clock.nowMs())).toEqual([-60_000, -900, 0, 0, 0]);
  });

  it.each<[string, () => Uint8Array]>([
    ['speaks something else', () => Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['sends a message of another kind', () => composeMessage({ kind: 'capture', interfaces: [] })],
    ['sends no object', () => composeMessage([])],
    [
      'names too many interfaces',
      () => composeMessage({ ...HELLO, interfaces: Array.from({ length: 65 }, () => 'e') }),
    ],
    ['counts below nothing', () => composeMessage({ ...STATISTICS, receivedByKernel: -1 })],
    [
      'has too many counters',
      () =>
        composeMessage({
          ...STATISTICS,
          counters: Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`c${index}`, 1])),
        }),
    ],
    ['sends a frame without end', () => Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 2, 2, 1])],
  ])('hangs up on one who %s, and goes on with others', async (_what, octets) => {
    const server = serverOf();
    await server.start();
    const good = await open();
    good.write(composeMessage(HELLO));
    const bad = await open();
    bad.write(octets());
    await closed(bad);
    sendBatch(good, batchOf(queryAt(clock.nowMs(), {})));
    await until(() => expect(observations.length).toBe(1));
    clock.advance(2000);
    expect(lines.join('\n')).toContain('a capture is disconnected: it');
  });

  it('says one line a second of any number of them, and lets in no more than sixteen at once', async () => {
    const server = serverOf();
    await server.start();
    for (let index = 0; index < 50; index++) {
      const socket = await open();
      socket.write('nonsense');
      await closed(socket);
    }
    expect(lines.filter((line) => line.includes('disconnected')).length).toBe(1);
    const sockets = await Promise.all(Array.from({ length: 20 }, open));
    await until(() => expect(sockets.filter(({ destroyed }) => destroyed).length).toBe(4));
    expect(server.statistics().sources.length).toBe(16);
  });

  it('takes nothing from one that has not said who it is, and hangs up when nothing is heard', async () => {
    const server = serverOf();
    await server.start();
    const socket = await open();
    sendBatch(socket, batchOf(queryAt(clock.nowMs(), {})));
    await until(() => expect(server.statistics().sources.length).toBe(1));
    clock.advance(16_000);
    await closed(socket);
    expect(observations).toEqual([]);
    expect(server.statistics().sources).toEqual([]);
  });

  it('remembers a bounded number of captures that are gone, and all that they sent', async () => {
    const server = serverOf();
    await server.start();
    for (let index = 0; index < 40; index++) {
      const socket = await open();
      socket.write(composeMessage({ ...HELLO, name: `host${index}` }));
      socket.end(composeMessage(STATISTICS));
      await closed(socket);
    }
    await until(() => expect(server.statistics().receivedByKernel).toBe(200));
    expect(server.statistics().sources.length).toBe(16);
  });

  it('takes over a socket that nobody answers, leaves others alone, and clears up', async () => {
    const server = serverOf();
    await server.start();
    await expect(serverOf().start()).rejects.toThrow('capture.listen: ');
    await server.stop();
    await server.stop();
    expect(existsSync(socketPath())).toBe(false);
    writeFileSync(socketPath(), '');
    await expect(serverOf().start()).rejects.toMatchObject({ code: 'capture-listen' });
    rmSync(socketPath());
    const other = createServer().listen(socketPath());
    await once(other, 'listening');
    await expect(serverOf().start()).rejects.toThrow(/is in use/);
    await new Promise((resolve) => other.close(resolve));
  });
});

describe('CaptureServer with TLS', () => {
  const dial = (port: number, end: TlsEnd) =>
    opening(connectTls({ ...end, host: '127.0.0.1', port, checkServerIdentity: () => undefined }));

  it('learns from who has a certificate of its authority', async () => {
    const { server, port } = await startTls();
    const socket = dial(port, certificates.switch);
    socket.write(composeMessage(HELLO));
    sendBatch(socket, batchOf(queryAt(clock.nowMs(), {})));
    await until(() => expect(observations.length).toBe(1));
    expect(server.statistics().sources).toMatchObject([{ name: 'the capture of border (O=gluewall lab, CN=br0)' }]);
  });

  it.each(['stranger', 'nobody', 'expired'] as const)('refuses %s', async (end) => {
    const { server, port } = await startTls();
    const socket = dial(port, certificates[end]);
    socket.write(composeMessage(HELLO));
    await closed(socket);
    await until(() => expect(lines.join()).toMatch(/refused a capture from 127\.0\.0\.1 \(.*capture\.tls\.ca/));
    expect(server.statistics().sources).toEqual([]);
  });

  it('does not start without certificates', async () => {
    const place = { host: '127.0.0.1', port: 0 };
    await expect(serverOf({ listen: place }).start()).rejects.toMatchObject({ code: 'capture-listen' });
    const missing = { ...certificates.files, key: join(folder, 'none.pem') };
    await expect(serverOf({ listen: place, tls: missing }).start()).rejects.toThrow(/^capture\.tls\.key: /);
  });
});
