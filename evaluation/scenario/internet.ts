/** The outside of a scenario: names, servers and addresses, all of them set aside for documentation (RFC 2606, RFC 5737, RFC 2544). */
import { type Address, formatAddress, parseAddress } from '../../src/core/address.ts';
import { type Name, parseName } from '../../src/dns/name.ts';
import { NamePopularity } from '../../src/simulation/name-popularity.ts';
import type { Random } from '../../src/simulation/random.ts';

/** A name that people and programs connect to. */
export interface Service {
  readonly name: Name;
  readonly ttlSeconds: number;
  readonly port: number;
  addressesAt(atMs: number): readonly Address[];
}

/** Who serves some zones. */
export interface DnsOperator {
  readonly servers: readonly Address[];
  /** Whether the history of the gate knows them. */
  readonly isLearned: boolean;
}

export interface MailDomain {
  readonly name: Name;
  readonly exchanger: Name;
  readonly address: Address;
  readonly operator: DnsOperator;
}

export class Internet {
  /** The most popular first. */
  readonly sites: readonly Service[];
  /** What other sites are made of, and programs talk to: behind addresses that many names share. */
  readonly shared: readonly Service[];
  readonly operators: readonly DnsOperator[];
  readonly rootServers: readonly Address[];
  readonly mailDomains: readonly MailDomain[];
  /** Public resolvers that people set by hand. */
  readonly resolvers: readonly Address[];
  readonly #random: Random;
  readonly #free: Address[] = [];
  readonly #siteRank: NamePopularity;
  readonly #sharedRank: NamePopularity;
  readonly #operatorRank: NamePopularity;

  constructor(random: Random, sites: number) {
    this.#random = random;
    for (let number = 256; number < 65_280; number++) {
      this.#free.push(parseAddress(`198.19.${number >> 8}.${number & 255}`)!);
    }
    const cdns = Array.from({ length: 4 + random.below(5) }, () => this.addresses(8 + random.below(40)));
    this.rootServers = this.addresses(4);
    this.resolvers = this.addresses(4);
    this.operators = Array.from({ length: 150 }, () => ({
      servers: this.addresses(2 + random.below(3)),
      isLearned: random.chance(0.97),
    }));
    this.shared = Array.from({ length: 60 }, () => this.#onCdn(pick(random, cdns)));
    this.sites = Array.from({ length: sites }, () =>
      random.chance(0.4) ? this.#onCdn(pick(random, cdns)) : this.own(),
    );
    this.mailDomains = Array.from({ length: 400 }, () => this.#mailDomain());
    this.#siteRank = new NamePopularity(sites);
    this.#sharedRank = new NamePopularity(this.shared.length);
    this.#operatorRank = new NamePopularity(this.operators.length);
  }

  /** Addresses that nobody has yet. */
  addresses(count: number): readonly Address[] {
    return Array.from({ length: count }, () => {
      const free = this.#free;
      const index = this.#random.below(free.length);
      const address = free[index];
      free[index] = free[free.length - 1]!;
      free.pop();
      return address!;
    });
  }

  /** Any address of the outside, whether somebody has it or not. */
  anyAddress(random: Random): Address {
    return parseAddress(`198.19.${random.below(256)}.${1 + random.below(254)}`)!;
  }

  /** A name of two labels that nobody has yet, most likely. */
  domain(random = this.#random): string {
    const dash = random.chance(0.2) ? `-${word(random)}` : '';
    return `${word(random)}${dash}${random.below(1000)}.${random.chance(0.7) ? 'example' : 'test'}`;
  }

  /** A service with addresses of its own, which stay. */
  own(port = 443): Service {
    const addresses = this.addresses(1 + this.#random.below(3));
    const ttlSeconds = pick(this.#random, [60, 300, 900, 3600, 14_400, 86_400]);
    return { name: named(`www.${this.domain()}`), ttlSeconds, port, addressesAt: () => addresses };
  }

  /** A name behind addresses of bots that change all the time (fast flux). */
  fastChanging(port: number): Service & { readonly pool: readonly Address[] } {
    const pool = this.addresses(8 + this.#random.below(20));
    const ttlSeconds = pick(this.#random, [60, 120, 300]);
    return { name: named(this.domain()), ttlSeconds, port, pool, addressesAt: rotating(pool, 3, ttlSeconds) };
  }

  site(random: Random): Service {
    return this.sites[this.#siteRank.draw(random) - 1]!;
  }

  sharedService(random: Random): Service {
    return this.shared[this.#sharedRank.draw(random) - 1]!;
  }

  operator(random: Random): DnsOperator {
    return this.operators[this.#operatorRank.draw(random) - 1]!;
  }

  #onCdn(pool: readonly Address[]): Service {
    const ttlSeconds = pick(this.#random, [20, 30, 60, 120, 300]);
    const label = this.#random.chance(0.2) ? `d${this.#random.uuid().slice(0, 13).replaceAll('-', '')}` : 'cdn';
    return {
      name: named(`${label}.${this.domain()}`),
      ttlSeconds,
      port: 443,
      addressesAt: rotating(pool, 3, ttlSeconds),
    };
  }

  #mailDomain(): MailDomain {
    const domain = this.domain();
    const [address] = this.addresses(1);
    return {
      name: named(domain),
      exchanger: named(`mx.${domain}`),
      address: address!,
      operator: pick(this.#random, this.operators),
    };
  }
}

/** Some of a pool, others after each TTL. */
function rotating(pool: readonly Address[], count: number, ttlSeconds: number): Service['addressesAt'] {
  return (atMs) => {
    const first = Math.floor(atMs / (ttlSeconds * 1000)) * 7;
    return Array.from({ length: Math.min(count, pool.length) }, (_, index) => pool[(first + index) % pool.length]!);
  };
}

const CONSONANTS = 'bcdfghklmnprstvz';
const VOWELS = 'aeiou';

/** What can be said aloud. */
export function word(random: Random): string {
  const syllables = 2 + random.below(3);
  let text = '';
  for (let index = 0; index < syllables; index++) {
    text += CONSONANTS[random.below(CONSONANTS.length)]! + VOWELS[random.below(VOWELS.length)]!;
  }
  return text;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** What no person would say. */
export function noise(random: Random, length: number): string {
  return Array.from({ length }, () => LETTERS[random.below(LETTERS.length)]!).join('');
}

export function named(text: string): Name {
  return parseName(text)!;
}

export function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random.below(choices.length)]!;
}

/** `10.113.0.203.in-addr.arpa`. */
export function reverseName(address: Address): Name {
  return named(`${formatAddress(address).split('.').reverse().join('.')}.in-addr.arpa`);
}
