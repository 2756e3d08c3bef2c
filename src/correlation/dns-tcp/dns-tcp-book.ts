import { type Address, isIpv4 } from '../../core/address.ts';
import type { AnswerSeen, HostEvent, SynSeen } from '../host-event.ts';
import { DelayHistogram, type DelayView } from './delay-histogram.ts';
import { FirstSyns } from './first-syns.ts';
import { type HostRow, HostSyns } from './host-syns.ts';
import { type Naming, Namings } from './namings.ts';
import { PortCounts, type PortRow } from './port-counts.ts';

export interface DnsTcpOptions {
  /** A SYN follows an answer when it comes within this time, milliseconds; 1 s in paper 5. */
  readonly windowMs: number;
  /** Addresses named by answers, the same by client, and hosts, of which each so many are held at once. */
  readonly most: number;
}

export const DEFAULT_DNS_TCP: DnsTcpOptions = { windowMs: 1000, most: 250_000 };

/** SYNs by whether an answer had named their destination. */
export interface AfterAnswer {
  /** At most the window before. */
  readonly withinWindow: number;
  /** Before, and its TTL had not passed: the client may have kept it. Those within the window among them, where the TTL is known. */
  readonly withinTtl: number;
  /** At any time before. */
  readonly ever: number;
}

/** Paper 5: what DNS answers and the beginnings of TCP connections have to do with each other. */
export interface DnsTcpTables {
  readonly windowMs: number;
  /** The first and the last time that was seen, milliseconds since the epoch; null without events. */
  readonly firstAtMs: number | null;
  readonly lastAtMs: number | null;
  /** Table 1: DNS responses; those with an A or AAAA record in the answer section; and those records. */
  readonly responses: number;
  readonly answers: number;
  readonly addressRecords: number;
  /** Table 2: SYNs; and as paper 5 counts those that belong to an answer, for each answer the earliest one within the window. */
  readonly syns: number;
  readonly firstSyns: number;
  readonly synAcks: number;
  /** All SYNs, whoever got the answer; and those whose sender got the answer itself. */
  readonly anyClient: AfterAnswer;
  readonly sameClient: AfterAnswer;
  /** Tables 3 and 4: the ports of all SYNs, and of `firstSyns`. */
  readonly ports: readonly PortRow[];
  readonly firstSynPorts: readonly PortRow[];
  /** Figure 5: from the answer to `firstSyns`. */
  readonly delays: DelayView;
  /** Those with the most SYNs that no answer to themselves explains. */
  readonly hosts: readonly HostRow[];
  /** Hosts that sent SYNs, and how many of them got a DNS response of any kind. */
  readonly senders: number;
  readonly sendersAnswered: number;
  readonly limits: DnsTcpLimits;
}

/** What makes the numbers less than the whole truth. */
export interface DnsTcpLimits {
  /** The clock went back by more than the window, or forward by more than a day. */
  readonly clockJumps: number;
  /** Addresses, and addresses by client, that were forgotten for want of room. */
  readonly forgottenAddresses: number;
  readonly forgottenPairs: number;
  /** Answers that were pushed out of the window. */
  readonly pushedOut: number;
  /** Answers and SYNs of hosts that found no room in `hosts`. */
  readonly hostsLeftOut: number;
}

const TOP_PORTS = 10;
const TOP_HOSTS = 10;
const DAY_MS = 86_400_000;

interface Tally {
  withinWindow: number;
  withinTtl: number;
  ever: number;
}

/** Counts what happens as paper 5 does, in the order of time. What it holds is bounded. */
export class DnsTcpBook {
  readonly #windowMs: number;
  readonly #firstSyns: FirstSyns;
  readonly #byAddress: Namings<Address>;
  readonly #byClient: Namings<number | string>;
  readonly #hosts: HostSyns;
  readonly #ports = new PortCounts();
  readonly #firstSynPorts = new PortCounts();
  readonly #delays: DelayHistogram;
  readonly #anyClient: Tally = { withinWindow: 0, withinTtl: 0, ever: 0 };
  readonly #sameClient: Tally = { withinWindow: 0, withinTtl: 0, ever: 0 };
  readonly #counts = { responses: 0, answers: 0, addressRecords: 0, syns: 0, firstSyns: 0, synAcks: 0 };
  #clockJumps = 0;
  #firstAtMs = Number.POSITIVE_INFINITY;
  #lastAtMs = Number.NEGATIVE_INFINITY;
  /** The clock as it goes. */
  #nowMs = Number.NaN;

