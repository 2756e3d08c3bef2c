/** Who the clients are, for people. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Address, formatAddress } from '../core/address.ts';
import { formatMac } from '../core/mac-address.ts';
import type { ClientRecord, NameSource, SeenAddress } from '../identity/client-identity.ts';
import { formatInstant } from './instant.ts';

/** Which clients are asked for; a name is compared without regard to case, whole or up to its first dot. */
export type ClientTarget =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'mac'; readonly mac: number }
  | { readonly kind: 'name'; readonly name: string };

/** The clients that are known. */
export interface ClientSource {
  record(address: Address): ClientRecord | undefined;
  recordsOfMac(mac: number): Iterable<ClientRecord>;
  records(): Iterable<ClientRecord>;
}

export interface ClientAddressView {
  readonly address: string;
  readonly vlan: number | null;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** The MAC address it had before, and since when it has another; null when it never moved. */
  readonly moved: { readonly from: string; readonly at: string; readonly times: number } | null;
  /** The MAC address to which the DHCP server leased it, where that is another. */
  readonly leasedTo: string | null;
}

/** A device, or one address behind a router; null is what is not known. */
export interface ClientView {
  readonly name: string | null;
  readonly nameSource: NameSource | null;
  readonly mac: string | null;
  /** The datapath id. */
  readonly switch: string | null;
  readonly port: string | null;
  readonly behindRouter: boolean;
  readonly addresses: readonly string[];
  readonly seen: readonly ClientAddressView[];
  /** Null when nothing came from it. */
  readonly firstSeen: string | null;
  readonly lastSeen: string | null;
}

const RECORDS_PER_TURN = 100;

/** The clients of a target, or all of them, a portion in each turn of the event loop. */
export async function* findClients(
  source: ClientSource,
  target: ClientTarget | undefined,
): AsyncGenerator<ClientView, void> {
  let count = 0;
  for (const record of recordsOf(source, target)) {
    if (++count % RECORDS_PER_TURN === 0) await nextTurn();
    if (target?.kind !== 'name' || isNamed(record, target.name)) yield viewClient(record);
  }
}

function recordsOf(source: ClientSource, target: ClientTarget | undefined): Iterable<ClientRecord> {
  if (target?.kind === 'mac') return source.recordsOfMac(target.mac);
  if (target?.kind !== 'address') return source.records();
  const record = source.record(target.address);
  return record === undefined ? [] : [record];
}

function isNamed({ name }: ClientRecord, wanted: string): boolean {
  const held = name?.toLowerCase();
  const text = wanted.toLowerCase().replace(/\.$/, '');
  return held === text || held?.split('.', 1)[0] === text;
}

function viewClient(record: ClientRecord): ClientView {
  const { name, nameSource, mac, datapathId, port, isBehindRouter, addresses, seen } = record;
  return {
    name: name ?? null,
    nameSource: nameSource ?? null,
    mac: mac === undefined ? null : formatMac(mac),
    switch: datapathId ?? null,
    port: port ?? null,
    behindRouter: isBehindRouter,
    addresses: addresses.map(formatAddress),
    seen: seen.map(viewAddress),
    firstSeen: formatInstant(Math.min(...seen.map(({ firstSeenAtMs }) => firstSeenAtMs))),
    lastSeen: formatInstant(Math.max(...seen.map(({ lastSeenAtMs }) => lastSeenAtMs))),
  };
}

function viewAddress({ address, vlan, leasedTo, ...rest }: SeenAddress): ClientAddressView {
  const { movedFrom, movedAtMs, moves } = rest;
  return {
    address: formatAddress(address),
    vlan: vlan ?? null,
    firstSeen: formatInstant(rest.firstSeenAtMs)!,
    lastSeen: formatInstant(rest.lastSeenAtMs)!,
    moved:
      movedFrom === undefined || movedAtMs === undefined
        ? null
        : { from: formatMac(movedFrom), at: formatInstant(movedAtMs)!, times: moves },
    leasedTo: leasedTo === undefined ? null : formatMac(leasedTo),
  };
}
