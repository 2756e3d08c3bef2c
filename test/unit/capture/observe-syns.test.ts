import { describe, expect, it } from 'vitest';
import { type CaptureCounter, Observer } from '../../../src/capture/observe.ts';
import { Counters } from '../../../src/core/counters.ts';
import { inOrderOfTime } from '../../../src/dns/observation-order.ts';
import { ObservationReader } from '../../../src/dns/observation-reader.ts';
import { countRecords } from '../../../src/dns/observation-records.ts';
import { ObservationWriter } from '../../../src/dns/observation-writer.ts';
import { composeQuery } from '../../support/dns-messages.ts';
import {
  composeFragment,
  composeFragments,
  composeFrame,
  composeSegment,
  type FrameFields,
  withTcpLength,
} from '../../support/frames.ts';
import { describeRecords } from '../../support/seen-syns.ts';

const SYN = 0x02;
const SYN_ACK = 0x12;
const NO_OCTETS = Buffer.alloc(0);
const BEGIN: FrameFields = { transport: 'tcp', tcpFlags: SYN, sourcePort: 40_000, destinationPort: 80 };
const ACCEPT: FrameFields = {
  transport: 'tcp',
  tcpFlags: SYN_ACK,
  source: '198.51.100.53',
  destination: '192.0.2.1',
  sourcePort: 80,
  destinationPort: 40_000,
};
const BEGIN_V6: FrameFields = { ...BEGIN, source: '2001:db8::1', destination: '2001:db8::ff:80' };
const STATION = '[20000000002]';
const ON_VLAN = '[20000000002 10]';

function observe(frames: readonly Buffer[], syns = true, stepMs = 1) {
  const batches: Uint8Array[] = [];
  const counters = new Counters<CaptureCounter>();
  const writer = new ObservationWriter((batch) => batches.push(batch));
  const observer = new Observer(counters, writer, { syns });
  for (const [index, frame] of frames.entries())
    observer.observe(frame, 0, frame.length, 1000 + index * stepMs, 'by-message');
  observer.finish();
  writer.flush();
  return { batches, records: describeRecords(batches), counters: counters.snapshot() };
}

