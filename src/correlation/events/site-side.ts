import { type Address, networkContains } from '../../core/address.ts';
import type { Site } from '../correlation-options.ts';

/** Whether an address is one of the protected networks; false where none is named. */
export function isInside({ insideNetworks }: Site, address: Address): boolean {
  for (const network of insideNetworks) if (networkContains(network, address)) return true;
  return false;
}

/**
 * Whether what this address does is looked at: a host of the inside, or anybody where no inside is named; not the resolvers, which ask
 * for others. A mail server is one wherever it is: `mailServers` may name that of a log.
 */
export function isHost(site: Site, address: Address): boolean {
  if (site.mailServers.includes(address)) return true;
  if (site.trustedResolvers.includes(address)) return false;
  return site.insideNetworks.length === 0 || isInside(site, address);
}

/** Whether who asks this server goes past the resolvers of the site; not where a log does not say who was asked. */
export function isDirect(site: Site, server: Address | undefined): boolean {
  return server !== undefined && !site.trustedResolvers.includes(server) && !isInside(site, server);
}
