import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OpenFlowEncodeError, OpenFlowError } from '../../../src/openflow/errors.ts';
import { decodeExperimenter, type ExperimenterBody, experimenterMessage } from '../../../src/openflow/experimenter.ts';
import { FLOW_MOD_DEFAULTS } from '../../../src/openflow/flow-mod.ts';
import { decodeMessage, encodeMessage, type MessageOf } from '../../../src/openflow/message.ts';
import { Experimenter } from '../../../src/openflow/schema/constants.ts';
import { experimenterBody } from './arbitraries.ts';
import { word } from './arbitrary-parts.ts';
import { vectors } from './vectors.ts';

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

/** The message of these octets, which must be an experimenter's. */
function experimenterOf(bytes: Buffer): MessageOf<'experimenter'> {
  const result = decodeMessage(bytes);
  if (!result.ok) throw result.error;
  return result.message as MessageOf<'experimenter'>;
}

function bodyOf(message: MessageOf<'experimenter'>): ExperimenterBody {
  const result = decodeExperimenter(message);
  if (result?.ok !== true) throw new Error('not read');
  return result.body;
}

/** An experimenter message of the ONF with these octets behind its types. */
function onf(experimenterType: number, text: string): MessageOf<'experimenter'> {
  return { type: 'experimenter', xid: 7, experimenter: Experimenter.ONF, experimenterType, data: hex(text) };
}

const flowMod = { ...FLOW_MOD_DEFAULTS, xid: 7 };
const addition: ExperimenterBody = { type: 'bundleAdd', bundleId: 1, flags: 3, message: flowMod, properties: [] };

describe('messages of experimenters', () => {
  it('of any content come back as they were written', () => {
    const any = word.chain((xid) => fc.tuple(fc.constant(xid), experimenterBody(xid)));
    fc.assert(
      fc.property(any, ([xid, body]) => {
        const bytes = encodeMessage(experimenterMessage(xid, body));
        expect(bodyOf(experimenterOf(bytes))).toEqual(body);
      }),
      { numRuns: 500 },
    );
  }, 60_000);

  it.each([
    ['ovs/OFP_ROLE_STATUS - primary, config,generation - OF1.3', { role: 'master', reason: 1, generationId: 16n }],
    [
      'ovs/OFP_ROLE_STATUS - primary, experimenter - OF1.3',
      { role: 'master', reason: 2, generationId: 0xffffffffffffffffn },
    ],
    ['ovs/FLOW_MONITOR_PAUSED', { type: 'flowMonitorPaused' }],
    ['ovs/FLOW_MONITOR_RESUMED', { type: 'flowMonitorResumed' }],
  ])('hold what Open vSwitch prints of %s', (name, values) => {
    const message = experimenterOf(vectors.find((vector) => vector.name === name)!.bytes);
    expect(bodyOf(message)).toMatchObject(values);
    expect(experimenterMessage(message.xid, bodyOf(message))).toEqual(message);
  });

  it.each([
    ['another experimenter', { ...onf(2300, '0000000100000000'), experimenter: 0x00d0f0db }],
    ['another type', onf(2302, '')],
    ['a type over 16 bits', onf(2300 + 0x10000, '')],
    ["a type that is another experimenter's", { ...onf(10, '00000000'), experimenter: Experimenter.ONF }],
  ])('of %s are not known', (_name, message) => {
    expect(decodeExperimenter(message)).toBeUndefined();
  });

  it('are laid out as Open vSwitch writes them', () => {
    const control = experimenterMessage(9, {
      ...{ type: 'bundleControl', bundleId: 0x01020304, control: 'commitRequest', flags: 3, properties: [] },
    });
    expect(encodeMessage(control)).toEqual(hex('04 04 0018 00000009 4f4e4600 000008fc 01020304 0004 0003'));
    const role = experimenterMessage(9, { type: 'nxRoleRequest', role: 'slave' });
    expect(encodeMessage(role)).toEqual(hex('04 04 0014 00000009 00002320 0000000a 00000002'));
    const added = encodeMessage(experimenterMessage(7, addition));
    expect(added.subarray(0, 24)).toEqual(hex('04 04 0050 00000007 4f4e4600 000008fd 00000001 0000 0003'));
    expect(added.subarray(24)).toEqual(encodeMessage(flowMod));
  });

  it('pad an added message only in front of properties', () => {
    const message = { type: 'echoRequest', xid: 7, data: Buffer.from([1]) } as const;
    const bare = experimenterMessage(7, { ...addition, message });
    expect(bare.data.length).toBe(8 + 9);
    const property = { type: 'experimenter', experimenter: 5, experimenterType: 6, data: Buffer.alloc(0) } as const;
    const full = experimenterMessage(7, { ...addition, message, properties: [property] });
    expect(full.data.length).toBe(8 + 16 + 16);
    expect(bodyOf(full)).toMatchObject({ message, properties: [property] });
  });

  it('take what is added as it is when it is an experimenter message itself', () => {
    const inner = experimenterMessage(7, addition);
    const outer = experimenterMessage(7, { ...addition, message: inner });
    expect(bodyOf(outer)).toMatchObject({ message: { type: 'experimenter', data: inner.data } });
  });
});

