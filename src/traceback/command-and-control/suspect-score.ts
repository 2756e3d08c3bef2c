import type { Address } from '../../core/address.ts';

/** What is known of a name and a host: in how many of its slots it asked for it, and before how many attacks. */
export interface HostSightings {
  readonly host: Address;
  /** Slots beside the episodes in which the host asked for anything, and those in which it asked for the name. */
  readonly activeSlots: number;
  readonly slotsWithName: number;
  /** Episodes in which it asked for the name. */
  readonly seen: number;
  /** Whole episodes in which it did not. */
  readonly missed: number;
}

/** How likely a bot asks for its master right before an attack: it may know the address still. */
const ASKS = 0.75;
/**
 * People ask all day for names that nobody else asks for: one such name says so much and no more, whatever share of all clients asks
 * for it.
 */
const LEAST_CHANCE = 1 / 256;
/** How many slots of its own a host must have before they say as much of it as what others do. */
const PRIOR_SLOTS = 4;

/**
 * How much more likely what was seen is of a name that bots are told by than of one that its hosts ask for anyway, in bits: over the episodes
 * of each host, log2(ASKS / chance) where it was asked for and log2(1 − ASKS) where it was not. The chance is the share of other
 * clients (`share`, in a time as long), or the share of the host's own slots, whichever is more; the latter counts earlier episodes, too, as
 * a host that has asked once may do so again. A host that speaks against counts nothing: not all that were named need be bots.
 */
export function suspectBits(hosts: readonly HostSightings[], share: number): number {
  const others = Math.max(LEAST_CHANCE, share);
  return hosts.reduce((bits, host) => bits + Math.max(0, hostBits(host, others)), 0);
}

function hostBits({ activeSlots, slotsWithName, seen, missed }: HostSightings, others: number): number {
  let bits = missed * Math.log2(1 - ASKS);
  for (let earlier = 0; earlier < seen; earlier++) {
    const own = (slotsWithName + earlier + PRIOR_SLOTS * others) / (activeSlots + earlier + PRIOR_SLOTS);
    bits += Math.log2(ASKS / Math.max(own, others));
  }
  return bits;
}
