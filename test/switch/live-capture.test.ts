import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { LiveCapture } from '../../src/capture/live-capture.ts';
import { formatAddress, parseNetwork } from '../../src/core/address.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { formatName } from '../../src/dns/name.ts';
import type { DnsObservation } from '../../src/dns/observation.ts';
import { unpackBatch } from '../support/collected-observations.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeAnswer, composeQuery } from '../support/dns-messages.ts';
import { composeFragments, composeSegment, withTcpLength } from '../support/frames.ts';

const CHILD = new URL('../../dist/src/capture/capture-process.js', import.meta.url);
const SERVER_V4 = '192.0.2.53';
const SERVER_V6 = '2001:db8:53::53';
const ROOM = `gwcap${process.pid}`;

/**
 * Answers every query with itself, QR set; says `up` when it listens. Over UDP, names with `large` get a response that
 * needs three fragments; over TCP it comes in four segments, for names with `bulk` in one that is longer than the link's MTU.
 */
const SERVER = `
  const { createSocket } = require('node:dgram');
  const { createServer } = require('node:net');
  let waiting = 3;
  const up = () => { if (--waiting === 0) process.stdout.write('up'); };
  for (const [type, address] of [['udp4', '${SERVER_V4}'], ['udp6', '${SERVER_V6}']]) {
    const socket = createSocket({ type, ipv6Only: type === 'udp6' });
    socket.on('message', (query, from) => {
      query[2] |= 0x80;
      const isLarge = query.includes('large');
      socket.send(isLarge ? [query, Buffer.alloc(3500)] : query, from.port, from.address);
    });
    socket.bind(53, address, up);
  }
  createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (query) => {
      query[4] |= 0x80;
      if (query.includes('bulk')) {
        query.writeUInt16BE(query.length - 2 + 9000);
        socket.write(Buffer.concat([query, Buffer.alloc(9000)]));
        return;
      }
      const pieces = [query.subarray(0, 1), query.subarray(1, 9), query.subarray(9, 20), query.subarray(20)];
      pieces.forEach((piece, index) => setTimeout(() => socket.write(piece), index * 30));
    });
  }).listen(53, '${SERVER_V4}', up);
`;

interface Seen {
  readonly text: string;
  readonly delayMs: number;
}

/** Captures on an interface until `stop`. */
async function capture(interfaceName: string, direction: 'port' | 'networks') {
  const seen: Seen[] = [];
  const problems: string[] = [];
  let ready = 0;
  const live = new LiveCapture(
    {
      interfaces: [interfaceName],
      direction,
      insideNetworks: [parseNetwork('192.0.2.1/32')!, parseNetwork('2001:db8:53::1/128')!],
      childScript: CHILD,
    },
    (batch, shiftMs) => {
      for (const one of unpackBatch(batch)) {
        seen.push({ text: describeObservation(one), delayMs: systemClock.nowMs() - one.atMs - shiftMs });
      }
    },
    systemClock,
    { ...silentLog, info: () => ready++, warn: (_fields, text) => problems.push(text) },
  );
  live.start();
  const whenReady = (count: number) => vi.waitFor(() => expect(ready, problems.join()).toBe(count), 15_000);
  return { live, seen, problems, whenReady };
}