describe('what decodeExperimenter refuses', () => {
  it.each([
    ['an unknown control', onf(2300, '00000001 0008 0003'), 'OFPBFC_BAD_TYPE', 22, 'bundleControl.control'],
    ['a control cut short', onf(2300, '00000001 00'), 'OFPBRC_BAD_LEN', 20, 'bundleControl.control'],
    [
      'a property beyond its message',
      onf(2300, '00000001 0000 0003 ffff 0010 00000001'),
      'OFPBRC_BAD_LEN',
      24,
      'bundleControl.properties[0]',
    ],
    ['no message to add', onf(2301, '00000001 0000 0003'), 'OFPBFC_MSG_BAD_LEN', 24, 'bundleAdd.message'],
    [
      'an added message of length 4',
      onf(2301, '00000001 0000 0003 04140004 00000007'),
      'OFPBFC_MSG_BAD_LEN',
      24,
      'bundleAdd.message',
    ],
    [
      'an added message beyond the one around it',
      onf(2301, '00000001 0000 0003 04140009 00000007'),
      'OFPBFC_MSG_BAD_LEN',
      24,
      'bundleAdd.message',
    ],
    [
      'an added message with a fault of its own',
      onf(2301, '00000001 0000 0003 0418 0018 00000007 00000009 00000000 0000000000000000'),
      'OFPRRFC_BAD_ROLE',
      24 + 12,
      'bundleAdd.message.roleRequest.role',
    ],
    [
      'an added message of another version',
      onf(2301, '00000001 0000 0003 01140008 00000007'),
      'OFPBRC_BAD_VERSION',
      24,
      'bundleAdd.message.header',
    ],
    ['another xid', onf(2301, '00000001 0000 0003 04140008 00000008'), 'OFPBFC_MSG_BAD_XID', 28, 'bundleAdd.message'],
    ['an unknown role', onf(1911, '00000009 00 000000 0000000000000000'), 'OFPRRFC_BAD_ROLE', 20, 'roleStatus.role'],
    ['too much', onf(1871, '00'), 'OFPBRC_BAD_LEN', 16, 'flowMonitorPaused'],
  ])('%s', (_name, message, codeName, offset, path) => {
    const result = decodeExperimenter(message);
    expect(result?.ok).toBe(false);
    if (result?.ok !== false) return;
    expect(result.error).toBeInstanceOf(OpenFlowError);
    expect(result.error).toMatchObject({ codeName, offset, path });
  });

  it('names the ONF as the author of its codes', () => {
    const result = decodeExperimenter(onf(2300, '00000001 0008 0003'));
    expect(result?.ok === false && result.error).toMatchObject({
      ...{ errorType: 0xffff, errorCode: 2306, experimenter: Experimenter.ONF },
    });
  });

  it('is never thrown, whatever the octets', () => {
    const types = fc.constantFrom(1870, 1871, 1872, 1911, 2300, 2301);
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 80 }), (experimenterType, octets) => {
        const message = { ...onf(experimenterType, ''), data: Buffer.from(octets) };
        const result = decodeExperimenter(message);
        if (result?.ok) expect(experimenterMessage(7, result.body).experimenterType).toBe(experimenterType);
        else expect(result?.error).toBeInstanceOf(OpenFlowError);
      }),
      { numRuns: 3000 },
    );
  }, 60_000);

  it('leaves every damaged addition read or refused', () => {
    const { data, ...message } = experimenterMessage(7, addition);
    for (let end = 0; end < data.length; end++) {
      expect(decodeExperimenter({ ...message, data: data.subarray(0, end) })?.ok).toBe(false);
    }
    for (let at = 0; at < data.length; at++) {
      for (let value = 0; value < 256; value++) {
        const changed = Buffer.from(data);
        changed[at] = value;
        const result = decodeExperimenter({ ...message, data: changed });
        if (result?.ok) experimenterMessage(7, result.body);
        else expect(result?.error).toBeInstanceOf(OpenFlowError);
      }
    }
  });
});

describe('what experimenterMessage refuses', () => {
  it.each<[string, ExperimenterBody, string]>([
    ['another xid', { ...addition, message: { ...flowMod, xid: 8 } }, 'bundleAdd.message'],
    ['a bundle over 32 bits', { ...addition, bundleId: 2 ** 32 }, 'bundleAdd.bundleId'],
    ['a bad added message', { ...addition, message: { ...flowMod, priority: -1 } }, 'flowMod.priority'],
  ])('%s', (_name, body, path) => {
    expect(() => experimenterMessage(7, body)).toThrow(OpenFlowEncodeError);
    expect(() => experimenterMessage(7, body)).toThrow(expect.objectContaining({ path }));
  });
});
