import { randomInt } from 'node:crypto';
import { type Address, isIpv4 } from './address.ts';

const FIRST_SLOTS = 64;
/** One slot: the address and a tag, 32 bits each, then the time, 64 bits; four slots fill a cache line. */
const SLOT_BYTES = 16;
const NO_TAG = 0;

interface Timed {
  timeMs: number;
  tag: number;
}

/**
 * A time and a tag for each of many addresses, looked up for every packet. IPv4 addresses lie in one flat table with open
 * addressing, so that a look-up touches one place in memory where a Map of objects touches four. The order of slots depends
 * on a random seed: senders who choose their addresses cannot make them collide.
 */
export class AddressTimes {
  readonly #seed: number;
  readonly #ipv6 = new Map<Address, Timed>();
  #slots = FIRST_SLOTS;
  #words = new Int32Array(0);
  #times = new Float64Array(0);
  #ipv4Count = 0;

  constructor(seed = randomInt(2 ** 32)) {
    this.#seed = seed;
    this.#allocate(FIRST_SLOTS);
  }

  get size(): number {
    return this.#ipv4Count + this.#ipv6.size;
  }

  /** Milliseconds; NaN when there is none for this address. */
  timeOf(address: Address): number {
    if (!isIpv4(address)) return this.#ipv6.get(address)?.timeMs ?? Number.NaN;
    const slot = this.#find(address);
    return this.#tagAt(slot) === NO_TAG ? Number.NaN : this.#times[slot * 2 + 1]!;
  }

  /** 0 when there is none for this address. */
  tagOf(address: Address): number {
    if (!isIpv4(address)) return this.#ipv6.get(address)?.tag ?? NO_TAG;
    return this.#tagAt(this.#find(address));
  }

  /** `tag` is a whole number from 1 to 2^31 - 1. */
  set(address: Address, timeMs: number, tag = 1): void {
    if (!isIpv4(address)) {
      this.#ipv6.set(address, { timeMs, tag });
      return;
    }
    let slot = this.#find(address);
    if (this.#tagAt(slot) === NO_TAG) {
      if ((this.#ipv4Count + 1) * 2 > this.#slots) {
        this.#grow();
        slot = this.#find(address);
      }
      this.#ipv4Count++;
    }
    this.#put(slot, address, timeMs, tag);
  }

  /** True when there was something to delete. */
  delete(address: Address): boolean {
    if (!isIpv4(address)) return this.#ipv6.delete(address);
    const slot = this.#find(address);
    if (this.#tagAt(slot) === NO_TAG) return false;
    this.#ipv4Count--;
    this.#close(slot);
    return true;
  }

  /** The slot of the address, or the free one where it would go. */
  #find(address: number): number {
    const mask = this.#slots - 1;
    let slot = this.#homeOf(address);
    while (this.#words[slot * 4 + 1] !== NO_TAG && this.#words[slot * 4] !== address) slot = (slot + 1) & mask;
    return slot;
  }

  /** Where an address goes when no other is in its way: its bits mixed so that each depends on all of them. */
  #homeOf(address: number): number {
    let bits = address ^ this.#seed;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return (bits ^ (bits >>> 16)) & (this.#slots - 1);
  }

  #tagAt(slot: number): number {
    return this.#words[slot * 4 + 1]!;
  }

  #put(slot: number, address: number, timeMs: number, tag: number): void {
    this.#words[slot * 4] = address;
    this.#words[slot * 4 + 1] = tag;
    this.#times[slot * 2 + 1] = timeMs;
  }

  /** Frees a slot and moves up those behind it that had to give way, so that a search may end at the first free slot. */
  #close(free: number): void {
    const mask = this.#slots - 1;
    let gap = free;
    for (let slot = (gap + 1) & mask; this.#tagAt(slot) !== NO_TAG; slot = (slot + 1) & mask) {
      const address = this.#words[slot * 4]!;
      const isHomeBehindGap = ((slot - this.#homeOf(address)) & mask) < ((slot - gap) & mask);
      if (isHomeBehindGap) continue;
      this.#put(gap, address, this.#times[slot * 2 + 1]!, this.#tagAt(slot));
      gap = slot;
    }
    this.#words[gap * 4 + 1] = NO_TAG;
  }

  #grow(): void {
    const words = this.#words;
    const times = this.#times;
    const slots = this.#slots;
    this.#allocate(slots * 2);
    for (let slot = 0; slot < slots; slot++) {
      const tag = words[slot * 4 + 1]!;
      if (tag === NO_TAG) continue;
      const address = words[slot * 4]!;
      this.#put(this.#find(address), address, times[slot * 2 + 1]!, tag);
    }
  }

  #allocate(slots: number): void {
    const octets = new ArrayBuffer(slots * SLOT_BYTES);
    this.#slots = slots;
    this.#words = new Int32Array(octets);
    this.#times = new Float64Array(octets);
  }
}
