/**
 * TCP connections that are judged by the name in their first query (RFC 1035 §4.2.2, RFC 7766). The switch sends every packet
 * of the client here, one way only; this book says what becomes of it:
 *
 *     SYN, ACK, FIN, RST without data   sent on one by one; data in a SYN that is no whole message is cut off, and comes again
 *     the length before the message     sent on, for a client that writes it first waits until the server has it
 *     data                              held until the first message is whole; what comes twice must say the same
 *     the whole message                 handed over for its verdict
 *     allowed                           the frames held, in order, and what still comes before the flow stands
 *     refused                           resets to both ends; what still comes is dropped
 *
 * Only the first message is judged. Data of a connection whose SYN was not seen (one from before enforcement, or silent for
 * too long) is taken for its beginning. A client that sends held data again waits for the server: what is held without a gap
 * is acknowledged to it, so that the rest may come. Checksums of segments are not looked at: interfaces may fill them in late.
 */
import type { Clock } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import { readUint16 } from '../core/read-integer.ts';
import { isPlainTcp } from '../packet/compose-tcp.ts';
import type { FrameView } from '../packet/frame.ts';
import { TCP_FLAG } from '../packet/protocol-numbers.ts';
import { acknowledgementTo, withoutData } from '../packet/tcp-bare.ts';
import { type TcpResets, tcpResets } from '../packet/tcp-reset.ts';
import { costOf, LENGTH_OCTETS, type MessagePlace, type TcpEndpoints, type TcpOpening } from './tcp-opening.ts';
import { OpeningBook, type TcpOpeningsOptions } from './tcp-opening-book.ts';

/**
 * Why a connection is refused before its verdict:
 * - `unreadable`: its segments come in fragments, or in something beside Ethernet and VLAN tags
 * - `too long`: a message, or frames that wait, of more than 16 KiB
 * - `too many segments`: more than 256 that wait
 * - `contradiction`: a segment says something else than what is held of the same octets
 * - `out of window`: a segment reaches to before the beginning, or lies more than 16 KiB behind it
 * - `time over`: the first message or its verdict took too long
 */
export type TcpRefusal =
  | 'unreadable'
  | 'too long'
  | 'too many segments'
  | 'contradiction'
  | 'out of window'
  | 'time over';

/** A connection to refuse: a drop flow, and resets where the frame that came is a whole segment. */
export interface TcpOver {
  readonly kind: 'over';
  readonly endpoints: TcpEndpoints;
  readonly reason: TcpRefusal;
  readonly resets: TcpResets | undefined;
}

/** The first message of a connection, for its verdict. The octets hold until `allow` or `refuse` is called with `opening`. */
export interface TcpWhole extends MessagePlace {
  readonly kind: 'whole';
  readonly opening: TcpOpening;
}

/**
 * What becomes of a packet:
 * - `release`: it is sent on, or in its place `composed`, the same without its data
 * - `hold`: a copy is held where there is need; `acknowledgement` goes to the client, by its own port
 * - `drop`: of a connection that was refused, or there is no room for it; the client sends it again
 */
export type TcpOutcome =
  | { readonly kind: 'release'; readonly composed: Buffer | undefined }
  | { readonly kind: 'hold'; readonly acknowledgement: Buffer | undefined }
  | { readonly kind: 'drop' }
  | TcpWhole
  | TcpOver;

/**
 * - `opened`: by a SYN; `opened: foreign`: by data of a connection whose SYN was not seen
 * - `no room`: connections that did not come into the book, and data that was dropped and is sent again
 * - `held`: frames; `sent again`: data that was there already; `acknowledged`: in the server's place
 * - `SYN data`: SYNs with data; `whole`: first messages handed over
 * - `forgotten`: without data for too long, or settled some time ago
 */
