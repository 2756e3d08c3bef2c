/** What a flow table can do (OpenFlow 1.3.5 §7.3.5.5): data only. */
import { type Family, row, tlvs } from '../families.ts';
import { ascii, pad, rest, u8, u32, u64 } from '../kinds.ts';
import { oxmId } from '../oxm.ts';
import { list, ownLength, sized, struct } from '../structure.ts';
import { actionIds } from './actions.ts';
import { instructionIds } from './instructions.ts';

const someInstructions = struct({ instructions: instructionIds });
const someTables = struct({ tableIds: list(u8) });
const someActions = struct({ actions: actionIds });
const someFields = struct({ fields: list(oxmId) });
const experimenter = struct({ experimenter: u32, experimenterType: u32, data: rest });

/** Those with `Miss` are of the table-miss entry; where one is absent it is as its other. */
const TABLE_PROPERTY_ROWS = [
  row(0, 'instructions', someInstructions),
  row(1, 'instructionsMiss', someInstructions),
  row(2, 'nextTables', someTables),
  row(3, 'nextTablesMiss', someTables),
  row(4, 'writeActions', someActions),
  row(5, 'writeActionsMiss', someActions),
  row(6, 'applyActions', someActions),
  row(7, 'applyActionsMiss', someActions),
  row(8, 'match', someFields),
  row(10, 'wildcards', someFields),
  row(12, 'writeSetField', someFields),
  row(13, 'writeSetFieldMiss', someFields),
  row(14, 'applySetField', someFields),
  row(15, 'applySetFieldMiss', someFields),
  row(0xfffe, 'experimenter', experimenter),
  row(0xffff, 'experimenterMiss', experimenter),
] as const;
const TABLE_PROPERTY_FAMILY = {
  rows: TABLE_PROPERTY_ROWS,
  badLength: 'OFPTFFC_BAD_LEN',
  lengthCountsPadding: false,
} as const satisfies Family<typeof TABLE_PROPERTY_ROWS>;

/** One table in a request or a reply. */
export const tableFeatures = sized(
  { lengthAt: 0, badLength: 'OFPTFFC_BAD_LEN' },
  struct({
    length: ownLength,
    tableId: u8,
    pad: pad(5),
    name: ascii(32),
    metadataMatch: u64,
    metadataWrite: u64,
    config: u32,
    maxEntries: u32,
    properties: tlvs(TABLE_PROPERTY_FAMILY),
  }),
);
