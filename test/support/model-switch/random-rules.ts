/** Random rule sets and frames of a small world, in which rules meet packets often. */
import fc from 'fast-check';
import { parseAddress } from '../../../src/core/address.ts';
import { FLOW_MOD_DEFAULTS, type FlowMod } from '../../../src/openflow/flow-mod.ts';
import type { Match } from '../../../src/openflow/match.ts';
import type { KnownOxm, Oxm } from '../../../src/openflow/oxm.ts';
import type { Action } from '../../../src/openflow/schema/actions.ts';
import { FlowModFlag, FragmentFlag, Group, MeterFlag, Port, Table } from '../../../src/openflow/schema/constants.ts';
import type { Instruction } from '../../../src/openflow/schema/instructions.ts';
import { GroupType } from './groups.ts';
import type { TableChange } from './switch-state.ts';

export interface RuleSet {
  readonly fragmentMode: number;
  readonly changes: readonly TableChange[];
}

export const WORLD = {
  ipv4: ['192.0.2.1', '192.0.2.2', '198.51.100.53'],
  ipv6: ['2001:db8::1', '2001:db8::2', '2001:db8:1::53'],
  macs: ['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:01:03'],
  inPorts: [1, 2, 3],
  vlans: [10, 20],
  transportPorts: [53, 80, 0],
  dscps: [0, 10],
} as const;

const TABLES = 4;
const MAX_LENGTH = 0xffff;
const GROUPS = [1, 2];
const METERS = [1, 2];
const METADATA = [1n, 2n, 3n];

const pick = <T>(values: readonly T[]) => fc.constantFrom(...values);
const ipv4 = pick(WORLD.ipv4).map((text) => parseAddress(text)!);
const ipv6 = pick(WORLD.ipv6).map((text) => parseAddress(text)!);
const mac = pick(WORLD.macs);

const oxm = (field: KnownOxm['field'], value: fc.Arbitrary<unknown>): fc.Arbitrary<Oxm> =>
  value.map((found) => ({ field, value: found }) as Oxm);

/** Half of the time there is a mask, and the value keeps to it. */
function maskedIpv4(field: 'ipv4_src' | 'ipv4_dst' | 'arp_spa' | 'arp_tpa'): fc.Arbitrary<Oxm> {
  const masks = fc.option(pick(['255.255.255.0', '255.0.0.0', '0.0.0.3', '255.255.255.255', '0.0.0.0']));
  return fc.tuple(ipv4, masks).map(([address, text]) => {
    if (text === null) return { field, value: address } as Oxm;
    const mask = parseAddress(text) as number;
    return { field, value: (address as number) & mask, mask } as Oxm;
  });
}

function maskedIpv6(field: 'ipv6_src' | 'ipv6_dst'): fc.Arbitrary<Oxm> {
  const masks = fc.option(pick(['ffff:ffff:ffff::', 'ffff:ffff::', '::3']));
  return fc.tuple(ipv6, masks).map(([address, text]) => {
    if (text === null) return { field, value: address } as Oxm;
    return { field, value: andText(String(address), String(parseAddress(text))), mask: parseAddress(text) } as Oxm;
  });
}

function andText(value: string, mask: string): string {
  const octets = [...Buffer.from(value, 'latin1')].map((octet, index) => octet & mask.charCodeAt(index));
  return Buffer.from(octets).toString('latin1');
}

function maskedMac(field: 'eth_src' | 'eth_dst'): fc.Arbitrary<Oxm> {
  const masks = fc.option(pick(['ff:ff:ff:ff:ff:00', '00:00:00:00:ff:ff', '01:00:00:00:00:00']));
  return fc.tuple(mac, masks).map(([address, mask]) => {
    if (mask === null) return { field, value: address };
    const bits = BigInt(`0x${address.replaceAll(':', '')}`) & BigInt(`0x${mask.replaceAll(':', '')}`);
    return {
      field,
      value: bits
        .toString(16)
        .padStart(12, '0')
        .replace(/..(?=.)/g, '$&:'),
      mask,
    };
  });
}

const maskedMetadata = fc.tuple(pick(METADATA), fc.option(pick([1n, 2n, 3n]))).map(([value, mask]): Oxm => {
  return mask === null ? { field: 'metadata', value } : { field: 'metadata', value: value & mask, mask };
});

const vlanVid = fc.oneof(
  fc.constant<Oxm>({ field: 'vlan_vid', value: 0 }),
  fc.constant<Oxm>({ field: 'vlan_vid', value: 0x1000, mask: 0x1000 }),
  pick(WORLD.vlans).map((id): Oxm => ({ field: 'vlan_vid', value: 0x1000 | id })),
);

