import { describe, expect, it } from 'vitest';
import { GluewallError } from '../../../src/core/errors.ts';
import { OpenFlowEncodeError, OpenFlowError } from '../../../src/openflow/errors.ts';
import { FLOW_MOD_DEFAULTS } from '../../../src/openflow/flow-mod.ts';
import { decodeMessage, encodeMessage, type Message } from '../../../src/openflow/message.ts';
import type { Action } from '../../../src/openflow/schema/actions.ts';

/** Hex with one run per field, so that each can be read beside its name. */
function hex(...runs: string[]): Buffer {
  return Buffer.from(runs.join('').replaceAll(' ', ''), 'hex');
}

function errorOf(bytes: Buffer): OpenFlowError | undefined {
  const result = decodeMessage(bytes);
  return result.ok ? undefined : result.error;
}

function octetsIn(text: string): string {
  return hex(text).length.toString(16).padStart(4, '0');
}

/** A packet_out with these actions, in hex. */
function packetOutOf(actions: string): string {
  const message = `ffffffff 00000001 ${octetsIn(actions)} 000000000000 ${actions}`;
  return `040d ${octetsIn(`0000000000000000${message}`)} 00000000 ${message}`;
}

/** The fixed part of a ct whose element has this length. */
function ct(length: string): string {
  return `ffff ${length} 00002320 0023 0000 00000000 0000 ff 000000 0000`;
}

/** A learn with these specs, padded to eight octets. */
function learn(specs: string): string {
  const fixed = `00002320 0010 0000 0000 0000 0000000000000000 0000 00 00 0000 0000 ${specs}`;
  const padded = `${fixed} ${'00'.repeat(-(hex(fixed).length + 4) & 7)}`;
  return `ffff ${octetsIn(`00000000${padded}`)} ${padded}`;
}

/** A table features reply of one table with these properties. */
function tableOf(properties: string): string {
  const table = `0000000000${'00'.repeat(32)}${'00'.repeat(16)} 00000000 00000000 ${properties}`;
  const body = `000c 0000 00000000 ${octetsIn(`000000${table}`)} 00 ${table}`;
  return `0413 ${octetsIn(`0000000000000000${body}`)} 00000000 ${body}`;
}

