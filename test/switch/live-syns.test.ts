import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { LiveCapture } from '../../src/capture/live-capture.ts';
import type { DirectionMode } from '../../src/capture/protocol.ts';
import { parseNetwork } from '../../src/core/address.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeFragments, composeFrame, composeSegment, type FrameFields } from '../support/frames.ts';
import { describeRecords } from '../support/seen-syns.ts';

const CHILD = new URL('../../dist/src/capture/capture-process.js', import.meta.url);
const ROOM = `gwsyn${process.pid}`;
const CLIENT = { v4: '192.0.2.1', v6: '2001:db8:54::1' };
const SERVER = { v4: '192.0.2.54', v6: '2001:db8:54::54' };

/** Takes connections on port 80; says `up` when it listens. */
const LISTENER = `
  require('node:net').createServer((socket) => socket.on('error', () => {}).end()).listen(80, '::', () => process.stdout.write('up'));
`;

/** Puts frames on an interface as they are. */
const INJECTOR = `
import socket, sys
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind((sys.argv[1], 0))
for frame in sys.argv[2:]: raw.send(bytes.fromhex(frame))
`;

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function inject(frames: readonly Buffer[]): void {
  execFileSync('python3', ['-c', INJECTOR, 'gwsyn0', ...frames.map((frame) => frame.toString('hex'))]);
}

/** Opens a connection and lets it end, or be refused. */
function knock(address: string, port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume();
  });
}

async function capture(direction: DirectionMode, syns: boolean) {
  const seen: string[] = [];
  let ready = 0;
  const options = {
    interfaces: ['gwsyn0'],
    direction,
    insideNetworks: [parseNetwork(`${CLIENT.v4}/32`)!, parseNetwork(`${CLIENT.v6}/128`)!],
    syns,
    childScript: CHILD,
  };
  const onBatch = (batch: Uint8Array) => {
    // Ports of clients and hardware addresses are as they come.
    seen.push(
      ...describeRecords([batch]).map((text) => text.replace(/^(\S+ \S+) \d+ (.*) \[.*?( \d+)?\]$/, '$1 $2$3')),
    );
  };
  const live = new LiveCapture(options, onBatch, systemClock, { ...silentLog, info: () => ready++ });
  live.start();
  await vi.waitFor(() => expect(ready).toBe(1), 15_000);
  return { live, seen };
}

const isSyn = (line: string) => line.startsWith('SYN ');
const isSynAck = (line: string) => line.startsWith('SYN_ACK ');

describeIf(['root', 'namespaces'], 'live capture of connections', () => {
  let listener: ChildProcess;

  beforeAll(async () => {
    if (!existsSync(CHILD)) throw new Error(`${CHILD.pathname} is missing: run "npm run build" first`);
    ip('netns', 'add', ROOM);
    ip('link', 'add', 'gwsyn0', 'type', 'veth', 'peer', 'name', 'gwsyn1', 'netns', ROOM);
    ip('addr', 'add', `${CLIENT.v4}/24`, 'dev', 'gwsyn0');
    ip('addr', 'add', `${CLIENT.v6}/64`, 'dev', 'gwsyn0', 'nodad');
    ip('-n', ROOM, 'addr', 'add', `${SERVER.v4}/24`, 'dev', 'gwsyn1');
    ip('-n', ROOM, 'addr', 'add', `${SERVER.v6}/64`, 'dev', 'gwsyn1', 'nodad');
    ip('link', 'set', 'gwsyn0', 'up');
    ip('-n', ROOM, 'link', 'set', 'gwsyn1', 'up');
    listener = spawn('ip', ['netns', 'exec', ROOM, process.execPath, '-e', LISTENER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => listener.stdout?.once('data', resolve));
    await knock(SERVER.v4, 80);
    await knock(SERVER.v6, 80);
  });

  afterAll(() => {
    listener?.kill('SIGKILL');
    ip('link', 'del', 'gwsyn0');
    ip('netns', 'del', ROOM);
  });

  it.each(['port', 'networks', 'messages'] as const)(
    'sees what begins and accepts them, the first too (%s)',
    async (direction) => {
      const { live, seen } = await capture(direction, true);
      try {
        await knock(SERVER.v4, 80);
        await knock(SERVER.v6, 80);
        await knock(SERVER.v4, 81);
        const expected = [
          `SYN ${CLIENT.v4} > ${SERVER.v4} 80`,
          `SYN_ACK ${CLIENT.v4} > ${SERVER.v4} 80`,
          `SYN ${CLIENT.v6} > ${SERVER.v6} 80`,
          `SYN_ACK ${CLIENT.v6} > ${SERVER.v6} 80`,
          `SYN ${CLIENT.v4} > ${SERVER.v4} 81`,
        ];
        await vi.waitFor(() => expect(seen.toSorted()).toEqual(expected.toSorted()), 5000);
        // Each direction is read by a session of its own: in order, but not in step with the other.
        expect(seen.filter(isSyn)).toEqual(expected.filter(isSyn));
        expect(seen.filter(isSynAck)).toEqual(expected.filter(isSynAck));
      } finally {
        await live.stop();
      }
    },
  );

  it('sees them behind VLAN tags and extension headers, and in first fragments', async () => {
    const { live, seen } = await capture('port', true);
    const begin: FrameFields = {
      transport: 'tcp',
      tcpFlags: 0x02,
      source: CLIENT.v4,
      destination: SERVER.v4,
      destinationPort: 80,
    };
    const begin6 = { ...begin, source: CLIENT.v6, destination: SERVER.v6 };
    const none = Buffer.alloc(0);
    const onPort = (fields: FrameFields, destinationPort: number) => composeFrame(none, { ...fields, destinationPort });
    const cut = { ...begin, destinationPort: 86 };
    try {
      // The frame that libpcap loses is found while nothing else is under way.
      await knock(SERVER.v4, 80);
      await vi.waitFor(() => expect(seen).toHaveLength(2), 5000);
      inject([
        onPort(begin, 82),
        onPort({ ...begin, tags: [0x8100] }, 83),
        onPort({ ...begin6, tags: [0x88a8, 0x8100] }, 84),
        onPort({ ...begin6, firstHeader: 0, options: Buffer.from('0600010400000000', 'hex') }, 85),
        ...composeFragments(composeSegment(Buffer.alloc(64), cut), [32], cut),
        onPort({ ...begin, tcpFlags: 0x10 }, 87),
      ]);
      const expected = [
        `SYN ${CLIENT.v4} > ${SERVER.v4} 82`,
        `SYN ${CLIENT.v4} > ${SERVER.v4} 83 10`,
        `SYN ${CLIENT.v6} > ${SERVER.v6} 84 10`,
        `SYN ${CLIENT.v6} > ${SERVER.v6} 85`,
        `SYN ${CLIENT.v4} > ${SERVER.v4} 86`,
      ];
      // What the server says to them is its own matter.
      const begun = () => seen.slice(2).filter((text) => text.startsWith('SYN '));
      await vi.waitFor(() => expect(begun()).toEqual(expected), 5000);
    } finally {
      await live.stop();
    }
  });

  it('sees none where they are not wanted', async () => {
    const { live, seen } = await capture('port', false);
    try {
      await knock(SERVER.v4, 80);
      await knock(SERVER.v4, 53);
      // Of the connections to port 53 nothing is a message, either; a turn of the capture is over when its figures come.
      await vi.waitFor(() => expect(live.statistics().counters['tcp-control']).toBeGreaterThan(0), 5000);
      expect(seen).toEqual([]);
    } finally {
      await live.stop();
    }
  });
});
