/** From captured frames to DNS observations. */
import type { Network } from '../core/address.ts';
import type { Counter, Counters } from '../core/counters.ts';
import { readUint16 } from '../core/read-integer.ts';
import { type DnsProblem, HEADER_OCTETS, readQuestion } from '../dns/message.ts';
import { MessageReader } from '../dns/message-reader.ts';
import type { Transport } from '../dns/observation.ts';
import { KIND, TRANSPORT, WORD } from '../dns/observation-layout.ts';
import type { ObservationWriter } from '../dns/observation-writer.ts';
import { DNS_PORT, OPCODE } from '../dns/registry.ts';
import { FragmentReassembly, type ReassemblyCounter, type ReassemblyOptions } from '../packet/fragment-reassembly.ts';
import { type FrameProblem, FrameView } from '../packet/frame.ts';
import { LINK_TYPE } from '../packet/link-layer.ts';
import { IP_PROTOCOL, TCP_FLAG } from '../packet/protocol-numbers.ts';
import { type Endpoints, type TcpCounter, TcpStreams, type TcpStreamsOptions } from '../packet/tcp-streams.ts';
import { type Direction, directionBySource } from './direction.ts';
import { packEndpoints, packFrameEnds } from './pack-ends.ts';
import { packSyn } from './pack-syn.ts';

/**
 * What became of the frames:
 * - `frames`: all of them; `queries`, `responses`: messages that became an observation
 * - `frame-…`, `dns-…`: not readable, with the problem
 * - `fragments`: pieces of datagrams; `fragments …`: those that were not put together
 * - `tcp-control`: TCP segments without payload; `tcp …`: segments and streams that gave no message
 * - `syns`, `syn-acks`: segments that begin or accept a TCP connection, where they are wanted
 * - `not-dns`: neither UDP nor TCP on port 53
 * - `wrong-way`: a query coming in or a response going out; neither belongs to a lookup of the inside
 * - `other-opcode`: not a lookup (NOTIFY, UPDATE, …)
 */
export type CaptureCounter =
  | 'frames'
  | 'queries'
  | 'responses'
  | 'syns'
  | 'syn-acks'
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
  /** Also observe what begins and accepts TCP connections, whatever the port. */
  readonly syns?: boolean;
  readonly reassembly?: ReassemblyOptions;
  readonly streams?: TcpStreamsOptions;
}

const REASSEMBLY: ReassemblyOptions = { datagrams: 4096, bytes: 16 * 1024 * 1024, timeMs: 30_000 };
const STREAMS: TcpStreamsOptions = {
  streams: 4096,
  bytes: 32 * 1024 * 1024,
  waitingBytes: 256 * 1024,
  gapMs: 3000,
  idleMs: 120_000,
};

/** The longest name, type and class. */
const MAX_QUESTION_OCTETS = 255 + 4;

/** Reads frames one after the other, and writes what it observes. Keeps nothing of the buffer it is given. */
export class Observer {
  readonly #counters: Counters<CaptureCounter>;
  readonly #frames: Counter;
  readonly #queries: Counter;
  readonly #responses: Counter;
  readonly #writer: ObservationWriter;
  readonly #insideNetworks: readonly Network[];
  /** The flags of TCP that make a segment one to observe, whatever its port. */
  readonly #wantedFlags: number;
  readonly #frame = new FrameView();
  readonly #reader = new MessageReader();
  readonly #fragments: FragmentReassembly;
  readonly #streams: TcpStreams<DirectionSign>;

  /** Whoever made the `writer` flushes it. */
  constructor(counters: Counters<CaptureCounter>, writer: ObservationWriter, options: ObserverOptions = {}) {
    this.#counters = counters;
    this.#frames = counters.counter('frames');
    this.#queries = counters.counter('queries');
    this.#responses = counters.counter('responses');
    this.#writer = writer;
    this.#insideNetworks = options.insideNetworks ?? [];
    this.#wantedFlags = options.syns === true ? TCP_FLAG.SYN : 0;
    this.#fragments = new FragmentReassembly(options.reassembly ?? REASSEMBLY, (what) =>
      counters.add(`fragments ${what}`),
    );
    this.#streams = new TcpStreams(options.streams ?? STREAMS, {
      isPlausible,
      onMessage: (endpoints, sign, octets, start, end, atMs) => {
        const direction = this.#wayOf(endpoints, sign, octets, start, end);
        this.message(endpoints, 'tcp', octets, start, end, atMs, direction);
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
    this.#frames.count++;
    const problem = frame.parse(octets, start, end, linkType);
    if (frame.fragment !== 'none') this.#fragment(octets, atMs, direction, problem);
    else if (problem === undefined) this.#segment(octets, atMs, direction);
    else this.#counters.add(`frame-${problem}`);
  }