type TcpOpeningsCounter =
  | TcpRefusal
  | 'opened'
  | 'opened: foreign'
  | 'no room'
  | 'held'
  | 'sent again'
  | 'acknowledged'
  | 'SYN data'
  | 'whole'
  | 'allowed'
  | 'refused'
  | 'dropped after refusal'
  | 'forgotten';

/** Octets of the frames of one connection that wait. */
const CONNECTION_OCTETS = 16 * 1024;
const CONNECTION_SEGMENTS = 256;

const RELEASE = { kind: 'release', composed: undefined } as const;
const HOLD = { kind: 'hold', acknowledgement: undefined } as const;
const DROP = { kind: 'drop' } as const;

/** A frame of a client on its way through the book. */
interface Arrival {
  readonly frame: FrameView;
  readonly octets: Buffer;
  readonly start: number;
  readonly end: number;
  readonly key: string;
  readonly endpoints: TcpEndpoints;
}

export class TcpOpenings {
  readonly counters = new Counters<TcpOpeningsCounter>();
  readonly #book: OpeningBook;
  readonly #onOver: (over: TcpOver) => void;

  /** `onOver` is told of connections whose time is over while data is held. */
  constructor(clock: Clock, options: TcpOpeningsOptions, onOver: (over: TcpOver) => void) {
    this.#onOver = onOver;
    this.#book = new OpeningBook(clock, options, (opening) => this.#end(opening));
  }

  /** Connections in the book, and the octets that their frames take. */
  get held(): { readonly connections: number; readonly bytes: number } {
    return { connections: this.#book.size, bytes: this.#book.bytes };
  }

  /**
   * Takes the TCP segment of a client in `octets[start, end)`, which `frame` has in view. Not to be asked about a SYN whose
   * destination is not allowed by its address.
   */
  take(datapathId: string, inPort: number, frame: FrameView, octets: Buffer, start: number, end: number): TcpOutcome {
    const endpoints = endpointsOf(datapathId, inPort, frame);
    const arrival: Arrival = { frame, octets, start, end, key: keyOf(endpoints, frame), endpoints };
    const opening = this.#book.get(arrival.key);
    const isSyn = (frame.tcpFlags & TCP_FLAG.SYN) !== 0;
    if (opening?.state === 'refused' && !(isSyn && opening.first !== firstBehindSyn(frame))) {
      this.counters.add('dropped after refusal');
      return DROP;
    }
    if (!isPlainTcp(frame)) return this.#over(opening, arrival, 'unreadable');
    if ((frame.tcpFlags & TCP_FLAG.RST) !== 0) return this.#reset(opening, frame);
    if (isSyn) return this.#synchronise(opening, arrival);
    if (frame.payloadStart < frame.payloadEnd) return this.#takeData(opening, arrival);
    const isOver = (frame.tcpFlags & TCP_FLAG.FIN) !== 0 && opening?.segmentCount === 0;
    if (isOver) this.#book.remove(opening);
    return RELEASE;
  }

  /**
   * The verdict on a whole message: the frames to be sent on, in order, in octets of their own. Undefined when the connection
   * is not being judged any more: it has been reset, refused or begun anew meanwhile.
   */
  allow(opening: TcpOpening): readonly Buffer[] | undefined {
    if (opening.state !== 'judging') return undefined;
    this.counters.add('allowed');
    return this.#settle(opening, 'allowed');
  }

  /** The verdict on a whole message: the resets. Undefined when the connection is not being judged any more. */
  refuse(opening: TcpOpening): TcpResets | undefined {
    if (opening.state !== 'judging') return undefined;
    this.counters.add('refused');
    const resets = resetsOf(opening);
    this.#settle(opening, 'refused');
    return resets;
  }

  /** Forgets all. Safe twice. */
  stop(): void {
    this.#book.stop();
  }

  #reset(opening: TcpOpening | undefined, frame: FrameView): TcpOutcome {
    if (opening !== undefined) this.#book.remove(opening);
    return releaseBare(frame);
  }

