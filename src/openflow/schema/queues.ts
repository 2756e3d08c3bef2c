/** Queues of a port (OpenFlow 1.3.5 §7.2.2): data only. */
import { type Family, row, tlvs } from '../families.ts';
import { pad, rest, u16, u32 } from '../kinds.ts';
import { ownLength, sized, struct } from '../structure.ts';

/** In tenths of a percent of the port; above 1000 there is no limit. */
const rate = struct({ pad: pad(4), rate: u16, pad2: pad(6) });

const QUEUE_PROPERTY_ROWS = [
  row(1, 'minRate', rate),
  row(2, 'maxRate', rate),
  row(0xffff, 'experimenter', struct({ pad: pad(4), experimenter: u32, pad2: pad(4), data: rest })),
] as const;
const QUEUE_PROPERTY_FAMILY = {
  rows: QUEUE_PROPERTY_ROWS,
  badLength: 'OFPBRC_BAD_LEN',
  lengthCountsPadding: true,
} as const satisfies Family<typeof QUEUE_PROPERTY_ROWS>;

export const queue = sized(
  { lengthAt: 8, badLength: 'OFPBRC_BAD_LEN' },
  struct({ queueId: u32, port: u32, length: ownLength, pad: pad(6), properties: tlvs(QUEUE_PROPERTY_FAMILY) }),
);
