import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Ipv4Address, type Ipv6Address, parseAddress } from '../../../src/core/address.ts';
import { experimenterMessage } from '../../../src/openflow/experimenter.ts';
import { FLOW_MOD_DEFAULTS } from '../../../src/openflow/flow-mod.ts';
import { messageToJson } from '../../../src/openflow/message-to-json.ts';
import { anyMessage } from './arbitraries.ts';

it('shows numbers of 64 bits, octets and addresses as text', () => {
  const json = messageToJson({
    ...FLOW_MOD_DEFAULTS,
    xid: 7,
    cookie: 2n ** 64n - 1n,
    match: [
      { field: 'eth_type', value: 0x0800 },
      {
        field: 'ipv4_dst',
        value: parseAddress('192.0.2.0') as Ipv4Address,
        mask: parseAddress('255.255.255.0') as Ipv4Address,
      },
      { field: 'ipv6_dst', value: parseAddress('2001:db8::1') as Ipv6Address },
      { field: 'metadata', value: 2n ** 63n },
      { field: 'unknown', oxmClass: 1, oxmField: 99, hasMask: false, raw: Buffer.from([1, 0xfe]) },
    ],
    instructions: [
      {
        type: 'writeActions',
        actions: [{ type: 'nat', flags: 1, range: { ipv4Min: parseAddress('192.0.2.1') as Ipv4Address, protoMin: 9 } }],
      },
    ],
  });
  expect(Object.keys(json).slice(0, 2)).toEqual(['type', 'xid']);
  expect(JSON.parse(JSON.stringify(json))).toMatchObject({
    type: 'flowMod',
    xid: 7,
    cookie: '18446744073709551615',
    match: [
      { field: 'eth_type', value: 0x0800 },
      { field: 'ipv4_dst', value: '192.0.2.0', mask: '255.255.255.0' },
      { field: 'ipv6_dst', value: '2001:db8::1' },
      { field: 'metadata', value: '9223372036854775808' },
      { field: 'unknown', raw: '01fe' },
    ],
    instructions: [{ actions: [{ type: 'nat', range: { ipv4Min: '192.0.2.1', protoMin: 9 } }] }],
  });
});

it('shows what an experimenter says, and the names of an error', () => {
  const message = { type: 'flowRemoved', xid: 3, cookie: 1n, priority: 1, reason: 0, tableId: 0 } as const;
  const counts = { durationSec: 0, durationNsec: 0, idleTimeout: 0, hardTimeout: 0, packetCount: 0n, byteCount: 0n };
  const added = { ...message, ...counts, match: [] };
  const bundle = experimenterMessage(3, { type: 'bundleAdd', bundleId: 5, flags: 1, message: added, properties: [] });
  expect(messageToJson(bundle)).toMatchObject({
    experimenterType: 2301,
    data: bundle.data.toString('hex'),
    body: { type: 'bundleAdd', bundleId: 5, message: { type: 'flowRemoved', xid: 3, cookie: '1' } },
  });
  const error = { type: 'error', xid: 1, errorType: 4, code: 9, data: Buffer.from([4]) } as const;
  expect(messageToJson(error)).toEqual({
    ...error,
    data: '04',
    names: { type: 'OFPET_BAD_MATCH', code: 'OFPBMC_BAD_PREREQ' },
  });
});

it('makes of any message what JSON can hold', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const json = messageToJson(message);
      expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    }),
  );
});
