/** Multipart bodies (OpenFlow 1.3.5 §7.3.5): data only. Types without a row stay raw. */
import { type OneOf, row } from '../families.ts';
import { ascii, pad, rest, type TypeOf, u8, u16, u32, u64 } from '../kinds.ts';
import { match } from '../match.ts';
import { list, ownLength, sized, struct } from '../structure.ts';
import { buckets } from './groups.ts';
import { instructions } from './instructions.ts';
import { bands } from './meters.ts';
import { port } from './ports.ts';
import { tableFeatures } from './table-features.ts';

const empty = struct({});
const flowFilter = struct({
  tableId: u8,
  pad: pad(3),
  outPort: u32,
  outGroup: u32,
  pad2: pad(4),
  cookie: u64,
  cookieMask: u64,
  match,
});
const onePort = struct({ portNo: u32, pad: pad(4) });
const oneGroup = struct({ groupId: u32, pad: pad(4) });
const oneMeter = struct({ meterId: u32, pad: pad(4) });
const experimenter = struct({ experimenter: u32, experimenterType: u32, data: rest });

export const MULTIPART_REQUEST_ROWS = [
  row(0, 'desc', empty),
  row(1, 'flow', flowFilter),
  row(2, 'aggregate', flowFilter),
  row(3, 'table', empty),
  row(4, 'portStats', onePort),
  row(5, 'queue', struct({ portNo: u32, queueId: u32 })),
  row(6, 'group', oneGroup),
  row(7, 'groupDesc', empty),
  row(8, 'groupFeatures', empty),
  row(9, 'meter', oneMeter),
  row(10, 'meterConfig', oneMeter),
  row(11, 'meterFeatures', empty),
  row(12, 'tableFeatures', struct({ entries: list(tableFeatures) })),
  row(13, 'portDescription', empty),
  row(0xffff, 'experimenter', experimenter),
] as const;

const flowStats = sized(
  { lengthAt: 0, badLength: 'OFPBRC_BAD_LEN' },
  struct({
    length: ownLength,
    tableId: u8,
    pad: pad(1),
    durationSec: u32,
    durationNsec: u32,
    priority: u16,
    idleTimeout: u16,
    hardTimeout: u16,
    flags: u16,
    pad2: pad(4),
    cookie: u64,
    packetCount: u64,
    byteCount: u64,
    match,
    instructions,
  }),
);

const tableStats = struct({ tableId: u8, pad: pad(3), activeCount: u32, lookupCount: u64, matchedCount: u64 });

const portStats = struct({
  portNo: u32,
  pad: pad(4),
  rxPackets: u64,
  txPackets: u64,
  rxBytes: u64,
  txBytes: u64,
  rxDropped: u64,
  txDropped: u64,
  rxErrors: u64,
  txErrors: u64,
  rxFrameErr: u64,
  rxOverErr: u64,
  rxCrcErr: u64,
  collisions: u64,
  durationSec: u32,
  durationNsec: u32,
});

const queueStats = struct({
  portNo: u32,
  queueId: u32,
  txBytes: u64,
  txPackets: u64,
  txErrors: u64,
  durationSec: u32,
  durationNsec: u32,
});

const groupStats = sized(
  { lengthAt: 0, badLength: 'OFPBRC_BAD_LEN' },
  struct({
    length: ownLength,
    pad: pad(2),
    groupId: u32,
    refCount: u32,
    pad2: pad(4),
    packetCount: u64,
    byteCount: u64,
    durationSec: u32,
    durationNsec: u32,
    bucketStats: list(struct({ packetCount: u64, byteCount: u64 })),
  }),
);

const groupDescription = sized(
  { lengthAt: 0, badLength: 'OFPBRC_BAD_LEN' },
  struct({ length: ownLength, groupType: u8, pad: pad(1), groupId: u32, buckets }),
);

const meterStats = sized(
  { lengthAt: 4, badLength: 'OFPBRC_BAD_LEN' },
  struct({
    meterId: u32,
    length: ownLength,
    pad: pad(6),
    flowCount: u32,
    packetInCount: u64,
    byteInCount: u64,
    durationSec: u32,
    durationNsec: u32,
    bandStats: list(struct({ packetBandCount: u64, byteBandCount: u64 })),
  }),
);

const meterConfig = sized(
  { lengthAt: 0, badLength: 'OFPBRC_BAD_LEN' },
  struct({ length: ownLength, flags: u16, meterId: u32, bands }),
);

export const MULTIPART_REPLY_ROWS = [
  row(
    0,
    'desc',
    struct({ mfrDesc: ascii(256), hwDesc: ascii(256), swDesc: ascii(256), serialNum: ascii(32), dpDesc: ascii(256) }),
  ),
  row(1, 'flow', struct({ entries: list(flowStats) })),
  row(2, 'aggregate', struct({ packetCount: u64, byteCount: u64, flowCount: u32, pad: pad(4) })),
  row(3, 'table', struct({ entries: list(tableStats) })),
  row(4, 'portStats', struct({ entries: list(portStats) })),
  row(5, 'queue', struct({ entries: list(queueStats) })),
  row(6, 'group', struct({ entries: list(groupStats) })),
  row(7, 'groupDesc', struct({ entries: list(groupDescription) })),
  row(
    8,
    'groupFeatures',
    struct({
      types: u32,
      capabilities: u32,
      maxGroupsAll: u32,
      maxGroupsSelect: u32,
      maxGroupsIndirect: u32,
      maxGroupsFastFailover: u32,
      actionsAll: u32,
      actionsSelect: u32,
      actionsIndirect: u32,
      actionsFastFailover: u32,
    }),
  ),
  row(9, 'meter', struct({ entries: list(meterStats) })),
  row(10, 'meterConfig', struct({ entries: list(meterConfig) })),
  row(
    11,
    'meterFeatures',
    struct({ maxMeter: u32, bandTypes: u32, capabilities: u32, maxBands: u8, maxColor: u8, pad: pad(2) }),
  ),
  row(12, 'tableFeatures', struct({ entries: list(tableFeatures) })),
  row(13, 'portDescription', struct({ ports: list(port) })),
  row(0xffff, 'experimenter', experimenter),
] as const;

export type MultipartRequestBody = OneOf<typeof MULTIPART_REQUEST_ROWS>;
export type MultipartReplyBody = OneOf<typeof MULTIPART_REPLY_ROWS>;
/** One flow entry as a flow reply shows it. */
export type FlowStats = TypeOf<typeof flowStats>;
export type MeterConfig = TypeOf<typeof meterConfig>;
