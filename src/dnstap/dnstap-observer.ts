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

/** What is older when it comes counts as no older: clocks of other machines are wrong, too. */
const MAX_AGE_MS = 60_000;

/**
 * The exchanges of a resolver with servers, out of dnstap, to batches of observations (dns/observation-layout.ts). What is taken
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
  #isFlushPlanned = false;

  /**
   * `resolvers`: a writer that names no address of its own, or 0.0.0.0 or ::, as unbound does without `outgoing-interface`,
   * counts as the first of them of the family in question.
   */
  constructor(clock: TimeSource, resolvers: readonly Address[], onBatch: (batch: Uint8Array) => void) {
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
    if (message.type === 'resolver query') this.#observe(message, message.queryMessage, 'outbound');
    if (message.type === 'resolver response') this.#observe(message, message.responseMessage, 'inbound');
  }

  #observe(message: DnstapMessage, dns: Buffer | undefined, direction: 'outbound' | 'inbound'): void {
    const { responseAddress: server, queryPort = 0, socketProtocol } = message;
    if (server === undefined || dns === undefined) {
      this.counters.add('incomplete');
      return;
    }
    const client = this.#clientOf(message.queryAddress, server);
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

  #clientOf(named: Address | undefined, server: Address): Address {
    const unspecified = isIpv4(server) ? UNSPECIFIED_IPV4 : UNSPECIFIED_IPV6;
    if (named !== undefined && isIpv4(named) === isIpv4(server) && named !== unspecified) return named;
    return this.#resolvers.find((resolver) => isIpv4(resolver) === isIpv4(server)) ?? unspecified;
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

const UNSPECIFIED_IPV4 = parseAddress('0.0.0.0')!;
const UNSPECIFIED_IPV6 = parseAddress('::')!;
