import type { DropScope } from '../controller/flow-scope.ts';
import type { Clock } from '../core/clock.ts';
import type { PacketInView } from '../openflow/packet-in.ts';
import type { FrameView } from '../packet/frame.ts';
import { IP_PROTOCOL } from '../packet/protocol-numbers.ts';
import type { TcpResets } from '../packet/tcp-reset.ts';
import type { PolicyQuery } from '../policy/query.ts';
import { FIELD, type Verdict } from '../policy/verdict.ts';
import type { Gate } from './gate.ts';
import { readMessage, scopeOf } from './request.ts';
import { frameIn, questionIn, type Subject, subjectOf } from './subject.ts';
import type { TcpOpeningsOptions } from './tcp-opening-book.ts';
import { TcpOpenings, type TcpOver, type TcpWhole } from './tcp-openings.ts';

/** For so long the switch lets a connection pass whose first message was allowed; more of it is judged as a new one. */
const CONNECTION_MS = 300_000;

/** A packet of a client and where its frame lies in `message`. */
export type ArrivedPacket = Pick<PacketInView, 'inPort' | 'message' | 'frameStart' | 'frameEnd'>;

/** What the firewall does for connections that are judged by their first message. */
export interface TcpJudgeHooks {
  decide(query: PolicyQuery): Verdict;
  release(gate: Gate, inPort: number, octets: Buffer, start: number, end: number): void;
  /** `frame` is that of the packet that decided. */
  tell(query: PolicyQuery, subject: Subject, verdict: Verdict, frame: Uint8Array): void;
}

/** Judges TCP connections by the names that their first messages ask for, where verdicts read names. */
export class TcpJudge {
  readonly openings: TcpOpenings;
  readonly #clock: Clock;
  readonly #hooks: TcpJudgeHooks;
  /** Of connections in the book, by its switch. */
  readonly #gates = new Map<string, Gate>();

  constructor(clock: Clock, options: TcpOpeningsOptions, hooks: TcpJudgeHooks) {
    this.#clock = clock;
    this.#hooks = hooks;
    this.openings = new TcpOpenings(clock, options, (over) => this.#endLate(over));
  }

  /** Takes a packet of a client in, which the verdict on its destination would let pass. */
  take(gate: Gate, packet: ArrivedPacket, frame: FrameView, query: PolicyQuery): void {
    const { message, frameStart, frameEnd, inPort } = packet;
    this.#gates.set(gate.datapathId, gate);
    const outcome = this.openings.take(gate.datapathId, inPort, frame, message, frameStart, frameEnd);
    switch (outcome.kind) {
      case 'release':
        if (outcome.composed === undefined) this.#hooks.release(gate, inPort, message, frameStart, frameEnd);
        else this.#hooks.release(gate, inPort, outcome.composed, 0, outcome.composed.length);
        return;
      case 'hold':
        if (outcome.acknowledgement !== undefined) gate.answer(inPort, outcome.acknowledgement);
        return;
      case 'whole':
        this.#judge(gate, packet, frame, query, outcome);
        return;
      case 'over':
        this.#refuse(gate, inPort, query, frame.sourcePort, outcome.resets);
        this.#hooks.tell(query, this.#subjectOf(gate, packet, frame), UNREADABLE, frameIn(packet));
        return;
      case 'drop':
        return;
    }
  }

  /** Forgets all. Safe twice. */
  stop(): void {
    this.openings.stop();
    this.#gates.clear();
  }

  #subjectOf({ datapathId }: Gate, packet: ArrivedPacket, frame: FrameView): Subject {
    return subjectOf(frame, datapathId, packet, this.#clock.nowMs());
  }

  #judge(gate: Gate, packet: ArrivedPacket, frame: FrameView, query: PolicyQuery, whole: TcpWhole): void {
    const { octets, start, end, opening } = whole;
    const asked: PolicyQuery = { ...query, message: readMessage(octets, start, end) };
    const subject: Subject = { ...this.#subjectOf(gate, packet, frame), ...questionIn(octets, start, end) };
    const verdict = this.#hooks.decide(asked);
    if (verdict.kind === 'allow') {
      const untilMs = Math.min(verdict.untilMs, this.#clock.nowMs() + CONNECTION_MS);
      gate.allow(connectionScope(asked, subject.clientPort), untilMs);
      for (const held of this.openings.allow(opening) ?? [])
        this.#hooks.release(gate, subject.inPort, held, 0, held.length);
    } else {
      this.#refuse(gate, subject.inPort, asked, subject.clientPort, this.openings.refuse(opening));
    }
    this.#hooks.tell(asked, subject, verdict, frameIn(packet));
  }

  #refuse(gate: Gate, inPort: number, query: PolicyQuery, clientPort: number, resets: TcpResets | undefined): void {
    gate.block(connectionScope(query, clientPort), false);
    this.#reset(gate, inPort, resets);
  }

  #reset(gate: Gate, inPort: number, resets: TcpResets | undefined): void {
    if (resets === undefined) return;
    gate.release(inPort, resets.toServer, 0, resets.toServer.length);
    gate.answer(inPort, resets.toClient);
  }

  /** Its first message never became whole: the book drops what still comes. */
  #endLate({ endpoints, resets }: TcpOver): void {
    const gate = this.#gates.get(endpoints.datapathId);
    if (gate !== undefined) this.#reset(gate, endpoints.inPort, resets);
  }
}

const UNREADABLE: Verdict = {
  kind: 'block',
  reason: 'unreadable',
  reads: FIELD.destination | FIELD.queryName,
  by: undefined,
};

/** A single connection, whatever the verdict read beside its message. */
function connectionScope(query: PolicyQuery, clientPort: number): DropScope {
  const fields = FIELD.destination | FIELD.group | FIELD.client | FIELD.mac | FIELD.port | FIELD.protocol;
  const scope = scopeOf({ ...query, transport: 'tcp' }, fields);
  return { ...scope, client: query.client.address!, ipProtocol: IP_PROTOCOL.TCP, clientPort };
}
