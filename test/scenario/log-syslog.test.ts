import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
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

function dial(target: number | string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target);
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
    const { store, heard } = await hear({ transport: 'unix', path });
    const socket = await dial(path);
    socket.write(
      `${bind('a.example')}\n<30>Jan 15 11:59:58 named[7]: client 192.0.2.1#4711: query: b.example IN A +\n`,
    );
    await heard(2);
    expect(store.names.toSorted()).toEqual(['a.example', 'b.example']);
    expect(store.batches.map(({ source }) => source).toSorted()).toEqual(['net/local', 'net/ns1']);
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

  it('bounds hosts, and lets one that is silent make room', async () => {
    const { clock, receiver, port, heard } = await hear({ transport: 'tcp', ...loopback });
    const socket = await dial(port);
    for (let host = 0; host < 300; host++) socket.write(`${bind('a.example', `h${host}`)}\n`);
    await heard(300);
    const [own, ...streams] = receiver.figures();
    expect(streams).toHaveLength(256);
    expect(own!.refused).toEqual({ 'more than 256 hosts': 44 });
    clock.advance(10 * 60_000);
    socket.write(`${bind('a.example', 'late', new Date(clock.nowMs()).toISOString())}\n`);
    await until(() => receiver.figures().some(({ source }) => source === 'net/late'), 'the late host');
    expect(receiver.figures()).toHaveLength(257);
  });

  it('ends a connection that does not end a message, and keeps one that is silent', async () => {
    const { clock, receiver, port } = await hear({ transport: 'tcp', ...loopback });
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
