import type { Address } from '../core/address.ts';
import { AddressTimes } from '../core/address-times.ts';
import { grown } from './grown.ts';
import type { HostEvent } from './host-event.ts';

/** Hosts held with one address: a sender of made-up MAC addresses must not make each look-up walk through all of them. */
const MAX_WITH_ADDRESS = 16;
/** Hosts that are looked at for one that can go. */
const LOOKED_AT = 16;
/** A prime beyond all host numbers: those that came one after the other are mostly alike. */
const STRIDE = 2_654_435_761;
/** In so long without an event a host is worth what one with half as many events is. */
const FADES_MS = 6 * 3_600_000;
const NONE = -1;

/**
 * Gives hosts small numbers, by which everything else keeps what it knows of them. A host is an address and, where it is known, a
 * MAC address: an address that another MAC address uses is another host; an event without one belongs to whoever had the
 * address last. When it is full, of some hosts the one goes that has been seen least and longest ago, and its number is used again: so
 * addresses that are made up for a packet or two push each other out, and not those of whom there is something to remember.
 */
export class HostTable {
  readonly #most: number;
  readonly #onForget: (host: number) => void;
  /** The tag is the number of the host seen last with the address, and 1. */
  readonly #byAddress = new AddressTimes();
  readonly #addresses: (Address | undefined)[] = [];
  readonly #free: number[] = [];
  #macs = new Float64Array(0);
  #lastAtMs = new Float64Array(0);
  /** Of the hosts with one address, the one seen before this one. */
  #sameAddress = new Int32Array(0);
  #events = new Float64Array(0);
  #hand = 0;
  #forgotten = 0;

  constructor(most: number, onForget: (host: number) => void) {
    this.#most = Math.max(1, most);
    this.#onForget = onForget;
  }

  get size(): number {
    return this.#addresses.length - this.#free.length;
  }

  /** Hosts that went for want of room. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Numbers are below this; some of them may be free. */
  get end(): number {
    return this.#addresses.length;
  }

  isHeld(host: number): boolean {
    return this.#addresses[host] !== undefined;
  }

  /** The host's number; a host not seen before gets one. */
  numberOf(event: HostEvent): number {
    const head = this.#headOf(event.host);
    const found = head === NONE ? NONE : this.#find(head, event.mac);
    const host = found === NONE ? this.#make(event) : found;
    this.#lead(event.host, host, event.atMs);
    this.#lastAtMs[host] = event.atMs;
    this.#events[host]!++;
    return host;
  }

  /** The host must be held. */
  address(host: number): Address {
    return this.#addresses[host]!;
  }

  mac(host: number): number | undefined {
    const mac = this.#macs[host];
    return mac === undefined || Number.isNaN(mac) ? undefined : mac;
  }

  lastAtMs(host: number): number {
    return this.#lastAtMs[host] ?? 0;
  }

  /** All hosts with an address, the one seen last first. */
  numbersOf(address: Address): readonly number[] {
    const numbers: number[] = [];
    for (let host = this.#headOf(address); host !== NONE; host = this.#sameAddress[host]!) numbers.push(host);
    return numbers;
  }

  #headOf(address: Address): number {
    return this.#byAddress.tagOf(address) - 1;
  }

  #find(head: number, mac: number | undefined): number {
    if (mac === undefined || this.#macs[head] === mac) return head;
    for (let host = this.#sameAddress[head]!; host !== NONE; host = this.#sameAddress[host]!) {
      if (this.#macs[host] === mac) return host;
    }
    if (!Number.isNaN(this.#macs[head]!)) return NONE;
    // Seen without its MAC address until now.
    this.#macs[head] = mac;
    return head;
  }

  #make({ host: address, mac }: HostEvent): number {
    const rivals = this.numbersOf(address);
    if (rivals.length >= MAX_WITH_ADDRESS) this.#forget(this.#leastOf(rivals));
    if (this.size >= this.#most) this.#forget(this.#leastOf(this.#some()));
    const host = this.#free.pop() ?? this.#addresses.length;
    this.#grow(host + 1);
    this.#addresses[host] = address;
    this.#macs[host] = mac ?? Number.NaN;
    this.#sameAddress[host] = NONE;
    this.#events[host] = 0;
    return host;
  }

  /** When the table is full: hosts here and there in it. */
  #some(): number[] {
    return Array.from({ length: LOOKED_AT }, () => {
      this.#hand = (this.#hand + STRIDE) % this.end;
      return this.#hand;
    });
  }

  #leastOf(hosts: readonly number[]): number {
    return hosts.reduce((least, host) => (this.#worth(host) < this.#worth(least) ? host : least));
  }

  #worth(host: number): number {
    return Math.log2(this.#events[host]!) + this.#lastAtMs[host]! / FADES_MS;
  }

  /** Puts a host at the head of those with its address. */
  #lead(address: Address, host: number, atMs: number): void {
    const head = this.#headOf(address);
    if (head === host) return;
    if (head !== NONE) this.#dropFromChain(head, host);
    this.#sameAddress[host] = head;
    this.#byAddress.set(address, atMs, host + 1);
  }

  /** Takes a host that is not the head out of the chain, where it is in it. */
  #dropFromChain(head: number, host: number): void {
    for (let before = head; before !== NONE; before = this.#sameAddress[before]!) {
      if (this.#sameAddress[before] === host) {
        this.#sameAddress[before] = this.#sameAddress[host]!;
        return;
      }
    }
  }

  #forget(host: number): void {
    this.#onForget(host);
    const address = this.#addresses[host]!;
    const head = this.#headOf(address);
    const next = this.#sameAddress[host]!;
    if (head !== host) this.#dropFromChain(head, host);
    else if (next === NONE) this.#byAddress.delete(address);
    else this.#byAddress.set(address, this.#lastAtMs[next]!, next + 1);
    this.#addresses[host] = undefined;
    this.#free.push(host);
    this.#forgotten++;
  }

  #grow(length: number): void {
    if (length <= this.#macs.length) return;
    this.#macs = grown(this.#macs, length);
    this.#lastAtMs = grown(this.#lastAtMs, length);
    this.#sameAddress = grown(this.#sameAddress, length);
    this.#events = grown(this.#events, length);
  }
}