  /**
   * Takes the DNS message in `octets[start, end)`, which came in no frame; without a length before it, whatever the transport.
   * It is observed in the same turn, or counted.
   */
  message(
    endpoints: Endpoints,
    transport: Transport,
    octets: Buffer,
    start: number,
    end: number,
    atMs: number,
    direction: Direction,
  ): void {
    const { sourcePort, destinationPort } = endpoints;
    const isQuery = direction === 'outbound';
    if (!this.#read(isQuery, sourcePort, destinationPort, octets, start, end)) return;
    const at = this.#reader.pack(this.#writer, isQuery ? KIND.QUERY : KIND.RESPONSE);
    const flags = packEndpoints(this.#writer, at, endpoints, isQuery);
    this.#finishRecord(at, flags, transport === 'tcp' ? TRANSPORT.TCP : TRANSPORT.UDP, atMs);
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
    if (frame.fragment === 'first' && problem === undefined) this.#observeSyn(atMs);
    const datagram = this.#fragments.add(frame, octets, atMs, direction, this.#mayBeDns(problem));
    if (datagram === undefined) return;
    const datagramProblem = frame.parseReassembled(datagram, frame.fragmentProtocol);
    if (datagramProblem === undefined) this.#lookup(datagram, atMs, direction);
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
    if (!this.#observeSyn(atMs) || this.#isDns()) this.#lookup(octets, atMs, direction);
  }

  /** False when the segment in view does neither begin nor accept a TCP connection, or that is not wanted. */
  #observeSyn(atMs: number): boolean {
    const frame = this.#frame;
    if ((frame.tcpFlags & this.#wantedFlags) === 0) return false;
    const isAnswer = (frame.tcpFlags & TCP_FLAG.ACK) !== 0;
    this.#counters.add(isAnswer ? 'syn-acks' : 'syns');
    packSyn(this.#writer, frame, isAnswer, atMs);
    return true;
  }

  #lookup(octets: Buffer, atMs: number, direction: DirectionSign): void {
    const frame = this.#frame;
    if (!this.#isDns()) {
      this.#counters.add('not-dns');
    } else if (frame.protocol === IP_PROTOCOL.UDP) {
      this.#datagram(octets, atMs, direction);
    } else {
      if (frame.payloadStart === frame.payloadEnd) this.#counters.add('tcp-control');
      this.#streams.add(frame, octets, atMs, direction, stationOf(frame));
    }
  }

  /** The payload in view, which lies in `octets`. */
  #datagram(octets: Buffer, atMs: number, sign: DirectionSign): void {
    const frame = this.#frame;
    const { sourcePort, destinationPort, payloadStart, payloadEnd } = frame;
    const isQuery = this.#wayOf(frame, sign, octets, payloadStart, payloadEnd) === 'outbound';
    if (!this.#read(isQuery, sourcePort, destinationPort, octets, payloadStart, payloadEnd)) return;
    const at = this.#reader.pack(this.#writer, isQuery ? KIND.QUERY : KIND.RESPONSE);
    const flags = packFrameEnds(this.#writer, at, frame, isQuery);
    this.#finishRecord(at, flags, TRANSPORT.UDP, atMs);
  }

  #wayOf(endpoints: Endpoints, sign: DirectionSign, octets: Buffer, start: number, end: number): Direction {
    if (sign === 'by-source') return directionBySource(endpoints.source, this.#insideNetworks);
    if (sign !== 'by-message') return sign;
    const isResponse = end - start > 2 && (octets[start + 2]! & 0x80) !== 0;
    return isResponse ? 'inbound' : 'outbound';
  }

  /** Reads the message; false when it is none of a lookup of the inside, which is counted. */
  #read(
    isQuery: boolean,
    sourcePort: number,
    destinationPort: number,
    octets: Buffer,
    start: number,
    end: number,
  ): boolean {
    if ((isQuery ? destinationPort : sourcePort) !== DNS_PORT) return this.#ignore('wrong-way');
    const reader = this.#reader;
    const problem = isQuery ? reader.readQuery(octets, start, end) : reader.readResponse(octets, start, end);
    if (problem !== undefined) return this.#ignore(`dns-${problem}`);
    if (reader.isResponse === isQuery) return this.#ignore('wrong-way');
    if (reader.opcode !== OPCODE.QUERY) return this.#ignore('other-opcode');
    if (isQuery) this.#queries.count++;
    else this.#responses.count++;
    return true;
  }

  #finishRecord(at: number, flags: number, transport: number, atMs: number): void {
    const { words, times } = this.#writer;
    words[at + WORD.KIND] = words[at + WORD.KIND]! | (transport << 8) | (flags << 16);
    times[(at + WORD.TIME) >> 1] = atMs;
  }

  #ignore(counter: CaptureCounter): false {
    this.#counters.add(counter);
    return false;
  }
}

/** The inside's end of the link, as far as the ports tell: a server's frames come by many routers, and go by many. */
function stationOf({ link, sourcePort }: FrameView): string {
  if (link === undefined) return '';
  return `${link.vlan} ${sourcePort === DNS_PORT ? link.destinationMac : link.sourceMac}`;
}

/** One question, readable when it must be all there. */
function isPlausible(octets: Buffer, start: number, end: number, isWhole: boolean): boolean {
  if (end - start < HEADER_OCTETS || readUint16(octets, start + 4) !== 1) return false;
  const mayBeCut = !isWhole && end - start < HEADER_OCTETS + MAX_QUESTION_OCTETS;
  return mayBeCut || readQuestion(octets, start, end).ok;
}
