import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/core/address.ts';
import { decodeMessage } from '../../../src/openflow/message.ts';
import { describeIf } from '../../support/describe-if.ts';
import { loxigenVectors, type Vector, vectors } from './vectors.ts';

function messageOf(all: readonly Vector[], name: string): unknown {
  const result = decodeMessage(all.find((vector) => vector.name === name)!.bytes);
  if (!result.ok) throw result.error;
  return result.message;
}

/** Values as `ovs-ofctl ofp-print` and `tcpdump -vv` show them in their projects' own tests. */
const expected: readonly (readonly [string, object])[] = [
  [
    'ovs/OFPT_FEATURES_REPLY - OF1.3',
    { type: 'featuresReply', datapathId: 0x505400000001n, nBuffers: 256, nTables: 255, capabilities: 0x177 },
  ],
  [
    'ovs/OFPT_FLOW_MOD - OF1.3 - flags - low verbosity',
    {
      type: 'flowMod',
      xid: 2,
      command: 'add',
      tableId: 1,
      priority: 65535,
      flags: 31,
      match: [
        { field: 'in_port', value: 1 },
        { field: 'eth_src', value: '50:54:00:00:00:06' },
        { field: 'eth_dst', value: '50:54:00:00:00:05' },
        { field: 'eth_type', value: 0x0806 },
        { field: 'vlan_vid', value: 0 },
        { field: 'arp_op', value: 2 },
        { field: 'arp_spa', value: parseAddress('192.168.0.2') },
        { field: 'arp_tpa', value: parseAddress('192.168.0.1') },
      ],
      instructions: [{ type: 'applyActions', actions: [{ type: 'output', port: 3, maxLength: 0 }] }],
    },
  ],
  ['ovs/OFPT_FLOW_MOD - OF1.3 - meter', { priority: 1000, instructions: [{ type: 'meter', meterId: 1 }] }],
  [
    'ovs/OFPT_FLOW_REMOVED - OF1.3',
    {
      type: 'flowRemoved',
      cookie: 0xfedcba9876543210n,
      reason: 1,
      tableId: 5,
      durationSec: 1,
      durationNsec: 10_000_000,
      idleTimeout: 60,
      hardTimeout: 120,
      packetCount: 1234567n,
      byteCount: 1869134438n,
      match: [{ field: 'vlan_vid', value: 0x1009 }],
    },
  ],
  [
    'ovs/OFPT_METER_MOD request - OF1.3',
    { command: 'add', meterId: 5, flags: 13, bands: [{ type: 'drop', rate: 1024, burstSize: 128 }] },
  ],
  [
    'ovs/OFPST_METER_FEATURES reply - OF1.3',
    { body: { type: 'meterFeatures', maxMeter: 65536, bandTypes: 6, capabilities: 15, maxBands: 16, maxColor: 2 } },
  ],
  [
    'ovs/OFPST_METER_CONFIG reply - OF1.3',
    {
      body: {
        type: 'meterConfig',
        entries: [
          {
            flags: 5,
            meterId: 1,
            bands: [
              { type: 'drop', rate: 65536, burstSize: 1280 },
              { type: 'dscpRemark', rate: 1048576, burstSize: 61440, precLevel: 0 },
            ],
          },
          { flags: 9, meterId: 2, bands: [{ type: 'drop', rate: 131072, burstSize: 0 }] },
        ],
      },
    },
  ],
  [
    'ovs/OFPST_TABLE reply - OF1.3',
    {
      body: {
        type: 'table',
        entries: [
          { tableId: 0, activeCount: 11, lookupCount: 512n, matchedCount: 256n },
          { tableId: 1, activeCount: 12, lookupCount: 513n, matchedCount: 257n },
        ],
      },
    },
  ],
  [
    'ovs/OFPT_PACKET_IN - OF1.3',
    {
      type: 'packetIn',
      bufferId: 0xffffff00,
      totalLen: 42,
      reason: 0,
      cookie: 0x102030405060708n,
      match: [{ field: 'in_port', value: 0xfffffffe }],
    },
  ],
  [
    'ovs/OFPT_QUEUE_GET_CONFIG_REPLY - OF1.3',
    {
      port: 1,
      queues: [
        {
          queueId: 21845,
          properties: [
            { type: 'minRate', rate: 500 },
            { type: 'maxRate', rate: 750 },
          ],
        },
        { queueId: 17476, properties: [] },
      ],
    },
  ],
  ['ovs/OFPST_TABLE_FEATURES request - OF1.3', { flags: 1, body: { type: 'tableFeatures' } }],
];

describe('recorded messages hold', () => {
  it.each(expected)('what is expected of %s', (name, values) => {
    expect(messageOf(vectors, name)).toMatchObject(values);
  });

  it.each([
    [
      'PORT_STATUS',
      { reason: 2, port: { portNo: 1, hwAddr: '0a:ea:83:10:db:09', name: 'veth0', currSpeed: 10485760 } },
    ],
    ['ROLE_REQUEST', { role: 'master', generationId: 0x12e248an }],
    ['GET_CONFIG_REPLY', { flags: 1, missSendLen: 200 }],
    ['SET_ASYNC', { packetInMask: 3, packetInMaskSlave: 2, portStatusMask: 7, flowRemovedMaskSlave: 4 }],
    ['PORT_MOD', { portNo: 1, config: 0x40, mask: 0x40, advertise: 0x80a }],
    ['FEATURES_REPLY', { datapathId: 0x26a2b46fd9ban, nBuffers: 256, nTables: 64, capabilities: 0x4f }],
  ])('what tcpdump prints of a %s', (type, values) => {
    const camel = type.toLowerCase().replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
    const messages = vectors
      .filter(({ name }) => name.startsWith('tcpdump/'))
      .map(({ name }) => messageOf(vectors, name) as { readonly type: string })
      .filter((message) => message.type === camel);
    expect(messages[0]).toMatchObject(values);
  });
});

describeIf(['shared'], "loxigen's flow_add holds", () => {
  it('what its authors expect', () => {
    expect(messageOf(loxigenVectors(), 'loxigen/flow_add.bin')).toMatchObject({
      xid: 305419896,
      cookie: 18364758544493064720n,
      cookieMask: 18374966859414961920n,
      tableId: 3,
      idleTimeout: 5,
      hardTimeout: 10,
      priority: 6000,
      bufferId: 50,
      outPort: 6,
      outGroup: 8,
      match: [
        { field: 'in_port', value: 4, mask: 5 },
        { field: 'eth_type', value: 34525 },
        { field: 'ip_proto', value: 6 },
        {
          field: 'ipv6_src',
          value: Buffer.from('1ccafe1cb1101c000028000000000000', 'hex').toString('latin1'),
          mask: Buffer.from('fffffffffff0ffff1c2c3c0000000000', 'hex').toString('latin1'),
        },
      ],
      instructions: [
        { type: 'gotoTable', tableId: 4 },
        { type: 'gotoTable', tableId: 7 },
      ],
    });
  });
});
