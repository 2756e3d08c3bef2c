/** Meter bands (OpenFlow 1.3.5 §7.3.4.4): data only. */
import { type Family, type OneOf, row, tlvs } from '../families.ts';
import { pad, rest, u8, u32 } from '../kinds.ts';
import { struct } from '../structure.ts';

const BAND_ROWS = [
  row(1, 'drop', struct({ rate: u32, burstSize: u32, pad: pad(4) })),
  row(2, 'dscpRemark', struct({ rate: u32, burstSize: u32, precLevel: u8, pad: pad(3) })),
  row(0xffff, 'experimenter', struct({ rate: u32, burstSize: u32, experimenter: u32, data: rest })),
] as const;

const BAND_FAMILY = {
  rows: BAND_ROWS,
  badLength: 'OFPBRC_BAD_LEN',
  lengthCountsPadding: true,
} as const satisfies Family<typeof BAND_ROWS>;

/** What a meter does above `rate`, in the unit of the meter's flags: kilobits or packets each second. */
export type MeterBand = OneOf<typeof BAND_ROWS>;

export const bands = tlvs(BAND_FAMILY);
