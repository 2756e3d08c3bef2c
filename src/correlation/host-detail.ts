import { formatMac } from '../core/mac-address.ts';
import type { HostTable } from './host-table.ts';

/** Who had an address within so long has it in turn with the other, or borrows it. */
const LATELY_MS = 12 * 3_600_000;

/** What a finding about a host knows of it beside its address. */
export interface HostDetail {
  /** Whom the finding is about; such as 02:00:00:00:00:01. */
  readonly mac: string;
  /** Who else had the address lately: anybody may send in the name of a neighbour. */
  readonly others: readonly string[];
}

/** Undefined where the MAC address is not known. */
export function hostDetail(hosts: HostTable, host: number): HostDetail | undefined {
  const mac = hosts.mac(host);
  if (mac === undefined) return undefined;
  const others = hosts
    .numbersOf(hosts.address(host))
    .filter((other) => other !== host && Math.abs(hosts.lastAtMs(other) - hosts.lastAtMs(host)) <= LATELY_MS)
    .flatMap((other) => hosts.mac(other) ?? []);
  return { mac: formatMac(mac), others: others.toSorted((one, other) => one - other).map(formatMac) };
}

/** By the detail of a finding about a host: whether its address is no other's. */
export function isAlone(detail: unknown): boolean {
  if (typeof detail !== 'object' || detail === null || !('others' in detail)) return true;
  return !Array.isArray(detail.others) || detail.others.length === 0;
}