describe('Observer with syns', () => {
  it('observes what begins a connection and what accepts it, from the side that begins', () => {
    const { records, counters } = observe([composeFrame(NO_OCTETS, BEGIN), composeFrame(NO_OCTETS, ACCEPT)]);
    expect(records).toEqual([
      `SYN 192.0.2.1 40000 > 198.51.100.53 80 ${STATION}`,
      'SYN_ACK 192.0.2.1 40000 > 198.51.100.53 80 [20000000001]',
    ]);
    expect(counters).toEqual({ frames: 2, syns: 1, 'syn-acks': 1 });
  });

  it('gives their time, and a question that is the root', () => {
    const { batches } = observe([composeFrame(NO_OCTETS, ACCEPT)]);
    const reader = new ObservationReader();
    reader.open(batches[0]!);
    expect(reader.next()).toBe('record');
    const { atMs, isTcp, isMessage, isResponse, questionType, answerCount, nameCount, leftOut, octets } = reader;
    expect({ atMs, isTcp, isMessage, isResponse, questionType, answerCount, nameCount, leftOut }).toEqual({
      atMs: 1000,
      isTcp: true,
      isMessage: false,
      isResponse: false,
      questionType: 0,
      answerCount: 0,
      nameCount: 0,
      leftOut: 0,
    });
    expect(octets[reader.questionAt]).toBe(0);
    expect(reader.next()).toBe('end');
  });

  it.each<[string, readonly Buffer[], readonly string[]]>([
    ['IPv6', [composeFrame(NO_OCTETS, BEGIN_V6)], [`SYN 2001:db8::1 40000 > 2001:db8::ff:80 80 ${STATION}`]],
    [
      'IPv6 with a hop-by-hop header',
      [composeFrame(NO_OCTETS, { ...BEGIN_V6, firstHeader: 0, options: Buffer.from('0600010400000000', 'hex') })],
      [`SYN 2001:db8::1 40000 > 2001:db8::ff:80 80 ${STATION}`],
    ],
    [
      'a VLAN',
      [composeFrame(NO_OCTETS, { ...BEGIN, tags: [0x8100] })],
      [`SYN 192.0.2.1 40000 > 198.51.100.53 80 ${ON_VLAN}`],
    ],
    [
      'a VLAN within another, IPv6',
      [composeFrame(NO_OCTETS, { ...BEGIN_V6, tags: [0x88a8, 0x8100] })],
      [`SYN 2001:db8::1 40000 > 2001:db8::ff:80 80 ${ON_VLAN}`],
    ],
    [
      'IPv4 options',
      [composeFrame(NO_OCTETS, { ...BEGIN, options: Buffer.alloc(8, 1) })],
      [`SYN 192.0.2.1 40000 > 198.51.100.53 80 ${STATION}`],
    ],
    [
      'ECN bits beside it',
      [composeFrame(NO_OCTETS, { ...BEGIN, tcpFlags: 0xc2 })],
      [`SYN 192.0.2.1 40000 > 198.51.100.53 80 ${STATION}`],
    ],
    [
      'padding',
      [composeFrame(NO_OCTETS, { ...BEGIN, padding: Buffer.alloc(6) })],
      [`SYN 192.0.2.1 40000 > 198.51.100.53 80 ${STATION}`],
    ],
  ])('observes one with %s', (_what, frames, expected) => {
    expect(observe(frames).records).toEqual(expected);
  });

  it('takes the first fragment for the segment, and later ones for nothing', () => {
    for (const fields of [BEGIN, BEGIN_V6]) {
      const fragments = composeFragments(composeSegment(Buffer.alloc(64), fields), [32], fields);
      expect(observe(fragments).records).toHaveLength(1);
      expect(observe(fragments.slice(1)).records).toEqual([]);
    }
  });

  it('counts a fragmented one to port 53 once, and reads its message', () => {
    const fields = { ...BEGIN, destinationPort: 53 };
    const segment = composeSegment(withTcpLength(composeQuery('fast-open.example')), fields);
    const { records } = observe(composeFragments(segment, [40], fields));
    expect(records.map((text) => text.split(' ')[0])).toEqual(['SYN', 'QUERY']);
  });

  it('does not see a header that the first fragment cuts', () => {
    const piece = composeFragment(composeSegment(NO_OCTETS, BEGIN).subarray(0, 8), 0, true, BEGIN);
    expect(observe([piece])).toMatchObject({ records: [], counters: { fragments: 1 } });
  });

  it('observes those of DNS, too, and the message in them', () => {
    const frame = composeFrame(withTcpLength(composeQuery('fast-open.example')), { ...BEGIN, destinationPort: 53 });
    expect(observe([frame]).records.map((text) => text.split(' ')[0])).toEqual(['SYN', 'QUERY']);
  });

  it('passes over other segments and transports', () => {
    const others = [0x10, 0x18, 0x11, 0x04, 0x00].map((tcpFlags) => composeFrame(NO_OCTETS, { ...BEGIN, tcpFlags }));
    const datagram = composeFrame(Buffer.alloc(20, 0xff), { destinationPort: 80 });
    expect(observe([...others, datagram])).toMatchObject({ records: [], counters: { frames: 6, 'not-dns': 6 } });
  });

  it('observes none where they are not wanted', () => {
    const frames = [BEGIN, ACCEPT, BEGIN_V6].map((fields) => composeFrame(NO_OCTETS, fields));
    expect(observe(frames, false)).toMatchObject({ records: [], counters: { frames: 3, 'not-dns': 3 } });
  });

  it('bears every cut and every change of one octet', () => {
    for (const fields of [BEGIN, { ...BEGIN_V6, tags: [0x8100] }]) {
      const whole = composeFrame(NO_OCTETS, fields);
      for (let length = 0; length < whole.length; length++) {
        expect(observe([whole.subarray(0, length)]).records, `cut at ${length}`).toEqual([]);
      }
      for (let at = 0; at < whole.length; at++) {
        for (const step of [1, 0x40, 0x80, 0xff]) {
          const changed = Buffer.from(whole);
          changed[at] = (whole[at]! + step) & 0xff;
          expect(observe([changed]).records.length, `octet ${at} + ${step}`).toBeLessThan(2);
        }
      }
    }
  });

  it('stands behind DNS of the same time, and the acceptance behind the beginning', () => {
    const frames = [
      composeFrame(NO_OCTETS, ACCEPT),
      composeFrame(NO_OCTETS, BEGIN),
      composeFrame(composeQuery('a.example')),
    ];
    const { batches } = observe(frames, true, 0);
    expect(batches.reduce((sum, batch) => sum + countRecords(batch), 0)).toBe(3);
    const kinds = describeRecords(inOrderOfTime(batches)).map((text) => text.split(' ')[0]);
    expect(kinds).toEqual(['QUERY', 'SYN', 'SYN_ACK']);
  });

  it('has no other kinds of records', () => {
    const { batches } = observe([composeFrame(NO_OCTETS, BEGIN)]);
    const words = new Int32Array(batches[0]!.buffer, batches[0]!.byteOffset);
    words[1] = (words[1]! & ~0xff) | 4;
    const reader = new ObservationReader();
    reader.open(batches[0]!);
    expect(reader.next()).toBe('damaged');
  });
});
