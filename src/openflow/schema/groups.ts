/** Buckets of a group (OpenFlow 1.3.5 §7.3.4.3): data only. */
import { pad, u16, u32 } from '../kinds.ts';
import { list, ownLength, sized, struct } from '../structure.ts';
import { actions } from './actions.ts';

const bucket = sized(
  { lengthAt: 0, badLength: 'OFPGMFC_BAD_BUCKET' },
  struct({ length: ownLength, weight: u16, watchPort: u32, watchGroup: u32, pad: pad(4), actions }),
);

export const buckets = list(bucket);
