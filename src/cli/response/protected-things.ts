/** What must never be in the Response Policy Zone, from what the site has configured and decided. */
import type { Config } from '../../config/schema.ts';
import type { Address, Network } from '../../core/address.ts';
import type { Name } from '../../dns/name.ts';
import type { PackSource } from '../../policy/pack.ts';
import type { Rule } from '../../policy/rule.ts';
import type { ProtectedList, ProtectedThings } from '../../rpz/protection.ts';
import type { ServerNames } from './wanted-entries.ts';

type SiteConfig = Pick<Config, 'inside' | 'trusted_resolvers' | 'node'>;

const OWN_ZONE = 'a zone of ours (inside.zones)';
const SERVED_ZONE = 'a zone of ours (node.zones)';

/** As it is now: to be made anew when the configuration or a rule has changed. */
export function protectedThings(
  { inside, trusted_resolvers, node }: SiteConfig,
  rules: Iterable<Rule>,
  packs: PackSource,
  servers: Pick<ServerNames, 'addressesOf'>,
): ProtectedThings {
  const names: [Name, string][] = [
    ...inside.zones.map((zone): [Name, string] => [zone, OWN_ZONE]),
    ...(node?.zones ?? []).map((zone): [Name, string] => [zone, SERVED_ZONE]),
  ];
  const addresses: [Address, string][] = trusted_resolvers.map((address) => [address, 'a trusted resolver']);
  const networks: [Network, string][] = inside.networks.map((network) => [network, 'of an inside network']);
  const lists: ProtectedList[] = [];
  for (const { id, action, match } of rules) {
    if (action !== 'allow') continue;
    const what = `allowed by the rule ${id}`;
    if (match.zone !== undefined) names.push([match.zone, what]);
    const { to } = match;
    if (to?.kind === 'address') addresses.push([to.address, what]);
    if (to?.kind === 'network') networks.push([to.network, what]);
    if (to?.kind === 'name') {
      names.push([to.name, what]);
      for (const address of servers.addressesOf(to.name)) addresses.push([address, what]);
    }
    const pack = to?.kind === 'pack' ? packs.get(to.pack) : undefined;
    if (pack === undefined) continue;
    lists.push({
      what: `on the list ${pack.name}, which the rule ${id} allows`,
      hasName: (name) => pack.hasName(name),
      hasAddress: (address) => pack.hasDestination(address),
    });
  }
  return { names, addresses, networks, lists };
}
