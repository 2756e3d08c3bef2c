/** A port of the datapath (OpenFlow 1.3.5 §7.2.1): data only. */
import { ascii, mac, pad, type TypeOf, u32 } from '../kinds.ts';
import { struct } from '../structure.ts';

export const port = struct({
  portNo: u32,
  pad: pad(4),
  hwAddr: mac,
  pad2: pad(2),
  name: ascii(16),
  config: u32,
  state: u32,
  curr: u32,
  advertised: u32,
  supported: u32,
  peer: u32,
  currSpeed: u32,
  maxSpeed: u32,
});

/** Speeds are in kilobits per second; `config` and `state` are OFPPC_* and OFPPS_* bits (§7.2.1). */
export type PortDescription = TypeOf<typeof port>;
