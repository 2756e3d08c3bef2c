/** Instructions of a flow entry (OpenFlow 1.3.5 §7.2.4): data only. */
import { type Family, ids, type OneOf, row, tlvs } from '../families.ts';
import { pad, rest, u8, u32, u64 } from '../kinds.ts';
import { struct } from '../structure.ts';
import { actions } from './actions.ts';

const INSTRUCTION_ROWS = [
  row(1, 'gotoTable', struct({ tableId: u8, pad: pad(3) })),
  row(2, 'writeMetadata', struct({ pad: pad(4), metadata: u64, metadataMask: u64 })),
  row(3, 'writeActions', struct({ pad: pad(4), actions })),
  row(4, 'applyActions', struct({ pad: pad(4), actions })),
  row(5, 'clearActions', struct({ pad: pad(4) })),
  row(6, 'meter', struct({ meterId: u32 })),
  row(0xffff, 'experimenter', struct({ experimenter: u32, data: rest })),
] as const;

const INSTRUCTION_FAMILY = {
  rows: INSTRUCTION_ROWS,
  badLength: 'OFPBIC_BAD_LEN',
  zeroType: 'OFPBIC_UNKNOWN_INST',
  lengthCountsPadding: true,
} as const satisfies Family<typeof INSTRUCTION_ROWS>;

/** What a flow entry does with a frame that it matches. */
export type Instruction = OneOf<typeof INSTRUCTION_ROWS>;

export const instructions = tlvs(INSTRUCTION_FAMILY);

/** Which instructions a table has (§7.3.5.5.2). */
export const instructionIds = ids(INSTRUCTION_FAMILY);
