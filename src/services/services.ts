/** What people ask of a running gluewall, one function each. The doors (socket, later HTTP and page) only pass on. */
import { type Address, formatAddress, type Network, networkContains } from '../core/address.ts';
import { formatName } from '../dns/name.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { NsTriple } from '../nsdb/ns-triple.ts';
import type { AllowList } from '../policy/allow-list.ts';
import { decide, describeVerdict } from '../policy/verdict.ts';

/** One row of the history, as table I of Ichise et al. has it. Times are ISO 8601 with zone and milliseconds. */
export interface TripleView {
  readonly zone: string;
  readonly nameServer: string;
  readonly address: string;
  readonly origin: string;
  readonly trust: string;
  readonly nsTtlSeconds: number | null;
  readonly glueTtlSeconds: number | null;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Null when it never expires. */
  readonly expires: string | null;
  readonly taughtBy: {
    readonly server: string;
    readonly queryName: string;
    readonly queryId: number;
    readonly queryTime: string;
    readonly responseTime: string;
  } | null;
}

export interface LookupView {
  readonly address: string;
  readonly known: boolean;
  readonly expires: string | null;
  readonly triples: readonly TripleView[];
}

export interface CheckView {
  readonly address: string;
  readonly verdict: 'allow' | 'block';
  readonly reason: string;
  /** False when the verdict would only be told: in monitor mode and in warm-up. */
  readonly enforced: boolean;
  readonly message: string;
}

export interface ChangeView {
  readonly address: string;
  readonly outcome: 'added' | 'present' | 'full' | 'removed' | 'absent';
}

/** Figures for people and programs; every number counts since the start unless it says otherwise. */
export type StatusView = Readonly<Record<string, unknown>>;

export interface Services {
  lookup(address: Address): LookupView;
  check(address: Address): CheckView;
  allowAdd(address: Address): ChangeView;
  allowRemove(address: Address): ChangeView;
  status(): StatusView;
}

export interface ServiceParts {
  readonly history: NsHistory;
  readonly allowList: AllowList;
  readonly insideNetworks: readonly Network[];
  readonly trustedResolvers: readonly Address[];
  /** True while verdicts are carried out. */
  readonly isEnforcing: () => boolean;
  readonly status: () => StatusView;
}

export function createServices(parts: ServiceParts): Services {
  const { history, allowList, isEnforcing, status } = parts;
  return {
    status,
    lookup(address) {
      const known = history.lookup(address);
      return {
        address: formatAddress(address),
        known: known !== undefined,
        expires: known === undefined ? null : formatInstant(known.expiresAtMs),
        triples: known?.triples.map(viewTriple) ?? [],
      };
    },
    check(address) {
      const enforced = isEnforcing();
      const unjudged = whyUnjudged(address, parts);
      if (unjudged !== undefined) return { address: formatAddress(address), verdict: 'allow', enforced, ...unjudged };
      const verdict = decide(allowList.has(address), history.standing(address));
      const message = describeVerdict(address, verdict, enforced);
      return { address: formatAddress(address), verdict: verdict.kind, reason: verdict.reason, enforced, message };
    },
    allowAdd: (address) => ({ address: formatAddress(address), outcome: allowList.add(address) }),
    allowRemove: (address) => ({ address: formatAddress(address), outcome: allowList.remove(address) }),
  };
}

/** Destinations that the switch lets pass before any verdict. */
function whyUnjudged(address: Address, { insideNetworks, trustedResolvers }: ServiceParts) {
  const text = formatAddress(address);
  if (trustedResolvers.includes(address)) {
    return { reason: 'trustedResolver', message: `${text} is a trusted resolver and pass` };
  }
  if (insideNetworks.some((network) => networkContains(network, address))) {
    return { reason: 'inside', message: `${text} is inside and pass` };
  }
  return undefined;
}

/** ISO 8601 in UTC with milliseconds; null for what never comes. */
export function formatInstant(atMs: number): string | null {
  return Number.isFinite(atMs) ? new Date(atMs).toISOString() : null;
}

function viewTriple(triple: NsTriple): TripleView {
  const { lesson } = triple;
  return {
    zone: formatName(triple.zone),
    nameServer: formatName(triple.nameServer),
    address: formatAddress(triple.address),
    origin: triple.origin,
    trust: triple.trust,
    nsTtlSeconds: lesson?.nsTtlSeconds ?? null,
    glueTtlSeconds: lesson?.glueTtlSeconds ?? null,
    firstSeen: formatInstant(triple.firstSeenAtMs)!,
    lastSeen: formatInstant(triple.lastSeenAtMs)!,
    expires: formatInstant(triple.expiresAtMs),
    taughtBy:
      lesson === undefined
        ? null
        : {
            server: formatAddress(lesson.teacher),
            queryName: formatName(lesson.queryName),
            queryId: lesson.queryId,
            queryTime: formatInstant(lesson.queryAtMs)!,
            responseTime: formatInstant(lesson.responseAtMs)!,
          },
  };
}