/** There `there` times in ten. */
function maybe<T>(arbitrary: fc.Arbitrary<T>, there: number): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: there, arbitrary }, { weight: 10 - there, arbitrary: fc.constant(null) });
}

/** Each of the fields may be there or not, in this order: a field stands behind what it requires. */
function someOf(...fields: readonly fc.Arbitrary<Oxm>[]): fc.Arbitrary<Match> {
  return fc.tuple(...fields.map((field) => maybe(field, 4))).map((found) => found.filter((one) => one !== null));
}

function joined(...parts: readonly fc.Arbitrary<Match>[]): fc.Arbitrary<Match> {
  return fc.tuple(...parts).map((found) => found.flat());
}

const always = (...oxms: readonly Oxm[]): fc.Arbitrary<Match> => fc.constant(oxms);
const number = (field: KnownOxm['field'], values: readonly number[]) => oxm(field, pick(values));

/** Fields of every packet. */
const outer = joined(
  someOf(number('in_port', WORLD.inPorts), maskedMetadata, maskedMac('eth_dst'), maskedMac('eth_src')).map(thinned),
  maybe(vlanVid, 3).map((found) => (found === null ? [] : [found])),
);

/** Of four fields that narrow much only the first is kept: rules should meet packets. */
function thinned(fields: Match): Match {
  return fields.slice(0, 1);
}

const fragment = number('nw_frag', [0, 1, 3]);

function transport(isIpv4: boolean): fc.Arbitrary<Match> {
  const icmp = isIpv4 ? 'icmpv4' : 'icmpv6';
  const ports = (name: 'tcp' | 'udp', protocol: number) =>
    joined(
      always({ field: 'ip_proto', value: protocol }),
      someOf(number(`${name}_src`, WORLD.transportPorts), number(`${name}_dst`, WORLD.transportPorts)),
    );
  return fc.oneof(
    always(),
    ports('udp', 17),
    ports('tcp', 6),
    joined(
      always({ field: 'ip_proto', value: isIpv4 ? 1 : 58 }),
      someOf(number(`${icmp}_type`, [0, 8, 128]), number(`${icmp}_code`, [0, 1])),
    ),
    always({ field: 'ip_proto', value: 44 }),
  );
}

const inner = fc.oneof(
  { weight: 2, arbitrary: always() },
  {
    weight: 4,
    arbitrary: joined(
      always({ field: 'eth_type', value: 0x0800 }),
      someOf(number('ip_dscp', WORLD.dscps), number('ip_ecn', [0, 1]), fragment).map(thinned),
      someOf(maskedIpv4('ipv4_src'), maskedIpv4('ipv4_dst')),
      transport(true),
    ),
  },
  {
    weight: 3,
    arbitrary: joined(
      always({ field: 'eth_type', value: 0x86dd }),
      someOf(number('ip_dscp', WORLD.dscps), fragment, number('ipv6_flabel', [0, 5])).map(thinned),
      someOf(maskedIpv6('ipv6_src'), maskedIpv6('ipv6_dst')),
      transport(false),
    ),
  },
  {
    weight: 1,
    arbitrary: joined(
      always({ field: 'eth_type', value: 0x0806 }),
      someOf(number('arp_op', [1, 2]), maskedIpv4('arp_spa'), maskedIpv4('arp_tpa'), oxm('arp_sha', mac)),
    ),
  },
);

export const randomMatch = joined(outer, inner);

const valuesToSet: readonly (readonly [KnownOxm['field'], fc.Arbitrary<unknown>])[] = [
  ['eth_dst', mac],
  ['eth_src', mac],
  ['vlan_vid', pick(WORLD.vlans.map((id) => 0x1000 | id))],
  ['vlan_pcp', pick([0, 5])],
  ['ip_dscp', pick(WORLD.dscps)],
  ['ip_ecn', pick([0, 1])],
  ['ipv4_src', ipv4],
  ['ipv4_dst', ipv4],
  ['ipv6_src', ipv6],
  ['ipv6_dst', ipv6],
  ['ipv6_flabel', pick([0, 5])],
  ['udp_src', pick([53, 80])],
  ['udp_dst', pick([53, 80])],
  ['tcp_src', pick([53, 80])],
  ['tcp_dst', pick([53, 80])],
  ['icmpv4_type', pick([0, 8])],
  ['icmpv6_code', pick([0, 1])],
  ['arp_op', pick([1, 2])],
  ['arp_spa', ipv4],
  ['arp_tha', mac],
];