describe('what decodeMessage refuses', () => {
  it.each([
    ['no octets', '', 'OFPBRC_BAD_LEN', 'header'],
    ['a short header', '04000008000000', 'OFPBRC_BAD_LEN', 'header'],
    ['a header that says more', '0402000900000000', 'OFPBRC_BAD_LEN', 'header'],
    ['another version', '0102000800000000', 'OFPBRC_BAD_VERSION', 'header'],
    ['an empty features_reply', '0406000800000000', 'OFPBRC_BAD_LEN', 'featuresReply.datapathId'],
    ['a barrier with a body', '041400090000000000', 'OFPBRC_BAD_LEN', 'barrierRequest'],
    ['an unknown role', '0418001800000000 0000000900000000 0000000000000000', 'OFPRRFC_BAD_ROLE', 'roleRequest.role'],
    ['a hello element of length 0', '0400001000000000 0001000000000010', 'OFPBRC_BAD_LEN', 'hello.elements[0]'],
    [
      'an action of length 0',
      '040d002000000000 ffffffff 00000001 0008000000000000 0012000000000000',
      'OFPBAC_BAD_LEN',
      'packetOut.actions[0]',
    ],
    [
      'an action beyond its list',
      '040d002000000000 ffffffff 00000001 0008000000000000 0000001000000001',
      'OFPBAC_BAD_LEN',
      'packetOut.actions[0]',
    ],
    [
      'actions beyond the message',
      '040d002000000000 ffffffff 00000001 00f8000000000000 0012000800000000',
      'OFPBRC_BAD_LEN',
      'packetOut.actions',
    ],
    [
      'an unaligned action',
      '040d002400000000 ffffffff 00000001 000c000000000000 0012000c00000000 00000000',
      'OFPBAC_BAD_LEN',
      'packetOut.actions[0]',
    ],
    ...(
      [
        ['a set_field without octets', '0019 0008 8000fe00', 'OFPBAC_BAD_SET_TYPE', '.oxm'],
        ['a ct inside a ct', `${ct('0030')} ${ct('0018')}`, 'OFPBAC_BAD_ARGUMENT', '.actions'],
        ['a ct that ends before its fields', 'ffff 0010 00002320 0023 0000 00000000', 'OFPBAC_BAD_LEN', '.zone'],
        ['a nat of an unknown range', 'ffff 0010 00002320 0024 0000 0000 0040', 'OFPBAC_BAD_ARGUMENT', '.range'],
        ['a nat without its range', 'ffff 0010 00002320 0024 0000 0000 0001', 'OFPBAC_BAD_LEN', '.range'],
        [
          'a nat with octets too many',
          'ffff 0018 00002320 0024 0000 0000 0000 00000000 00000000',
          'OFPBAC_BAD_LEN',
          '',
        ],
        ['a learn of a reserved destination', learn('1801 0000'), 'OFPBAC_BAD_ARGUMENT', '.specs'],
        ['a learn of no bits', learn('2000 0000'), 'OFPBAC_BAD_ARGUMENT', '.specs'],
        ['a learn of an unknown bit', learn('4001 0000'), 'OFPBAC_BAD_ARGUMENT', '.specs'],
        ['a learn with a spec cut short', learn('0010 0000'), 'OFPBAC_BAD_LEN', '.specs'],
        ['a learn with octets behind its end', learn('0000 0001 00000000 00000000'), 'OFPBAC_BAD_LEN', '.specs'],
        [
          'a resubmit with octets too many',
          'ffff 0018 00002320 0001 0005 00000000 0000000000000000',
          'OFPBAC_BAD_LEN',
          '',
        ],
      ] as const
    ).map(
      ([name, action, codeName, path]) =>
        [name, packetOutOf(action), codeName, `packetOut.actions[0]${path}`] as [string, string, string, string],
    ),
    [
      'a band of an unknown type',
      '041d002000000000 0000 0001 00000001 0005 0010 000000020000000200000000',
      'OFPMMFC_BAD_BAND',
      'meterMod',
    ],
    [
      'a band of a wrong length',
      '041d001800000000 0000 0001 00000001 0001 0008 00000002',
      'OFPBRC_BAD_LEN',
      'meterMod.bands[0].burstSize',
    ],
    ['a meter in two units', '041d001000000000 0000 0003 00000001', 'OFPMMFC_BAD_FLAGS', 'meterMod'],
    [
      'an instruction id beyond its property',
      tableOf('0000 0008 0001 0008'),
      'OFPTFFC_BAD_LEN',
      'multipartReply.body.entries[0].properties[0].instructions[0]',
    ],
    [
      'an id of length 0',
      tableOf('0004 0008 0000 0000'),
      'OFPTFFC_BAD_LEN',
      'multipartReply.body.entries[0].properties[0].actions[0]',
    ],
    [
      "an experimenter's field without the experimenter",
      tableOf('0008 0008 ffff0004'),
      'OFPTFFC_BAD_LEN',
      'multipartReply.body.entries[0].properties[0].fields[0]',
    ],
    [
      'a statistics entry of length 0',
      '0413001800000000 0001 0000 00000000 0000000000000000',
      'OFPBRC_BAD_LEN',
      'multipartReply.body.entries[0].length',
    ],
    [
      'a bucket shorter than its fields',
      '040f001800000000 0000 00 00 00000001 0008 0000 00000000',
      'OFPGMFC_BAD_BUCKET',
      'groupMod.buckets[0].watchGroup',
    ],
    [
      'a table entry whose length is no multiple of eight',
      `0413005500000000 000c 0000 00000000 0045${'00'.repeat(62)} 0002000501`,
      'OFPTFFC_BAD_LEN',
      'multipartReply.body.entries[0]',
    ],
  ])('%s', (_name, text, codeName, path) => {
    const error = errorOf(hex(text));
    expect(error).toBeInstanceOf(OpenFlowError);
    expect(error).toMatchObject({ code: 'openflow-decode', codeName, path });
  });

  const flowModWith = (matchAndMore: string) => {
    const bytes = Buffer.concat([encodeMessage(FLOW_MOD_DEFAULTS).subarray(0, 48), hex(matchAndMore)]);
    bytes.writeUInt16BE(bytes.length, 2);
    return bytes;
  };

  it.each([
    ['a match that is not OXM', '0000 0004 00000000', 'OFPBMC_BAD_TYPE', 48 + 4, 'flowMod.match'],
    ['a match of length 3', '0001 0003 00000000', 'OFPBMC_BAD_LEN', 48 + 4, 'flowMod.match'],
    ['a match beyond the message', '0001 0044 00000000', 'OFPBMC_BAD_LEN', 48 + 4, 'flowMod.match'],
    ['a field cut short', '0001 000a 80000a02 08', 'OFPBMC_BAD_LEN', 48 + 4, 'flowMod.match'],
    ['a field beyond its match', '0001 0009 80000a02 080000000000 000000', 'OFPBMC_BAD_LEN', 56, 'flowMod.match[0]'],
    ['a field of a wrong length', '0001 000b 80000a03 080000 0000000000', 'OFPBMC_BAD_LEN', 56, 'flowMod.match[0]'],
    ['a second field', '0001 0010 80000a02 0800 80000a01 0800', 'OFPBMC_BAD_LEN', 62, 'flowMod.match[1]'],
    ['an unknown command in a good message', '', 'OFPFMFC_BAD_COMMAND', 26, 'flowMod.command'],
    [
      'a set_field of a wrong length',
      '0001 0004 00000000 0004 0018 00000000 0019 0010 80000a03 0800000000000000',
      'OFPBAC_BAD_SET_LEN',
      72,
      'flowMod.instructions[0].actions[0].oxm',
    ],
    [
      'an instruction of number 0',
      '0001 0004 00000000 0000 0008 01000000',
      'OFPBIC_UNKNOWN_INST',
      60,
      'flowMod.instructions[0]',
    ],
    ['an instruction of length 4', '0001 0004 00000000 0005 0004', 'OFPBIC_BAD_LEN', 56, 'flowMod.instructions[0]'],
    [
      'an instruction that is too long',
      '0001 0004 00000000 0001 0010 0200000000 00000000000000',
      'OFPBIC_BAD_LEN',
      64,
      'flowMod.instructions[0]',
    ],
  ])('%s, with its place', (name, text, codeName, offset, path) => {
    const bytes = text === '' ? encodeMessage(FLOW_MOD_DEFAULTS) : flowModWith(text);
    if (name.includes('command')) bytes[25] = 9;
    expect(errorOf(bytes)).toMatchObject({ codeName, path, offset });
  });
});

