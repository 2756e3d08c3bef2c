/** One host, for people and programs. */
import { type Address, formatAddress } from '../core/address.ts';
import { formatMac } from '../core/mac-address.ts';
import type { Evidence, EvidenceKind } from '../correlation/detector.ts';
import type { HostSight } from '../correlation/host-sight.ts';
import type { Finding } from '../findings/finding.ts';
import type { HostAnswer, Unseen } from './behaviour-services.ts';
import type { ClientView } from './client-view.ts';
import { formatInstant } from './instant.ts';

export interface EvidenceView {
  readonly kind: EvidenceKind;
  /** What this alone makes, 0 to 1. */
  readonly weight: number;
  readonly line: string;
  readonly events: number;
  readonly first: string;
  readonly last: string;
  readonly samples: readonly { readonly at: string; readonly text: string }[];
}

export interface HostSightView {
  readonly mac: string | null;
  readonly last: string;
  readonly score: number;
  readonly evidence: readonly EvidenceView[];
  /** The group it is in, and how much that adds. */
  readonly group: { readonly id: string; readonly weight: number; readonly line: string } | null;
}

export interface HostView {
  readonly address: string;
  /** What the gate and the DHCP server know of it; null: nothing. */
  readonly client: ClientView | null;
  /** One for each MAC address that had the address, the one seen last first; none: it was not seen. */
  readonly hosts: readonly HostSightView[];
  readonly findings: readonly Pick<Finding, 'id' | 'kind' | 'state' | 'score'>[];
  /** What is not looked for. */
  readonly unseen: readonly Unseen[];
}

export function viewHost(
  address: Address,
  { hosts, unseen }: HostAnswer,
  client: ClientView | undefined,
  findings: readonly Finding[],
): HostView {
  return {
    address: formatAddress(address),
    client: client ?? null,
    hosts: hosts.map(viewSight),
    findings: findings.map(({ id, kind, state, score }) => ({ id, kind, state, score })),
    unseen,
  };
}

function viewSight({ mac, lastAtMs, score, evidence, group }: HostSight): HostSightView {
  return {
    mac: mac === undefined ? null : formatMac(mac),
    last: formatInstant(lastAtMs)!,
    score,
    evidence: evidence.map(viewEvidence),
    group: group === undefined ? null : { id: group.id, weight: group.reason.weight, line: group.reason.line },
  };
}

function viewEvidence({ firstAtMs, lastAtMs, samples, ...rest }: Evidence): EvidenceView {
  return {
    ...rest,
    first: formatInstant(firstAtMs)!,
    last: formatInstant(lastAtMs)!,
    samples: samples.map(({ atMs, text }) => ({ at: formatInstant(atMs)!, text })),
  };
}
