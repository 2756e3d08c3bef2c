import { OWN_COOKIES, readIdentity, readOwnFlows, readTable } from '../controller/switch-state.ts';
import { FLOW_MOD_DEFAULTS, type FlowMod } from '../openflow/flow-mod.ts';
import { FragmentFlag, Port, Table } from '../openflow/schema/constants.ts';
import type { ManagementConnection } from './management-connection.ts';

export interface ReleaseResult {
  /** 16 hexadecimal digits. */
  readonly datapathId: string;
  /** Flows of ours that stood there. */
  readonly removed: number;
  /** Flows in table 0 that somebody else made; they stay. */
  readonly othersInTable0: number;
}

/** Switches everything as a learning switch does. It carries no cookie of ours, or it would go with them. */
const SWITCH_ALL: FlowMod = {
  ...FLOW_MOD_DEFAULTS,
  instructions: [{ type: 'applyActions', actions: [{ type: 'output', port: Port.NORMAL, maxLength: 0 }] }],
};

const REMOVE_OURS: FlowMod = { ...FLOW_MOD_DEFAULTS, ...OWN_COOKIES, command: 'delete', tableId: Table.ALL };

/**
 * Takes our flows from a bridge and leaves one that outputs NORMAL, added first so that no packet is lost between; the
 * fragment mode becomes Open vSwitch's own again. Flows of others stay. Rejects with GluewallError `openflow-request`
 * when the switch refuses something.
 */
export async function releaseBridge(connection: ManagementConnection): Promise<ReleaseResult> {
  const { conversation } = connection;
  const { datapathId } = await readIdentity(conversation);
  const present = await readOwnFlows(conversation);
  for (const mod of [SWITCH_ALL, REMOVE_OURS]) {
    await connection.unrefused(() => {
      conversation.tell(mod);
      return conversation.barrier();
    });
  }
  conversation.tell({ type: 'setConfig', xid: 0, flags: FragmentFlag.NORMAL, missSendLen: 0 });
  await conversation.barrier();
  const inTable0 = await readTable(conversation, 0);
  // One of those that are left is the flow above.
  return { datapathId, removed: present.length, othersInTable0: inTable0.length - 1 };
}
