import { type Address, isIpv4, type Network } from '../core/address.ts';

/** The networks of one family that have one prefix length. */
interface Level<T> {
  readonly prefixLength: number;
  readonly values: Map<Address, T[]>;
}

/** Values by network: all those whose network holds an address, in as many steps as there are different prefix lengths. */
export class NetworkTable<T> {
  readonly #ipv4: Level<T>[] = [];
  readonly #ipv6: Level<T>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add({ base, prefixLength }: Network, value: T): void {
    const levels = isIpv4(base) ? this.#ipv4 : this.#ipv6;
    let level = levels.find((one) => one.prefixLength === prefixLength);
    if (level === undefined) {
      level = { prefixLength, values: new Map() };
      levels.push(level);
    }
    const held = level.values.get(base);
    if (held === undefined) level.values.set(base, [value]);
    else held.push(value);
    this.#size++;
  }

  /** How many steps there are for an address: prefix lengths of its family. */
  steps(address: Address): number {
    return (isIpv4(address) ? this.#ipv4 : this.#ipv6).length;
  }

  /** The values of the network of one step that holds the address, in the order in which they were added. */
  at(step: number, address: Address): readonly T[] | undefined {
    const { prefixLength, values } = (isIpv4(address) ? this.#ipv4 : this.#ipv6)[step]!;
    return values.get(cutTo(address, prefixLength));
  }
}

/** The address with all bits beyond `prefixLength` zero. */
function cutTo(address: Address, prefixLength: number): Address {
  if (isIpv4(address)) return (prefixLength === 0 ? 0 : address & (-1 << (32 - prefixLength))) as Address;
  const wholeOctets = prefixLength >> 3;
  const restBits = prefixLength & 7;
  const partial = address.charCodeAt(wholeOctets) & (0xff00 >> restBits) & 0xff;
  const head = address.slice(0, wholeOctets) + (restBits === 0 ? '' : String.fromCharCode(partial));
  return head.padEnd(16, '\0') as Address;
}
