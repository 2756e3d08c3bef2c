import { createSocket, Socket as DatagramSocket } from 'node:dgram';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { QueueRoom } from '../../src/querylog/queue-room.ts';
import type { SyslogPlace } from '../../src/querylog/syslog-place.ts';
import { SyslogReceiver } from '../../src/querylog/syslog-receiver.ts';
import type { SyslogSource } from '../../src/querylog/syslog-streams.ts';
import { lineLog } from '../support/line-log.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { RecordingQueryLog } from '../support/recording-query-log.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const LIMIT_MS = 10_000;
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Waits for what comes over a socket, and moves no time on. */
async function until(condition: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + LIMIT_MS;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`it never came: ${what}`);
    await setImmediate();
  }
}

async function hear(place: SyslogPlace, options: Partial<SyslogSource> = {}) {
  const clock = new VirtualClock();
  const store = new RecordingQueryLog();
  const log = new RecordingLog();
  const source: SyslogSource = {
    name: 'net',
    format: undefined,
    zone: 'UTC',
    server: undefined,
    client: (address) => address,
    keepsSamples: true,
    room: new QueueRoom(16 * 1024 * 1024),
    ...options,
  };
  const receiver = new SyslogReceiver(place, source, store, clock, log);
  const port = await receiver.start();
  ends.push(() => receiver.stop());
  const records = () => receiver.figures().reduce((sum, figures) => sum + figures.records, 0);
  /** Waits for so many records, and for what they make to be kept. */
  const heard = async (count: number) => {
    await until(() => records() >= count, `${count} records, of which ${records()} came`);
    clock.advance(1000);
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    clock.advance(6000);
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    clock.advance(1000);
    for (let turn = 0; turn < 20; turn++) await setImmediate();
  };
  return { clock, store, log, receiver, port, heard };
}

function dial(target: number | string, localAddress = '127.0.0.1'): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket =
      typeof target === 'number' ? connect({ port: target, host: '127.0.0.1', localAddress }) : connect(target);
    ends.push(() => socket.destroy());
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

const bind = (name: string, host = 'ns1', stamp = 'Jan 15 11:59:58') =>
  `<30>${stamp} ${host} named[7]: client @0x7f 192.0.2.1#4711 (${name}): query: ${name} IN A +E(0)K (192.0.2.53)`;

const loopback = { host: '127.0.0.1', port: 0 };

