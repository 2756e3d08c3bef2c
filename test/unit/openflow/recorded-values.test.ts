import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/core/address.ts';
import { decodeMessage } from '../../../src/openflow/message.ts';
import { type Vector, vectors } from './vectors.ts';

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
  [
    'ovs/OFPST_PORT reply - OF1.3',
    {
      body: {
        entries: [
          {
            portNo: 2,
            rxPackets: 103766n,
            rxBytes: 39651480n,
            txPackets: 136n,
            durationSec: 1,
            durationNsec: 1_000_000,
          },
          { portNo: 0xfffffffe, rxPackets: 68n, rxBytes: 5756n, txPackets: 40236n, txBytes: 18757188n },
          { portNo: 1, rxPackets: 68n, rxDropped: 0n, collisions: 0n, durationSec: 0, durationNsec: 123_000_000 },
        ],
      },
    },
  ],
  [
    'ovs/OFPST_QUEUE reply - OF1.3',
    {
      body: {
        entries: [
          { portNo: 3, queueId: 1, txBytes: 302n, txPackets: 1n, txErrors: 0n, durationSec: 100 },
          { portNo: 3, queueId: 2, durationNsec: 500_000_000 },
          { portNo: 2, queueId: 1, txBytes: 2100n, txPackets: 20n },
          { portNo: 2, queueId: 2 },
          { portNo: 1, queueId: 1 },
          { portNo: 1, queueId: 2, durationSec: 0xffffffff },
        ],
      },
    },
  ],
  [
    'ovs/OFPST_AGGREGATE request - OF1.3',
    { body: { type: 'aggregate', tableId: 255, outPort: 0xffffffff, outGroup: 0xffffffff, match: [] } },
  ],
  ['ovs/OFPST_METER request - OF1.3', { body: { type: 'meter', meterId: 1 } }],
  ['ovs/OFPST_METER_CONFIG request - OF1.3', { body: { type: 'meterConfig', meterId: 1 } }],
  ['ovs/OFPST_METER_FEATURES request - OF1.3', { body: { type: 'meterFeatures' } }],
  ['ovs/OFPST_PORT request - 1.3', { body: { type: 'portStats', portNo: 0xffffffff } }],
  ['ovs/OFPST_QUEUE request - OF1.3', { body: { type: 'queue', portNo: 0xffffffff, queueId: 0xffffffff } }],
  ['ovs/OFPST_TABLE request - OF1.3', { body: { type: 'table' } }],
  ['ovs/OFPT_BARRIER_REQUEST - OF1.3', { type: 'barrierRequest', xid: 1 }],
  [
    'ovs/OFPT_PORT_MOD - OF1.3',
    { type: 'portMod', portNo: 3, hwAddr: '50:54:00:00:00:01', config: 1, mask: 1, advertise: 0 },
  ],
  [
    'ovs/OFPT_SET_ASYNC - OF1.3',
    {
      ...{ packetInMask: 0x1005, packetInMaskSlave: 0x1007, portStatusMask: 3, portStatusMaskSlave: 7 },
      ...{ flowRemovedMask: 0, flowRemovedMaskSlave: 3 },
    },
  ],
  ['ovs/OFPT_TABLE_MOD - OF1.3', { type: 'tableMod', tableId: 2, config: 0 }],
  ['tcpdump/frame 11 msg 0', { type: 'error', errorType: 6, code: 1 }],
  ['tcpdump/frame 22 msg 0', { type: 'error', errorType: 0, code: 0 }],
  ['tcpdump/frame 48 msg 0', { type: 'error', errorType: 1, code: 6 }],
  ['tcpdump/frame 8 msg 0', { type: 'error', errorType: 2, code: 2 }],
  ['tcpdump/frame 47 msg 0', { type: 'experimenter', experimenter: 0x00d0f0db, experimenterType: 0x65 }],
  ['tcpdump/frame 33 msg 0', { type: 'hello', elements: [{ type: 'versionBitmap', bitmaps: [0x15] }] }],
  ['tcpdump/frame 158 msg 0', { type: 'queueGetConfigRequest', port: 1 }],
  ['tcpdump/frame 56 msg 0', { type: 'setConfig', flags: 2, missSendLen: 200 }],
  ['tcpdump/frame 147 msg 0', { type: 'tableMod', tableId: 1, config: 0 }],
];

const id = (field: string, lengthBytes: number) => ({ field, hasMask: false, lengthBytes });

/** The properties of the first table of a message, by their names. */
function firstTable(name: string): Record<string, unknown> {
  const { body } = messageOf(vectors, name) as { body: { entries: { properties: { type: string }[] }[] } };
  const [table] = body.entries;
  return { ...table, ...Object.fromEntries(table!.properties.map((property) => [property.type, property])) };
}

describe("Open vSwitch's table features hold", () => {
  const table = firstTable('ovs/OFPST_TABLE_FEATURES request - OF1.3');

  it('what it prints of them', () => {
    expect(table).toMatchObject({
      ...{
        name: 'table0',
        metadataMatch: 0xffffffffffffffffn,
        metadataWrite: 0xffffffffffffffffn,
        maxEntries: 1_000_000,
      },
      nextTables: { tableIds: Array.from({ length: 253 }, (_, index) => index + 1) },
    });
    const names = (of: string, list: string) =>
      (table[of] as Record<string, readonly { type: string }[]>)[list]!.map(({ type }) => type).sort();
    expect(names('instructions', 'instructions')).toEqual(
      ['applyActions', 'clearActions', 'writeActions', 'writeMetadata', 'gotoTable'].sort(),
    );
    // What Open vSwitch does not print here it does not know itself.
    const unprinted = ['copyTtlIn', 'copyTtlOut', 'pushPbb', 'popPbb'];
    for (const property of ['writeActions', 'applyActionsMiss']) {
      expect(names(property, 'actions')).toEqual(
        [
          ...['output', 'group', 'setField', 'popVlan', 'pushVlan', 'setNwTtl', 'decNwTtl', 'setMplsTtl'],
          ...['decMplsTtl', 'pushMpls', 'popMpls', 'setQueue', ...unprinted],
        ].sort(),
      );
    }
  });

  it('the fields that it can match on and set', () => {
    const fields = (table.match as { fields: { field: string }[] }).fields.map(({ field }) => field);
    const wanted = [
      'tunnel_id',
      'tun_ipv4_src',
      'tun_ipv4_dst',
      'metadata',
      'in_port',
      'in_port_nxm',
      'pkt_mark',
      'reg0',
    ];
    expect(fields).toEqual(
      expect.arrayContaining([...wanted, 'reg7', 'vlan_tci', 'mpls_bos', 'nw_frag', 'ipv6_nd_target']),
    );
    expect(fields).not.toContain('unknown');
    expect(table.applySetField).toMatchObject({ fields: expect.arrayContaining([id('reg0', 4)]) });
  });
});

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
