/** What people ask about hosts in quarantine. */

import type { QuarantinedHost } from '../controller/quarantine-flows.ts';
import { type Address, formatAddress, type Network, networkContains } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import { formatMac } from '../core/mac-address.ts';
import { formatHost, type QuarantineOrder, type Quarantines } from '../firewall/quarantines.ts';
import type { ClientRecord } from '../identity/client-identity.ts';
import type { ClientSource } from './client-view.ts';
import { formatInstant } from './instant.ts';

export { formatHost, type QuarantinedHost };

/** The hard timeout of a flow, by which it ends itself, has 16 bits of seconds (OpenFlow 1.3.5 §7.3.4.1). */
export const MAX_QUARANTINE_MS = 65_535_000;

export interface QuarantineView {
  /** Its address, or its hardware address. */
  readonly host: string;
  readonly scope: 'dns' | 'all';
  /** Where it may still send; null for nowhere. */
  readonly remediation: string | null;
  readonly since: string | null;
  readonly until: string | null;
  readonly reason: string;
  readonly owner: string;
}

export interface WantedQuarantine {
  readonly host: QuarantinedHost;
  readonly scope: 'dns' | 'all';
  readonly remediation?: Address | undefined;
  /** Milliseconds, at most MAX_QUARANTINE_MS. */
  readonly forMs: number;
  readonly reason: string;
  readonly owner: string;
}

/** `switches`: that are connected and drop what the host sends; the others do so when they connect. */
export interface BegunQuarantine extends QuarantineView {
  readonly switches: number;
}

export interface QuarantineServices {
  /** Throws GluewallError `quarantine-refused` of a host that must go on sending, `quarantine-full`. */
  quarantineBegin(wanted: WantedQuarantine): BegunQuarantine;
  /** Of all hosts where none is named. */
  quarantineEnd(host: QuarantinedHost | undefined): { readonly ended: readonly QuarantineView[] };
  quarantineList(): AsyncGenerator<QuarantineView, void>;
}

export interface QuarantineParts {
  readonly clock: TimeSource;
  /** Undefined where there are no switches, because gluewall does not run. */
  readonly quarantines: Quarantines | undefined;
  /** Connected now. */
  readonly switches: () => number;
  readonly insideNetworks: () => readonly Network[];
  readonly trustedResolvers: () => readonly Address[];
  /** Who has which hardware address; left out where nobody knows. */
  readonly clients?: Pick<ClientSource, 'recordsOfMac'>;
}

export function quarantineServices(parts: QuarantineParts): QuarantineServices {
  const running = () => {
    if (parts.quarantines !== undefined) return parts.quarantines;
    throw new GluewallError(
      'not-running',
      'no gluewall answers, so no host is in quarantine: name its file with --config, or its socket with --socket',
    );
  };
  return {
    quarantineBegin({ host, scope, remediation, forMs, reason, owner }) {
      const quarantines = running();
      const problem = quarantineProblem(host, parts);
      if (problem !== undefined) throw new GluewallError('quarantine-refused', problem);
      const sinceMs = parts.clock.nowMs();
      const untilMs = sinceMs + Math.min(forMs, MAX_QUARANTINE_MS);
      const order = { host, scope, remediation, sinceMs, untilMs, reason, owner };
      quarantines.begin(order);
      return { ...viewQuarantine(order), switches: parts.switches() };
    },
    quarantineEnd(host) {
      if (host === undefined) return { ended: running().endAll().map(viewQuarantine) };
      const ended = running().end(host);
      return { ended: ended === undefined ? [] : [viewQuarantine(ended)] };
    },
    async *quarantineList() {
      for (const order of running().orders) yield viewQuarantine(order);
    },
  };
}

/** Why this host must not be put in quarantine; undefined for any other. */
export function quarantineProblem(
  host: QuarantinedHost,
  { insideNetworks, trustedResolvers, clients }: Omit<QuarantineParts, 'clock' | 'quarantines' | 'switches'>,
): string | undefined {
  if ('mac' in host) return macProblem(host.mac, [...(clients?.recordsOfMac(host.mac) ?? [])], trustedResolvers());
  const { address } = host;
  const text = formatAddress(address);
  if (trustedResolvers().includes(address))
    return `${text} is a trusted resolver: without it nobody has DNS; take it off trusted_resolvers first`;
  const inside = insideNetworks();
  if (inside.length > 0 && !inside.some((network) => networkContains(network, address)))
    return `${text} is not in inside.networks: it is no host of ours; to block a server add a rule (gluewall rule add deny)`;
  return undefined;
}

function macProblem(
  mac: number,
  records: readonly ClientRecord[],
  trustedResolvers: readonly Address[],
): string | undefined {
  const addresses = new Set(records.flatMap((record) => record.addresses));
  const resolver = trustedResolvers.find((address) => addresses.has(address));
  if (resolver !== undefined)
    return `${formatMac(mac)} has ${formatAddress(resolver)}, a trusted resolver: without it nobody has DNS; take it off trusted_resolvers first`;
  if (records.some(({ isBehindRouter }) => isBehindRouter))
    return `${formatMac(mac)} is a router, with ${addresses.size} addresses behind it: name the address of the host instead`;
  return undefined;
}

function viewQuarantine({
  host,
  scope,
  remediation,
  sinceMs,
  untilMs,
  reason,
  owner,
}: QuarantineOrder): QuarantineView {
  return {
    host: formatHost(host),
    scope,
    remediation: remediation === undefined ? null : formatAddress(remediation),
    since: formatInstant(sinceMs),
    until: formatInstant(untilMs),
    reason,
    owner,
  };
}
