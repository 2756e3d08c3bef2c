import { type Address, isIpv4, type Network } from '../core/address.ts';

/** The part of a family's addresses that a list may deny. */
const MAX_SHARE = 1 / 16;
/** Of IPv6 addresses so many bits, from the left, are looked at: as many as a number holds. Longer prefixes count for nothing. */
const IPV6_BITS = 52;
/** Global unicast IPv6 (RFC 4291 §2.4, IANA): 2000::/3, in its first octet. */
const GLOBAL_UNICAST = { first: 0x20, mask: 0xe0, bits: 3 } as const;

/** The networks of one family as spans of numbers, and how much of the family they cover. */
class Span {
  readonly #total: number;
  readonly #starts: number[] = [];
  readonly #sizes: number[] = [];
  /** What they cover if none lies within another. */
  #sum = 0;

  constructor(total: number) {
    this.#total = total;
  }

  add(start: number, size: number): void {
    this.#starts.push(start);
    this.#sizes.push(size);
    this.#sum += size;
  }

  /** 0 to 1; exact where it is more than a list may cover. */
  share(): number {
    return this.#sum <= this.#total * MAX_SHARE ? this.#sum / this.#total : this.#union() / this.#total;
  }

  /** Two networks are apart, or one lies within the other. */
  #union(): number {
    const order = Array.from(this.#starts.keys()).sort((one, other) => this.#starts[one]! - this.#starts[other]!);
    let covered = 0;
    let end = 0;
    for (const index of order) {
      const networkEnd = this.#starts[index]! + this.#sizes[index]!;
      covered += Math.max(0, networkEnd - Math.max(end, this.#starts[index]!));
      end = Math.max(end, networkEnd);
    }
    return covered;
  }
}

/** How much of the Internet the networks of a list cover in sum. */
export class ListCover {
  readonly #ipv4 = new Span(2 ** 32);
  readonly #ipv6 = new Span(2 ** (IPV6_BITS - GLOBAL_UNICAST.bits));

  add({ base, prefixLength }: Network): void {
    if (isIpv4(base)) this.#ipv4.add(base >>> 0, 2 ** (32 - prefixLength));
    else if (prefixLength <= IPV6_BITS && isGlobalUnicast(base))
      this.#ipv6.add(firstBits(base), 2 ** (IPV6_BITS - prefixLength));
  }

  /** What is too much; undefined when nothing is. */
  problem(): string | undefined {
    return (
      tooMuch(this.#ipv4.share(), 'IPv4 addresses') ?? tooMuch(this.#ipv6.share(), 'global unicast IPv6 addresses')
    );
  }
}

function tooMuch(share: number, what: string): string | undefined {
  if (share <= MAX_SHARE) return undefined;
  return `covers ${Math.ceil(share * 100)} % of all ${what}, more than a sixteenth (set "broad: true" for this list if that is meant)`;
}

function isGlobalUnicast(base: Exclude<Address, number>): boolean {
  return (base.charCodeAt(0) & GLOBAL_UNICAST.mask) === GLOBAL_UNICAST.first;
}

function firstBits(base: Exclude<Address, number>): number {
  let bits = 0;
  for (let octet = 0; octet < 6; octet++) bits = bits * 256 + base.charCodeAt(octet);
  return bits * 16 + (base.charCodeAt(6) >> 4);
}