describe('syslog that is heard', () => {
  it('comes over UDP: by RFC 3164 and RFC 5424, told apart by host and program', async () => {
    const { store, receiver, port, heard } = await hear({ transport: 'udp', ...loopback });
    const socket = createSocket('udp4');
    ends.push(() => socket.close());
    const messages = [
      bind('a.example'),
      `${bind('b.example', 'NS2')}\n`,
      '<30>1 2026-01-15T11:59:59.5Z ns3.example unbound 99 - - [99:0] info: 192.0.2.9 c.example. AAAA IN\0',
      '<30>1 2026-01-15T11:59:59.5Z ns3.example sshd 99 - - Accepted publickey for root',
      'nothing of syslog',
    ];
    for (const message of messages) socket.send(message, port, '127.0.0.1');
    await heard(messages.length);
    expect(store.names.toSorted()).toEqual(['a.example', 'b.example', 'c.example']);
    expect(store.batches.map(({ source }) => source).toSorted()).toEqual(['net/ns1', 'net/ns2', 'net/ns3.example']);
    expect(receiver.figures().map(({ source, format, taken, other }) => [source, format, taken, other])).toEqual([
      ['net', undefined, 0, 2],
      ['net/ns1', 'bind', 1, 0],
      ['net/ns2', 'bind', 1, 0],
      ['net/ns3.example', 'unbound', 1, 0],
    ]);
  });

  it('comes over TCP, in both framings, cut anywhere, the last line without an end', async () => {
    const { store, port, heard } = await hear({ transport: 'tcp', ...loopback });
    const socket = await dial(port);
    const text = [bind('a.example'), bind('b.example')].map((one) => `${one.length} ${one}`).join('');
    for (const octet of text) socket.write(octet);
    socket.write(`${bind('c.example')}\n`);
    socket.end(bind('d.example'));
    await heard(4);
    expect(store.names).toEqual(['a.example', 'b.example', 'c.example', 'd.example']);
  });

  it('comes over a unix stream socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gluewall-syslog-'));
    ends.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'log');
    const info = vi.spyOn(RecordingLog.prototype, 'info');
    ends.push(() => info.mockRestore());
    const { store, heard } = await hear({ transport: 'unix', path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(info.mock.calls).toEqual([[{}, `listening for syslog on unix:${path}`]]);
    const socket = await dial(path);
    socket.write(
      `${bind('a.example')}\n<30>Jan 15 11:59:58 named[7]: client 192.0.2.1#4711: query: b.example IN A +\n`,
    );
    await heard(2);
    expect(store.names.toSorted()).toEqual(['a.example', 'b.example']);
    expect(store.batches.map(({ source }) => source).toSorted()).toEqual(['net/local', 'net/ns1']);
  });

  it('lets the group of a unix socket write, where it may', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gluewall-syslog-'));
    ends.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'log');
    await hear({ transport: 'unix', path, isForGroup: true });
    expect(statSync(path).mode & 0o777).toBe(0o660);
  });

  it('says where the system holds less of UDP than is wanted', async () => {
    const held = vi.spyOn(DatagramSocket.prototype, 'getRecvBufferSize').mockReturnValue(425_984);
    ends.push(() => held.mockRestore());
    const { log } = await hear({ transport: 'udp', ...loopback });
    expect(log.lines[0]).toContain('warn: the system holds 212992 octets of syslog for net, of 4194304 wanted');
    held.mockReturnValue(8 * 1024 * 1024);
    expect((await hear({ transport: 'udp', ...loopback })).log.lines).toHaveLength(1);
  });

  it('says what the system has lost of UDP', async () => {
    const { clock, log, port } = await hear({ transport: 'udp', ...loopback });
    const socket = createSocket('udp4');
    ends.push(() => socket.close());
    const datagram = Buffer.alloc(32_000, 'x');
    await Promise.all(
      Array.from({ length: 1000 }, () => new Promise((sent) => socket.send(datagram, port, '127.0.0.1', sent))),
    );
    clock.advance(10_000);
    const said = log.lines.filter((line) => line.includes('syslog for net came faster than it was read'));
    expect(said).toEqual([expect.stringMatching(/^warn: .* lost [1-9]\d*$/)]);
    clock.advance(10_000);
    expect(log.lines.filter((line) => line.includes('came faster'))).toHaveLength(1);
  });

  it('is of the format that is configured, whatever program says it', async () => {
    const { store, port, heard, clock } = await hear({ transport: 'tcp', ...loopback }, { format: lineLog });
    const socket = await dial(port);
    socket.write(`${clock.nowMs()} a.example\n`);
    await heard(1);
    expect(store.names).toEqual(['a.example']);
    expect(store.batches[0]!.source).toBe('net/127.0.0.1');
  });

  it('refuses what is older than a day, and what is to come', async () => {
    const { clock, store, receiver, port, heard } = await hear({ transport: 'tcp', ...loopback });
    const socket = await dial(port);
    const at = (hours: number) => new Date(clock.nowMs() + hours * 3_600_000).toISOString();
    for (const hours of [-23, -25, 0, 27]) socket.write(`${bind('a.example', 'ns1', at(hours))}\n`);
    await heard(4);
    expect(store.names).toHaveLength(2);
    expect(receiver.figures()[0]!.refused).toEqual({ 'a time too long ago': 1, 'a time that is to come': 1 });
  });

  it('reads hosts beyond 128 of a sender together, keeps others apart, and lets a silent one make room', async () => {
    const { clock, receiver, port, heard } = await hear({ transport: 'tcp', ...loopback });
    const [flood, other] = [await dial(port, '127.0.0.2'), await dial(port, '127.0.0.3')];
    for (let host = 0; host < 300; host++) flood.write(`${bind('a.example', `h${host}`)}\n`);
    await heard(300);
    other.write(`${bind('b.example', 'real', new Date(clock.nowMs()).toISOString())}\n`);
    await heard(301);
    const taken = new Map(receiver.figures().map((figures) => [figures.source, figures.taken]));
    expect(taken.size).toBe(1 + 128 + 1);
    expect([taken.get('net'), taken.get('net/h127'), taken.get('net/real')]).toEqual([172, 1, 1]);
    expect(receiver.figures().flatMap(({ refused }) => Object.keys(refused))).toEqual([]);
    clock.advance(10 * 60_000);
    flood.write(`${bind('a.example', 'late', new Date(clock.nowMs()).toISOString())}\n`);
    await until(() => receiver.figures().some(({ source }) => source === 'net/late'), 'the late host');
    expect(receiver.figures()).toHaveLength(1 + 128 + 1);
  });

  it('adds up what a host says by two programs', async () => {
    const { clock, receiver, port, heard } = await hear({ transport: 'tcp', ...loopback });
    const socket = await dial(port);
    const stamp = new Date(clock.nowMs()).toISOString();
    socket.write(`${bind('a.example', 'ns1', stamp)}\n`);
    socket.write(`<30>1 ${stamp} ns1 unbound 99 - - [99:0] info: 192.0.2.9 c.example. AAAA IN\n`);
    await heard(2);
    expect(receiver.figures()).toMatchObject([{ source: 'net/ns1', format: 'bind, unbound', records: 2, taken: 2 }]);
  });

  it('lets nobody who holds connections keep others out', async () => {
    const { clock, receiver, port, heard } = await hear({ transport: 'tcp', ...loopback });
    let ended = 0;
    const open = async (address: string) => {
      const socket = await dial(port, address);
      socket.on('close', () => ended++);
      return socket;
    };
    for (let held = 0; held < 63; held++) await open('127.0.0.2');
    const worker = await open('127.0.0.2');
    clock.advance(1000);
    worker.write('<30>whole\n');
    await until(() => receiver.figures()[0]?.other === 1, 'the message');
    await open('127.0.0.2');
    await until(() => ended === 1, 'the end of one of the same sender');
    for (let held = 0; held < 192; held++) await open(`127.0.1.${held}`);
    clock.advance(1000);
    const real = await open('127.0.0.9');
    await until(() => ended === 2, 'the end of the one that is silent longest');
    worker.write(`${bind('a.example')}\n`);
    real.write(`${bind('b.example', 'ns2')}\n`);
    await heard(3);
    expect(receiver.figures().map(({ source }) => source)).toEqual(['net', 'net/ns1', 'net/ns2']);
  });

  it('ends one that drips, and not one whose parts always end within a message', async () => {
    const { clock, receiver, port } = await hear({ transport: 'tcp', ...loopback });
    const [drip, busy] = [await dial(port, '127.0.0.2'), await dial(port)];
    const ended: string[] = [];
    drip.on('close', () => ended.push('drip'));
    busy.on('close', () => ended.push('busy'));
    drip.write('500 <');
    busy.write('<30>begun');
    for (let turn = 0; turn < 50; turn++) await setImmediate();
    for (let round = 1; round <= 4; round++) {
      if (ended.length === 0) drip.write('x');
      busy.write(' and whole\n<30>begun');
      await until(() => receiver.figures()[0]!.other === round, 'the whole message');
      for (let turn = 0; turn < 50; turn++) await setImmediate();
      clock.advance(40_000);
    }
    await until(() => ended.length === 1, 'the end of the one that drips');
    expect(ended).toEqual(['drip']);
  });

  it('ends a connection that does not end a message, and keeps one that is silent', async () => {
    const { clock, store, receiver, port } = await hear({ transport: 'tcp', ...loopback });
    const [half, silent] = [await dial(port), await dial(port)];
    const ended: string[] = [];
    half.on('close', () => ended.push('half'));
    silent.on('close', () => ended.push('silent'));
    half.write('500 <30>begun');
    silent.write('<30>whole\n');
    await until(() => receiver.figures()[0]?.other === 1, 'the whole message');
    // Its first octets may have come behind the other's.
    for (let turn = 0; turn < 50; turn++) await setImmediate();
    clock.advance(80_000);
    await until(() => ended.length === 1, 'the end of the half message');
    expect(ended).toEqual(['half']);
    expect(receiver.figures()[0]!.refused).toEqual({ 'a message that does not end': 1 });
    const kept = store.batches.flatMap(({ source, quarantined }) => quarantined.map((one) => ({ source, ...one })));
    const sample = new Uint8Array(Buffer.from('<30>begun'));
    expect(kept).toMatchObject([{ source: 'net', reason: 'a message that does not end', sample }]);
    clock.advance(24 * 3_600_000);
    await until(() => ended.length === 2, 'the end of the silent connection');
  });

  it('lets the sender wait while the store takes nothing, and loses nothing', async () => {
    const { clock, store, receiver, port } = await hear({ transport: 'tcp', ...loopback }, { format: lineLog });
    store.failure = new Error('away');
    const socket = await dial(port);
    const count = 200_000;
    const text = Array.from({ length: count }, (_, at) => `${clock.nowMs()} h${at}.example\n`);
    socket.write(text.join(''));
    const records = () => receiver.figures().at(-1)!.records;
    await until(() => records() > 20_000, 'the beginning');
    for (let turn = 0; turn < 200; turn++) await setImmediate();
    expect(records()).toBeLessThan(count);
    store.failure = undefined;
    const endMs = performance.now() + LIMIT_MS;
    while (store.names.length < count && performance.now() < endMs) {
      clock.advance(1000);
      for (let turn = 0; turn < 20; turn++) await setImmediate();
    }
    expect(store.names).toEqual(Array.from({ length: count }, (_, at) => `h${at}.example`));
    expect(receiver.figures().at(-1)!.lost).toBe(0);
  });

  it('survives whatever is thrown at it', async () => {
    const { receiver, port, heard } = await hear({ transport: 'tcp', ...loopback });
    const socket = await dial(port);
    const garbage = Buffer.alloc(1_000_000);
    for (let at = 0; at < garbage.length; at++) garbage[at] = (at * 2_654_435_761) >>> 13;
    socket.write(garbage);
    socket.end(`\n${bind('a.example')}\n`);
    await until(() => receiver.figures().some(({ source }) => source === 'net/ns1'), 'the message behind the garbage');
    await heard(1);
  });

  it('says where it cannot be heard', async () => {
    const { port } = await hear({ transport: 'tcp', ...loopback });
    await expect(hear({ transport: 'tcp', host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'syslog-listen',
      message: expect.stringContaining(`syslog: tcp:127.0.0.1:${port} cannot be listened on: `),
    });
    const udp = await hear({ transport: 'udp', ...loopback });
    await expect(hear({ transport: 'udp', host: '127.0.0.1', port: udp.port })).rejects.toMatchObject({
      code: 'syslog-listen',
    });
    const folder = mkdtempSync(join(tmpdir(), 'gluewall-syslog-'));
    ends.push(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(hear({ transport: 'unix', path: file })).rejects.toThrow('exists and is no socket');
  });
});
