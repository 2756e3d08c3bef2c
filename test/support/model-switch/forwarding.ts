import type { MessageOf } from '../../../src/openflow/message.ts';

/** One thing that became of a packet; `frame` is how it left, changed by what stood before. */
export type Happening =
  | { readonly kind: 'output'; readonly port: number; readonly frame: Buffer }
  /** Where a learning switch would send it: the model does not learn. */
  | { readonly kind: 'normal'; readonly frame: Buffer }
  | { readonly kind: 'controller'; readonly packetIn: MessageOf<'packetIn'> }
  /** A meter dropped it, and with it all that was to follow; of OFPM_CONTROLLER only the copy. */
  | { readonly kind: 'meterDrop'; readonly meterId: number };

/** An entry that a packet has matched. */
export interface Passage {
  readonly tableId: number;
  readonly priority: number;
  readonly cookie: bigint;
}

/** Where a packet went. No happenings: it was dropped. */
export interface Forwarding {
  readonly happenings: readonly Happening[];
  readonly passed: readonly Passage[];
  /** The table in which it matched nothing. */
  readonly missedIn: number | undefined;
}
