/** The messages (OpenFlow 1.3.5 §7.3 to §7.5): data only. A row's name is the message's `type`. */

import { errorBody } from '../error-body.ts';
import { type Family, row, tlvs } from '../families.ts';
import { choice, mac, pad, rest, u8, u16, u32, u64 } from '../kinds.ts';
import { match } from '../match.ts';
import { multipart } from '../multipart.ts';
import { behindLength, checked, list, struct, type Trouble } from '../structure.ts';
import { actions } from './actions.ts';
import { MessageType, MeterFlag } from './constants.ts';
import { buckets } from './groups.ts';
import { instructions } from './instructions.ts';
import { bands } from './meters.ts';
import { type MeterConfig, MULTIPART_REPLY_ROWS, MULTIPART_REQUEST_ROWS } from './multipart.ts';
import { port } from './ports.ts';
import { queue } from './queues.ts';

const empty = struct({});
const data = struct({ data: rest });
const switchConfig = struct({ flags: u16, missSendLen: u16 });
const role = struct({
  role: choice(u32, { noChange: 0, equal: 1, master: 2, slave: 3 }, 'OFPRRFC_BAD_ROLE'),
  pad: pad(4),
  generationId: u64,
});

/** For each pair the first mask is for the master or equal role, the second for the slave role (§7.3.10). */
const asyncConfig = struct({
  packetInMask: u32,
  packetInMaskSlave: u32,
  portStatusMask: u32,
  portStatusMaskSlave: u32,
  flowRemovedMask: u32,
  flowRemovedMaskSlave: u32,
});

const HELLO_ROWS = [row(1, 'versionBitmap', struct({ bitmaps: list(u32) }))] as const;
const HELLO_FAMILY = {
  rows: HELLO_ROWS,
  badLength: 'OFPBRC_BAD_LEN',
  lengthCountsPadding: false,
} as const satisfies Family<typeof HELLO_ROWS>;

const packetIn = struct({
  bufferId: u32,
  totalLen: u16,
  reason: u8,
  tableId: u8,
  cookie: u64,
  match,
  pad: pad(2),
  data: rest,
});

const flowRemoved = struct({
  cookie: u64,
  priority: u16,
  reason: u8,
  tableId: u8,
  durationSec: u32,
  durationNsec: u32,
  idleTimeout: u16,
  hardTimeout: u16,
  packetCount: u64,
  byteCount: u64,
  match,
});

const flowMod = struct({
  cookie: u64,
  cookieMask: u64,
  tableId: u8,
  command: choice(u8, { add: 0, modify: 1, modifyStrict: 2, delete: 3, deleteStrict: 4 }, 'OFPFMFC_BAD_COMMAND'),
  idleTimeout: u16,
  hardTimeout: u16,
  priority: u16,
  bufferId: u32,
  outPort: u32,
  outGroup: u32,
  flags: u16,
  pad: pad(2),
  match,
  instructions,
});

const groupMod = struct({
  command: choice(u16, { add: 0, modify: 1, delete: 2 }, 'OFPGMFC_BAD_COMMAND'),
  groupType: u8,
  pad: pad(1),
  groupId: u32,
  buckets,
});

const portMod = struct({
  portNo: u32,
  pad: pad(4),
  hwAddr: mac,
  pad2: pad(2),
  config: u32,
  mask: u32,
  advertise: u32,
  pad3: pad(4),
});

const meterMod = checked(
  struct({
    command: choice(u16, { add: 0, modify: 1, delete: 2 }, 'OFPMMFC_BAD_COMMAND'),
    flags: u16,
    meterId: u32,
    bands,
  }),
  (mod) => (mod.command === 'delete' ? undefined : troubleWithMeter(mod)),
);

/**
 * A rate is in kilobits or in packets each second, not in both, and what a band does is known or an experimenter's
 * (§7.3.4.4). A reply that shows a meter may have bands of any type.
 */
