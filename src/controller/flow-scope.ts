import { type Address, isIpv4 } from '../core/address.ts';

/** What the flow of a verdict matches on, beside its destination: fields left out do not matter. */
export interface FlowScope {
  readonly destination: Address;
  /** Metadata bits 0 to 15. */
  readonly group?: number;
  readonly client?: Address;
  readonly inPort?: number;
  /** 48 bits. */
  readonly mac?: number;
  readonly ipProtocol?: number;
  /** Source port of TCP or UDP; with `ipProtocol` and `client` only. */
  readonly clientPort?: number;
}

/** What the flow of a refusal matches on: it is always that of one client. */
export interface DropScope extends FlowScope {
  readonly client: Address;
}

/** All that a client sends; of one group only where there is one. */
export interface ClientScope {
  readonly client: Address;
  readonly group?: number;
}

/** Equal for scopes that match the same packets; made anew for every packet that asks, and so of as little as will do. */
export type ScopeKey = number | string;

export function scopeKey(scope: FlowScope): ScopeKey {
  const { destination, client, group } = scope;
  if (client !== undefined || isNarrow(scope)) return composedKey(scope);
  return group === undefined ? destination : groupKey(destination, group);
}

/** As `scopeKey`, among drop flows for one destination. */
export function dropKey(scope: DropScope): ScopeKey {
  return isNarrow(scope) ? composedKey(scope) : clientKey(scope);
}

export function clientKey({ client, group }: ClientScope): ScopeKey {
  return group === undefined ? client : groupKey(client, group);
}

/** Whether it says more than who of which group sends where. */
function isNarrow({ inPort, mac, ipProtocol, clientPort }: FlowScope): boolean {
  return inPort !== undefined || mac !== undefined || ipProtocol !== undefined || clientPort !== undefined;
}

/** A number that no IPv4 address is, since groups are above 0; or a text longer by one than an IPv6 address. */
function groupKey(address: Address, group: number): ScopeKey {
  return isIpv4(address) ? group * 2 ** 32 + address : String.fromCharCode(group) + address;
}

/** Longer than all other keys. Addresses go last: their octets may be anything, and their length tells them apart. */
function composedKey({ destination, client, group, inPort, mac, ipProtocol, clientPort }: FlowScope): string {
  const numbers = `${group ?? ''},${inPort ?? ''},${mac ?? ''},${ipProtocol ?? ''},${clientPort ?? ''}`;
  return `flow of a verdict ${numbers},${client ?? ''},${destination}`;
}