  #synchronise(known: TcpOpening | undefined, arrival: Arrival): TcpOutcome {
    const { frame, octets } = arrival;
    const first = firstBehindSyn(frame);
    const isNew = known?.first !== first;
    if (isNew && known !== undefined) this.#book.remove(known);
    const opening = isNew ? this.#open(arrival, first, false) : known;
    if (frame.payloadStart === frame.payloadEnd) return RELEASE;
    this.counters.add('SYN data');
    const isFirst = opening?.state === 'opening' && opening.segmentCount === 0;
    const isWhole = beginsWholeMessage(octets, frame.payloadStart, frame.payloadEnd);
    return isFirst && isWhole ? this.#hold(opening, arrival, 0) : releaseBare(frame);
  }

  #takeData(known: TcpOpening | undefined, arrival: Arrival): TcpOutcome {
    if (known?.state === 'allowed') return RELEASE;
    const { frame, octets } = arrival;
    const { tcpSequence, payloadStart, payloadEnd } = frame;
    const opening = known ?? this.#open(arrival, tcpSequence, true);
    if (opening === undefined) return DROP;
    const offset = (tcpSequence - opening.first) | 0;
    const dataEnd = offset + payloadEnd - payloadStart;
    // An old octet that keeps the connection alive (RFC 9293 §3.8.4): the server answers it without its data, too.
    if (dataEnd <= 0) return releaseBare(frame);
    const isFar = dataEnd > CONNECTION_OCTETS;
    if (isFar && opening.state === 'judging') return this.#dropForRoom();
    if (isFar || offset < 0) return this.#over(opening, arrival, 'out of window');
    if (!opening.agrees(offset, octets, payloadStart, payloadEnd)) return this.#over(opening, arrival, 'contradiction');
    if (!opening.holds(offset, dataEnd)) return this.#hold(opening, arrival, offset);
    this.counters.add('sent again');
    if (dataEnd <= opening.releasedOctets) return RELEASE;
    return opening.state === 'opening' ? this.#acknowledge(opening, frame) : HOLD;
  }

  /** Holds data of which some is new, unless it is no more than the length of the message. */
  #hold(opening: TcpOpening, arrival: Arrival, offset: number): TcpOutcome {
    const { frame, start, end } = arrival;
    const excess = excessOf(opening, end - start);
    if (excess !== undefined && opening.state === 'opening') return this.#over(opening, arrival, excess);
    if (excess !== undefined || !this.#book.hasRoom(opening, costOf(end - start))) return this.#dropForRoom();
    const reachBefore = opening.reach;
    this.#keep(opening, arrival, offset);
    if (opening.state !== 'opening') return HOLD;
    if ((opening.announcedOctets ?? 0) > CONNECTION_OCTETS) return this.#over(opening, arrival, 'too long');
    const message = opening.message;
    if (message !== undefined) return this.#handOver(opening, message);
    const dataEnd = offset + frame.payloadEnd - frame.payloadStart;
    if (!opening.isForeign && offset === opening.releasedOctets && dataEnd <= LENGTH_OCTETS) {
      opening.markReleased(dataEnd);
      return RELEASE;
    }
    return opening.isStalling || offset < reachBefore ? this.#acknowledge(opening, frame) : HOLD;
  }

  #keep(opening: TcpOpening, { frame, octets, start, end }: Arrival, offset: number): void {
    const bytesBefore = opening.heldBytes;
    opening.keep(offset, octets, { start, end, dataStart: frame.payloadStart, dataEnd: frame.payloadEnd });
    this.#book.account(opening, bytesBefore);
    if (bytesBefore === 0) this.#book.restart(opening);
    this.counters.add('held');
  }

  #handOver(opening: TcpOpening, message: MessagePlace): TcpWhole {
    this.counters.add('whole');
    opening.state = 'judging';
    this.#book.restart(opening);
    return { kind: 'whole', opening, ...message };
  }

  /** The client waits: what has come without a gap is acknowledged in the server's place. */
  #acknowledge(opening: TcpOpening, frame: FrameView): TcpOutcome {
    const isAnswerable = (frame.tcpFlags & TCP_FLAG.ACK) !== 0 && opening.reach > opening.releasedOctets;
    if (!isAnswerable) return HOLD;
    opening.isStalling = true;
    this.counters.add('acknowledged');
    return { kind: 'hold', acknowledgement: acknowledgementTo(frame, (opening.first + opening.reach) >>> 0) };
  }

  #over(opening: TcpOpening | undefined, { octets, start, end, endpoints }: Arrival, reason: TcpRefusal): TcpOver {
    this.counters.add(reason);
    const resets = tcpResets(octets, start, end, opening?.serverExpects);
    if (opening !== undefined) this.#settle(opening, 'refused');
    return { kind: 'over', endpoints, reason, resets };
  }

  /** The time of a connection is over. */
  #end(opening: TcpOpening): void {
    if (opening.latest === undefined) {
      this.counters.add('forgotten');
      this.#book.remove(opening);
      return;
    }
    this.counters.add('time over');
    const resets = resetsOf(opening);
    this.#settle(opening, 'refused');
    this.#onOver({ kind: 'over', endpoints: opening.endpoints, reason: 'time over', resets });
  }

  #settle(opening: TcpOpening, state: 'allowed' | 'refused'): readonly Buffer[] {
    const bytesBefore = opening.heldBytes;
    const frames = opening.takeFrames();
    opening.state = state;
    this.#book.account(opening, bytesBefore);
    this.#book.restart(opening);
    return frames;
  }

  #dropForRoom(): TcpOutcome {
    this.counters.add('no room');
    return DROP;
  }

  #open({ key, endpoints }: Arrival, first: number, isForeign: boolean): TcpOpening | undefined {
    const opening = this.#book.open(key, endpoints, first, isForeign);
    if (opening === undefined) this.counters.add('no room');
    else this.counters.add(isForeign ? 'opened: foreign' : 'opened');
    return opening;
  }
}

