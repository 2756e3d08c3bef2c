/** Actions (OpenFlow 1.3.5 §7.2.5): data only. */
import { pad, padTo8, rest, u8, u16, u32 } from '../kinds.ts';
import { setFieldOxm } from '../oxm.ts';
import { type Family, type OneOf, row, struct, tlvs } from '../structure.ts';

const nothing = struct({ pad: pad(4) });
const etherType = struct({ etherType: u16, pad: pad(2) });

const ACTION_ROWS = [
  row(0, 'output', struct({ port: u32, maxLength: u16, pad: pad(6) })),
  row(11, 'copyTtlOut', nothing),
  row(12, 'copyTtlIn', nothing),
  row(15, 'setMplsTtl', struct({ mplsTtl: u8, pad: pad(3) })),
  row(16, 'decMplsTtl', nothing),
  row(17, 'pushVlan', etherType),
  row(18, 'popVlan', nothing),
  row(19, 'pushMpls', etherType),
  row(20, 'popMpls', etherType),
  row(21, 'setQueue', struct({ queueId: u32 })),
  row(22, 'group', struct({ groupId: u32 })),
  row(23, 'setNwTtl', struct({ nwTtl: u8, pad: pad(3) })),
  row(24, 'decNwTtl', nothing),
  row(25, 'setField', struct({ oxm: setFieldOxm, pad: padTo8 })),
  row(26, 'pushPbb', etherType),
  row(27, 'popPbb', nothing),
  row(0xffff, 'experimenter', struct({ experimenter: u32, data: rest })),
] as const;

const ACTION_FAMILY = {
  rows: ACTION_ROWS,
  badLength: 'OFPBAC_BAD_LEN',
  lengthCountsPadding: true,
} as const satisfies Family<typeof ACTION_ROWS>;

/** What is done to a frame. An experimenter's `data` fills its element up to a multiple of eight octets. */
export type Action = OneOf<typeof ACTION_ROWS>;

export const actions = tlvs(ACTION_FAMILY);
