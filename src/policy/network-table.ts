import { type Address, isIpv4, type Network } from '../core/address.ts';

/** Values by network: all those whose network holds an address, in as many steps as there are different prefix lengths. */
export class NetworkTable<T> {
  readonly #ipv4 = new Map<number, Map<Address, T[]>>();
  readonly #ipv6 = new Map<number, Map<Address, T[]>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add({ base, prefixLength }: Network, value: T): void {
    const lengths = isIpv4(base) ? this.#ipv4 : this.#ipv6;
    const networks = lengths.get(prefixLength) ?? new Map<Address, T[]>();
    lengths.set(prefixLength, networks);
    const values = networks.get(base);
    if (values === undefined) networks.set(base, [value]);
    else values.push(value);
    this.#size++;
  }

  /** Shows the values of every network that holds `address`, one list for each. */
  forEach(address: Address, visit: (values: readonly T[]) => void): void {
    for (const [prefixLength, networks] of isIpv4(address) ? this.#ipv4 : this.#ipv6) {
      const values = networks.get(cutTo(address, prefixLength));
      if (values !== undefined) visit(values);
    }
  }
}

/** The address with all bits beyond `prefixLength` zero. */
function cutTo(address: Address, prefixLength: number): Address {
  if (isIpv4(address)) {
    return (prefixLength === 0 ? 0 : address & (-1 << (32 - prefixLength))) as Address;
  }
  const wholeOctets = prefixLength >> 3;
  const restBits = prefixLength & 7;
  const partial = address.charCodeAt(wholeOctets) & (0xff00 >> restBits) & 0xff;
  const head = address.slice(0, wholeOctets) + (restBits === 0 ? '' : String.fromCharCode(partial));
  return head.padEnd(16, '\0') as Address;
}
