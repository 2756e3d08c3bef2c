/** From captured frames to DNS observations. */
import type { Network } from '../core/address.ts';
import type { Counters } from '../core/counters.ts';
import { type DnsProblem, readMessage, readQuestion } from '../dns/message.ts';
import type { DnsObservation, DnsQuery, DnsResponse, Transport } from '../dns/observation.ts';
import { DNS_PORT, OPCODE } from '../dns/registry.ts';
import { FragmentReassembly, type ReassemblyCounter, type ReassemblyOptions } from '../packet/fragment-reassembly.ts';
import { type FrameProblem, FrameView } from '../packet/frame.ts';
import { LINK_TYPE } from '../packet/link-layer.ts';
import { IP_PROTOCOL } from '../packet/protocol-numbers.ts';
import { type Endpoints, type TcpCounter, TcpStreams, type TcpStreamsOptions } from '../packet/tcp-streams.ts';
import { type Direction, directionBySource } from './direction.ts';

/**
 * What became of the frames:
 * - `frames`: all of them; `queries`, `responses`: messages that became an observation
 * - `frame-…`, `dns-…`: not readable, with the problem
 * - `fragments`: pieces of datagrams; `fragments …`: those that were not put together
 * - `tcp-control`: TCP segments without payload; `tcp …`: segments and streams that gave no message
 * - `not-dns`: neither UDP nor TCP on port 53
 * - `wrong-way`: a query coming in or a response going out; neither belongs to a lookup of the inside
 * - `other-opcode`: not a lookup (NOTIFY, UPDATE, …)
 */
export type CaptureCounter =
  | 'frames'
  | 'queries'
  | 'responses'
  | 'fragments'
  | `fragments ${ReassemblyCounter}`
  | 'tcp-control'
  | `tcp ${TcpCounter}`
  | 'not-dns'
  | 'wrong-way'
  | 'other-opcode'
  | `frame-${FrameProblem}`
  | `dns-${DnsProblem}`;

/** How the direction of a message is told: it is known, or goes by the source address, or by the message itself. */
export type DirectionSign = Direction | 'by-source' | 'by-message';

export interface ObserverOptions {
  /** Serves the direction `by-source`. */
  readonly insideNetworks?: readonly Network[];
  readonly reassembly?: ReassemblyOptions;
  readonly streams?: TcpStreamsOptions;
}

/**
 * Records of each kind that an observation carries: more than any response may teach, and a bound on what one frame of
 * 64 KiB turns into.
 */
const MAX_RECORDS = 300;

const REASSEMBLY: ReassemblyOptions = { datagrams: 4096, bytes: 16 * 1024 * 1024, timeMs: 30_000 };
const STREAMS: TcpStreamsOptions = {
  streams: 4096,
  bytes: 32 * 1024 * 1024,
  waitingBytes: 256 * 1024,
  gapMs: 3000,
  idleMs: 120_000,
};

/** What an unfinished question must at least show of itself. */
const HEADER_OCTETS = 12;
/** The longest name, type and class. */
const MAX_QUESTION_OCTETS = 255 + 4;

/** Reads frames one after the other. Keeps nothing of the buffer it is given. */
export class Observer {
  readonly #counters: Counters<CaptureCounter>;
  readonly #onObservation: (observation: DnsObservation) => void;
  readonly #insideNetworks: readonly Network[];
  readonly #frame = new FrameView();
  readonly #fragments: FragmentReassembly;
  readonly #streams: TcpStreams<DirectionSign>;

