import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { LiveCapture } from '../../src/capture/live-capture.ts';
import { formatAddress, parseNetwork } from '../../src/core/address.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { formatName } from '../../src/dns/name.ts';
import type { DnsObservation } from '../../src/dns/observation.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeQuery } from '../support/dns-messages.ts';

const CHILD = new URL('../../dist/src/capture/capture-process.js', import.meta.url);
const SERVER_V4 = '192.0.2.53';
const SERVER_V6 = '2001:db8:53::53';
const ROOM = `gwcap${process.pid}`;

/** Answers every UDP query with itself, QR set; says `up` when it listens on both families. */
const SERVER = `
  const { createSocket } = require('node:dgram');
  let waiting = 2;
  for (const [type, address] of [['udp4', '${SERVER_V4}'], ['udp6', '${SERVER_V6}']]) {
    const socket = createSocket({ type, ipv6Only: type === 'udp6' });
    socket.on('message', (query, from) => {
      query[2] |= 0x80;
      socket.send(query, from.port, from.address);
    });
    socket.bind(53, address, () => { if (--waiting === 0) process.stdout.write('up'); });
  }
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
    (o) => seen.push({ text: describeObservation(o), delayMs: systemClock.nowMs() - o.atMs }),
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
