/** Actions (OpenFlow 1.3.5 §7.2.5), and those of Nicira: data only. */
import { type ElementOf, type Family, ids, row, tlvs } from '../families.ts';
import { pad, padTo8, rest, u8, u16, u32 } from '../kinds.ts';
import { setFieldOxm } from '../oxm.ts';
import { checked, struct, type Trouble } from '../structure.ts';
import { zone } from '../subfield.ts';
import { Experimenter } from './constants.ts';
import { NICIRA_ACTION_ROWS, niciraNumber } from './nicira.ts';

const nothing = struct({ pad: pad(4) });
const etherType = struct({ etherType: u16, pad: pad(2) });

export const ACTION_ROWS = [
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

/** The actions of a `ct`: all but another `ct`, which Open vSwitch refuses there and which would nest without end. */
const CT_INNER_FAMILY = {
  rows: ACTION_ROWS,
  experimenters: NICIRA_ACTION_ROWS,
  badLength: 'OFPBAC_BAD_LEN',
  lengthCountsPadding: true,
} as const satisfies Family<typeof ACTION_ROWS, typeof NICIRA_ACTION_ROWS>;

/** What `ct` may carry. */
export type CtInnerAction = ElementOf<typeof ACTION_ROWS, typeof NICIRA_ACTION_ROWS>;

/** The subtype of Nicira's action that sends a packet through the connection tracker. */
const CT_SUBTYPE = 35;

function nestedCt(inner: readonly CtInnerAction[]): Trouble | undefined {
  const isCt = (action: CtInnerAction) =>
    action.type === 'experimenter' &&
    action.experimenter === Experimenter.NICIRA &&
    action.data.length >= 2 &&
    action.data.readUInt16BE(0) === CT_SUBTYPE;
  return inner.some(isCt) ? { codeName: 'OFPBAC_BAD_ARGUMENT', detail: 'a ct stands inside a ct' } : undefined;
}

const ct = struct({
  flags: u16,
  zone,
  recircTable: u8,
  pad: pad(3),
  alg: u16,
  actions: checked(tlvs(CT_INNER_FAMILY), nestedCt),
});

const EXPERIMENTER_ACTION_ROWS = [...NICIRA_ACTION_ROWS, row(niciraNumber(CT_SUBTYPE), 'ct', ct)] as const;

const ACTION_FAMILY = {
  ...CT_INNER_FAMILY,
  experimenters: EXPERIMENTER_ACTION_ROWS,
} as const satisfies Family<typeof ACTION_ROWS, typeof EXPERIMENTER_ACTION_ROWS>;

/**
 * What is done to a frame. Nicira's actions have names of their own; `experimenter` is any other experimenter's, whose
 * `data` fills its element up to a multiple of eight octets.
 */
export type Action = ElementOf<typeof ACTION_ROWS, typeof EXPERIMENTER_ACTION_ROWS>;

export const actions = tlvs(ACTION_FAMILY);

/** Which actions a table has (§7.3.5.5.2). */
export const actionIds = ids(ACTION_FAMILY);