function excessOf(opening: TcpOpening, frameOctets: number): TcpRefusal | undefined {
  if (opening.segmentCount >= CONNECTION_SEGMENTS) return 'too many segments';
  return opening.frameOctets + frameOctets > CONNECTION_OCTETS ? 'too long' : undefined;
}

function resetsOf({ latest, serverExpects }: TcpOpening): TcpResets | undefined {
  return latest === undefined ? undefined : tcpResets(latest, 0, latest.length, serverExpects);
}

/** Data may stand in a RST (RFC 9293 §3.5.3) and in a SYN; nobody has judged it. */
function releaseBare(frame: FrameView): TcpOutcome {
  return frame.payloadStart === frame.payloadEnd ? RELEASE : { kind: 'release', composed: withoutData(frame) };
}

function beginsWholeMessage(octets: Buffer, start: number, end: number): boolean {
  return end - start >= LENGTH_OCTETS && LENGTH_OCTETS + readUint16(octets, start) <= end - start;
}

/** The sequence number behind that of a SYN (RFC 9293 §3.4). */
function firstBehindSyn({ tcpSequence }: FrameView): number {
  return (tcpSequence + 1) >>> 0;
}

function endpointsOf(datapathId: string, inPort: number, frame: FrameView): TcpEndpoints {
  const { source, sourcePort, destination, destinationPort } = frame;
  return {
    datapathId,
    inPort,
    client: source,
    clientPort: sourcePort,
    server: destination,
    serverPort: destinationPort,
  };
}

/** The same for all packets of one connection, in one VLAN. */
function keyOf(endpoints: TcpEndpoints, { vlan }: FrameView): string {
  const { datapathId, inPort, client, clientPort, server, serverPort } = endpoints;
  return `${datapathId} ${inPort} ${vlan} ${client} ${clientPort} ${server} ${serverPort}`;
}
