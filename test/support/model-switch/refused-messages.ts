/** Messages that Open vSwitch refuses, and some between them that it takes. */
import { experimenterMessage } from '../../../src/openflow/experimenter.ts';
import { FLOW_MOD_DEFAULTS, type FlowMod } from '../../../src/openflow/flow-mod.ts';
import type { Message } from '../../../src/openflow/message.ts';
import type { Action } from '../../../src/openflow/schema/actions.ts';
import { FlowModFlag, Group, Meter, MeterFlag, Port, Table } from '../../../src/openflow/schema/constants.ts';
import type { Instruction } from '../../../src/openflow/schema/instructions.ts';

/** A message, or what makes one that must know its xid. */
export type Told = Message | ((xid: number) => Message);

const flow = (fields: Partial<FlowMod>): FlowMod => ({ ...FLOW_MOD_DEFAULTS, ...fields });
const goto = (tableId: number): Instruction => ({ type: 'gotoTable', tableId });
const apply = (...actions: Action[]): Instruction => ({ type: 'applyActions', actions });
const toGroup = (groupId: number): Action => ({ type: 'group', groupId });
const group = (
  command: 'add' | 'modify',
  groupType: number,
  groupId: number,
  ...lists: readonly Action[][]
): Message => {
  const buckets = lists.map((actions) => ({ weight: 0, watchPort: Port.ANY, watchGroup: Group.ANY, actions }));
  return { type: 'groupMod', xid: 0, command, groupType, groupId, buckets };
};
const meter = (command: 'add' | 'modify' | 'delete', meterId: number, rate = 10): Message => {
  const bands = command === 'delete' ? [] : [{ type: 'drop', rate, burstSize: 0 } as const];
  return { type: 'meterMod', xid: 0, command, flags: MeterFlag.PKTPS, meterId, bands };
};
const bundle = (
  bundleId: number,
  control: 'openRequest' | 'closeRequest' | 'commitRequest' | 'discardRequest',
  flags = 3,
) => experimenterMessage(0, { type: 'bundleControl', bundleId, control, flags, properties: [] });
const added =
  (bundleId: number, message: Message, flags = 3) =>
  (xid: number) =>
    experimenterMessage(xid, { type: 'bundleAdd', bundleId, flags, message: { ...message, xid }, properties: [] });
const role = (wanted: 'equal' | 'master' | 'slave', generationId: bigint): Message => {
  return { type: 'roleRequest', xid: 0, role: wanted, generationId };
};

