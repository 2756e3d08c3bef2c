/**
 * The walk of a query, from packet_in to verdict. Read this file first:
 *
 *     parse once → look up the history (memory only) → decide (pure) → enforce on the switch → feed the event queue
 *
 * No step calls back. The events leave through a bounded queue and never delay a packet.
 */

import type { DropScope } from '../controller/flow-scope.ts';
import { copyReasonOf, isOwnCookieHigh } from '../controller/pipeline.ts';
import type { VerdictFlow } from '../controller/verdict-flows.ts';
import type { Address } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { CountTable } from '../core/count-table.ts';
import { Counters } from '../core/counters.ts';
import { DurationHistogram } from '../core/duration-histogram.ts';
import { DNS_PORT } from '../dns/registry.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { PacketInView } from '../openflow/packet-in.ts';
import { FrameView } from '../packet/frame.ts';
import { IP_PROTOCOL } from '../packet/protocol-numbers.ts';
import type { ClientGroup } from '../policy/client-group.ts';
import type { Mode } from '../policy/mode.ts';
import type { PolicyBook } from '../policy/policy-book.ts';
import type { PolicyQuery } from '../policy/query.ts';
import { FIELD, MESSAGE_FIELDS, mayYetBeLearned, type Verdict, type VerdictReason } from '../policy/verdict.ts';
import type { Bypass } from './bypass-book.ts';
import type { FirewallParts } from './firewall-parts.ts';
import { Foresight } from './foresight.ts';
import type { Gate } from './gate.ts';
import { type Holdable, HoldBook } from './hold-book.ts';
import { type Permission, Permissions } from './permissions.ts';
import { matchableScope, messageOf, queryOf } from './request.ts';
import { type Course, frameIn, type Subject, subjectOf, verdictEvent } from './subject.ts';
import { TcpJudge } from './tcp-judge.ts';

/**
 * Why a packet is here. `asking`: it waits for its verdict, and is lost if nobody releases it. `observed`: a copy of one
 * that was forwarded without a verdict. `allowed`: a copy of one that an allow flow let pass. `blocked`: a copy of one that
 * a drop flow dropped.
 */
export type Purpose = 'asking' | 'observed' | 'allowed' | 'blocked';

interface Held extends Holdable {
  readonly gate: Gate;
  readonly purpose: Purpose;
  readonly query: PolicyQuery;
  readonly subject: Subject;
  readonly frame: Buffer;
}

type FirewallCounter =
  | 'allowed'
  | 'allowed by a flow'
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

const HOLD_COUNTERS = { held: 'held', merged: 'held: merged', full: 'held: no room' } as const;

export class Firewall {
  readonly counters = new Counters<FirewallCounter>();
  /** By verdict, reason, and the mode in force for the client. */
  readonly verdicts = new CountTable<Verdict['kind'], VerdictReason, Mode>();
  readonly holdTimes = new DurationHistogram();
  readonly tcp: TcpJudge;
  readonly permissions: Permissions;
  readonly #parts: FirewallParts;
  readonly #clock: Clock;
  readonly #history: NsHistory;
  readonly #policies: PolicyBook;
  readonly #holdBook: HoldBook<Held>;
  readonly #foresight: Foresight;
  readonly #gates = new Map<string, Gate>();
  readonly #frame = new FrameView();
  /** More has expired than one turn of the event loop takes. */
  #isExpiring = false;
  /** Rules have changed, and not all flows have been looked at since. */
  #isReviewing = false;
  #isReviewDue = false;

