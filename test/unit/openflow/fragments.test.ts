import { describe, expect, it } from 'vitest';
import type { Kind } from '../../../src/openflow/kinds.ts';
import { oxm } from '../../../src/openflow/oxm.ts';
import { actionIds, actions } from '../../../src/openflow/schema/actions.ts';
import { instructionIds, instructions } from '../../../src/openflow/schema/instructions.ts';
import { list } from '../../../src/openflow/structure.ts';
import { Reader, WireFault, Writer } from '../../../src/openflow/wire.ts';
import { describeIf } from '../../support/describe-if.ts';
import { jsonLines, loxigenFragments } from './vectors.ts';

/** Lists that Open vSwitch refuses for what they mean; this codec keeps them. */
const KEPT = new Map([
  ['OFPBIC_DUP_INST', "an instruction twice: loxigen's flow_add has that, and OpenFlow 1.3 has no such code"],
  ['OFPBIC_BAD_EXPERIMENTER', 'an unknown experimenter: what is unknown is kept'],
]);

const rows = jsonLines('ovs', 'fragments.jsonl').map(({ id, hex, expect: wanted }) => {
  const { layout, ovs_text: text } = wanted as unknown as { layout: string; ovs_text: readonly string[] };
  const kind: Kind<readonly object[]> = layout.startsWith('actions') ? actions : instructions;
  const refusal = /bad OpenFlow\d+ \w+: (\w+)/.exec(text[0] ?? '')?.[1];
  return { id, bytes: Buffer.from(hex, 'hex'), kind, refusal, text };
});

function encoded(kind: Kind<readonly object[]>, values: readonly object[]): string {
  const writer = new Writer();
  kind.encode(writer, values);
  return writer.finish().toString('hex');
}

/** Open vSwitch's own notes `# NN: aa -> bb` of padding that is written back as zero. */
function withoutPaddingNoise(bytes: Buffer, text: readonly string[]): string {
  const copy = Buffer.from(bytes);
  const isInstruction =
    text.some((line) => /^ 7: 01 -> 00$/.test(line)) || text.some((line) => / 7: 01 -> \(none\)/.test(line));
  if (isInstruction) copy[7] = 0;
  return copy.toString('hex');
}

describe("Open vSwitch's action and instruction lists", () => {
  it('are all here', () => {
    expect(rows.length).toBe(42);
    expect(rows.filter(({ refusal }) => refusal !== undefined).length).toBe(7);
  });

  const good = rows.filter(({ refusal }) => refusal === undefined || KEPT.has(refusal));
  it.each(good.map((row) => [row.id, row] as const))('%s comes back unchanged', (_id, { kind, bytes, text }) => {
    const values = kind.decode(new Reader(bytes));
    expect(values.length).toBeGreaterThan(0);
    expect(encoded(kind, values)).toBe(withoutPaddingNoise(bytes, text));
  });

  const bad = rows.filter(({ refusal }) => refusal !== undefined && !KEPT.has(refusal));
  it.each(bad.map((row) => [row.id, row.refusal, row] as const))('%s is refused with %s', (_id, refusal, row) => {
    expect(() => row.kind.decode(new Reader(row.bytes))).toThrow(expect.objectContaining({ codeName: refusal }));
  });

  const expectSafe = (kind: Kind<readonly object[]>, bytes: Buffer): boolean => {
    try {
      const written = encoded(kind, kind.decode(new Reader(bytes)));
      expect(written.length).toBe(bytes.length * 2);
      expect(encoded(kind, kind.decode(new Reader(Buffer.from(written, 'hex'))))).toBe(written);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(WireFault);
      return false;
    }
  };

  it('are refused or read whole when cut', () => {
    for (const { kind, bytes } of rows) {
      for (let end = 0; end < bytes.length; end++) expectSafe(kind, bytes.subarray(0, end));
    }
  });

  it('are refused or read whole with one octet changed', () => {
    let refusals = 0;
    for (const { kind, bytes } of rows) {
      const copy = Buffer.from(bytes);
      for (let at = 0; at < bytes.length; at++) {
        for (let value = 0; value < 256; value++) {
          copy[at] = value;
          if (!expectSafe(kind, copy)) refusals++;
        }
        copy[at] = bytes[at]!;
      }
    }
    expect(refusals).toBeGreaterThan(10_000);
  }, 60_000);

  const id = (field: string, lengthBytes: number) => ({ field, hasMask: false, lengthBytes });
  const niciraText = (text: string) => text.replace(/^actions=/, '');
  it.each([
    ['resubmit:5', { type: 'resubmit', inPort: 5 }],
    ['set_tunnel:0x12345678', { type: 'setTunnel', tunnelId: 0x12345678 }],
    [
      'load:0xf009->NXM_OF_VLAN_TCI[]',
      { type: 'regLoad', dst: { field: id('vlan_tci', 2), firstBit: 0, nBits: 16 }, value: 0xf009n },
    ],
    ['set_tunnel64:0xc426384d49c53d60', { type: 'setTunnel64', tunnelId: 0xc426384d49c53d60n }],
    [
      'multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[])',
      {
        ...{ type: 'multipath', fields: 0, basis: 50, algorithm: 0, maxLink: 0, arg: 0 },
        dst: { field: id('reg0', 4), firstBit: 0, nBits: 32 },
      },
    ],
    ['resubmit(10,5)', { type: 'resubmitTable', inPort: 10, tableId: 5 }],
    ['resubmit(10,5,ct)', { type: 'resubmitTableCt', inPort: 10, tableId: 5 }],
    ['exit', { type: 'exit' }],
    ['fin_timeout(idle_timeout=10,hard_timeout=20)', { type: 'finTimeout', finIdleTimeout: 10, finHardTimeout: 20 }],
    [
      'controller(reason=invalid_ttl,max_len=1234,id=5678)',
      { type: 'controller', maxLength: 1234, controllerId: 5678, reason: 2 },
    ],
    [
      'sample(probability=12345,collector_set_id=23456,obs_domain_id=34567,obs_point_id=45678)',
      { type: 'sample', probability: 12345, collectorSetId: 23456, obsDomainId: 34567, obsPointId: 45678 },
    ],
    [
      'learn(table=2,idle_timeout=10,hard_timeout=20,fin_idle_timeout=2,fin_hard_timeout=4,priority=80,cookie=0x123456789abcdef0,NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])',
      {
        ...{ type: 'learn', tableId: 2, idleTimeout: 10, hardTimeout: 20, finIdleTimeout: 2, finHardTimeout: 4 },
        ...{ priority: 80, cookie: 0x123456789abcdef0n, flags: 0 },
        specs: [
          {
            nBits: 12,
            from: { field: id('vlan_tci', 2), firstBit: 0 },
            to: { type: 'match', field: id('vlan_tci', 2), firstBit: 0 },
          },
          {
            nBits: 48,
            from: { field: id('eth_src_nxm', 6), firstBit: 0 },
            to: { type: 'match', field: id('eth_dst_nxm', 6), firstBit: 0 },
          },
          { nBits: 16, from: { field: id('in_port_nxm', 2), firstBit: 0 }, to: { type: 'output' } },
        ],
      },
    ],
  ])('hold %s', (wanted, value) => {
    const found = rows.find(({ text }) => niciraText(text[0] ?? '') === wanted)!;
    expect(found.kind.decode(new Reader(found.bytes))).toEqual([value]);
  });
});

