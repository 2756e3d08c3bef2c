import { type Address, type Network, networkContains } from '../core/address.ts';

/** Which way a frame goes on the link to the outside. */
export type Direction = 'outbound' | 'inbound';

/**
 * The direction of a frame on an interface that has none, such as a mirror port: outbound when its source lies in an
 * inside network. Weaker than what an outside port knows, for a source address can be borrowed.
 */
export function directionBySource(source: Address, insideNetworks: readonly Network[]): Direction {
  for (const network of insideNetworks) if (networkContains(network, source)) return 'outbound';
  return 'inbound';
}
