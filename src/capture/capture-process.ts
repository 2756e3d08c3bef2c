/**
 * The capture process of `gluewall run`: the only one of its processes that loads libpcap and needs CAP_NET_RAW. `LiveCapture`
 * starts it with one end of a socket pair as descriptor 3, over which it is given its order; it ends when its parent goes.
 */
import { Socket } from 'node:net';
import { hostname } from 'node:os';
import { systemClock } from '../core/clock.ts';
import { CaptureSender } from './capture-sender.ts';
import { FrameReader } from './capture-wire.ts';
import { CaptureWork } from './capture-work.ts';
import { loadPcap } from './pcap-binding.ts';
import type { CaptureOrder } from './protocol.ts';

const LINK_DESCRIPTOR = 3;
/** The status of a process that asks to be started anew. */
const WORN_OUT_STATUS = 75;

const stream = new Socket({ fd: LINK_DESCRIPTOR });
const sender = new CaptureSender(systemClock);
sender.use(stream);

const reader = new FrameReader({
  onMessage(value) {
    // The parent is the same program: its order needs no second look.
    const order = value as CaptureOrder;
    sender.message({ kind: 'hello', name: hostname(), interfaces: order.interfaces });
    const times = { clock: systemClock, wall: { nowMs: () => Date.now() } };
    new CaptureWork(loadPcap(), order, sender, times, () => process.exit(WORN_OUT_STATUS)).start();
  },
  onBatch() {},
});

// Once the parent is gone, writes fail; `close` then ends the process.
stream.on('error', () => {});
stream.on('close', () => process.exit(0));
stream.on('data', (octets: Buffer) => {
  if (reader.push(octets) !== undefined) process.exit(1);
});
// An interrupt at the terminal reaches the whole process group; the parent decides when capturing ends.
process.on('SIGINT', () => {});