describeIf(['shared'], "loxigen's parts of messages", () => {
  const anyOxm = list(oxm);
  const kindOf = (name: string): Kind<readonly object[]> | undefined => {
    if (name.includes('action_id_')) return actionIds;
    if (name.includes('instruction_id_')) return instructionIds;
    if (name.includes('instruction_')) return instructions;
    if (name.includes('oxm_')) return anyOxm;
    return name.includes('action_') ? actions : undefined;
  };
  const bsnOxm = (oxmField: number, hasMask: boolean, hex: string) => ({
    ...{ field: 'unknown', oxmClass: 3, oxmField, hasMask },
    raw: Buffer.from(hex, 'hex'),
  });
  const address = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex').toString('latin1');
  const expected: Readonly<Record<string, object>> = {
    action_id_output: { type: 'output' },
    action_output: { type: 'output', port: 50, maxLength: 65535 },
    action_set_field__eth_dst: { type: 'setField', oxm: { field: 'eth_dst', value: '00:01:02:03:04:05' } },
    action_set_field__ipv6_src: { type: 'setField', oxm: { field: 'ipv6_src', value: address } },
    instruction_goto_table: { type: 'gotoTable', tableId: 5 },
    instruction_id_goto_table: { type: 'gotoTable' },
    oxm_bsn_global_vrf_allowed: bsnOxm(3, false, '01'),
    oxm_bsn_in_ports_masked_128: bsnOxm(
      0,
      true,
      `${'00'.repeat(16)}fffffffeffffffffffffffffff fdfffe`.replace(' ', ''),
    ),
    oxm_bsn_l3_src_class_id: bsnOxm(5, false, '12345678'),
    oxm_bsn_lag_id: bsnOxm(1, false, '12345678'),
    oxm_in_phy_port_masked: { field: 'in_phy_port', value: 42, mask: 2864434397 },
    oxm_ipv6_dst: { field: 'ipv6_dst', value: address },
  };
  /** Parts of what this codec keeps whole, or reads in another place. */
  const elsewhere = ['bsn_tlv_port', 'hello_elem_versionbitmap'];

  it('hold what their authors expect and come back unchanged', () => {
    const fragments = loxigenFragments().map(({ name, bytes }) => ({ name: name.replace(/^.*\/|\.bin$/g, ''), bytes }));
    expect(fragments.length).toBe(14);
    for (const { name, bytes } of fragments.filter((fragment) => !elsewhere.includes(fragment.name))) {
      const kind = kindOf(name)!;
      const values = kind.decode(new Reader(bytes));
      expect(values, name).toEqual([expected[name]]);
      expect(encoded(kind, values)).toBe(bytes.toString('hex'));
    }
    expect(fragments.map(({ name }) => name).sort()).toEqual([...Object.keys(expected), ...elsewhere].sort());
  });
});