  constructor(parts: FirewallParts) {
    this.#parts = parts;
    this.#clock = parts.clock;
    this.#history = parts.history;
    this.#policies = parts.policies;
    this.permissions = new Permissions(parts.clock, parts.policies, parts.modeOf);
    this.#foresight = new Foresight(parts.clock, this.permissions, () => this.#gates.values());
    this.#holdBook = new HoldBook(parts.clock, parts.hold, (held) => this.#settle(held));
    this.tcp = new TcpJudge(parts.clock, parts.openings, {
      decide: (query) => this.#decide(query),
      release: (gate, inPort, octets, start, end) => this.#release(gate, inPort, octets, start, end),
      tell: (query, subject, verdict, frame) => {
        this.verdicts.add(verdict.kind, verdict.reason, 'enforce');
        this.#tell(query, subject, verdict, 'asking', AT_ONCE, frame);
      },
    });
    parts.history.subscribe({
      learned: (address) => this.#admit(address),
      expired: (address) => this.#reconsider(address),
    });
    parts.policies.subscribe(() => this.review());
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

  /**
   * Takes over what the verdicts of an earlier run left on the switch of `gate`, as far as it still holds. The result are the
   * bypasses that were found there.
   */
  adopt(gate: Gate, flows: readonly VerdictFlow[]): readonly Bypass[] {
    return gate.adopt(flows, (scope) => this.permissions.untilMs(gate.datapathId, scope));
  }

  /** A packet came from the switch of `gate`: the walk. */
  packetIn(gate: Gate, packet: PacketInView): void {
    const frame = this.#frame;
    const problem = frame.parse(packet.message, packet.frameStart, packet.frameEnd);
    if (problem !== undefined) {
      this.counters.add('unreadable frames');
      this.#parts.log.debug(
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
    const portName = this.permissions.portsOf(gate.datapathId).get(packet.inPort);
    this.#parts.onSeen(frame, gate.datapathId, packet.inPort, portName);
    const policy = this.#policies.current;
    const query = queryOf(frame, packet.inPort, portName, policy);
    const reason = this.#purposeAt(gate, packet, query.group);
    if (reason === undefined) return;
    const verdict = policy.decide(query, this.#clock.nowMs());
    // A flow of an earlier verdict let it pass.
    const purpose = reason === 'allowed' && verdict.kind === 'block' ? 'observed' : reason;
    // What a drop flow dropped may be a connection begun anew: the judge knows which it has refused.
    if ((purpose === 'asking' || purpose === 'blocked') && this.#isForTcpJudge(query, verdict)) {
      this.tcp.take(gate, packet, frame, query);
      return;
    }
    if (purpose === 'asking' || purpose === 'observed') {
      if (mayYetBeLearned(verdict) && this.#hold(gate, purpose, packet, query)) return;
    }
    const isFree = this.#carryOut(gate, purpose, query, verdict);
    if (isFree) this.#release(gate, packet.inPort, packet.message, packet.frameStart, packet.frameEnd);
    if (purpose === 'allowed' && !this.#isNews(query, packet)) return;
    if (!this.#parts.feed.hasRoom()) {
      this.#parts.feed.lose();
      return;
    }
    const subject = subjectOf(frame, gate.datapathId, packet, this.#clock.nowMs());
    this.#tell(query, subject, verdict, purpose, AT_ONCE, frameIn(packet));
  }

  /** Renews and ends flows; to be called about twice a second. */
  tick(): void {
    if (!this.#isExpiring) this.#expire();
    for (const gate of this.#gates.values()) gate.tick((scope) => this.permissions.untilMs(gate.datapathId, scope));
  }

  /** A portion in each turn of the event loop: a hundred thousand addresses may expire in one second. */
  #expire(): void {
    this.#isExpiring = !this.#history.expire(EXPIRED_PER_TURN);
    if (this.#isExpiring) this.#clock.after(0, () => this.#expire());
  }

  /** Rules, groups or modes have changed: flows that do not hold any more go, a portion in each turn of the event loop. */
  review(): void {
    this.#isReviewDue = true;
    if (this.#isReviewing) return;
    this.#isReviewing = true;
    this.#clock.after(0, () => this.#review());
  }

  #review(): void {
    const isAnew = this.#isReviewDue;
    this.#isReviewDue = false;
    if (isAnew) {
      const allowed = this.#holdBook.takeWhere(({ query }) => this.#decide(query).kind === 'allow');
      for (const held of allowed) this.#settle(held);
    }
    let isDone = true;
    for (const gate of this.#gates.values()) {
      isDone = gate.review((scope) => this.permissions.untilMs(gate.datapathId, scope), isAnew) && isDone;
    }
    this.#isReviewing = !isDone || this.#isReviewDue;
    if (this.#isReviewing) this.#clock.after(0, () => this.#review());
  }

  /** Lets go of what is held. Safe twice. */
  stop(): void {
    this.#holdBook.stop();
    this.tcp.stop();
  }

  /** Undefined for a packet that nobody here asked for. */
  #purposeAt(gate: Gate, packet: PacketInView, group: ClientGroup): Purpose | undefined {
    const { message, frameStart, frameEnd } = packet;
    const reason = copyReasonOf(packet);
    if (reason === 'blocked') return 'blocked';
    if (reason === 'observed' || reason === 'allowed') {
      this.#parts.onLeft(message, frameStart, frameEnd);
      return reason;
    }
    const isAsking = reason === undefined && (isOwnCookieHigh(packet.cookieHigh) || gate.enforces);
    if (!isAsking) {
      this.counters.add('not asked for');
      return undefined;
    }
    if (gate.enforces && this.#parts.modeOf(group) === 'enforce') return 'asking';
    // An entry of an enforcing past sent it, before the switch was in step again.
    this.#release(gate, packet.inPort, message, frameStart, frameEnd);
    return 'observed';
  }

  #release(gate: Gate, inPort: number, octets: Buffer, start: number, end: number): void {
    if (!gate.isConnected) return;
    gate.release(inPort, octets, start, end);
    this.#parts.onLeft(octets, start, end);
  }

  /** By the policy as it is now, which may be another than when the query came. */
  #decide(query: PolicyQuery): Verdict {
    return this.#policies.current.decide(this.#asOfNow(query), this.#clock.nowMs());
  }

  /** Its client may be in another group by now. */
  #asOfNow(query: PolicyQuery): PolicyQuery {
    const group = this.#policies.groups.groupOf(query.client);
    return group === query.group ? query : { ...query, group };
  }

  /** Whether a connection may be opened of which it takes the first message to know. */
  #isForTcpJudge({ transport }: PolicyQuery, { kind, reads }: Verdict): boolean {
    return transport === 'tcp' && kind === 'allow' && (reads & MESSAGE_FIELDS) !== 0;
  }

  /** Makes the flow that carries out a verdict. True when the packet itself is to be released now. */
  #carryOut(gate: Gate, purpose: Purpose, query: PolicyQuery, verdict: Verdict): boolean {
    const { by, reads } = verdict;
    if (purpose !== 'allowed')
      this.verdicts.add(verdict.kind, verdict.reason, purpose === 'observed' ? 'monitor' : 'enforce');
    if (by !== undefined) {
      by.hits++;
      by.lastHitAtMs = this.#clock.nowMs();
    }
    if (verdict.kind === 'block') {
      const scope = purpose === 'asking' ? matchableScope(query, reads | FIELD.client) : undefined;
      if (scope !== undefined) gate.block(scope as DropScope, !this.#policies.current.readsMessages);
      this.counters.add(purpose === 'observed' ? 'would block' : 'blocked');
      return false;
    }
    this.counters.add(purpose === 'allowed' ? 'allowed by a flow' : 'allowed');
    if (purpose === 'observed' || purpose === 'allowed') return false;
    const scope = matchableScope(query, reads);
    if (scope !== undefined) gate.allow(scope, verdict.untilMs);
    this.counters.add('released');
    return true;
  }

  /** Of what allow flows let pass, the same is told once in a while. */
  #isNews({ client, destination }: PolicyQuery, packet: PacketInView): boolean {
    const { queryName } = subjectOf(this.#frame, '', packet, 0);
    return this.#parts.sampler.isNews(client.address!, destination, queryName);
  }

  /**
   * A referral may be on its way: puts the verdict off, and with it the packet where the switch has not forwarded it.
   * False when it cannot be held.
   */
  #hold(gate: Gate, purpose: Purpose, packet: PacketInView, query: PolicyQuery): boolean {
    if (this.#parts.hold.timeMs === 0) return false;
    const subject = subjectOf(this.#frame, gate.datapathId, packet, this.#clock.nowMs());
    const frame = Buffer.from(frameIn(packet));
    const outcome = this.#holdBook.put({
      key: this.#holdKey(gate, packet),
      destination: subject.destination,
      bytes: frame.length,
      gate,
      purpose,
      packets: 1,
      // Rules may come meanwhile that read what none of now do.
      query: { ...query, message: messageOf(this.#frame) },
      subject,
      frame,
    });
    this.counters.add(HOLD_COUNTERS[outcome]);
    return outcome !== 'full';
  }

  /** Gives a held query its verdict: it has become known, or its time is over. */
  #settle({ gate, purpose, query: held, subject, frame, packets }: Held): void {
    const query = this.#asOfNow(held);
    const verdict = this.#decide(query);
    if (verdict.kind === 'allow') this.counters.add('held and allowed');
    if (purpose === 'asking' && this.#isForTcpJudge(query, verdict)) {
      this.#openHeld(gate, subject.inPort, query, frame);
      return;
    }
    const isFree = this.#carryOut(gate, purpose, query, verdict);
    if (isFree) this.#release(gate, subject.inPort, frame, 0, frame.length);
    const heldMs = this.#clock.nowMs() - subject.atMs;
    this.holdTimes.observe(heldMs);
    this.#tell(query, subject, verdict, purpose, { heldMs, packetsAtLeast: packets }, frame);
  }

  /** It may carry data, which is to be judged. */
  #openHeld(gate: Gate, inPort: number, query: PolicyQuery, frame: Buffer): void {
    const problem = this.#frame.parse(frame, 0, frame.length);
    const packet = { inPort, message: frame, frameStart: 0, frameEnd: frame.length };
    if (problem === undefined) this.tcp.take(gate, packet, this.#frame, query);
  }

  /** The address has become known or allowed: its drop flows go at once, and what waited for it is released. */
  #admit(address: Address): void {
    for (const gate of this.#gates.values()) {
      gate.unblock(address);
    }
    this.#foresight.learned(address);
    for (const held of this.#holdBook.takeFor(address)) this.#settle(held);
  }

  /** Has a proactive gate hold the history as flows, the addresses seen most often first. */
  *foreseeAll({ datapathId }: Gate): Generator<Permission, void> {
    for (const address of this.#history.mostSighted()) yield* this.permissions.foreseen(datapathId, address);
  }

  /** The address is not known any more; a rule may still allow it. */
  #reconsider(address: Address): void {
    for (const gate of this.#gates.values()) {
      for (const scope of gate.scopesTo(address))
        if (!this.permissions.isAllowed(gate.datapathId, scope)) gate.disallowScope(scope);
    }
  }

  #tell(
    query: PolicyQuery,
    subject: Subject,
    verdict: Verdict,
    purpose: Purpose,
    course: Course,
    frame: Uint8Array,
  ): void {
    const enforced = purpose !== 'observed';
    const hint = this.#history.memory(subject.destination);
    this.#parts.feed.push(verdictEvent(query.group.name, subject, verdict, hint, enforced, course, frame));
  }

  /** Equal for a retransmission: same endpoints and the same DNS ID, which TCP's SYN has none of. */
  #holdKey(gate: Gate, packet: PacketInView): string {
    const { source, sourcePort, destination, protocol, payloadStart, payloadEnd } = this.#frame;
    const id = payloadEnd - payloadStart >= 2 ? packet.message.readUInt16BE(payloadStart) : 0;
    return `${gate.datapathId} ${protocol} ${source} ${sourcePort} ${destination} ${id}`;
  }
}

const AT_ONCE: Course = { heldMs: 0, packetsAtLeast: 1 };