function troubleWithMeter({ flags, bands }: Pick<MeterConfig, 'flags' | 'bands'>): Trouble | undefined {
  const units = MeterFlag.KBPS | MeterFlag.PKTPS;
  if ((flags & units) === units) {
    return { codeName: 'OFPMMFC_BAD_FLAGS', detail: 'flags KBPS and PKTPS stand together' };
  }
  if (!bands.some(({ type }) => type === 'unknown')) return undefined;
  return { codeName: 'OFPMMFC_BAD_BAND', detail: 'a band of an unknown type' };
}

const featuresReply = struct({
  datapathId: u64,
  nBuffers: u32,
  nTables: u8,
  auxiliaryId: u8,
  pad: pad(2),
  capabilities: u32,
  reserved: u32,
});

const packetOut = struct({
  bufferId: u32,
  inPort: u32,
  actions: behindLength(6, 'OFPBAC_BAD_LEN', actions),
  data: rest,
});

export const MESSAGE_ROWS = [
  row(MessageType.HELLO, 'hello', struct({ elements: tlvs(HELLO_FAMILY) })),
  row(MessageType.ERROR, 'error', errorBody),
  row(MessageType.ECHO_REQUEST, 'echoRequest', data),
  row(MessageType.ECHO_REPLY, 'echoReply', data),
  row(MessageType.EXPERIMENTER, 'experimenter', struct({ experimenter: u32, experimenterType: u32, data: rest })),
  row(MessageType.FEATURES_REQUEST, 'featuresRequest', empty),
  row(MessageType.FEATURES_REPLY, 'featuresReply', featuresReply),
  row(MessageType.GET_CONFIG_REQUEST, 'getConfigRequest', empty),
  row(MessageType.GET_CONFIG_REPLY, 'getConfigReply', switchConfig),
  row(MessageType.SET_CONFIG, 'setConfig', switchConfig),
  row(MessageType.PACKET_IN, 'packetIn', packetIn),
  row(MessageType.FLOW_REMOVED, 'flowRemoved', flowRemoved),
  row(MessageType.PORT_STATUS, 'portStatus', struct({ reason: u8, pad: pad(7), port })),
  row(MessageType.PACKET_OUT, 'packetOut', packetOut),
  row(MessageType.FLOW_MOD, 'flowMod', flowMod),
  row(MessageType.GROUP_MOD, 'groupMod', groupMod),
  row(MessageType.PORT_MOD, 'portMod', portMod),
  row(MessageType.TABLE_MOD, 'tableMod', struct({ tableId: u8, pad: pad(3), config: u32 })),
  row(MessageType.MULTIPART_REQUEST, 'multipartRequest', multipart(MULTIPART_REQUEST_ROWS)),
  row(MessageType.MULTIPART_REPLY, 'multipartReply', multipart(MULTIPART_REPLY_ROWS)),
  row(MessageType.BARRIER_REQUEST, 'barrierRequest', empty),
  row(MessageType.BARRIER_REPLY, 'barrierReply', empty),
  row(MessageType.QUEUE_GET_CONFIG_REQUEST, 'queueGetConfigRequest', struct({ port: u32, pad: pad(4) })),
  row(
    MessageType.QUEUE_GET_CONFIG_REPLY,
    'queueGetConfigReply',
    struct({ port: u32, pad: pad(4), queues: list(queue) }),
  ),
  row(MessageType.ROLE_REQUEST, 'roleRequest', role),
  row(MessageType.ROLE_REPLY, 'roleReply', role),
  row(MessageType.GET_ASYNC_REQUEST, 'getAsyncRequest', empty),
  row(MessageType.GET_ASYNC_REPLY, 'getAsyncReply', asyncConfig),
  row(MessageType.SET_ASYNC, 'setAsync', asyncConfig),
  row(MessageType.METER_MOD, 'meterMod', meterMod),
] as const;
