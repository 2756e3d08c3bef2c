/** The truth about a scenario: `truth.json` (docs/evaluation.md). */
import { z } from 'zod';
import { type Address, formatAddress, type Network, parseAddress, parseNetwork } from '../src/core/address.ts';
import { canonicalName, formatName, type Name, parseName } from '../src/dns/name.ts';

export interface TruthHost {
  /** Those that it had, one after the other. */
  readonly addresses: readonly Address[];
  readonly isInfected: boolean;
  /** Such as `user` or `spam`; for people, but for FOREIGN_RESOLVER. */
  readonly kind: string;
  readonly group: string | undefined;
}

export interface TruthGroup {
  readonly id: string;
  /** Besides those hosts that name the group. */
  readonly hosts: readonly Address[];
  /** Its C&C servers. */
  readonly masters: { readonly addresses: readonly Address[]; readonly names: readonly Name[] };
}

export interface Truth {
  readonly inside: readonly Network[];
  readonly resolvers: readonly Address[];
  readonly mailServers: readonly Address[];
  readonly hosts: readonly TruthHost[];
  readonly groups: readonly TruthGroup[];
}

/** The kind of users who set a resolver by hand: there is to be no finding but `foreign-resolver` against them. */
export function isForeignResolverKind(kind: string): boolean {
  return /foreign|hand.?set/i.test(kind);
}

const MAX_ITEMS = 1_000_000;

function read<T>(wanted: string, parse: (text: string) => T | undefined) {
  return z.string({ error: wanted }).transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: wanted });
    return z.NEVER;
  });
}

const address = read<Address>('want an IPv4 or IPv6 address', parseAddress);
const network = read<Network>('want a network, such as 192.0.2.0/24', parseNetwork);
const master = read('want an address or a domain name', (text) => {
  const found = parseAddress(text);
  if (found !== undefined) return { address: found };
  const name = parseName(text);
  return name === undefined ? undefined : { name: canonicalName(name) };
});
const text = z.string().max(255);

const host = z
  .object({
    address: address.optional(),
    addresses: z.array(address).max(MAX_ITEMS).default([]),
    infected: z.boolean().default(false),
    kind: text.optional(),
    group: text.nullish(),
  })
  .refine((one) => one.address !== undefined || one.addresses.length > 0, {
    error: '"address" is missing: want an IPv4 or IPv6 address',
  })
  .transform(
    ({ address: first, addresses, infected, kind, group }): TruthHost => ({
      addresses: first === undefined ? addresses : [first, ...addresses],
      isInfected: infected,
      kind: kind ?? (infected ? 'bot' : 'other'),
      group: group ?? undefined,
    }),
  );

const group = z
  .object({
    id: text,
    hosts: z.array(address).max(MAX_ITEMS).default([]),
    c2: z.array(master).max(MAX_ITEMS).default([]),
  })
  .transform(({ id, hosts, c2 }): TruthGroup => {
    const addresses = c2.flatMap((one) => ('address' in one && one.address !== undefined ? [one.address] : []));
    const names = c2.flatMap((one) => ('name' in one && one.name !== undefined ? [one.name] : []));
    return { id, hosts, masters: { addresses, names } };
  });

/** Keys that are not known are left out: others may have written more. */
export const truthSchema = z
  .object({
    inside: z.array(network).max(MAX_ITEMS).default([]),
    resolvers: z.array(address).max(MAX_ITEMS).default([]),
    mail_servers: z.array(address).max(MAX_ITEMS).default([]),
    hosts: z.array(host).max(MAX_ITEMS),
    groups: z.array(group).max(MAX_ITEMS).default([]),
  })
  .transform(({ mail_servers: mailServers, hosts, groups, ...rest }): Truth => {
    const whole = withGroupHosts(hosts, groups);
    return { ...rest, mailServers, hosts: whole, groups };
  });

/** Hosts may say of which group they are, or groups which hosts they have: who is in a group is infected. */
function withGroupHosts(hosts: readonly TruthHost[], groups: readonly TruthGroup[]): readonly TruthHost[] {
  const groupOf = new Map(groups.flatMap(({ id, hosts: members }) => members.map((one) => [one, id] as const)));
  const known = new Set(hosts.flatMap(({ addresses }) => addresses));
  const told = hosts.map((one) => {
    const id = one.addresses.map((each) => groupOf.get(each)).find((each) => each !== undefined);
    return one.group !== undefined || id === undefined ? one : { ...one, group: id, isInfected: true };
  });
  const untold = [...groupOf].filter(([one]) => !known.has(one));
  return [...told, ...untold.map(([one, id]) => ({ addresses: [one], isInfected: true, kind: 'bot', group: id }))];
}

/** The text of a truth file. */
export function composeTruth({ inside, resolvers, mailServers, hosts, groups }: Truth): string {
  const value = {
    inside: inside.map(({ base, prefixLength }) => `${formatAddress(base)}/${prefixLength}`),
    resolvers: resolvers.map(formatAddress),
    mail_servers: mailServers.map(formatAddress),
    hosts: hosts.map(({ addresses: [first, ...others], isInfected: infected, kind, group: id }) => {
      const more = others.length === 0 ? {} : { addresses: others.map(formatAddress) };
      return { address: formatAddress(first!), ...more, infected, kind, group: id };
    }),
    groups: groups.map(({ id, masters: { addresses, names } }) => ({
      id,
      c2: [...addresses.map(formatAddress), ...names.map(formatName)],
    })),
  };
  return `${JSON.stringify(value, undefined, 1)}\n`;
}
