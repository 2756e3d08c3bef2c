/**
 * The walk of a query, from packet_in to verdict. Read this file first:
 *
 *     parse once → look up the history (memory only) → decide (pure) → enforce on the switch → feed the event queue
 *
 * No step calls back. The events leave through a bounded queue and never delay a packet.
 */

import { copyReasonOf, isOwnCookieHigh } from '../controller/pipeline.ts';
import type { VerdictFlow } from '../controller/verdict-flows.ts';
import type { Address } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import type { Log } from '../core/log.ts';
import { readQuestion } from '../dns/message.ts';
import { DNS_PORT } from '../dns/registry.ts';
import type { EventFeed } from '../events/event-feed.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { PacketInView } from '../openflow/packet-in.ts';
import { FrameView } from '../packet/frame.ts';
import { IP_PROTOCOL } from '../packet/protocol-numbers.ts';
import type { AllowList } from '../policy/allow-list.ts';
import { decide, describeVerdict, type Verdict } from '../policy/verdict.ts';
import type { Gate } from './gate.ts';
import { type Holdable, HoldBook, type HoldOptions } from './hold-book.ts';

/**
 * Why a packet is here. `asking`: it waits for its verdict, and is lost if nobody releases it. `observed`: a copy of
 * one that was forwarded. `blocked`: a copy of one that a drop flow dropped.
 */
type Purpose = 'asking' | 'observed' | 'blocked';

type Subject = Pick<
  VerdictEvent,
  'atMs' | 'datapathId' | 'inPort' | 'client' | 'clientPort' | 'destination' | 'transport' | 'queryName' | 'queryType'
>;

interface Held extends Holdable {
  readonly gate: Gate;
  readonly purpose: Purpose;
  readonly subject: Subject;
  /** The frame to release; undefined when the switch has forwarded it. */
  readonly frame: Buffer | undefined;
}

type FirewallCounter =
  | 'allowed'
  | 'blocked'
  | 'would block'
  | 'released'
  | 'held'
  | 'held and allowed'
  | 'held: merged'
  | 'held: no room'
  | 'not asked for'
  | 'unreadable frames'
  | 'not outbound DNS';

/** Rows of the history that one turn of the event loop may let expire. */
const EXPIRED_PER_TURN = 1000;

/** Takes the frame `octets[start, end)` of a direct query that has left; to be read at once. */
export type TakeLeft = (octets: Buffer, start: number, end: number) => void;

const HOLD_COUNTERS = { held: 'held', merged: 'held: merged', full: 'held: no room' } as const;

export class Firewall {
  readonly counters = new Counters<FirewallCounter>();
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #history: NsHistory;
  readonly #allowList: AllowList;
  readonly #feed: EventFeed<VerdictEvent>;
  readonly #onLeft: TakeLeft;
  readonly #holdTimeMs: number;
  readonly #holdBook: HoldBook<Held>;
  readonly #gates = new Map<string, Gate>();
  readonly #frame = new FrameView();
  /** More has expired than one turn of the event loop takes. */
  #isExpiring = false;

