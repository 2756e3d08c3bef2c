import type { Address } from '../core/address.ts';
import { type ClientGroup, DEFAULT_GROUP_NAME } from './client-group.ts';
import { NetworkTable } from './network-table.ts';
import type { QueryClient } from './query.ts';

/** Finds the group of a client: the first that has it, else the default group, which is the last. */
export class ClientGroups {
  /** In the order in which they are asked; the last is the default group. */
  readonly groups: readonly ClientGroup[];
  readonly #byAddress = new Map<Address, number>();
  readonly #byNetwork = new NetworkTable<number>();
  readonly #byMac = new Map<number, number>();
  readonly #byPort = new Map<string | number, number>();
  readonly #byName: ReadonlyMap<string, ClientGroup>;
  readonly #byId: ReadonlyMap<number, ClientGroup>;

  /** The last of `groups` is the default group. */
  constructor(groups: readonly ClientGroup[]) {
    this.groups = groups;
    this.#byName = new Map(groups.map((group) => [group.name, group]));
    this.#byId = new Map(groups.map((group) => [group.id, group]));
    for (const [index, { clients }] of groups.entries()) {
      for (const selector of clients) {
        if (selector.kind === 'address') keepFirst(this.#byAddress, selector.address, index);
        else if (selector.kind === 'network') this.#byNetwork.add(selector.network, index);
        else if (selector.kind === 'mac') keepFirst(this.#byMac, selector.mac, index);
        else keepFirst(this.#byPort, selector.port, index);
      }
    }
  }

  get default(): ClientGroup {
    return this.groups.at(-1)!;
  }

  get(name: string): ClientGroup | undefined {
    return this.#byName.get(name);
  }

  /** By the number that flows carry. */
  numbered(id: number): ClientGroup | undefined {
    return this.#byId.get(id);
  }

  groupOf({ address, mac, inPort, portName }: QueryClient): ClientGroup {
    const last = this.groups.length - 1;
    let first = last;
    if (last === 0) return this.groups[0]!;
    if (address !== undefined) {
      first = Math.min(first, this.#byAddress.get(address) ?? last);
      for (let step = this.#byNetwork.steps(address) - 1; step >= 0; step--) {
        first = Math.min(first, this.#byNetwork.at(step, address)?.[0] ?? last);
      }
    }
    if (mac !== undefined) first = Math.min(first, this.#byMac.get(mac) ?? last);
    if (inPort !== undefined) first = Math.min(first, this.#byPort.get(inPort) ?? last);
    if (portName !== undefined) first = Math.min(first, this.#byPort.get(portName) ?? last);
    return this.groups[first]!;
  }
}

function keepFirst<K>(map: Map<K, number>, key: K, index: number): void {
  if (!map.has(key)) map.set(key, index);
}

const DEFAULT_GROUP_ID = 1;
const HIGHEST_GROUP_ID = 0xffff;

/**
 * A number for each name, 1 to 65535, which are at most some hundreds: the same name has the same number in whatever company,
 * as far as no two names share a hash, so that flows on a switch mean the same after a reload or a restart.
 */
export function numberGroups(names: readonly string[]): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>([[DEFAULT_GROUP_NAME, DEFAULT_GROUP_ID]]);
  const taken = new Set([DEFAULT_GROUP_ID]);
  for (const name of names) {
    if (numbers.has(name)) continue;
    let number = DEFAULT_GROUP_ID + 1 + (hashOf(name) % (HIGHEST_GROUP_ID - DEFAULT_GROUP_ID));
    while (taken.has(number)) number = number === HIGHEST_GROUP_ID ? DEFAULT_GROUP_ID + 1 : number + 1;
    taken.add(number);
    numbers.set(name, number);
  }
  return numbers;
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const octet of Buffer.from(text)) hash = Math.imul(hash ^ octet, 0x01000193);
  return hash >>> 0;
}
