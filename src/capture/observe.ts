/** From one captured frame to one DNS observation. */
import type { Network } from '../core/address.ts';
import type { Counters } from '../core/counters.ts';
import { type DnsProblem, readMessage, readQuestion } from '../dns/message.ts';
import type { DnsObservation, DnsQuery, DnsResponse, Transport } from '../dns/observation.ts';
import { DNS_PORT, OPCODE } from '../dns/registry.ts';
import { type FrameProblem, FrameView } from '../packet/frame.ts';
import { IP_PROTOCOL } from '../packet/protocol-numbers.ts';
import { type Direction, directionBySource } from './direction.ts';

/**
 * What became of the frames:
 * - `frames`: all of them; `queries`, `responses`: those that became an observation
 * - `frame-…`, `dns-…`: not readable, with the problem
 * - `fragments`: parts of datagrams; nothing here puts them together
 * - `tcp-control`: TCP segments without payload
 * - `tcp-partial`: TCP segments that do not begin with one whole message
 * - `tcp-more`: octets behind the first message of a segment, not read
 * - `not-dns`: neither UDP nor TCP on port 53
 * - `wrong-way`: a query coming in or a response going out; neither belongs to a lookup of the inside
 * - `other-opcode`: not a lookup (NOTIFY, UPDATE, …)
 */
export type CaptureCounter =
  | 'frames'
  | 'queries'
  | 'responses'
  | 'fragments'
  | 'tcp-control'
  | 'tcp-partial'
  | 'tcp-more'
  | 'not-dns'
  | 'wrong-way'
  | 'other-opcode'
  | `frame-${FrameProblem}`
  | `dns-${DnsProblem}`;

/**
 * Records of each kind that an observation carries: more than any response may teach, and a bound on what one frame of
 * 64 KiB turns into.
 */
const MAX_RECORDS = 300;

/** Reads frames one after the other. Keeps nothing of the buffer it is given. */
export class Observer {
  readonly #counters: Counters<CaptureCounter>;
  readonly #insideNetworks: readonly Network[];
  readonly #frame = new FrameView();
  #messageStart = 0;
  #messageEnd = 0;

  /** `insideNetworks` serves frames whose direction is to be told from their source. */
  constructor(counters: Counters<CaptureCounter>, insideNetworks: readonly Network[] = []) {
    this.#counters = counters;
    this.#insideNetworks = insideNetworks;
  }

  /**
   * The query that left or the response that came in with the frame in `octets[start, end)`; undefined for all else,
   * which is counted. `atMs` is when the frame was seen, milliseconds since the epoch.
   */
  observe(
    octets: Buffer,
    start: number,
    end: number,
    atMs: number,
    direction: Direction | 'by-source',
  ): DnsObservation | undefined {
    const frame = this.#frame;
    this.#counters.add('frames');
    const problem = frame.parse(octets, start, end);
    if (problem !== undefined) return this.#ignore(`frame-${problem}`);
    if (frame.fragment !== 'none') return this.#ignore('fragments');
    const isUdp = frame.protocol === IP_PROTOCOL.UDP;
    if (!isUdp && frame.protocol !== IP_PROTOCOL.TCP) return this.#ignore('not-dns');
    if (frame.sourcePort !== DNS_PORT && frame.destinationPort !== DNS_PORT) return this.#ignore('not-dns');
    if (!(isUdp ? this.#findUdpMessage() : this.#findTcpMessage(octets))) return undefined;

    const way = direction === 'by-source' ? directionBySource(frame, this.#insideNetworks) : direction;
    const transport = isUdp ? 'udp' : 'tcp';
    return way === 'outbound' ? this.#query(octets, atMs, transport) : this.#response(octets, atMs, transport);
  }

  #findUdpMessage(): boolean {
    this.#messageStart = this.#frame.payloadStart;
    this.#messageEnd = this.#frame.payloadEnd;
    return true;
  }

  /** RFC 1035 §4.2.2: two octets of length, then the message. */
  #findTcpMessage(octets: Buffer): boolean {
    const { payloadStart, payloadEnd } = this.#frame;
    if (payloadStart === payloadEnd) this.#ignore('tcp-control');
    else if (payloadStart + 2 > payloadEnd) this.#ignore('tcp-partial');
    else {
      this.#messageStart = payloadStart + 2;
      this.#messageEnd = this.#messageStart + octets.readUInt16BE(payloadStart);
      if (this.#messageEnd < payloadEnd) this.#counters.add('tcp-more');
      if (this.#messageEnd <= payloadEnd) return true;
      this.#ignore('tcp-partial');
    }
    return false;
  }

  #query(octets: Buffer, atMs: number, transport: Transport): DnsQuery | undefined {
    const frame = this.#frame;
    if (frame.destinationPort !== DNS_PORT) return this.#ignore('wrong-way');
    const head = readQuestion(octets, this.#messageStart, this.#messageEnd);
    if (!head.ok) return this.#ignore(`dns-${head.problem}`);
    if (head.isResponse) return this.#ignore('wrong-way');
    if (head.opcode !== OPCODE.QUERY) return this.#ignore('other-opcode');
    this.#counters.add('queries');
    return {
      kind: 'query',
      atMs,
      transport,
      client: frame.source,
      clientPort: frame.sourcePort,
      server: frame.destination,
      serverPort: frame.destinationPort,
      id: head.id,
      question: head.question,
    };
  }

  #response(octets: Buffer, atMs: number, transport: Transport): DnsResponse | undefined {
    const frame = this.#frame;
    if (frame.sourcePort !== DNS_PORT) return this.#ignore('wrong-way');
    const message = readMessage(octets, this.#messageStart, this.#messageEnd);
    if (!message.ok) return this.#ignore(`dns-${message.problem}`);
    const { head } = message;
    if (!head.isResponse) return this.#ignore('wrong-way');
    if (head.opcode !== OPCODE.QUERY) return this.#ignore('other-opcode');
    this.#counters.add('responses');
    return {
      kind: 'response',
      atMs,
      transport,
      client: frame.destination,
      clientPort: frame.destinationPort,
      server: frame.source,
      serverPort: frame.sourcePort,
      id: head.id,
      question: head.question,
      rcode: message.rcode,
      truncated: head.truncated,
      nameServers: message.nameServers.slice(0, MAX_RECORDS),
      answers: message.answers.slice(0, MAX_RECORDS),
      additional: message.additional.slice(0, MAX_RECORDS),
    };
  }

  #ignore(counter: CaptureCounter): undefined {
    this.#counters.add(counter);
  }
}