  constructor(
    clock: Clock,
    log: Log,
    history: NsHistory,
    allowList: AllowList,
    feed: EventFeed<VerdictEvent>,
    hold: HoldOptions,
    onLeft: TakeLeft = () => undefined,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#history = history;
    this.#allowList = allowList;
    this.#feed = feed;
    this.#onLeft = onLeft;
    this.#holdTimeMs = hold.timeMs;
    this.#holdBook = new HoldBook(clock, hold, (held) => this.#settle(held));
    history.subscribe({ learned: (address) => this.#admit(address), expired: (address) => this.#reconsider(address) });
    allowList.subscribe({
      allowed: (address) => this.#admit(address),
      revoked: (address) => this.#disallow(address),
    });
  }

  /** Packets held now, and their octets. */
  get held(): { readonly packets: number; readonly bytes: number } {
    return { packets: this.#holdBook.size, bytes: this.#holdBook.bytes };
  }

  get gates(): readonly Gate[] {
    return [...this.#gates.values()];
  }

  /** Beyond `mostGates`, gates whose switch is away make room. */
  addGate(gate: Gate, mostGates: number): void {
    for (const held of this.#gates.values()) {
      if (this.#gates.size < mostGates) break;
      if (held.isConnected) continue;
      held.close();
      this.#gates.delete(held.datapathId);
    }
    this.#gates.set(gate.datapathId, gate);
  }

  gate(datapathId: string): Gate | undefined {
    return this.#gates.get(datapathId);
  }

  /** Takes over what the verdicts of an earlier run left on the switch of `gate`, as far as it still holds. */
  adopt(gate: Gate, flows: readonly VerdictFlow[]): void {
    gate.adopt(flows, (destination) => this.#allowedUntilMs(destination));
  }

  /** A packet came from the switch of `gate`: the walk. */
  packetIn(gate: Gate, packet: PacketInView): void {
    const frame = this.#frame;
    const problem = frame.parse(packet.message, packet.frameStart, packet.frameEnd);
    if (problem !== undefined) {
      this.counters.add('unreadable frames');
      this.#log.debug(
        { datapathId: gate.datapathId, inPort: packet.inPort, problem },
        'frame cannot be read and is not released',
      );
      return;
    }
    const isTransport = frame.protocol === IP_PROTOCOL.UDP || frame.protocol === IP_PROTOCOL.TCP;
    if (!isTransport || frame.destinationPort !== DNS_PORT) {
      this.counters.add('not outbound DNS');
      return;
    }
    const purpose = this.#purposeAt(gate, packet);
    if (purpose === undefined) return;
    const verdict = this.#decide(frame.destination);
    if (verdict.kind === 'block' && purpose !== 'blocked' && this.#hold(gate, purpose, packet)) return;
    const isFree = this.#carryOut(gate, purpose, verdict, frame.source, frame.destination);
    if (isFree) this.#release(gate, packet.inPort, packet.message, packet.frameStart, packet.frameEnd);
    if (this.#feed.hasRoom())
      this.#tell(this.#subject(gate, packet), verdict, purpose, { heldMs: 0, packetsAtLeast: 1 });
    else this.#feed.lose();
  }

  /** Renews and ends flows; to be called about twice a second. */
  tick(): void {
    if (!this.#isExpiring) this.#expire();
    for (const gate of this.#gates.values()) gate.tick((destination) => this.#allowedUntilMs(destination));
  }

  /** A portion in each turn of the event loop: a hundred thousand addresses may expire in one second. */
  #expire(): void {
    this.#isExpiring = !this.#history.expire(EXPIRED_PER_TURN);
    if (this.#isExpiring) this.#clock.after(0, () => this.#expire());
  }

  /** Lets go of what is held. Safe twice. */
  stop(): void {
    this.#holdBook.stop();
  }

  /** Undefined for a packet that nobody here asked for. */
  #purposeAt(gate: Gate, packet: PacketInView): Purpose | undefined {
    const { message, frameStart, frameEnd } = packet;
    const reason = copyReasonOf(packet);
    if (reason === 'blocked') return 'blocked';
    if (reason === 'observed') {
      this.#onLeft(message, frameStart, frameEnd);
      return 'observed';
    }
    const isAsking = reason === undefined && (isOwnCookieHigh(packet.cookieHigh) || gate.enforces);
    if (!isAsking) {
      this.counters.add('not asked for');
      return undefined;
    }
    if (gate.enforces) return 'asking';
    // An entry of an enforcing past sent it, before the switch was in step again.
    this.#release(gate, packet.inPort, message, frameStart, frameEnd);
    return 'observed';
  }

  #release(gate: Gate, inPort: number, octets: Buffer, start: number, end: number): void {
    if (!gate.isConnected) return;
    gate.release(inPort, octets, start, end);
    this.#onLeft(octets, start, end);
  }

  #decide(destination: Address): Verdict {
    return decide(this.#allowList.get(destination), this.#history.standing(destination));
  }

  #allowedUntilMs(destination: Address): number | undefined {
    const verdict = this.#decide(destination);
    return verdict.kind === 'allow' ? verdict.untilMs : undefined;
  }

  /** Makes the flow that carries out a verdict. True when the packet itself is to be released now. */
  #carryOut(gate: Gate, purpose: Purpose, verdict: Verdict, client: Address, destination: Address): boolean {
    if (verdict.kind === 'block') {
      if (purpose === 'asking') gate.block(client, destination);
      this.counters.add(purpose === 'observed' ? 'would block' : 'blocked');
      return false;
    }
    this.counters.add('allowed');
    if (purpose === 'observed') return false;
    gate.allow(destination, verdict.untilMs);
    this.counters.add('released');
    return true;
  }

  /**
   * A referral may be on its way: puts the verdict off, and with it the packet where the switch has not forwarded it.
   * False when it cannot be held.
   */
  #hold(gate: Gate, purpose: Purpose, packet: PacketInView): boolean {
    if (this.#holdTimeMs === 0) return false;
    const subject = this.#subject(gate, packet);
    const isWaiting = purpose === 'asking';
    const frame = isWaiting ? Buffer.from(packet.message.subarray(packet.frameStart, packet.frameEnd)) : undefined;
    const outcome = this.#holdBook.put({
      key: this.#holdKey(gate, packet),
      destination: subject.destination,
      bytes: frame?.length ?? 0,
      gate,
      purpose,
      packets: 1,
      subject,
      frame,
    });
    this.counters.add(HOLD_COUNTERS[outcome]);
    return outcome !== 'full';
  }

  /** Gives a held query its verdict: it has become known, or its time is over. */
  #settle({ gate, purpose, subject, frame, packets }: Held): void {
    const verdict = this.#decide(subject.destination);
    if (verdict.kind === 'allow') this.counters.add('held and allowed');
    const isFree = this.#carryOut(gate, purpose, verdict, subject.client, subject.destination);
    if (isFree && frame !== undefined) this.#release(gate, subject.inPort, frame, 0, frame.length);
    const heldMs = this.#clock.nowMs() - subject.atMs;
    this.#tell(subject, verdict, purpose, { heldMs, packetsAtLeast: packets });
  }

  /** The address has become known or allowed: its drop flows go at once, and what waited for it is released. */
  #admit(address: Address): void {
    for (const gate of this.#gates.values()) gate.unblock(address);
    for (const held of this.#holdBook.takeFor(address)) this.#settle(held);
  }

  /** The address is not known any more; it may still be on the allow-list. */
  #reconsider(address: Address): void {
    if (this.#allowedUntilMs(address) === undefined) this.#disallow(address);
  }

  /** If the history still knows the address, the next query makes a flow that ends with the entry. */
  #disallow(address: Address): void {
    for (const gate of this.#gates.values()) gate.disallow(address);
  }

  #tell(
    subject: Subject,
    verdict: Verdict,
    purpose: Purpose,
    course: Pick<VerdictEvent, 'heldMs' | 'packetsAtLeast'>,
  ): void {
    const { kind, reason, scope } = verdict;
    const enforced = purpose !== 'observed';
    const message = describeVerdict(subject.destination, verdict, enforced);
    const hint = this.#history.memory(subject.destination);
    this.#feed.push({ ...subject, ...course, verdict: kind, reason, scope, hint, enforced, message });
  }

  /** What the frame now in view says about the query. */
  #subject(gate: Gate, packet: PacketInView): Subject {
    const frame = this.#frame;
    const isUdp = frame.protocol === IP_PROTOCOL.UDP;
    const head = isUdp ? readQuestion(packet.message, frame.payloadStart, frame.payloadEnd) : undefined;
    const question = head?.ok === true ? head.question : undefined;
    return {
      atMs: this.#clock.nowMs(),
      datapathId: gate.datapathId,
      inPort: packet.inPort,
      client: frame.source,
      clientPort: frame.sourcePort,
      destination: frame.destination,
      transport: isUdp ? 'udp' : 'tcp',
      queryName: question?.name,
      queryType: question?.type,
    };
  }

  /** Equal for a retransmission: same endpoints and the same DNS ID, which TCP's SYN has none of. */
  #holdKey(gate: Gate, packet: PacketInView): string {
    const { source, sourcePort, destination, protocol, payloadStart, payloadEnd } = this.#frame;
    const id = payloadEnd - payloadStart >= 2 ? packet.message.readUInt16BE(payloadStart) : 0;
    return `${gate.datapathId} ${protocol} ${source} ${sourcePort} ${destination} ${id}`;
  }
}
