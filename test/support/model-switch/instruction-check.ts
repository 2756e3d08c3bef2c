import type { Match } from '../../../src/openflow/match.ts';
import { oxmRow } from '../../../src/openflow/oxm.ts';
import type { Action } from '../../../src/openflow/schema/actions.ts';
import { Group, Port, VlanId } from '../../../src/openflow/schema/constants.ts';
import type { ErrorCodeName } from '../../../src/openflow/schema/errors.ts';
import type { Instruction } from '../../../src/openflow/schema/instructions.ts';
import { isOfLaterFragments, isPortField } from './match-check.ts';
import { ModelGap } from './model-gap.ts';

/** What instructions may lean on in a switch. */
export interface CheckedAgainst {
  readonly tableCount: number;
  readonly hasMeter: (meterId: number) => boolean;
  readonly hasGroup: (groupId: number) => boolean;
}

const MODELLED: readonly Action['type'][] = [
  ...(['output', 'group', 'pushVlan', 'popVlan', 'setField', 'setNwTtl', 'decNwTtl'] as const),
];
const TAG_TYPES = [0x8100, 0x88a8];
const IP_TYPES: readonly unknown[] = [0x0800, 0x86dd];
/** Open vSwitch has port numbers of 16 bits and maps the reserved ones. */
const FIRST_PORT_OF_NONE = 0xff00;

/** Why a flow entry of this table would be refused; undefined when it would be taken. */
export function instructionTrouble(
  tableId: number,
  match: Match,
  instructions: readonly Instruction[],
  against: CheckedAgainst,
): ErrorCodeName | undefined {
  if (new Set(instructions.map(({ type }) => type)).size < instructions.length) {
    throw new ModelGap('answer to an instruction that stands twice');
  }
  const tag = { isThere: hasTag(match) };
  const inOrder = [...instructions].sort((one, other) => rank(one) - rank(other));
  for (const step of inOrder) {
    const trouble = stepTrouble(tableId, match, step, tag, against);
    if (trouble !== undefined) return trouble;
  }
  return undefined;
}

/** Why the actions of a packet_out or a bucket would be refused: they are checked without a match. */
export function actionTrouble(actions: readonly Action[], against: CheckedAgainst): ErrorCodeName | undefined {
  const tag = { isThere: true };
  return firstOf(actions, (action) => oneActionTrouble(action, undefined, tag, against));
}

const rank = ({ type }: Instruction) => (type === 'writeActions' ? 1 : 0);

function hasTag(match: Match): boolean {
  return match.some((oxm) => oxm.field === 'vlan_vid' && (oxm.value & (oxm.mask ?? 0x1fff) & VlanId.PRESENT) !== 0);
}

function firstOf<T>(items: readonly T[], trouble: (item: T) => ErrorCodeName | undefined): ErrorCodeName | undefined {
  for (const item of items) {
    const found = trouble(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function stepTrouble(
  tableId: number,
  match: Match,
  step: Instruction,
  tag: { isThere: boolean },
  against: CheckedAgainst,
): ErrorCodeName | undefined {
  switch (step.type) {
    case 'gotoTable':
      return step.tableId <= tableId || step.tableId >= against.tableCount ? 'OFPBIC_BAD_TABLE_ID' : undefined;
    case 'meter':
      return against.hasMeter(step.meterId) ? undefined : 'OFPMMFC_INVALID_METER';
    case 'applyActions':
    case 'writeActions':
      return firstOf(step.actions, (action) => oneActionTrouble(action, match, tag, against));
    case 'clearActions':
    case 'writeMetadata':
      return undefined;
    case 'experimenter':
      return 'OFPBIC_BAD_EXPERIMENTER';
    case 'unknown':
      return 'OFPBIC_UNKNOWN_INST';
  }
}

/** `match` is undefined where nothing is known of the packet; `tag` follows the tags that actions push and pop. */
function oneActionTrouble(
  action: Action,
  match: Match | undefined,
  tag: { isThere: boolean },
  against: CheckedAgainst,
): ErrorCodeName | undefined {
  if (action.type === 'unknown') return 'OFPBAC_BAD_TYPE';
  if (!MODELLED.includes(action.type)) throw new ModelGap(`action ${action.type}`);
  switch (action.type) {
    case 'output':
      return isPort(action.port) ? undefined : 'OFPBAC_BAD_OUT_PORT';
    case 'group':
      if (action.groupId > Group.MAX) return 'OFPBAC_BAD_OUT_GROUP';
      return against.hasGroup(action.groupId) ? undefined : 'OFPBAC_BAD_OUT_GROUP';
    case 'pushVlan':
      if (!TAG_TYPES.includes(action.etherType)) return 'OFPBAC_BAD_ARGUMENT';
      tag.isThere = true;
      return undefined;
    case 'popVlan':
      if (!tag.isThere) return 'OFPBAC_MATCH_INCONSISTENT';
      tag.isThere = false;
      return undefined;
    case 'setField':
      return setFieldTrouble(action.oxm, match, tag);
    case 'setNwTtl':
    case 'decNwTtl':
      return match === undefined || isIp(match) ? undefined : 'OFPBAC_MATCH_INCONSISTENT';
    default:
      return undefined;
  }
}

const isPort = (port: number) => (port > 0 && port < FIRST_PORT_OF_NONE) || (port >= Port.IN_PORT && port !== Port.ANY);
const isIp = (match: Match) => match.some(({ field, ...oxm }) => field === 'eth_type' && hasOne(IP_TYPES, oxm));
const hasOne = (values: readonly unknown[], oxm: object) => 'value' in oxm && values.includes(oxm.value);

const NEVER_SET = ['in_port', 'eth_type', 'ip_proto', 'nw_frag', 'tcp_flags'];

type SetFieldOxm = Extract<Action, { readonly type: 'setField' }>['oxm'];

/** What a field requires in a match, the match must have for the field to be set (OpenFlow 1.3.5 §5.12, §7.2.5). */
function setFieldTrouble(
  oxm: SetFieldOxm,
  match: Match | undefined,
  tag: { readonly isThere: boolean },
): ErrorCodeName | undefined {
  if (oxm.field === 'unknown') return 'OFPBAC_BAD_SET_TYPE';
  if (oxm.mask !== undefined) throw new ModelGap('set-field with a mask');
  if (NEVER_SET.includes(oxm.field)) return 'OFPBAC_BAD_SET_ARGUMENT';
  if (oxm.field === 'vlan_vid' && (oxm.value & VlanId.PRESENT) === 0) return 'OFPBAC_BAD_SET_ARGUMENT';
  if (oxm.field.startsWith('vlan')) return tag.isThere ? undefined : 'OFPBAC_MATCH_INCONSISTENT';
  if (isPortField(oxm.field) && match !== undefined && isOfLaterFragments(match)) return 'OFPBAC_MATCH_INCONSISTENT';
  const required = oxmRow(oxm.field)?.prerequisites ?? [];
  const isMet = required.every(({ field, values }) =>
    match?.some((known) => known.field === field && values !== undefined && hasOne(values, known)),
  );
  return match === undefined || isMet ? undefined : 'OFPBAC_MATCH_INCONSISTENT';
}