  constructor({ windowMs, most }: DnsTcpOptions = DEFAULT_DNS_TCP) {
    this.#windowMs = windowMs;
    this.#firstSyns = new FirstSyns(windowMs, most);
    this.#byAddress = new Namings(most);
    this.#byClient = new Namings(most);
    this.#hosts = new HostSyns(most);
    this.#delays = new DelayHistogram(windowMs);
  }

  observe(event: HostEvent): void {
    this.#passTime(event.atMs);
    switch (event.kind) {
      case 'answer':
        this.#answer(event);
        return;
      case 'syn':
        this.#syn(event);
        return;
      case 'syn-ack':
        this.#counts.synAcks++;
        return;
      default:
    }
  }

  tables(): DnsTcpTables {
    const isEmpty = Number.isNaN(this.#nowMs);
    const { senders, answered } = this.#hosts.extent();
    return {
      windowMs: this.#windowMs,
      firstAtMs: isEmpty ? null : this.#firstAtMs,
      lastAtMs: isEmpty ? null : this.#lastAtMs,
      ...this.#counts,
      anyClient: { ...this.#anyClient },
      sameClient: { ...this.#sameClient },
      ports: this.#ports.top(TOP_PORTS),
      firstSynPorts: this.#firstSynPorts.top(TOP_PORTS),
      delays: this.#delays.view(),
      hosts: this.#hosts.top(TOP_HOSTS),
      senders,
      sendersAnswered: answered,
      limits: this.#limits(),
    };
  }

  #limits(): DnsTcpLimits {
    return {
      clockJumps: this.#clockJumps,
      forgottenAddresses: this.#byAddress.forgotten,
      forgottenPairs: this.#byClient.forgotten,
      pushedOut: this.#firstSyns.pushedOut,
      hostsLeftOut: this.#hosts.leftOut,
    };
  }

  #passTime(atMs: number): void {
    if (atMs < this.#nowMs - this.#windowMs || atMs > this.#nowMs + DAY_MS) this.#clockJumps++;
    // A packet that comes a little late does not set the clock back.
    if (!(atMs <= this.#nowMs) || atMs < this.#nowMs - this.#windowMs) this.#nowMs = atMs;
    if (atMs < this.#firstAtMs) this.#firstAtMs = atMs;
    if (atMs > this.#lastAtMs) this.#lastAtMs = atMs;
  }

  #answer({ host, atMs, addresses, ttlSeconds = 0 }: AnswerSeen): void {
    this.#counts.responses++;
    const client = this.#hosts.answer(host);
    if (addresses.length === 0) return;
    this.#counts.answers++;
    this.#counts.addressRecords += addresses.length;
    this.#firstSyns.answer(addresses, atMs);
    for (const address of addresses) {
      this.#byAddress.name(address, atMs, ttlSeconds * 1000);
      if (client !== undefined) this.#byClient.name(pairOf(client, address), atMs, ttlSeconds * 1000);
    }
  }

  #syn({ host, atMs, destination, port }: SynSeen): void {
    this.#counts.syns++;
    this.#ports.add(port);
    const delayMs = this.#firstSyns.syn(destination, atMs);
    if (delayMs !== undefined) {
      this.#counts.firstSyns++;
      this.#firstSynPorts.add(port);
      this.#delays.add(delayMs);
    }
    this.#count(this.#byAddress.find(destination), atMs, this.#anyClient);
    const client = this.#hosts.numberOf(host);
    if (client === undefined) return;
    const own = this.#byClient.find(pairOf(client, destination));
    this.#count(own, atMs, this.#sameClient);
    if (own !== undefined && this.#isWithinWindow(own, atMs)) this.#hosts.syn(client, 'within-window');
    else this.#hosts.syn(client, own !== undefined && isWithinTtl(own, atMs) ? 'within-ttl' : 'unexplained');
  }

  #count(naming: Naming | undefined, atMs: number, tally: Tally): void {
    if (naming === undefined || atMs < naming.firstAtMs) return;
    tally.ever++;
    if (this.#isWithinWindow(naming, atMs)) tally.withinWindow++;
    if (isWithinTtl(naming, atMs)) tally.withinTtl++;
  }

  #isWithinWindow({ atMs: namedAtMs }: Naming, atMs: number): boolean {
    return atMs >= namedAtMs && atMs - namedAtMs <= this.#windowMs;
  }
}

function isWithinTtl({ atMs: namedAtMs, expiresAtMs }: Naming, atMs: number): boolean {
  return atMs >= namedAtMs && atMs <= expiresAtMs;
}

/** A whole number that floats hold exactly, for IPv4: text costs a report of millions of connections half of its time. */
function pairOf(client: number, destination: Address): number | string {
  return isIpv4(destination) ? client * 2 ** 32 + (destination >>> 0) : `${client} ${destination}`;
}
