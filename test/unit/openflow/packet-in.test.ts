import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage, type MessageOf } from '../../../src/openflow/message.ts';
import type { Oxm } from '../../../src/openflow/oxm.ts';
import { PacketInView } from '../../../src/openflow/packet-in.ts';
import { NO_BUFFER, PacketInReason } from '../../../src/openflow/schema/constants.ts';
import { readable } from './vectors.ts';

function packetIn(match: readonly Oxm[], data = Buffer.from('frame')): MessageOf<'packetIn'> {
  return {
    type: 'packetIn',
    xid: 0,
    bufferId: NO_BUFFER,
    totalLen: data.length,
    reason: PacketInReason.ACTION,
    tableId: 3,
    cookie: 0xfedcba9876543210n,
    match,
    data,
  };
}

function value(match: readonly Oxm[], field: 'in_port' | 'metadata'): bigint {
  const found = match.findLast((oxm) => oxm.field === field);
  return BigInt(found !== undefined && 'value' in found ? (found.value as number | bigint) : 0);
}

/** The view must say what the decoder says. */
function expectAgreement(view: PacketInView, bytes: Buffer): void {
  const decoded = decodeMessage(bytes);
  const isPacketIn = decoded.ok && decoded.message.type === 'packetIn';
  // The decoder also refuses lengths inside known match fields, which the view walks over.
  if (isPacketIn) expect(view.set(bytes)).toBe(true);
  if (!view.set(bytes)) {
    expect(isPacketIn).toBe(false);
    return;
  }
  expect(view.frameStart).toBeLessThanOrEqual(view.frameEnd);
  expect(view.frameEnd).toBe(bytes.length);
  if (!isPacketIn) return;
  const message = decoded.message as MessageOf<'packetIn'>;
  expect(view.bufferId).toBe(message.bufferId);
  expect(view.totalLength).toBe(message.totalLen);
  expect(view.reason).toBe(message.reason);
  expect(view.tableId).toBe(message.tableId);
  expect((BigInt(view.cookieHigh) << 32n) | BigInt(view.cookieLow)).toBe(message.cookie);
  expect(view.message.subarray(view.frameStart, view.frameEnd).equals(message.data)).toBe(true);
  if (message.match.some((oxm) => 'mask' in oxm)) return;
  expect(BigInt(view.inPort)).toBe(value(message.match, 'in_port'));
  expect((BigInt(view.metadataHigh) << 32n) | BigInt(view.metadataLow)).toBe(value(message.match, 'metadata'));
}

const recorded = readable.map(({ bytes }) => bytes).filter((bytes) => bytes[1] === 10);

describe('PacketInView', () => {
  it('reads what the decoder reads from recorded messages', () => {
    const view = new PacketInView();
    expect(recorded.length).toBeGreaterThan(4);
    for (const bytes of recorded) {
      expect(view.set(bytes)).toBe(true);
      expect(view.inPort).toBeGreaterThan(0);
      expectAgreement(view, bytes);
    }
  });

  it.each([
    ['alone', [{ field: 'in_port', value: 0xfffffffe }] as Oxm[]],
    [
      'before metadata',
      [
        { field: 'in_port', value: 7 },
        { field: 'metadata', value: 0xff00000000000001n },
      ] as Oxm[],
    ],
    [
      'behind metadata',
      [
        { field: 'metadata', value: 0x8000000080000000n },
        { field: 'in_port', value: 7 },
      ] as Oxm[],
    ],
    [
      'among others',
      [
        { field: 'tunnel_id', value: 9n },
        { field: 'in_port', value: 7 },
        { field: 'eth_type', value: 0x86dd },
      ] as Oxm[],
    ],
    ['not at all', [] as Oxm[]],
  ])('finds in_port %s', (_where, match) => {
    expectAgreement(new PacketInView(), encodeMessage(packetIn(match)));
  });

  it('forgets the message before', () => {
    const view = new PacketInView();
    view.set(
      encodeMessage(
        packetIn([
          { field: 'in_port', value: 7 },
          { field: 'metadata', value: 1n },
        ]),
      ),
    );
    view.set(encodeMessage(packetIn([])));
    expect([view.inPort, view.metadataHigh, view.metadataLow]).toEqual([0, 0, 0]);
  });

  const inPort = [{ field: 'in_port', value: 7 }] as const;
  it.each<[string, (bytes: Buffer) => void]>([
    ['another version', (bytes) => bytes.writeUInt8(1, 0)],
    ['another type', (bytes) => bytes.writeUInt8(13, 1)],
    ['a header that says less', (bytes) => bytes.writeUInt16BE(bytes.length - 1, 2)],
    ['a match that is not OXM', (bytes) => bytes.writeUInt16BE(0, 24)],
    ['a match shorter than its header', (bytes) => bytes.writeUInt16BE(3, 26)],
    ['a match beyond the message', (bytes) => bytes.writeUInt16BE(0xffff, 26)],
    ['a match that ends inside a field', (bytes) => bytes.writeUInt16BE(11, 26)],
    ['a match that ends inside a header', (bytes) => bytes.writeUInt16BE(15, 26)],
    ['a field beyond its match', (bytes) => bytes.writeUInt8(5, 31)],
  ])('refuses %s', (_name, damage) => {
    const bytes = encodeMessage(packetIn(inPort));
    expect(new PacketInView().set(bytes)).toBe(true);
    damage(bytes);
    expect(new PacketInView().set(bytes)).toBe(false);
    expect(decodeMessage(bytes)).not.toMatchObject({ ok: true, message: { type: 'packetIn' } });
  });

  it('does not read behind a message that ends with a cut field header', () => {
    const unknown = { field: 'unknown', oxmClass: 1, oxmField: 99, hasMask: false, raw: Buffer.alloc(8) } as const;
    const bytes = encodeMessage(packetIn([...inPort, unknown], Buffer.alloc(0)));
    // The match now ends at its padding's end, one octet behind the unknown field.
    bytes.writeUInt16BE(24, 26);
    bytes.writeUInt8(7, 39);
    const exact = bytes.subarray(0, 50);
    exact.writeUInt16BE(50, 2);
    expect(new PacketInView().set(exact)).toBe(false);
  });

  it('agrees with the decoder on every cut and every changed octet', () => {
    const view = new PacketInView();
    for (const bytes of recorded.filter(({ length }) => length < 400)) {
      for (let end = 0; end < bytes.length; end++) {
        const copy = Buffer.from(bytes.subarray(0, end));
        expect(view.set(copy)).toBe(false);
        if (end >= 4) copy.writeUInt16BE(end, 2);
        expectAgreement(view, copy);
      }
      for (let at = 0; at < Math.min(bytes.length, 64); at++) {
        for (let bit = 0; bit < 8; bit++) {
          const copy = Buffer.from(bytes);
          copy[at]! ^= 1 << bit;
          expectAgreement(view, copy);
        }
      }
    }
  }, 60_000);

  it('agrees with the decoder on any octets behind a packet_in header', () => {
    const view = new PacketInView();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(100), (octets, matchLength) => {
        const bytes = Buffer.concat([Buffer.from([4, 10, 0, 0, 0, 0, 0, 0]), octets]);
        bytes.writeUInt16BE(bytes.length, 2);
        if (bytes.length >= 28) bytes.writeUInt32BE(0x10000 + matchLength, 24);
        expectAgreement(view, bytes);
      }),
    );
  });
});
