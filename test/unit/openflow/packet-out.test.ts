import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMessage } from '../../../src/openflow/message.ts';
import { packetOutLength, writePacketOut } from '../../../src/openflow/packet-out.ts';
import { CONTROLLER_MAX_LENGTH, NO_BUFFER, Port } from '../../../src/openflow/schema/constants.ts';

const u32 = fc.integer({ min: 0, max: 0xffffffff });

describe('writePacketOut', () => {
  it('writes what encodeMessage writes', () => {
    fc.assert(
      fc.property(u32, u32, u32, fc.uint8Array({ maxLength: 200 }), fc.nat(9), (xid, inPort, port, octets, offset) => {
        const frame = Buffer.concat([Buffer.from('before'), octets, Buffer.from('behind')]);
        const target = Buffer.alloc(offset + packetOutLength(octets.length) + 3, 0xaa);
        const end = writePacketOut(target, offset, xid, inPort, port, frame, 6, 6 + octets.length);
        const wanted = encodeMessage({
          type: 'packetOut',
          xid,
          bufferId: NO_BUFFER,
          inPort,
          actions: [{ type: 'output', port, maxLength: CONTROLLER_MAX_LENGTH }],
          data: Buffer.from(octets),
        });
        expect(end).toBe(offset + wanted.length);
        expect(target.toString('hex', offset, end)).toBe(wanted.toString('hex'));
        expect(target.toString('hex', end)).toBe('aaaaaa');
        expect(target.toString('hex', 0, offset)).toBe('aa'.repeat(offset));
      }),
    );
  });

  it('sends to reserved ports', () => {
    const target = Buffer.alloc(packetOutLength(0));
    expect(writePacketOut(target, 0, 1, Port.CONTROLLER, Port.TABLE, Buffer.alloc(0), 0, 0)).toBe(40);
    expect(target.readUInt32BE(28)).toBe(Port.TABLE);
  });
});