/** One message after the other, and what each earns. */
export const REFUSED: readonly (readonly [Told, string | undefined])[] = [
  [flow({ tableId: 1, instructions: [goto(1)] }), 'OFPBIC_BAD_TABLE_ID'],
  [flow({ tableId: 1, instructions: [goto(0)] }), 'OFPBIC_BAD_TABLE_ID'],
  [flow({ tableId: Table.ALL }), 'OFPFMFC_BAD_TABLE_ID'],
  [flow({ tableId: Table.ALL, command: 'modify' }), 'OFPFMFC_BAD_TABLE_ID'],
  [flow({ flags: 0x40 }), 'OFPFMFC_BAD_FLAGS'],
  [flow({ match: [{ field: 'udp_dst', value: 53 }] }), 'OFPBMC_BAD_PREREQ'],
  [flow({ match: [{ field: 'in_phy_port', value: 1 }] }), 'OFPBMC_BAD_FIELD'],
  [flow({ instructions: [{ type: 'meter', meterId: 1 }] }), 'OFPMMFC_INVALID_METER'],
  [flow({ instructions: [apply(toGroup(1))] }), 'OFPBAC_BAD_OUT_GROUP'],
  [flow({ bufferId: 5, match: [{ field: 'in_port', value: 1 }] }), 'OFPBRC_BUFFER_UNKNOWN'],
  [flow({ flags: FlowModFlag.CHECK_OVERLAP }), undefined],
  [flow({ tableId: 2, priority: 5, match: [{ field: 'in_port', value: 1 }] }), undefined],
  [flow({ tableId: 2, priority: 5, flags: FlowModFlag.CHECK_OVERLAP }), 'OFPFMFC_OVERLAP'],
  [flow({ tableId: 2, priority: 6, flags: FlowModFlag.CHECK_OVERLAP }), undefined],
  [flow({ tableId: 2, priority: 6, flags: FlowModFlag.CHECK_OVERLAP }), undefined],
  [meter('modify', 1), 'OFPMMFC_UNKNOWN_METER'],
  [meter('add', 1), undefined],
  [meter('add', 1), 'OFPMMFC_METER_EXISTS'],
  [meter('add', 0), 'OFPMMFC_INVALID_METER'],
  [meter('add', Meter.ALL), 'OFPMMFC_INVALID_METER'],
  [meter('add', 2, 0), 'OFPMMFC_BAD_RATE'],
  [meter('delete', 9), undefined],
  [group('modify', 0, 1), 'OFPGMFC_UNKNOWN_GROUP'],
  [group('add', 0, 1, [toGroup(2)]), undefined],
  [group('add', 0, 1), 'OFPGMFC_GROUP_EXISTS'],
  [group('add', 9, 3), 'OFPGMFC_BAD_TYPE'],
  [group('add', 2, 3, [], []), 'OFPGMFC_INVALID_GROUP'],
  [group('add', 3, 3, []), 'OFPGMFC_INVALID_GROUP'],
  [group('add', 0, Group.ALL), 'OFPGMFC_INVALID_GROUP'],
  [bundle(1, 'commitRequest'), 'OFPBFC_BAD_ID'],
  [bundle(1, 'discardRequest'), 'OFPBFC_BAD_ID'],
  [bundle(1, 'openRequest'), undefined],
  [bundle(1, 'openRequest'), 'OFPBFC_BAD_ID'],
  [bundle(2, 'openRequest'), undefined],
  [bundle(2, 'closeRequest', 1), 'OFPBFC_BAD_FLAGS'],
  [bundle(2, 'openRequest'), undefined],
  [bundle(2, 'closeRequest'), undefined],
  [bundle(2, 'closeRequest'), 'OFPBFC_BUNDLE_CLOSED'],
  [bundle(3, 'closeRequest'), 'OFPBFC_BAD_ID'],
  [bundle(5, 'openRequest'), undefined],
  [added(5, meter('add', 3)), 'OFPBFC_MSG_UNSUP'],
  [added(5, { type: 'barrierRequest', xid: 0 }), 'OFPBFC_MSG_UNSUP'],
  [added(5, flow({ tableId: 7 }), 1), 'OFPBFC_BAD_FLAGS'],
  [bundle(6, 'openRequest'), undefined],
  [added(6, flow({ tableId: 7 })), undefined],
  // The error of the message in it comes first, under the xid of that message.
  [added(6, flow({ tableId: 7, instructions: [apply(toGroup(77))] })), 'OFPBAC_BAD_OUT_GROUP'],
  [bundle(6, 'commitRequest'), 'OFPBFC_MSG_FAILED'],
  [added(7, flow({ tableId: 8 })), undefined],
  [bundle(7, 'commitRequest'), undefined],
  [{ type: 'setConfig', xid: 0, flags: 2, missSendLen: 0 }, undefined],
  [{ type: 'setConfig', xid: 0, flags: 0x40, missSendLen: 0 }, 'OFPSCFC_BAD_FLAGS'],
  [
    { type: 'experimenter', xid: 0, experimenter: 0x5ead, experimenterType: 0, data: Buffer.alloc(0) },
    'OFPBRC_BAD_EXPERIMENTER',
  ],
  [{ type: 'barrierReply', xid: 0 }, 'OFPBRC_BAD_TYPE'],
  [{ type: 'unknown', xid: 0, typeCode: 77, body: Buffer.alloc(0) }, 'OFPBRC_BAD_TYPE'],
  [role('master', 5n), undefined],
  [role('slave', 4n), 'OFPRRFC_STALE'],
  [role('slave', 5n), undefined],
  [flow({}), 'OFPBRC_IS_SLAVE'],
  [role('equal', 0n), undefined],
  [flow({}), undefined],
];