/** Fields that a match of these fields allows to be set, and now and then one that it does not. */
function settable(match: Match): fc.Arbitrary<Action> {
  const has = (field: string, value: unknown) =>
    match.some((one) => one.field === field && (one as KnownOxm).value === value);
  const isTagged = match.some((one) => one.field === 'vlan_vid' && one.value !== 0);
  const allowed = valuesToSet.filter(([field]) => {
    if (field.startsWith('eth')) return true;
    if (field.startsWith('vlan')) return isTagged;
    if (field.startsWith('ipv4')) return has('eth_type', 0x0800);
    if (field.startsWith('ipv6')) return has('eth_type', 0x86dd);
    if (field.startsWith('ip_')) return has('eth_type', 0x0800) || has('eth_type', 0x86dd);
    if (field.startsWith('arp')) return has('eth_type', 0x0806);
    const protocols: Readonly<Record<string, number>> = { udp: 17, tcp: 6, icmpv4: 1, icmpv6: 58 };
    return has('ip_proto', protocols[field.split('_')[0]!]);
  });
  const action = ([field, value]: (typeof valuesToSet)[number]) =>
    oxm(field, value).map((found): Action => ({ type: 'setField', oxm: found }));
  return fc.oneof(
    { weight: 40, arbitrary: fc.oneof(...allowed.map(action)) },
    { weight: 1, arbitrary: fc.oneof(...valuesToSet.map(action)) },
  );
}

const output = (port: number, maxLength = 0): Action => ({ type: 'output', port, maxLength });

const outputs: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: pick([1, 2, 3]).map((port) => output(port)) },
  { weight: 3, arbitrary: pick([64, MAX_LENGTH]).map((length) => output(Port.CONTROLLER, length)) },
  {
    weight: 3,
    arbitrary: pick([Port.IN_PORT, Port.NORMAL, Port.FLOOD, Port.ALL, Port.LOCAL]).map((port) => output(port)),
  },
  { weight: 1, arbitrary: pick([9, Port.ANY, 0xff01]).map((port) => output(port)) },
);

function actionsFor(match: Match, maxLength: number): fc.Arbitrary<readonly Action[]> {
  const isUntagged = match.some((one) => one.field === 'vlan_vid' && one.value === 0 && one.mask === undefined);
  const isTagged = match.some((one) => one.field === 'vlan_vid' && one.value !== 0);
  const isIp = match.some((one) => one.field === 'eth_type' && one.value !== 0x0806);
  const push: Action = { type: 'pushVlan', etherType: 0x8100 };
  const setTag: Action = { type: 'setField', oxm: { field: 'vlan_vid', value: 0x1000 | 20 } };
  const one = fc.oneof(
    { weight: 5, arbitrary: outputs },
    { weight: 4, arbitrary: settable(match) },
    { weight: 1, arbitrary: pick([...GROUPS, 7]).map((groupId): Action => ({ type: 'group', groupId })) },
    ...(isTagged ? [{ weight: 2, arbitrary: fc.constant<Action>({ type: 'popVlan' }) }] : []),
    ...(isIp ? [{ weight: 1, arbitrary: fc.constant<Action>({ type: 'decNwTtl' }) }] : []),
    ...(isIp ? [{ weight: 1, arbitrary: pick([1, 9]).map((nwTtl): Action => ({ type: 'setNwTtl', nwTtl })) }] : []),
  );
  const list = fc.array(one, { maxLength });
  if (!isUntagged) return list;
  return fc.tuple(list, list, fc.boolean()).map(([before, after, pushes]) => {
    return pushes ? [...before, push, setTag, ...after] : before;
  });
}

function instructionsFor(match: Match, tableId: number): fc.Arbitrary<readonly Instruction[]> {
  const meter = pick(METERS).map((meterId): Instruction => ({ type: 'meter', meterId }));
  const apply = actionsFor(match, 4).map((actions): Instruction => ({ type: 'applyActions', actions }));
  const write = actionsFor(match, 4).map((actions): Instruction => ({ type: 'writeActions', actions }));
  const metadata = fc
    .tuple(pick(METADATA), pick([1n, 3n]))
    .map(([value, mask]): Instruction => ({ type: 'writeMetadata', metadata: value, metadataMask: mask }));
  const parts = fc.tuple(
    maybe(meter, 2),
    maybe(apply, 7),
    maybe(fc.constant<Instruction>({ type: 'clearActions' }), 2),
    maybe(write, 4),
    maybe(metadata, 4),
    tableId < TABLES - 1 ? maybe(leadingOn(tableId), 7) : fc.constant(null),
  );
  return parts.map((found) => found.filter((one) => one !== null));
}

function leadingOn(tableId: number): fc.Arbitrary<Instruction> {
  const next = fc.integer({ min: tableId + 1, max: TABLES - 1 });
  return next.map((to): Instruction => ({ type: 'gotoTable', tableId: to }));
}

