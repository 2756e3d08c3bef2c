/** Which of several controllers a switch obeys (OpenFlow 1.3.5 §6.3.4, §7.3.9, §7.3.10). */
import { GluewallError } from '../core/errors.ts';
import { FlowRemovedReason, PacketInReason, PortReason } from '../openflow/schema/constants.ts';
import { type Conversation, unexpectedReply } from './conversation.ts';
import { isError, RequestRefused } from './requests.ts';

/** `equal`: one of several, or the only one; `master`: the one that changes flows; `slave`: only looks on. */
export type Role = 'equal' | 'master' | 'slave';

/** A role to take. The generation id grows with each election of a master; a switch refuses one from the past. */
export interface RoleWish {
  readonly role: Role;
  /** 64 bits; nothing to a switch when the role is `equal`. */
  readonly generationId: bigint;
}

/** What a switch says of this connection's role. The generation id is the last that it was told, all ones when none. */
export interface RoleState {
  readonly role: string;
  readonly generationId: bigint;
}

/**
 * Resolves when the switch has taken the role. Rejects with GluewallError `openflow-role-stale` when the switch knows a
 * later generation, and with `openflow-request` otherwise.
 */
export async function takeRole(conversation: Conversation, { role, generationId }: RoleWish): Promise<void> {
  try {
    const taken = await askRole(conversation, role, generationId);
    if (taken.role !== role)
      throw new GluewallError('openflow-request', `asked for ${role}, the switch said ${taken.role}`);
  } catch (error) {
    if (!isStale(error)) throw error;
    const known = await readRole(conversation);
    const message = `generation ${generationId} of role ${role} is past: the switch has seen ${known.generationId}`;
    throw new GluewallError('openflow-role-stale', message, { cause: error });
  }
}

/** Changes nothing. Rejects with GluewallError `openflow-request`. */
export function readRole(conversation: Conversation): Promise<RoleState> {
  return askRole(conversation, 'noChange', 0n);
}

async function askRole(conversation: Conversation, role: Role | 'noChange', generationId: bigint): Promise<RoleState> {
  const reply = await conversation.request({ type: 'roleRequest', xid: 0, role, generationId });
  if (reply.type !== 'roleReply') throw unexpectedReply(reply);
  return { role: reply.role, generationId: reply.generationId };
}

function isStale(error: unknown): boolean {
  return error instanceof RequestRefused && isError(error.answer, 'OFPRRFC_STALE');
}

const bits = (reasons: readonly number[]) => reasons.reduce((mask, reason) => mask | (1 << reason), 0);
const PORT_REASONS = bits(Object.values(PortReason));

/**
 * What is told unasked: to a master or equal, packets that an entry sends and changes of ports; to a slave, changes of
 * ports alone. Ends of flows are counted here by their time; of drop flows, which ask for it, they are told for what they have
 * dropped.
 */
export const ASYNC_MESSAGES = {
  type: 'setAsync',
  xid: 0,
  packetInMask: bits(Object.values(PacketInReason)),
  packetInMaskSlave: 0,
  portStatusMask: PORT_REASONS,
  portStatusMaskSlave: PORT_REASONS,
  flowRemovedMask: bits([FlowRemovedReason.HARD_TIMEOUT, FlowRemovedReason.DELETE]),
  flowRemovedMaskSlave: 0,
} as const;