  constructor(
    counters: Counters<CaptureCounter>,
    onObservation: (observation: DnsObservation) => void,
    options: ObserverOptions = {},
  ) {
    this.#counters = counters;
    this.#onObservation = onObservation;
    this.#insideNetworks = options.insideNetworks ?? [];
    this.#fragments = new FragmentReassembly(options.reassembly ?? REASSEMBLY, (what) =>
      counters.add(`fragments ${what}`),
    );
    this.#streams = new TcpStreams(options.streams ?? STREAMS, {
      isPlausible,
      onMessage: (endpoints, sign, octets, start, end, atMs) => {
        this.#message(endpoints, sign, 'tcp', octets, start, end, atMs);
      },
      onCount: (what) => counters.add(`tcp ${what}`),
    });
  }

  /**
   * Takes the frame in `octets[start, end)`: what it completes is observed in the same turn, and what it does not is
   * counted. `atMs` is when the frame was seen, milliseconds since the epoch; `linkType` one of LINK_TYPE.
   */
  observe(
    octets: Buffer,
    start: number,
    end: number,
    atMs: number,
    direction: DirectionSign,
    linkType: number = LINK_TYPE.ETHERNET,
  ): void {
    const frame = this.#frame;
    this.#counters.add('frames');
    const problem = frame.parse(octets, start, end, linkType);
    if (frame.fragment !== 'none') this.#fragment(octets, atMs, direction, problem);
    else if (problem === undefined) this.#segment(octets, atMs, direction);
    else this.#counters.add(`frame-${problem}`);
  }

  /** The time has come to `atMs`, with or without frames: what has waited too long for a lost one is given. */
  passTime(atMs: number): void {
    this.#streams.passTime(atMs);
  }

  /** No more frames will come: gives what waited for others. */
  finish(): void {
    this.#streams.finish();
  }

  #fragment(octets: Buffer, atMs: number, direction: DirectionSign, problem: FrameProblem | undefined): void {
    const frame = this.#frame;
    this.#counters.add('fragments');
    const datagram = this.#fragments.add(frame, octets, atMs, direction, this.#mayBeDns(problem));
    if (datagram === undefined) return;
    const datagramProblem = frame.parseReassembled(datagram, frame.fragmentProtocol);
    if (datagramProblem === undefined) this.#segment(datagram, atMs, direction);
    else this.#counters.add(`frame-${datagramProblem}`);
  }

  /** A first fragment that shows ports shows what is in the datagram; a later or unreadable one its protocol at best. */
  #mayBeDns(problem: FrameProblem | undefined): boolean {
    const { fragment, ipVersion } = this.#frame;
    if (fragment === 'first' && problem === undefined) return this.#isDns();
    return ipVersion === 6 || this.#isUdpOrTcp();
  }

  #isDns(): boolean {
    const { sourcePort, destinationPort } = this.#frame;
    return this.#isUdpOrTcp() && (sourcePort === DNS_PORT || destinationPort === DNS_PORT);
  }

  #isUdpOrTcp(): boolean {
    const { protocol } = this.#frame;
    return protocol === IP_PROTOCOL.UDP || protocol === IP_PROTOCOL.TCP;
  }

  #segment(octets: Buffer, atMs: number, direction: DirectionSign): void {
    const frame = this.#frame;
    if (!this.#isDns()) {
      this.#counters.add('not-dns');
    } else if (frame.protocol === IP_PROTOCOL.UDP) {
      this.#message(frame, direction, 'udp', octets, frame.payloadStart, frame.payloadEnd, atMs);
    } else {
      if (frame.payloadStart === frame.payloadEnd) this.#counters.add('tcp-control');
      this.#streams.add(frame, octets, atMs, direction);
    }
  }

  #message(
    endpoints: Endpoints,
    sign: DirectionSign,
    transport: Transport,
    octets: Buffer,
    start: number,
    end: number,
    atMs: number,
  ): void {
    const observation =
      this.#wayOf(endpoints, sign, octets, start, end) === 'outbound'
        ? this.#query(endpoints, transport, octets, start, end, atMs)
        : this.#response(endpoints, transport, octets, start, end, atMs);
    if (observation !== undefined) this.#onObservation(observation);
  }

  #wayOf(endpoints: Endpoints, sign: DirectionSign, octets: Buffer, start: number, end: number): Direction {
    if (sign === 'by-source') return directionBySource(endpoints.source, this.#insideNetworks);
    if (sign !== 'by-message') return sign;
    const isResponse = end - start > 2 && (octets[start + 2]! & 0x80) !== 0;
    return isResponse ? 'inbound' : 'outbound';
  }

  #query(
    { source, sourcePort, destination, destinationPort }: Endpoints,
    transport: Transport,
    octets: Buffer,
    start: number,
    end: number,
    atMs: number,
  ): DnsQuery | undefined {
    if (destinationPort !== DNS_PORT) return this.#ignore('wrong-way');
    const head = readQuestion(octets, start, end);
    if (!head.ok) return this.#ignore(`dns-${head.problem}`);
    if (head.isResponse) return this.#ignore('wrong-way');
    if (head.opcode !== OPCODE.QUERY) return this.#ignore('other-opcode');
    this.#counters.add('queries');
    return {
      kind: 'query',
      atMs,
      transport,
      client: source,
      clientPort: sourcePort,
      server: destination,
      serverPort: destinationPort,
      id: head.id,
      question: head.question,
    };
  }

  #response(
    { source, sourcePort, destination, destinationPort }: Endpoints,
    transport: Transport,
    octets: Buffer,
    start: number,
    end: number,
    atMs: number,
  ): DnsResponse | undefined {
    if (sourcePort !== DNS_PORT) return this.#ignore('wrong-way');
    const message = readMessage(octets, start, end);
    if (!message.ok) return this.#ignore(`dns-${message.problem}`);
    const { head } = message;
    if (!head.isResponse) return this.#ignore('wrong-way');
    if (head.opcode !== OPCODE.QUERY) return this.#ignore('other-opcode');
    this.#counters.add('responses');
    return {
      kind: 'response',
      atMs,
      transport,
      client: destination,
      clientPort: destinationPort,
      server: source,
      serverPort: sourcePort,
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

/** One question, readable when it must be all there. */
function isPlausible(octets: Buffer, start: number, end: number, isWhole: boolean): boolean {
  if (end - start < HEADER_OCTETS || octets.readUInt16BE(start + 4) !== 1) return false;
  const mayBeCut = !isWhole && end - start < HEADER_OCTETS + MAX_QUESTION_OCTETS;
  return mayBeCut || readQuestion(octets, start, end).ok;
}
