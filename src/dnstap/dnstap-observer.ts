import { type CaptureCounter, Observer } from '../capture/observe.ts';
import { type Address, isIpv4, parseAddress } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import type { Transport } from '../dns/observation.ts';
import { ObservationWriter } from '../dns/observation-writer.ts';
import { DNS_PORT } from '../dns/registry.ts';
import { type DnstapMessage, type DnstapType, readDnstap } from './dnstap-message.ts';

/**
 * What became of the frames: messages of each type; `unreadable`: what readDnstap has a problem with; `incomplete`: a resolver's message without the
 * server's address or the DNS message. Of `resolver query` and `resolver response` the names of CaptureCounter say more.
 */
export type DnstapCounter = DnstapType | 'unreadable' | 'incomplete';

/** Whose messages are observed: those between a resolver and other servers, or those between it and its clients. */
export type DnstapSide = 'resolver' | 'client';

/** What is older when it comes counts as no older: clocks of other machines are wrong, too. */
const MAX_AGE_MS = 60_000;

/**
 * The exchanges of a resolver with servers, or with its clients, out of dnstap, to batches of observations (dns/observation-layout.ts). What is taken
 * in one turn of the event loop is given at its end, as one batch.
 *
 * Whatever the transport was, the observation says port 53, and `tcp` for all that is no UDP: the resolver says itself that it
 * asked a server there. Queries and responses are matched by the addresses and ports that the resolver names.
 */
export class DnstapObserver {
  readonly counters = new Counters<DnstapCounter>();
  readonly messageCounters = new Counters<CaptureCounter>();
  readonly #clock: TimeSource;
  readonly #writer: ObservationWriter;
  readonly #observer: Observer;
  readonly #resolvers: readonly Address[];
  readonly #side: DnstapSide;
  #isFlushPlanned = false;

  /**
   * `resolvers`: a writer that names no address of its own, or 0.0.0.0 or ::, as unbound does without `outgoing-interface`,
   * counts as the first of them of the family in question.
   */
  constructor(
    clock: TimeSource,
    resolvers: readonly Address[],
    onBatch: (batch: Uint8Array) => void,
    side: DnstapSide = 'resolver',
  ) {
    this.#side = side;
    this.#clock = clock;
    this.#resolvers = resolvers;
    this.#writer = new ObservationWriter(onBatch);
    this.#observer = new Observer(this.messageCounters, this.#writer);
  }

  /** Takes the dnstap payload in `octets`, of which nothing is kept. */
  take(octets: Buffer): void {
    const message = readDnstap(octets);
    if (typeof message === 'string') {
      this.counters.add('unreadable');
      return;
    }
    this.counters.add(message.type);
    if (message.type === `${this.#side} query`) this.#observe(message, message.queryMessage, 'outbound');
    if (message.type === `${this.#side} response`) this.#observe(message, message.responseMessage, 'inbound');
  }

  #observe(message: DnstapMessage, dns: Buffer | undefined, direction: 'outbound' | 'inbound'): void {
    const { queryPort = 0, socketProtocol } = message;
    const ends = this.#side === 'resolver' ? this.#resolverEnds(message) : this.#clientEnds(message);
    if (ends === undefined || dns === undefined) {
      this.counters.add('incomplete');
      return;
    }
    const { client, server } = ends;
    const isQuery = direction === 'outbound';
    const endpoints = {
      source: isQuery ? client : server,
      sourcePort: isQuery ? queryPort : DNS_PORT,
      destination: isQuery ? server : client,
      destinationPort: isQuery ? DNS_PORT : queryPort,
    };
    const transport: Transport = socketProtocol === 'udp' ? 'udp' : 'tcp';
    const atMs = this.#boundTime(isQuery ? message.queryAtMs : message.responseAtMs);
    this.#observer.message(endpoints, transport, dns, 0, dns.length, atMs, direction);
    this.#planFlush();
  }

  #resolverEnds({ queryAddress, responseAddress: server }: DnstapMessage): Ends | undefined {
    return server === undefined ? undefined : { client: this.#resolverOf(queryAddress, server), server };
  }

  #clientEnds({ queryAddress: client, responseAddress }: DnstapMessage): Ends | undefined {
    return client === undefined ? undefined : { client, server: this.#resolverOf(responseAddress, client) };
  }

  /** The writer, by what it says of itself, of the family of who it talks to. */
  #resolverOf(named: Address | undefined, other: Address): Address {
    const unspecified = isIpv4(other) ? UNSPECIFIED_IPV4 : UNSPECIFIED_IPV6;
    if (named !== undefined && isIpv4(named) === isIpv4(other) && named !== unspecified) return named;
    return this.#resolvers.find((resolver) => isIpv4(resolver) === isIpv4(other)) ?? unspecified;
  }

  #boundTime(saidMs: number | undefined): number {
    const nowMs = this.#clock.nowMs();
    return saidMs === undefined ? nowMs : Math.min(nowMs, Math.max(saidMs, nowMs - MAX_AGE_MS));
  }

  #planFlush(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    queueMicrotask(() => {
      this.#isFlushPlanned = false;
      this.#writer.flush();
    });
  }
}

interface Ends {
  readonly client: Address;
  readonly server: Address;
}

const UNSPECIFIED_IPV4 = parseAddress('0.0.0.0')!;
const UNSPECIFIED_IPV6 = parseAddress('::')!;
