import { type Address, type Ipv4Address, isIpv4 } from '../core/address.ts';
import type { Name } from '../dns/name.ts';
import { ALLOW_REASONS, BLOCK_REASONS } from '../policy/verdict.ts';
import type { ToldEvent } from './event-text.ts';
import { grown } from './grown.ts';
import type { HostEvent } from './host-event.ts';

/** The event does not fit into words, and is kept itself. */
const WHOLE = 0;
const QUERY = 1;
const SYN = 2;
const ALLOWED = 3;
const BLOCKED = 4;

/** `number`: the port of a connection, or the type asked for, NO_TYPE where it is not known. */
const FIELD = { what: 0, address: 1, number: 2, reason: 3 } as const;
const WORDS = 4;
const NO_TYPE = -1;
const REASONS = [...ALLOW_REASONS, ...BLOCK_REASONS];

/**
 * What people are told of events, at numbered places, as numbers: an object that is kept outlives the others of its time, and costs the
 * collector of garbage many times what it cost to keep it.
 */
export class EventSamples {
  #atMs = new Float64Array(0);
  #words = new Int32Array(0);
  /** The name of a query, or the whole event. */
  readonly #rest: (Name | ToldEvent | undefined)[] = [];

  put(place: number, event: HostEvent): void {
    this.#grow(place + 1);
    this.#atMs[place] = event.atMs;
    if (event.kind === 'syn' && isIpv4(event.destination)) {
      this.#fill(place, SYN, event.destination, event.port, undefined);
    } else if (event.kind === 'query' && isKnownIpv4(event.server)) {
      this.#fill(place, QUERY, event.server, event.type, event.name);
    } else if (event.kind === 'verdict' && isIpv4(event.server)) {
      const what = event.verdict === 'block' ? BLOCKED : ALLOWED;
      this.#fill(place, what, event.server, event.type ?? NO_TYPE, event.name);
      this.#words[place * WORDS + FIELD.reason] = REASONS.indexOf(event.reason);
    } else {
      this.#fill(place, WHOLE, 0, 0, event);
    }
  }

  /** What was put there last. */
  at(place: number): ToldEvent {
    const words = this.#words;
    const word = place * WORDS;
    const atMs = this.#atMs[place]!;
    const address = words[word + FIELD.address]! as Ipv4Address;
    const number = words[word + FIELD.number]!;
    const name = this.#rest[place] as Name | undefined;
    switch (words[word + FIELD.what]) {
      case SYN:
        return { kind: 'syn', atMs, destination: address, port: number };
      case QUERY:
        return { kind: 'query', atMs, server: address, name: name!, type: number };
      case ALLOWED:
      case BLOCKED: {
        const type = number === NO_TYPE ? undefined : number;
        const verdict = words[word + FIELD.what] === BLOCKED ? 'block' : 'allow';
        const reason = REASONS[words[word + FIELD.reason]!]!;
        return { kind: 'verdict', atMs, server: address, name, type, verdict, reason };
      }
      default:
        return this.#rest[place] as ToldEvent;
    }
  }

  /** Lets go of what was put there. */
  clear(place: number): void {
    if (place < this.#rest.length) this.#rest[place] = undefined;
  }

  #fill(place: number, what: number, address: number, number: number, rest: Name | ToldEvent | undefined): void {
    const word = place * WORDS;
    this.#words[word + FIELD.what] = what;
    this.#words[word + FIELD.address] = address;
    this.#words[word + FIELD.number] = number;
    this.#rest[place] = rest;
  }

  #grow(places: number): void {
    if (places <= this.#rest.length) return;
    this.#atMs = grown(this.#atMs, places);
    this.#words = grown(this.#words, places * WORDS);
    while (this.#rest.length < places) this.#rest.push(undefined);
  }
}

function isKnownIpv4(address: Address | undefined): address is Ipv4Address {
  return address !== undefined && isIpv4(address);
}