const flags = fc.constantFrom(0, 0, 0, FlowModFlag.SEND_FLOW_REM, FlowModFlag.CHECK_OVERLAP, FlowModFlag.RESET_COUNTS);

const add = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 2, arbitrary: fc.integer({ min: 1, max: TABLES - 1 }) },
    ),
    randomMatch,
    flags,
    fc.bigInt({ min: 0n, max: 7n }),
  )
  .chain(([tableId, match, flag, cookie]) =>
    instructionsFor(match, tableId).map((instructions): FlowMod => {
      return { ...FLOW_MOD_DEFAULTS, tableId, match, flags: flag, cookie, instructions };
    }),
  );

const change = fc
  .record({
    command: pick(['modify', 'modifyStrict', 'delete', 'deleteStrict'] as const),
    cookieMask: pick([0n, 0n, 1n]),
    outPort: pick([Port.ANY, Port.ANY, 1, 2, Port.CONTROLLER]),
    outGroup: pick([Group.ANY, Group.ANY, 1]),
    isAll: fc.boolean(),
  })
  .chain((parts) => fc.tuple(fc.constant(parts), add, fc.nat(100)));

/** Priorities are all different, but for those of ADDs that ask not to overlap; so there is never a doubt who wins. */
function numbered(adds: readonly FlowMod[]): readonly FlowMod[] {
  return adds.map((mod, index) => {
    const isChecked = mod.flags === FlowModFlag.CHECK_OVERLAP;
    return { ...mod, priority: isChecked ? Math.floor(index / 2) * 2 : index * 2 + 1 };
  });
}

type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** A change of entries like one that has been added: it names the same match, or part of it. */
function changed(adds: readonly FlowMod[], [parts, fallback, at]: Change): FlowMod {
  const like = adds[at % adds.length] ?? fallback;
  const { command, cookieMask, outPort, outGroup, isAll } = parts;
  const isDelete = command.startsWith('delete');
  const isStrict = command.endsWith('Strict');
  return {
    ...like,
    command,
    cookieMask,
    outPort,
    outGroup,
    tableId: isDelete && isAll ? Table.ALL : like.tableId,
    match: isStrict ? like.match : like.match.slice(0, 1),
    flags: 0,
    instructions: isDelete ? [] : isStrict ? like.instructions : [],
  };
}

const bucketActions = fc.tuple(fc.array(settableAnywhere(), { maxLength: 1 }), outputs).map((parts) => parts.flat());

function settableAnywhere(): fc.Arbitrary<Action> {
  return mac.map((value): Action => ({ type: 'setField', oxm: { field: 'eth_dst', value } }));
}

function group(groupId: number, groupType: number): fc.Arbitrary<TableChange> {
  const isFailover = groupType === GroupType.FAST_FAILOVER;
  const watch = isFailover ? pick([1, 2, 9]) : fc.constant(Port.ANY);
  const bucket = fc.record({
    weight: fc.constant(0),
    watchPort: watch,
    watchGroup: fc.constant(Group.ANY),
    actions: bucketActions,
  });
  const maxLength = groupType === GroupType.INDIRECT ? 1 : 3;
  return fc.array(bucket, { minLength: 1, maxLength }).map((buckets): TableChange => {
    return { type: 'groupMod', xid: 0, command: 'add', groupType, groupId, buckets };
  });
}

/** Wide enough never to drop. */
const meters: readonly TableChange[] = METERS.map((meterId) => ({
  type: 'meterMod',
  xid: 0,
  command: 'add',
  flags: MeterFlag.PKTPS | MeterFlag.BURST,
  meterId,
  bands: [{ type: 'drop', rate: 1_000_000, burstSize: 1_000_000 }],
}));

const { ALL, INDIRECT, FAST_FAILOVER } = GroupType;

export const randomRuleSet: fc.Arbitrary<RuleSet> = fc
  .tuple(
    pick([FragmentFlag.NORMAL, FragmentFlag.NX_MATCH, FragmentFlag.NX_MATCH, FragmentFlag.DROP]),
    fc.tuple(
      group(1, ALL),
      pick([INDIRECT, FAST_FAILOVER]).chain((type) => group(2, type)),
    ),
    fc.array(add, { minLength: 3, maxLength: 14 }),
    fc.array(change, { maxLength: 3 }),
  )
  .map(([fragmentMode, groups, unnumbered, later]) => {
    const adds = numbered(unnumbered);
    const again = later.map((parts) => changed(adds, parts));
    return { fragmentMode, changes: [...meters, ...groups, ...adds, ...again] };
  });
