/**
 * The walk of a query, from packet_in to verdict. Read this file first:
 *
 *     parse once → look up the history (memory only) → decide (pure) → enforce on the switch → feed the event queue
 *
 * No step calls back. The events leave through a bounded queue and never delay a packet.
 */

import { PIPELINE } from '../controller/pipeline.ts';
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
import { type Allow, type Block, decide, describeVerdict, type Verdict } from '../policy/verdict.ts';
import type { Gate } from './gate.ts';
import { type Holdable, HoldBook, type HoldOptions } from './hold-book.ts';

/**
 * Why a packet is here. `asking`: it waits for its verdict, and is lost if nobody releases it. `observed`: a copy of
 * one that was forwarded. `blocked`: a copy of one that a drop flow dropped.
 */
type Purpose = 'asking' | 'observed' | 'blocked';

type Subject = Omit<VerdictEvent, 'verdict' | 'reason' | 'enforced' | 'heldMs' | 'message'>;

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
  | 'unreadable frames'
  | 'not outbound DNS';

export class Firewall {
  readonly counters = new Counters<FirewallCounter>();
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #history: NsHistory;
  readonly #allowList: AllowList;
  readonly #feed: EventFeed<VerdictEvent>;
  readonly #holdTimeMs: number;
  readonly #holdBook: HoldBook<Held>;
  readonly #gates = new Map<string, Gate>();
  readonly #frame = new FrameView();

  constructor(
    clock: Clock,
    log: Log,
    history: NsHistory,
    allowList: AllowList,
    feed: EventFeed<VerdictEvent>,
    hold: HoldOptions,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#history = history;
    this.#allowList = allowList;
    this.#feed = feed;
    this.#holdTimeMs = hold.timeMs;
    this.#holdBook = new HoldBook(clock, hold, (held) => this.#settle(held));
    history.subscribe({ learned: (address) => this.#admit(address), expired: (address) => this.#reconsider(address) });
    allowList.subscribe({
      allowed: (address) => this.#admit(address),
      revoked: (address) => this.#forbid(address),
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
      if (!held.isConnected) this.#gates.delete(held.datapathId);
    }
    this.#gates.set(gate.datapathId, gate);
  }

  gate(datapathId: string): Gate | undefined {
    return this.#gates.get(datapathId);
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
    let purpose = purposeOf(packet);
    if (purpose === 'asking' && !gate.enforces) {
      // An entry of an enforcing past sent it, before the switch was in step again.
      gate.release(packet.inPort, packet.message, packet.frameStart, packet.frameEnd);
      purpose = 'observed';
    }
    const verdict = this.#decide(frame.destination, purpose !== 'blocked' && this.#holdTimeMs > 0);
    if (verdict.kind === 'allow') this.#allow(gate, purpose, verdict, packet);
    else if (verdict.kind === 'hold') this.#hold(gate, purpose, packet);
    else this.#block(gate, purpose, verdict, packet);
  }

  /** Renews and ends flows; to be called about twice a second. */
  tick(): void {
    this.#history.expire();
    for (const gate of this.#gates.values()) gate.tick((destination) => this.#allowedUntilMs(destination));
  }

  /** Lets go of what is held. Safe twice. */
  stop(): void {
    this.#holdBook.stop();
  }

  #decide(destination: Address, mayHold: boolean): Verdict {
    return decide(this.#allowList.has(destination), this.#history.standing(destination), mayHold);
  }

  #allowedUntilMs(destination: Address): number | undefined {
    const verdict = this.#decide(destination, false);
    return verdict.kind === 'allow' ? verdict.untilMs : undefined;
  }

  #allow(gate: Gate, purpose: Purpose, verdict: Allow, packet: PacketInView): void {
    if (purpose !== 'observed') {
      gate.allow(this.#frame.destination, verdict.untilMs);
      gate.release(packet.inPort, packet.message, packet.frameStart, packet.frameEnd);
      this.counters.add('released');
    }
    this.counters.add('allowed');
    if (this.#feed.hasRoom()) this.#tell(this.#subject(gate, packet), verdict, purpose !== 'observed', 0);
    else this.#feed.lose();
  }

  #block(gate: Gate, purpose: Purpose, verdict: Block, packet: PacketInView): void {
    if (purpose === 'asking') gate.block(this.#frame.source, this.#frame.destination);
    this.counters.add(purpose === 'observed' ? 'would block' : 'blocked');
    if (this.#feed.hasRoom()) this.#tell(this.#subject(gate, packet), verdict, purpose !== 'observed', 0);
    else this.#feed.lose();
  }

  /** A referral may be on its way: put the verdict off, and with it the packet where the switch has not forwarded it. */
  #hold(gate: Gate, purpose: Purpose, packet: PacketInView): void {
    const subject = this.#subject(gate, packet);
    const isOurs = purpose === 'asking';
    const frame = isOurs ? Buffer.from(packet.message.subarray(packet.frameStart, packet.frameEnd)) : undefined;
    const outcome = this.#holdBook.put({
      key: this.#holdKey(gate, packet),
      destination: subject.destination,
      bytes: frame?.length ?? 0,
      gate,
      purpose,
      subject,
      frame,
    });
    if (outcome === 'held') this.counters.add('held');
    else if (outcome === 'merged') this.counters.add('held: merged');
    else {
      this.counters.add('held: no room');
      this.#block(gate, purpose, this.#decide(subject.destination, false) as Block, packet);
    }
  }

  /** Gives a held query its verdict: it has become known, or its time is over. */
  #settle(held: Held): void {
    const { gate, purpose, subject, frame } = held;
    const verdict = this.#decide(subject.destination, false);
    if (verdict.kind === 'hold') return;
    const enforced = purpose === 'asking';
    if (verdict.kind === 'allow') {
      if (frame !== undefined) {
        gate.allow(subject.destination, verdict.untilMs);
        gate.release(subject.inPort, frame, 0, frame.length);
        this.counters.add('released');
      }
      this.counters.add('allowed');
      this.counters.add('held and allowed');
    } else {
      if (enforced) gate.block(subject.client, subject.destination);
      this.counters.add(enforced ? 'blocked' : 'would block');
    }
    this.#tell(subject, verdict, enforced, this.#clock.nowMs() - subject.atMs);
  }

  /** The address has become known or allowed: its drop flows go at once, and what waited for it is released. */
  #admit(address: Address): void {
    for (const gate of this.#gates.values()) gate.unblock(address);
    for (const held of this.#holdBook.takeFor(address)) this.#settle(held);
  }

  /** The address is not known any more; it may still be on the allow-list. */
  #reconsider(address: Address): void {
    if (this.#allowedUntilMs(address) === undefined) this.#forbid(address);
  }

  /** If the history still knows the address, the next query makes a flow that ends with the entry. */
  #forbid(address: Address): void {
    for (const gate of this.#gates.values()) gate.forbid(address);
  }

  #tell(subject: Subject, verdict: Allow | Block, enforced: boolean, heldMs: number): void {
    const message = describeVerdict(subject.destination, verdict, enforced);
    this.#feed.push({ ...subject, verdict: verdict.kind, reason: verdict.reason, enforced, heldMs, message });
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

/** The cookie's rule id tells which entry of the pipeline sent the packet. */
function purposeOf(packet: PacketInView): Purpose {
  const { observed, blocked } = PIPELINE.copy.entries;
  if (packet.cookieLow === observed.rule) return 'observed';
  return packet.cookieLow === blocked.rule ? 'blocked' : 'asking';
}
