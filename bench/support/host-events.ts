/** What many hosts do, for the benchmark `correlation`: the same from the same seed. */
import type { Address } from '../../src/core/address.ts';
import type { HostEvent } from '../../src/correlation/host-event.ts';
import { type Name, parseName } from '../../src/dns/name.ts';

const START_MS = 1_800_000_000_000;
const NETWORK = 0xc612_0000 | 0;
const OUTSIDE = 0xcb00_7100 | 0;
const C2_SERVERS = 0xc633_6400 | 0;
export const RESOLVER = (0xc000_0235 | 0) as Address;
const TYPE = { A: 1, TXT: 16 } as const;
const PER_MS = 20;
const NAMES = 50_000;

/** Marsaglia's xorshift, 32 bits; numbers in [0, 1). */
export function randomNumbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export const hostAddress = (index: number) => ((NETWORK + index) | 0) as Address;
const serverAddress = (index: number) => ((OUTSIDE + index * 7) | 0) as Address;
const nameOf = (index: number): Name => parseName(`www${index % 7}.site${index}.example`)!;

/**
 * A network, 20,000 events a second: of a hundred 30 queries to the resolver and 30 answers, 20 SYNs with 12 SYN+ACKs, 5 direct queries and
 * 3 verdicts. Sites are visited by their rank; a host in fifty scans, one in fifty asks an odd server again and again.
 */
export class HostEventMix {
  readonly #hosts: number;
  readonly #random: () => number;
  readonly #names = Array.from({ length: NAMES }, (_, index) => nameOf(index));
  #made = 0;

  constructor(hosts: number, seed: number) {
    this.#hosts = hosts;
    this.#random = randomNumbers(seed);
  }

  /** The events that follow those before. */
  next(count: number): HostEvent[] {
    return Array.from({ length: count }, () => this.#event());
  }

  #event(): HostEvent {
    const random = this.#random;
    const number = Math.floor(random() * this.#hosts);
    const of = { atMs: START_MS + Math.floor(this.#made++ / PER_MS), host: hostAddress(number), mac: undefined };
    const site = Math.floor(NAMES * random() ** 4);
    const name = this.#names[site]!;
    const isScanner = number % 50 === 0;
    const destination = serverAddress(isScanner ? Math.floor(random() * 1e6) : site);
    const connection = { ...of, hostPort: 40_000, destination, port: isScanner ? 445 : 443 };
    const asked = { ...of, server: RESOLVER, isDirect: false, name, type: TYPE.A };
    const share = random() * 100;
    if (share < 30) return { ...asked, kind: 'query', recursionDesired: true };
    if (share < 60) {
      const responseCode = random() < 0.05 ? 3 : 0;
      return { ...asked, kind: 'answer', responseCode, addresses: [serverAddress(site)], ttlSeconds: 300 };
    }
    if (share < 80) return { ...connection, kind: 'syn' };
    if (share < 92) return { ...connection, kind: 'syn-ack' };
    const isOdd = number % 50 === 1;
    const server = serverAddress(isOdd ? 7 : site);
    if (share < 97) {
      const type = isOdd ? TYPE.TXT : TYPE.A;
      return { ...of, kind: 'query', server, isDirect: true, name, type, recursionDesired: true };
    }
    return { ...of, kind: 'verdict', server, name, type: TYPE.TXT, verdict: 'block', reason: 'unknown', packets: 1 };
  }
}

/**
 * As many different pairs of a host and a destination as asked for, evenly over the hosts, and every `botEvery`th host a bot: it scans,
 * and contacts the C&C server of its net, of which each has 20 bots.
 */
export function* pairEvents(hosts: number, pairs: number, botEvery: number, seed: number): Generator<HostEvent, void> {
  const random = randomNumbers(seed);
  const perHost = Math.ceil(pairs / hosts);
  let atMs = START_MS;
  for (let turn = 0; turn < perHost; turn++) {
    for (let number = 0; number < hosts; number++) {
      const of = { atMs, host: hostAddress(number), mac: undefined };
      const isBot = number % botEvery === 0;
      const net = Math.floor(number / botEvery / 20);
      if (isBot && turn % 10 === 0)
        yield { ...of, kind: 'syn', hostPort: 40_000, destination: ((C2_SERVERS + net) | 0) as Address, port: 6667 };
      else
        yield {
          ...of,
          kind: 'syn',
          hostPort: 40_000,
          destination: serverAddress(Math.floor(random() * 3e6)),
          port: isBot ? 445 : 443,
        };
    }
    atMs += 5000;
  }
}
