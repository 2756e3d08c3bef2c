import * as dnsPacket from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { type CaptureCounter, Observer } from '../../../src/capture/observe.ts';
import { Counters } from '../../../src/core/counters.ts';
import { ObservationWriter } from '../../../src/dns/observation-writer.ts';
import { REFERRAL } from '../../support/dns-messages.ts';
import {
  composeFragments,
  composeFrame,
  composeSegment,
  type FrameFields,
  withTcpLength,
} from '../../support/frames.ts';

const MESSAGE = dnsPacket.encode(REFERRAL);
const SPOOFED: FrameFields = { source: '198.51.100.53', destination: '192.0.2.1', sourcePort: 53 };
const SOURCE_AT = 14 + 12;
const MEGA = 1_000_000;

/** Feeds `count` frames, each from another address, all made of `frames` in turn. Gives what it took and what came out. */
function storm(frames: readonly Buffer[], count: number) {
  const counters = new Counters<CaptureCounter>();
  let observedOctets = 0;
  const writer = new ObservationWriter((batch) => {
    observedOctets += batch.length;
    writer.takeBack(batch.buffer);
  });
  const observer = new Observer(counters, writer);
  const held = () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = held();
  let most = before;
  const startedAtMs = performance.now();
  for (let index = 0; index < count; index++) {
    const octets = frames[index % frames.length]!;
    octets.writeUInt32BE(0xc6336400 + Math.floor(index / frames.length), SOURCE_AT);
    observer.observe(octets, 0, octets.length, index / 100, 'by-message');
    if (index % 10_000 === 0) most = Math.max(most, held());
  }
  const seconds = (performance.now() - startedAtMs) / 1000;
  observer.finish();
  writer.flush();
  return { seconds, grownBytes: most - before, observedOctets, counted: counters.snapshot() };
}

describe('Observer in a storm from spoofed sources', () => {
  it('takes a million responses in bounded time and memory', () => {
    const { seconds, grownBytes, observedOctets, counted } = storm([composeFrame(MESSAGE, SPOOFED)], MEGA);
    expect(counted).toEqual({ frames: MEGA, responses: MEGA });
    expect(observedOctets).toBeGreaterThan(100 * MEGA);
    expect(seconds).toBeLessThan(25);
    expect(grownBytes).toBeLessThan(96 * MEGA);
  }, 60_000);

  it('takes a million responses that cannot be read', () => {
    const cut = composeFrame(MESSAGE.subarray(0, -7), SPOOFED);
    const { seconds, grownBytes, observedOctets, counted } = storm([cut], MEGA);
    expect(counted).toEqual({ frames: MEGA, 'dns-record-overrun': MEGA });
    expect(observedOctets).toBe(0);
    expect(seconds).toBeLessThan(25);
    expect(grownBytes).toBeLessThan(96 * MEGA);
  }, 60_000);

  it('holds a bounded part of connections that begin and never go on', () => {
    const half = withTcpLength(MESSAGE).subarray(0, 60);
    const tcp = { ...SPOOFED, transport: 'tcp' as const };
    const syn = composeFrame(Buffer.alloc(0), { ...tcp, tcpFlags: 0x12 });
    const { seconds, grownBytes, counted } = storm([syn, composeFrame(half, { ...tcp, tcpSequence: 1 })], 200_000);
    expect(counted['tcp pushed out']).toBeGreaterThan(90_000);
    expect(counted.responses).toBeUndefined();
    expect(seconds).toBeLessThan(25);
    expect(grownBytes).toBeLessThan(128 * MEGA);
  }, 60_000);

  it('holds a bounded part of datagrams of which one piece never comes', () => {
    const [first] = composeFragments(composeSegment(MESSAGE, SPOOFED), [64], SPOOFED);
    const { seconds, grownBytes, counted } = storm([first!], 200_000);
    expect(counted['fragments pushed out']).toBeGreaterThan(190_000);
    expect(seconds).toBeLessThan(25);
    expect(grownBytes).toBeLessThan(128 * MEGA);
  }, 60_000);
});
