/** Actions of Nicira, which are Open vSwitch's own (nicira-ext.h, ofp-actions.c there): data only. `ct` is in actions.ts. */
import { experimenterNumber, type Family, row, tlvs } from '../families.ts';
import { ip4, ip6, pad, padTo8, rest, u8, u16, u32, u64 } from '../kinds.ts';
import { oxmId } from '../oxm.ts';
import { counted, optionals, struct } from '../structure.ts';
import { learnSpecs, subfield } from '../subfield.ts';
import { Experimenter } from './constants.ts';

export const niciraNumber = (subtype: number) => experimenterNumber(Experimenter.NICIRA, subtype);

const resubmitTable = struct({ inPort: u16, tableId: u8, pad: pad(3) });
const stack = struct({ firstBit: u16, field: oxmId, nBits: u16, pad: padTo8 });

const sample = { probability: u16, collectorSetId: u32, obsDomainId: u32, obsPointId: u32 };

const CONTROLLER_PROPERTY_ROWS = [
  row(0, 'maxLength', struct({ maxLength: u16, pad: pad(2) })),
  row(1, 'controllerId', struct({ controllerId: u16, pad: pad(2) })),
  row(2, 'reason', struct({ reason: u8 })),
  row(3, 'userdata', struct({ data: rest })),
  row(4, 'pause', struct({})),
  row(5, 'meterId', struct({ meterId: u32 })),
] as const;
const CONTROLLER_PROPERTY_FAMILY = {
  rows: CONTROLLER_PROPERTY_ROWS,
  badLength: 'OFPBAC_BAD_LEN',
  lengthCountsPadding: false,
} as const satisfies Family<typeof CONTROLLER_PROPERTY_ROWS>;
const controller2 = struct({ pad: pad(6), properties: tlvs(CONTROLLER_PROPERTY_FAMILY) });

/** Which addresses and ports `nat` may take, from and to; those that are not there are left as they are. */
const natRange = optionals(
  { ipv4Min: ip4, ipv4Max: ip4, ipv6Min: ip6, ipv6Max: ip6, protoMin: u16, protoMax: u16 },
  'OFPBAC_BAD_ARGUMENT',
);

const learn = struct({
  idleTimeout: u16,
  hardTimeout: u16,
  priority: u16,
  cookie: u64,
  flags: u16,
  tableId: u8,
  pad: pad(1),
  finIdleTimeout: u16,
  finHardTimeout: u16,
  specs: learnSpecs,
});

const regMove = struct({ nBits: u16, srcFirstBit: u16, dstFirstBit: u16, src: oxmId, dst: oxmId });

const multipath = struct({
  fields: u16,
  basis: u16,
  pad: pad(2),
  algorithm: u16,
  maxLink: u16,
  arg: u32,
  pad2: pad(2),
  dst: subfield,
});

/** Every action of Open vSwitch that this codec knows, but for `ct`. */
export const NICIRA_ACTION_ROWS = [
  row(niciraNumber(1), 'resubmit', struct({ inPort: u16, pad: pad(4) })),
  row(niciraNumber(2), 'setTunnel', struct({ pad: pad(2), tunnelId: u32 })),
  row(niciraNumber(6), 'regMove', regMove),
  row(niciraNumber(7), 'regLoad', struct({ dst: subfield, value: u64 })),
  row(niciraNumber(8), 'note', struct({ note: rest })),
  row(niciraNumber(9), 'setTunnel64', struct({ pad: pad(6), tunnelId: u64 })),
  row(niciraNumber(10), 'multipath', multipath),
  row(niciraNumber(14), 'resubmitTable', resubmitTable),
  row(niciraNumber(15), 'outputReg', struct({ src: subfield, maxLength: u16, pad: pad(6) })),
  row(niciraNumber(16), 'learn', learn),
  row(niciraNumber(17), 'exit', struct({ pad: pad(6) })),
  row(niciraNumber(18), 'decTtl', struct({ pad: pad(6) })),
  row(niciraNumber(19), 'finTimeout', struct({ finIdleTimeout: u16, finHardTimeout: u16, pad: pad(2) })),
  row(niciraNumber(20), 'controller', struct({ maxLength: u16, controllerId: u16, reason: u8, pad: pad(1) })),
  row(niciraNumber(21), 'decTtlCntIds', struct({ ids: counted(4, u16), pad: padTo8 })),
  row(niciraNumber(27), 'stackPush', stack),
  row(niciraNumber(28), 'stackPop', stack),
  row(niciraNumber(29), 'sample', struct(sample)),
  row(niciraNumber(34), 'conjunction', struct({ clause: u8, nClauses: u8, id: u32 })),
  row(niciraNumber(36), 'nat', struct({ pad: pad(2), flags: u16, range: natRange, pad2: padTo8 })),
  row(niciraNumber(37), 'controller2', controller2),
  row(niciraNumber(38), 'sample2', struct({ ...sample, samplingPort: u16, pad: pad(6) })),
  row(niciraNumber(39), 'outputTrunc', struct({ port: u16, maxLength: u32 })),
  row(niciraNumber(43), 'ctClear', struct({ pad: pad(6) })),
  row(niciraNumber(44), 'resubmitTableCt', resubmitTable),
] as const;