function describeObservation(o: DnsObservation): string {
  return `${o.kind} ${formatName(o.question.name)} ${formatAddress(o.client)} > ${formatAddress(o.server)}`;
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Sends one query from this side and waits for its answer. */
async function ask(name: string, server: string): Promise<void> {
  const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer from ${server}`)), 5000);
      socket.on('message', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.send(composeQuery(name), 53, server);
    });
  } finally {
    socket.close();
  }
}

/** Sends one query over TCP and waits for as many octets of response, and `moreBytes`. */
async function askOverTcp(name: string, moreBytes = 0): Promise<void> {
  const query = withTcpLength(composeQuery(name));
  const socket = connect(53, SERVER_V4);
  try {
    await new Promise<void>((resolve, reject) => {
      let received = 0;
      socket.setTimeout(5000, () => reject(new Error('no answer over TCP')));
      socket.on('error', reject);
      socket.on('data', ({ length }) => {
        received += length;
        if (received === query.length + moreBytes) resolve();
      });
      socket.write(query);
    });
  } finally {
    socket.destroy();
  }
}

/** Puts frames on an interface as they are. */
const INJECTOR = `
import socket, sys
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind((sys.argv[1], 0))
for frame in sys.argv[2:]: raw.send(bytes.fromhex(frame))
`;

const injectorArguments = (interfaceName: string, frames: readonly Buffer[]) => [
  '-c',
  INJECTOR,
  interfaceName,
  ...frames.map((frame) => frame.toString('hex')),
];

function inject(interfaceName: string, frames: readonly Buffer[]): void {
  execFileSync('python3', injectorArguments(interfaceName, frames));
}

function injectFromRoom(interfaceName: string, frames: readonly Buffer[]): void {
  ip('netns', 'exec', ROOM, 'python3', ...injectorArguments(interfaceName, frames));
}

function exchange(name: string, server = SERVER_V4, client = '192.0.2.1'): string[] {
  return [`query ${name} ${client} > ${server}`, `response ${name} ${client} > ${server}`];
}

describeIf(['root', 'namespaces'], 'live capture on a veth', () => {
  let server: ChildProcess;

  beforeAll(async () => {
    if (!existsSync(CHILD)) throw new Error(`${CHILD.pathname} is missing: run "npm run build" first`);
    ip('netns', 'add', ROOM);
    ip('link', 'add', 'gwcap0', 'type', 'veth', 'peer', 'name', 'gwcap1', 'netns', ROOM);
    ip('addr', 'add', '192.0.2.1/24', 'dev', 'gwcap0');
    ip('addr', 'add', '2001:db8:53::1/64', 'dev', 'gwcap0', 'nodad');
    ip('-n', ROOM, 'addr', 'add', `${SERVER_V4}/24`, 'dev', 'gwcap1');
    ip('-n', ROOM, 'addr', 'add', `${SERVER_V6}/64`, 'dev', 'gwcap1', 'nodad');
    ip('link', 'set', 'gwcap0', 'up');
    ip('-n', ROOM, 'link', 'set', 'gwcap1', 'up');
    server = spawn('ip', ['netns', 'exec', ROOM, process.execPath, '-e', SERVER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => server.stdout?.once('data', resolve));
    // Neighbour discovery is done before anything is timed.
    await ask('warm-up.example', SERVER_V4);
    await ask('warm-up.example', SERVER_V6);
  });

  afterAll(() => {
    server?.kill('SIGKILL');
    ip('link', 'del', 'gwcap0');
    ip('netns', 'del', ROOM);
  });

  it('sees each query that left and each response that came in once, the first too, promptly', async () => {
    const { live, seen, whenReady } = await capture('gwcap0', 'port');
    try {
      await whenReady(1);
      const expected: string[] = [];
      for (let round = 0; round < 20; round++) {
        await ask(`n${round}.example`, SERVER_V4);
        expected.push(...exchange(`n${round}.example`));
      }
      await ask('six.example', SERVER_V6);
      expected.push(...exchange('six.example', SERVER_V6, '2001:db8:53::1'));
      await vi.waitFor(() => expect(seen.map(({ text }) => text).sort()).toEqual(expected.toSorted()), 5000);
      const place = new Map(seen.map(({ text }, index) => [text, index]));
      for (let at = 0; at < expected.length; at += 2) {
        expect(place.get(expected[at]!)).toBeLessThan(place.get(expected[at + 1]!)!);
      }
      const delays = seen.map(({ delayMs }) => delayMs).sort((a, b) => a - b);
      // The median: on a busy machine one or the other turn is late for reasons of its own.
      expect(delays[Math.floor(delays.length / 2)]).toBeLessThan(50);
    } finally {
      await live.stop();
    }
  });

  it.each(['port', 'networks'] as const)('puts fragments and TCP segments together (%s)', async (direction) => {
    const { live, seen, whenReady } = await capture('gwcap0', direction);
    try {
      await whenReady(1);
      const expected: string[] = [];
      // The first of them also stands for the frame that libpcap loses.
      for (const name of ['large.example', 'large.two.example']) {
        await ask(name, SERVER_V4);
        await ask(name, SERVER_V6);
        await askOverTcp(name);
        expected.push(...exchange(name), ...exchange(name, SERVER_V6, '2001:db8:53::1'), ...exchange(name));
      }
      await vi.waitFor(() => expect(seen.map(({ text }) => text).sort()).toEqual(expected.toSorted()), 5000);
    } finally {
      await live.stop();
    }
  });

  it('reads segments that an interface has not cut yet', async () => {
    const { live, seen, whenReady } = await capture('gwcap0', 'port');
    try {
      await whenReady(1);
      // Of such long frames libpcap loses the first.
      await askOverTcp('bulk.one.example', 9000);
      await askOverTcp('bulk.two.example', 9000);
      const texts = () => seen.map(({ text }) => text);
      await vi.waitFor(() => expect(texts()).toEqual(expect.arrayContaining(exchange('bulk.two.example'))), 5000);
    } finally {
      await live.stop();
    }
  });

  it('puts fragments behind VLAN tags together, and none that went the other way', async () => {
    const { live, seen, whenReady } = await capture('gwcap0', 'port');
    const inbound = { source: SERVER_V4, destination: '192.0.2.1', sourcePort: 53, destinationPort: 40000 };
    const response = (name: string) => composeSegment(composeAnswer(name, '203.0.113.7'), inbound);
    const fragments = (name: string, tags: readonly number[], identification: number) =>
      composeFragments(response(name), [24, 32], { ...inbound, tags, identification });
    try {
      await whenReady(1);
      // The frame that libpcap loses is found while nothing else is under way.
      await ask('first.example', SERVER_V4);
      await vi.waitFor(() => expect(seen.length).toBe(2), 5000);
      const [first, ...rest] = fragments('crossed.example', [], 9);
      inject('gwcap0', [...fragments('wrong.example', [], 7), ...fragments('wrong.example', [0x8100], 8), ...rest]);
      injectFromRoom('gwcap1', [
        first!,
        ...fragments('untagged.example', [], 1),
        ...fragments('tagged.example', [0x8100], 2),
        ...fragments('twice.example', [0x88a8, 0x8100], 3),
      ]);
      const expected = ['untagged.example', 'tagged.example', 'twice.example'].map((name) => exchange(name)[1]);
      const texts = () => seen.slice(2).map(({ text }) => text);
      await vi.waitFor(() => expect(texts()).toEqual(expected), 5000);
    } finally {
      await live.stop();
    }
  });

  it('tells the direction by the source on a mirror port', async () => {
    const { live, seen, whenReady } = await capture('gwcap0', 'networks');
    try {
      await whenReady(1);
      await ask('mirror.example', SERVER_V4);
      await vi.waitFor(() => expect(seen.map(({ text }) => text)).toEqual(exchange('mirror.example')), 5000);
    } finally {
      await live.stop();
    }
  });

  it('goes on after the interface was down, and the first exchange counts', async () => {
    const { live, seen, problems, whenReady } = await capture('gwcap0', 'port');
    try {
      await whenReady(1);
      ip('link', 'set', 'gwcap0', 'down');
      await vi.waitFor(() => expect(problems.length).toBe(1), 5000);
      expect(problems[0]).toMatch(/cannot capture on gwcap0: .*up/);
      ip('link', 'set', 'gwcap0', 'up');
      await whenReady(2);
      await ask('again.example', SERVER_V4);
      await vi.waitFor(() => expect(seen.map(({ text }) => text)).toEqual(exchange('again.example')), 5000);
    } finally {
      await live.stop();
    }
  });
});
