import type { Match } from '../../../src/openflow/match.ts';
import { oxmRow } from '../../../src/openflow/oxm.ts';
import type { Action } from '../../../src/openflow/schema/actions.ts';
import { Group, Port, VlanId } from '../../../src/openflow/schema/constants.ts';
import type { ErrorCodeName } from '../../../src/openflow/schema/errors.ts';
import type { Instruction } from '../../../src/openflow/schema/instructions.ts';
import { isOfLaterFragments, isPortField } from './match-check.ts';
import { ModelGap } from './model-gap.ts';

/** The meters and groups of a switch. */
export interface CheckedAgainst {
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

/** Why a flow entry of this table would be refused for its form; undefined when there is nothing to say. */
export function instructionTrouble(
  tableId: number,
  match: Match,
  instructions: readonly Instruction[],
  tableCount: number,
): ErrorCodeName | undefined {
  if (new Set(instructions.map(({ type }) => type)).size < instructions.length) {
    throw new ModelGap('answer to an instruction that stands twice');
  }
  const check = new ActionCheck(match);
  const trouble =
    firstOf(instructions, formTrouble) ??
    firstOf(instructions, (step) => placeTrouble(tableId, step, check, tableCount));
  return trouble ?? (check.isInconsistent ? 'OFPBAC_MATCH_INCONSISTENT' : undefined);
}

/** Why an entry would be refused for the meters and groups that it names. */
export function referenceTrouble(
  instructions: readonly Instruction[],
  against: CheckedAgainst,
): ErrorCodeName | undefined {
  return firstOf(instructions, (step) => {
    if (step.type === 'meter') return against.hasMeter(step.meterId) ? undefined : 'OFPMMFC_INVALID_METER';
    if (step.type !== 'applyActions' && step.type !== 'writeActions') return undefined;
    return firstOf(step.actions, (action) => groupTrouble(action, against));
  });
}

/** Why the actions of a packet_out would be refused. */
export function packetOutTrouble(actions: readonly Action[], against: CheckedAgainst): ErrorCodeName | undefined {
  return bucketTrouble(actions) ?? firstOf(actions, (action) => groupTrouble(action, against));
}

/** Why the actions of a bucket would be refused: nothing is known of the packet, and groups may come later. */
export function bucketTrouble(actions: readonly Action[]): ErrorCodeName | undefined {
  return firstOf(actions, actionFormTrouble);
}

function firstOf<T>(items: readonly T[], trouble: (item: T) => ErrorCodeName | undefined): ErrorCodeName | undefined {
  for (const item of items) {
    const found = trouble(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What is wrong with a step wherever it stands. */
function formTrouble(step: Instruction): ErrorCodeName | undefined {
  if (step.type === 'experimenter') return 'OFPBIC_BAD_EXPERIMENTER';
  if (step.type === 'unknown') return 'OFPBIC_UNKNOWN_INST';
  if (step.type !== 'applyActions' && step.type !== 'writeActions') return undefined;
  return firstOf(step.actions, actionFormTrouble);
}

function actionFormTrouble(action: Action): ErrorCodeName | undefined {
  if (action.type === 'unknown') return 'OFPBAC_BAD_TYPE';
  if (!MODELLED.includes(action.type)) throw new ModelGap(`action ${action.type}`);
  if (action.type === 'output') return isPort(action.port) ? undefined : 'OFPBAC_BAD_OUT_PORT';
  if (action.type === 'group') return action.groupId > Group.MAX ? 'OFPBAC_BAD_OUT_GROUP' : undefined;
  if (action.type === 'pushVlan') return TAG_TYPES.includes(action.etherType) ? undefined : 'OFPBAC_BAD_ARGUMENT';
  return action.type === 'setField' ? setFieldFormTrouble(action.oxm) : undefined;
}

function setFieldFormTrouble(oxm: SetFieldOxm): ErrorCodeName | undefined {
  if (oxm.field === 'unknown') return 'OFPBAC_BAD_SET_TYPE';
  if (oxm.mask !== undefined) throw new ModelGap('set-field with a mask');
  if (NEVER_SET.includes(oxm.field)) return 'OFPBAC_BAD_SET_ARGUMENT';
  return oxm.field === 'vlan_vid' && (oxm.value & VlanId.PRESENT) === 0 ? 'OFPBAC_BAD_SET_ARGUMENT' : undefined;
}

/** What is wrong with a step behind those before it, in this table. */
function placeTrouble(
  tableId: number,
  step: Instruction,
  check: ActionCheck,
  tableCount: number,
): ErrorCodeName | undefined {
  switch (step.type) {
    case 'gotoTable':
      return step.tableId <= tableId || step.tableId >= tableCount ? 'OFPBIC_BAD_TABLE_ID' : undefined;
    case 'applyActions':
      return firstOf(step.actions, (action) => check.trouble(action));
    case 'writeActions':
      return check.unordered(() => firstOf(step.actions, (action) => check.trouble(action)));
    default:
      return undefined;
  }
}

function groupTrouble(action: Action, against: CheckedAgainst): ErrorCodeName | undefined {
  return action.type !== 'group' || against.hasGroup(action.groupId) ? undefined : 'OFPBAC_BAD_OUT_GROUP';
}

/** Goes through actions in their order and keeps in mind what they make of the packet. */
class ActionCheck {
  /** An action stands where the packet cannot be as it needs it. */
  isInconsistent = false;
  readonly #match: Match;
  #hasTag: boolean;

  constructor(match: Match) {
    this.#match = match;
    this.#hasTag = hasTag(match);
  }

  /** Checks a list that is carried out in another order, in which an action may get what it needs. */
  unordered<T>(check: () => T): T {
    const before = this.isInconsistent;
    const result = check();
    this.isInconsistent = before;
    return result;
  }

  trouble(action: Action): ErrorCodeName | undefined {
    switch (action.type) {
      case 'pushVlan':
        this.#hasTag = true;
        return undefined;
      case 'popVlan':
        this.isInconsistent ||= !this.#hasTag;
        this.#hasTag = false;
        return undefined;
      case 'setNwTtl':
      case 'decNwTtl':
        this.isInconsistent ||= !isIp(this.#match);
        return undefined;
      case 'setField':
        return this.#canSet(action.oxm.field) ? undefined : 'OFPBAC_MATCH_INCONSISTENT';
      default:
        return undefined;
    }
  }

  /** What a field requires in a match, the match must have for the field to be set (OpenFlow 1.3.5 §5.12, §7.2.5). */
  #canSet(field: string): boolean {
    return field.startsWith('vlan') ? this.#hasTag : meets(this.#match, field);
  }
}

type SetFieldOxm = Extract<Action, { readonly type: 'setField' }>['oxm'];

const NEVER_SET = ['in_port', 'eth_type', 'ip_proto', 'nw_frag', 'tcp_flags'];

function hasTag(match: Match): boolean {
  return match.some((oxm) => oxm.field === 'vlan_vid' && (oxm.value & (oxm.mask ?? 0x1fff) & VlanId.PRESENT) !== 0);
}

const isPort = (port: number) => (port > 0 && port < FIRST_PORT_OF_NONE) || (port >= Port.IN_PORT && port !== Port.ANY);
const isIp = (match: Match) => match.some((oxm) => oxm.field === 'eth_type' && IP_TYPES.includes(oxm.value));

/** Whether every packet of the match has the field. */
function meets(match: Match, name: string): boolean {
  if (isPortField(name) && isOfLaterFragments(match)) return false;
  const required = oxmRow(name)?.prerequisites ?? [];
  return required.every(({ field, values }) =>
    match.some((known) => known.field === field && values?.some((value) => 'value' in known && value === known.value)),
  );
}
