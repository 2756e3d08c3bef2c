import { describe, expect, it } from 'vitest';
import { FrameView } from '../../../src/packet/frame.ts';
import { acknowledgementTo, withoutData } from '../../../src/packet/tcp-bare.ts';
import { describeIf } from '../../support/describe-if.ts';
import { composeSegmentFrame, FLAG, type SegmentFields, timestamps } from '../../support/tcp-segments.ts';
import { readFieldsWithTshark } from '../../support/tshark-fields.ts';

/** A SYN as of TCP Fast Open: segment size, SACK, timestamps, scale, a cookie, and data. */
const SYN_OPTIONS = Buffer.from('020405b40402080a11111111000000000103030722' + '0a0102030405060708' + '0101', 'hex');
const IPV6 = { source: '2001:db8::1', destination: '2001:db8:53::53' };
const DATA: SegmentFields = {
  sequence: 1000,
  acknowledgement: 7000,
  flags: FLAG.ACK | FLAG.PSH,
  tcpOptions: timestamps(0x11111111, 0x22222222),
  data: Buffer.from('a piece'),
};

function view(fields: SegmentFields): FrameView {
  const octets = composeSegmentFrame(fields);
  const frame = new FrameView();
  expect(frame.parse(octets, 0, octets.length)).toBeUndefined();
  return frame;
}

const optionsOf = (octets: Buffer, fields: { readonly ipv6?: boolean } = {}) =>
  octets.toString('hex', 14 + (fields.ipv6 === true ? 40 : 20) + 20);

describe('withoutData', () => {
  it('takes nothing but the data away', () => {
    for (const family of [{}, IPV6]) {
      const frame = view({
        sequence: 5,
        flags: FLAG.SYN,
        tcpOptions: SYN_OPTIONS,
        data: Buffer.alloc(40, 7),
        ...family,
      });
      const made = withoutData(frame);
      const again = new FrameView();
      expect(again.parse(made, 0, made.length)).toBeUndefined();
      expect(again).toMatchObject({ tcpSequence: 5, tcpFlags: FLAG.SYN, source: frame.source, link: frame.link });
      expect(again.payloadEnd - again.payloadStart).toBe(0);
      expect(made.readUInt16BE(again.transportStart + 14)).toBe(64_240);
      expect(made.subarray(again.transportStart + 20)).toEqual(SYN_OPTIONS);
    }
  });
});

describe('acknowledgementTo', () => {
  it('answers as the server would, with the timestamps of both in their places', () => {
    const made = acknowledgementTo(view(DATA), 1007);
    const frame = new FrameView();
    expect(frame.parse(made, 0, made.length)).toBeUndefined();
    expect(frame).toMatchObject({ tcpSequence: 7000, tcpFlags: FLAG.ACK, sourcePort: 53, destinationPort: 40_000 });
    expect(made.readUInt32BE(frame.transportStart + 8)).toBe(1007);
    expect(optionsOf(made)).toBe(timestamps(0x22222222, 0x11111111).toString('hex'));
  });

  it('finds the timestamps behind other options, and leaves them out where there are none', () => {
    const sack = Buffer.from('0101050a0000000100000002', 'hex');
    const both = Buffer.concat([sack, timestamps(1, 2)]);
    expect(optionsOf(acknowledgementTo(view({ ...DATA, tcpOptions: both }), 1))).toBe(timestamps(2, 1).toString('hex'));
    for (const hex of [
      '',
      '02040101',
      '00000000',
      '080a0101',
      '08020101',
      '02000000',
      '02ff0000',
      '00080a00',
      '01010108',
    ]) {
      const bare = view({ ...DATA, tcpOptions: Buffer.from(hex, 'hex'), data: timestamps(1, 2) });
      expect(optionsOf(acknowledgementTo(bare, 1))).toBe('');
    }
    expect(optionsOf(acknowledgementTo(view({ ...DATA, ...IPV6 }), 1), { ipv6: true })).toHaveLength(24);
  });
});

describeIf(['tshark'], 'segments without data, read by tshark', () => {
  it('have right checksums and options', () => {
    const frames = [{}, IPV6, { tags: [0x8100] }].flatMap((family) => [
      withoutData(view({ ...DATA, tcpOptions: SYN_OPTIONS, flags: FLAG.SYN, ...family })),
      acknowledgementTo(view({ ...DATA, ...family }), 1007),
    ]);
    const rows = readFieldsWithTshark(frames, ['tcp.checksum.status', '_ws.malformed', 'tcp.options.timestamp.tsval']);
    const syn = ['1', '', String(0x11111111)];
    const answer = ['1', '', String(0x22222222)];
    expect(rows).toEqual([syn, answer, syn, answer, syn, answer]);
  });
});
