import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OpenFlowError } from '../../../src/openflow/errors.ts';
import { FLOW_MOD_DEFAULTS } from '../../../src/openflow/flow-mod.ts';
import { decodeHello, decodeMessage, encodeMessage, type Message } from '../../../src/openflow/message.ts';
import { MessageType, OPENFLOW_VERSION, Port } from '../../../src/openflow/schema/constants.ts';
import { anyMessage } from './arbitraries.ts';

/** Hex with one run per field, so that each can be read beside its name. */
function hex(...runs: string[]): Buffer {
  return Buffer.from(runs.join('').replaceAll(' ', ''), 'hex');
}

function decoded(bytes: Buffer): Message {
  const result = decodeMessage(bytes);
  if (!result.ok) throw result.error;
  return result.message;
}

describe('messages', () => {
  it('of any content come back as they were written', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const bytes = encodeMessage(message);
        expect(bytes[0]).toBe(OPENFLOW_VERSION);
        expect(bytes.readUInt16BE(2)).toBe(bytes.length);
        expect(decoded(bytes)).toEqual(message);
      }),
      { numRuns: 1500 },
    );
  }, 60_000);

  it('made of any octets are read or refused, never more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.uint8Array({ maxLength: 150 }), (type, octets) => {
        const bytes = Buffer.concat([Buffer.from([4, type, 0, 0, 0, 0, 0, 9]), octets]);
        bytes.writeUInt16BE(bytes.length, 2);
        const result = decodeMessage(bytes);
        if (result.ok) expect(encodeMessage(result.message).length).toBeGreaterThanOrEqual(8);
        else expect(result.error).toBeInstanceOf(OpenFlowError);
      }),
      { numRuns: 3000 },
    );
  }, 60_000);

  it('lay a flow_mod out as the specification draws it', () => {
    const bytes = encodeMessage({
      ...FLOW_MOD_DEFAULTS,
      xid: 7,
      cookie: 0x0102030405060708n,
      tableId: 1,
      hardTimeout: 300,
      priority: 100,
      match: [{ field: 'eth_type', value: 0x0800 }],
      instructions: [{ type: 'applyActions', actions: [{ type: 'output', port: Port.CONTROLLER, maxLength: 0xffff }] }],
    });
    const wanted = hex(
      '04 0e 0060 00000007', // version, type, length, xid
      '0102030405060708 0000000000000000', // cookie, cookie_mask
      '01 00 0000 012c 0064', // table_id, command, idle_timeout, hard_timeout, priority
      'ffffffff ffffffff ffffffff 0000 0000', // buffer_id, out_port, out_group, flags, pad
      '0001 000a 80000a02 0800 000000000000', // match: type, length, OXM header, value, pad
      '0004 0018 00000000', // instruction: type, length, pad
      '0000 0010 fffffffd ffff 000000000000', // action: type, length, port, max_len, pad
    );
    wanted.writeUInt16BE(wanted.length, 2);
    expect(bytes.toString('hex')).toBe(wanted.toString('hex'));
  });

  it("show whose an experimenter's error is", () => {
    const bytes = hex('04 01 0014 00000007 ffff 0906 4f4e4600 00000000');
    expect(decoded(bytes)).toEqual({
      ...{ type: 'error', xid: 7, errorType: 0xffff, code: 2310, experimenter: 0x4f4e4600, data: Buffer.alloc(4) },
    });
    expect(encodeMessage(decoded(bytes)).equals(bytes)).toBe(true);
    const short = hex('04 01 000f 00000007 ffff 0906 4f4e46');
    expect(decoded(short)).not.toHaveProperty('experimenter');
    expect(encodeMessage(decoded(short)).equals(short)).toBe(true);
  });

  it('of a type without a row keep their octets', () => {
    const bytes = hex('04 63 000b 00000001 010203');
    expect(decoded(bytes)).toEqual({ type: 'unknown', xid: 1, typeCode: 0x63, body: Buffer.from([1, 2, 3]) });
    expect(encodeMessage(decoded(bytes)).equals(bytes)).toBe(true);
  });

  it('have a row for each of the 30 types', () => {
    for (const typeCode of Object.values(MessageType)) {
      const result = decodeMessage(Buffer.from([4, typeCode, 0, 8, 0, 0, 0, 0]));
      expect(result.ok && result.message.type === 'unknown').toBe(false);
    }
  });
});

describe('decodeHello', () => {
  it('reads the HELLO of a peer that prefers a later version', () => {
    const result = decodeHello(hex('06 00 0010 00000003 0001 0008 00000052'));
    expect(result).toMatchObject({ ok: true, version: 6 });
    if (result.ok) expect(result.message.elements).toEqual([{ type: 'versionBitmap', bitmaps: [0x52] }]);
  });

  it('reads a HELLO without elements', () => {
    expect(decodeHello(hex('01 00 0008 00000003'))).toMatchObject({ ok: true, version: 1, message: { elements: [] } });
  });

  it('takes an element whose last padding is missing, and skips those it does not know', () => {
    const good = decodeHello(hex('04 00 0018 00000003 0007 0006 aabb 0000 0001 0008 00000010'));
    expect(good.ok && good.message.elements.map(({ type }) => type)).toEqual(['unknown', 'versionBitmap']);
    const unpadded = decodeHello(hex('04 00 000e 00000003 0007 0006 aabb'));
    expect(unpadded.ok && unpadded.message.elements.map(({ type }) => type)).toEqual(['unknown']);
  });

  it('refuses anything else', () => {
    expect(decodeHello(hex('04 02 0008 00000003'))).toMatchObject({
      ok: false,
      error: { codeName: 'OFPBRC_BAD_TYPE' },
    });
    expect(decodeHello(hex('04 00 0009 00000003'))).toMatchObject({ ok: false, error: { codeName: 'OFPBRC_BAD_LEN' } });
    expect(decodeHello(hex('04'))).toMatchObject({ ok: false, error: { codeName: 'OFPBRC_BAD_LEN' } });
  });
});