const reg0 = { field: 'reg0', hasMask: false, lengthBytes: 4 } as const;
const noField = { field: 'unknown', oxmClass: 0x8000, oxmField: 127, hasMask: false } as const;
const learnAction = {
  type: 'learn' as const,
  ...{ idleTimeout: 0, hardTimeout: 0, priority: 0, cookie: 0n, flags: 0, tableId: 0 },
  ...{ finIdleTimeout: 0, finHardTimeout: 0 },
};

describe('what encodeMessage refuses', () => {
  const output = (port: number, maxLength: number): Message => ({
    ...FLOW_MOD_DEFAULTS,
    instructions: [
      { type: 'clearActions' },
      { type: 'applyActions', actions: [{ type: 'popVlan' }, { type: 'output', port, maxLength }] },
    ],
  });
  it.each<[string, Message, string]>([
    ['a port over 32 bits', output(2 ** 32, 0), 'flowMod.instructions[1].actions[1].port'],
    ['a negative length', output(1, -1), 'flowMod.instructions[1].actions[1].maxLength'],
    ['a fraction', { ...FLOW_MOD_DEFAULTS, priority: 1.5 }, 'flowMod.priority'],
    ['a number that is none', { ...FLOW_MOD_DEFAULTS, hardTimeout: Number.NaN }, 'flowMod.hardTimeout'],
    ['a timeout over 16 bits', { ...FLOW_MOD_DEFAULTS, hardTimeout: 172800 }, 'flowMod.hardTimeout'],
    ['a negative cookie', { ...FLOW_MOD_DEFAULTS, cookie: -1n }, 'flowMod.cookie'],
    ['a cookie over 64 bits', { ...FLOW_MOD_DEFAULTS, cookie: 1n << 64n }, 'flowMod.cookie'],
    [
      'a match value over 16 bits',
      { ...FLOW_MOD_DEFAULTS, match: [{ field: 'eth_type', value: 0x10000 }] },
      'flowMod.match[0].eth_type',
    ],
    [
      'no Ethernet address',
      { ...FLOW_MOD_DEFAULTS, match: [{ field: 'eth_dst', value: 'router' }] },
      'flowMod.match[0].eth_dst',
    ],
    [
      'raw octets that break the alignment',
      { ...FLOW_MOD_DEFAULTS, instructions: [{ type: 'unknown', typeCode: 99, raw: Buffer.alloc(3) }] },
      'flowMod.instructions[0]',
    ],
    ['a message over 65,535 octets', { type: 'echoRequest', xid: 0, data: Buffer.alloc(65528) }, 'echoRequest.data'],
    ['a type code over 8 bits', { type: 'unknown', xid: 0, typeCode: 256, body: Buffer.alloc(0) }, 'unknown'],
    ['an xid over 32 bits', { type: 'barrierRequest', xid: 2 ** 32 }, 'barrierRequest'],
  ])('%s', (_name, message, path) => {
    expect(() => encodeMessage(message)).toThrow(OpenFlowEncodeError);
    expect(() => encodeMessage(message)).toThrow(GluewallError);
    expect(() => encodeMessage(message)).toThrow(expect.objectContaining({ code: 'openflow-encode', path }));
  });

  it.each<[string, Action, string]>([
    ['a set_field without octets', { type: 'setField', oxm: { ...noField, raw: Buffer.alloc(0) } }, '.oxm'],
    [
      'a learn of no bits',
      { ...learnAction, specs: [{ nBits: 0, from: Buffer.alloc(0), to: { type: 'output' } }] },
      '.specs',
    ],
    [
      'a learn of octets too few',
      { ...learnAction, specs: [{ nBits: 17, from: Buffer.alloc(2), to: { type: 'output' } }] },
      '.specs',
    ],
    ['65 bits', { type: 'regLoad', dst: { field: reg0, firstBit: 0, nBits: 65 }, value: 0n }, '.dst'],
    [
      "an experimenter's field where there is no room",
      {
        type: 'regLoad',
        dst: { field: { field: 'tcp_flags', hasMask: false, lengthBytes: 6 }, firstBit: 0, nBits: 1 },
        value: 0n,
      },
      '.dst',
    ],
    [
      'a ct inside a ct',
      {
        ...{ type: 'ct', flags: 0, zone: 0, recircTable: 255, alg: 0 },
        actions: [{ type: 'experimenter', experimenter: 0x2320, data: Buffer.from([0, 35, 0, 0, 0, 0, 0, 0]) }],
      },
      '.actions',
    ],
  ])('%s in an action', (_name, action, path) => {
    const message: Message = {
      type: 'packetOut',
      xid: 0,
      bufferId: 0,
      inPort: 1,
      actions: [action],
      data: Buffer.alloc(0),
    };
    expect(() => encodeMessage(message)).toThrow(expect.objectContaining({ path: `packetOut.actions[0]${path}` }));
  });

  it('an experimenter in an error of another type', () => {
    const message: Message = { type: 'error', xid: 0, errorType: 1, code: 1, experimenter: 5, data: Buffer.alloc(0) };
    expect(() => encodeMessage(message)).toThrow(OpenFlowEncodeError);
  });

  it('is not the longest message', () => {
    expect(encodeMessage({ type: 'echoRequest', xid: 0, data: Buffer.alloc(65527) }).length).toBe(65535);
  });
});

describe('what decodeMessage takes', () => {
  it.each([
    ['a meter to delete whose flags mean nothing', '041d001000000000 0002 0003 00000001'],
    [
      'a band of an unknown type in a reply',
      '0413002800000000 000a 0000 00000000 0018 0001 00000001 0005 0010 000000020000000200000000',
    ],
  ])('%s', (_name, text) => {
    expect(errorOf(hex(text))).toBeUndefined();
  });
});
