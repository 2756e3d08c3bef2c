import { type Address, type Network, parseAddress, parseNetwork } from '../core/address.ts';
import { type Name, parseName } from '../dns/name.ts';
import { NamePopularity } from './name-popularity.ts';
import { Random } from './random.ts';

export interface InternetOptions {
  /** The same seed makes the same Internet. */
  readonly seed: string;
  /** p: how likely an organisation takes part. */
  readonly participation: number;
  /** q: how likely a bot asks for the name of its victim. */
  readonly queryRate: number;
  /** DNS servers from the destination to the source, both included: 2 and more. */
  readonly hops: number;
  /** Whether resolvers and forwarders keep what they were told. */
  readonly hasCaches: boolean;
  /** Queries of each client a day; 0: there are no bystanders. */
  readonly queriesPerClient: number;
}

/** An organisation with a DNS server. */
export interface Organisation {
  /** The name of its node. */
  readonly name: string;
  /** Of its DNS server. */
  readonly address: Address;
  /** Whether it has a node that others can ask. */
  readonly takesPart: boolean;
  /** How far the clock of its log is ahead. */
  readonly clockErrorMs: number;
  /** Its clients; none: it serves servers alone. */
  readonly clients: readonly Address[];
  readonly network: Network | undefined;
  /** Whom its server asks what it does not know; undefined: it is authoritative. */
  readonly upstream: Organisation | undefined;
}

/** One case, and the part of the Internet that has to do with it. */
export interface Scene {
  readonly number: number;
  /** The destination first, upstreams before those behind them. */
  readonly organisations: readonly Organisation[];
  readonly destination: Organisation;
  readonly zone: Name;
  readonly victim: { readonly name: Name; readonly rank: number; readonly ttlMs: number };
  readonly bot: {
    readonly address: Address;
    readonly source: Organisation;
    /** When it asks for the name of its victim; undefined: it does not. */
    readonly asksAtMs: number | undefined;
  };
  readonly attackAtMs: number;
  /** What the packets say they come from: an address that nobody has. */
  readonly madeUpSource: Address;
}

/** Of each source, the bot among them. */
export const CLIENTS = 50;
/** The last part of the address of a server. */
const SERVER_HOST = 253;
/** Sources beside that of the bot. */
const OTHER_SOURCES = 3;
/** Names that people ask for. */
const NAMES = 100_000;
/** As long as answers may be kept, and how many are: made up, of the order of what is seen. */
const TTLS = [
  { ttlMs: 60_000, weight: 25 },
  { ttlMs: 300_000, weight: 30 },
  { ttlMs: 3_600_000, weight: 25 },
  { ttlMs: 7_200_000, weight: 10 },
  { ttlMs: 86_400_000, weight: 10 },
] as const;
/** From the query of a bot to its first packet: within the 5 s of paper 1, clocks included. */
const ATTACK_DELAY_MS = { least: 100, most: 4000 };
const CLOCK_ERROR_MS = 200;
/** Attacks begin in this week. */
const EPOCH_MS = Date.UTC(2026, 0, 5);
const WEEK_MS = 7 * 86_400_000;
const MADE_UP_SOURCE = parseAddress('203.0.113.66')!;

/**
 * A pool of organisations without end: each case has its own, so that whether they take part is drawn anew, and cases
 * have nothing to do with each other.
 */
export class Internet {
  readonly options: InternetOptions;
  readonly popularity = new NamePopularity(NAMES);
  readonly #names = new Map<number, Name>();

  constructor(options: InternetOptions) {
    this.options = options;
  }

  /** A name that people ask for, as often as its rank says; nobody's victim. */
  name(rank: number): Name {
    const known = this.#names.get(rank);
    if (known !== undefined) return known;
    const name = parseName(`name-${rank}.example`)!;
    this.#names.set(rank, name);
    return name;
  }

  /** What happens in a case is drawn from here: the same whatever was drawn for others. */
  random(number: number, what: string): Random {
    return new Random(`${this.options.seed}/${number}/${what}`);
  }

  /** The case of this number, from 0 on. */
  scene(number: number): Scene {
    const { hops, participation, queryRate } = this.options;
    const random = this.random(number, 'scene');
    const draw = (upstream: Organisation | undefined, isSource: boolean): Organisation => {
      const place = number * (hops + OTHER_SOURCES) + organisations.length;
      const organisation = organisationAt(place, isSource, upstream, {
        takesPart: random.chance(participation),
        clockErrorMs: random.between(-CLOCK_ERROR_MS, CLOCK_ERROR_MS),
      });
      organisations.push(organisation);
      return organisation;
    };
    const organisations: Organisation[] = [];
    const chain = [draw(undefined, false)];
    while (chain.length < hops - 1) chain.push(draw(chain.at(-1), false));
    const source = draw(chain.at(-1), true);
    for (let others = 0; others < OTHER_SOURCES; others++) draw(chain[random.below(chain.length)], true);
    const attackAtMs = Math.floor(EPOCH_MS + random.between(0, WEEK_MS));
    const delayMs = random.between(ATTACK_DELAY_MS.least, ATTACK_DELAY_MS.most);
    const zone = parseName(`domain-${number}.example`)!;
    return {
      number,
      organisations,
      destination: chain[0]!,
      zone,
      victim: { name: parseName(`www.domain-${number}.example`)!, ...this.#victim(random) },
      bot: {
        address: source.clients[random.below(CLIENTS)]!,
        source,
        asksAtMs: random.chance(queryRate) ? attackAtMs - delayMs : undefined,
      },
      attackAtMs,
      madeUpSource: MADE_UP_SOURCE,
    };
  }

  /** Victims are known and unknown alike: every order of magnitude of ranks is as likely. */
  #victim(random: Random): { readonly rank: number; readonly ttlMs: number } {
    const rank = Math.floor(this.popularity.names ** random.next());
    return { rank, ttlMs: random.weighted(TTLS).ttlMs };
  }
}

/**
 * `place` is that in the pool, and makes its addresses, which are those of a few hundred networks: organisations of one scene are
 * told apart by them. Every fourth one has IPv6.
 */
function organisationAt(
  place: number,
  isSource: boolean,
  upstream: Organisation | undefined,
  drawn: Pick<Organisation, 'takesPart' | 'clockErrorMs'>,
): Organisation {
  const number = place & 0xff;
  const isIpv6 = place % 4 === 3;
  const addressOf = (host: number) =>
    parseAddress(isIpv6 ? `2001:db8:${number.toString(16)}::${host.toString(16)}` : `198.18.${number}.${host}`)!;
  const network = parseNetwork(isIpv6 ? `2001:db8:${number.toString(16)}::/64` : `198.18.${number}.0/24`);
  return {
    ...drawn,
    name: `node-${place}.example`,
    address: addressOf(SERVER_HOST),
    clients: Array.from({ length: isSource ? CLIENTS : 0 }, (_, host) => addressOf(host + 1)),
    network: isSource ? network : undefined,
    upstream,
  };
}
