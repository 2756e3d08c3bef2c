/** What many hosts do, for the benchmark `correlation`: the same from the same seed. */
import type { Address } from '../../src/core/address.ts';
import type { HostEvent } from '../../src/correlation/host-event.ts';
import { type Name, parseName } from '../../src/dns/name.ts';

const START_MS = 1_800_000_000_000;
const NETWORK = 0xc612_0000 | 0;
const OUTSIDE = 0xcb00_7100 | 0;
const C2_SERVERS = 0xc633_6400 | 0;
export const RESOLVER = (0xc000_0235 | 0) as Address;
const TYPE = { A: 1, MX: 15, TXT: 16 } as const;
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
 * A minute of a network: of a hundred events 30 queries to the resolver and 30 answers, 20 SYNs with 12 SYN+ACKs, 5 direct queries
 * and 3 verdicts. Sites are visited by their rank; a host in fifty scans, one in fifty asks an odd server again and again.
 */
export function mixedEvents(count: number, hosts: number, seed: number): HostEvent[] {
  const random = randomNumbers(seed);
  const names = Array.from({ length: NAMES }, (_, index) => nameOf(index));
  const events: HostEvent[] = [];
  for (let index = 0; index < count; index++) {
    const number = Math.floor(random() * hosts);
    const of = { atMs: START_MS + Math.floor((index / count) * 60_000), host: hostAddress(number), mac: undefined };
    const site = Math.floor(NAMES * random() ** 4);
    const name = names[site]!;
    const share = random() * 100;
    const destination = number % 50 === 0 ? serverAddress(Math.floor(random() * 1e6)) : serverAddress(site);
    const port = number % 50 === 0 ? 445 : 443;
    if (share < 30)
      events.push({
        ...of,
        kind: 'query',
        server: RESOLVER,
        isDirect: false,
        name,
        type: TYPE.A,
        recursionDesired: true,
      });
    else if (share < 60)
      events.push({
        ...of,
        kind: 'answer',
        server: RESOLVER,
        isDirect: false,
        name,
        type: TYPE.A,
        responseCode: random() < 0.05 ? 3 : 0,
        addresses: [serverAddress(site)],
        ttlSeconds: 300,
      });
    else if (share < 80) events.push({ ...of, kind: 'syn', hostPort: 40_000, destination, port });
    else if (share < 92) events.push({ ...of, kind: 'syn-ack', hostPort: 40_000, destination, port });
    else if (share < 97)
      events.push({
        ...of,
        kind: 'query',
        server: serverAddress(number % 50 === 1 ? 7 : site),
        isDirect: true,
        name,
        type: number % 50 === 1 ? TYPE.TXT : TYPE.A,
        recursionDesired: true,
      });
    else
      events.push({
        ...of,
        kind: 'verdict',
        server: serverAddress(site),
        name,
        type: TYPE.TXT,
        verdict: 'block',
        reason: 'unknown',
        packets: 1,
      });
  }
  return events;
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
    atMs += 36_000;
  }
}
