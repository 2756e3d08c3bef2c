import type { Address } from '../core/address.ts';
import type { ClientGroup } from './client-group.ts';
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
