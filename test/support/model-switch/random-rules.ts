/** Random rule sets of the world of random-matches.ts. */
import fc from 'fast-check';
import { FLOW_MOD_DEFAULTS, type FlowMod } from '../../../src/openflow/flow-mod.ts';
import type { Match } from '../../../src/openflow/match.ts';
import type { KnownOxm } from '../../../src/openflow/oxm.ts';
import type { Action } from '../../../src/openflow/schema/actions.ts';
import { FlowModFlag, FragmentFlag, Group, MeterFlag, Port, Table } from '../../../src/openflow/schema/constants.ts';
import type { Instruction } from '../../../src/openflow/schema/instructions.ts';
import { GroupType } from './groups.ts';
import { ipv4, ipv6, METADATA, mac, maybe, oxm, pick, randomMatch, WORLD } from './random-matches.ts';
import type { TableChange } from './switch-state.ts';

export interface RuleSet {
  readonly fragmentMode: number;
  readonly changes: readonly TableChange[];
}

const TABLES = 4;
const MAX_LENGTH = 0xffff;
const GROUPS = [1, 2];
const METERS = [1, 2];

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

const setDestination = mac.map((value): Action => ({ type: 'setField', oxm: { field: 'eth_dst', value } }));
const bucketActions = fc.array(fc.oneof(setDestination, outputs), { minLength: 1, maxLength: 4 });

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
