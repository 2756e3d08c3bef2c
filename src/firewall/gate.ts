import type { Flow } from '../controller/pipeline.ts';
import { allowFlow, dropClientFlow, dropFlow, type VerdictFlow } from '../controller/verdict-flows.ts';
import type { Address } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import { AllowBook, type AllowRecord, type FlowAllowance } from './allow-book.ts';
import { DropBook } from './drop-book.ts';

/** What a gate does to its switch; the controller's VerdictWriter is one. */
export interface Datapath {
  addAllow(destination: Address, hardTimeoutSeconds: number): void;
  removeAllow(destination: Address): void;
  addDrop(client: Address, destination: Address, hardTimeoutSeconds: number): void;
  removeDrop(client: Address, destination: Address): void;
  addClientDrop(client: Address, hardTimeoutSeconds: number): void;
  release(inPort: number, frame: Buffer, frameStart: number, frameEnd: number): void;
}

export interface GateOptions {
  /** The most allow flows on one switch; beyond it the one used longest ago makes room. */
  readonly allowFlows: number;
  /** What all switches together may have. */
  readonly allowance: FlowAllowance;
  readonly dropFlowSeconds: number;
  /** The most drop flows for one client before one flow drops all the client is not allowed. */
  readonly dropFlowsPerClient: number;
  /** The most drop flows on one switch. */
  readonly dropFlows: number;
}

/** A flow's hard timeout has 16 bits (OpenFlow 1.3.5 §7.3.4.1). */
const MAX_TIMEOUT_SECONDS = 65_535;
/** A later end that is not this much later, nor by this share of what is left, is not worth a flow_mod. */
const WORTHWHILE_MS = 1000;
const WORTHWHILE_SHARE = 0.1;
/** A flow used so lately is not given up for another: a table too small for its traffic would do nothing else. */
const REST_MS = 1000;
/** A switch whose table is full says so for every flow that was on its way. */
const FULL_MS = 1000;
/** What is left of the flows that stand when the switch has no room for one more. */
const SHARE_WHEN_FULL = 0.9;
/** From this share of the budget on, the use of flows is worth reading. */
const SHARE_TO_WATCH = 0.8;

/** The two kinds of flow that a verdict makes. */
export type FlowKind = 'allow' | 'drop';

type GateCounter =
  | 'allow flows'
  | 'allow flows renewed'
  | 'allow flows evicted'
  | 'allow budget reached'
  | 'drop flows'
  | 'client drop flows'
  | 'drop budget reached'
  | 'adopted flows';

/** The flows that verdicts have made on one switch. Outlives the switch's connections, so that a reconnect loses none. */
export class Gate {
  readonly datapathId: string;
  readonly counters = new Counters<GateCounter>();
  readonly #clock: Clock;
  readonly #options: GateOptions;
  readonly #allows: AllowBook;
  readonly #drops: DropBook;
  /** The budgets of the options, or less where the switch has less room. */
  readonly #budgets: Record<FlowKind, number>;
  readonly #fullAtMs: Partial<Record<FlowKind, number>> = {};
  #datapath: Datapath | undefined;
  #enforces = false;

  constructor(datapathId: string, clock: Clock, options: GateOptions) {
    this.datapathId = datapathId;
    this.#clock = clock;
    this.#options = options;
    this.#allows = new AllowBook(clock.nowMs(), options.allowance);
    this.#drops = new DropBook(clock.nowMs());
    this.#budgets = { allow: options.allowFlows, drop: options.dropFlows };
  }

  /** The switch is there; `enforces` tells whether verdicts make flows on it, or are only told. */
  connect(datapath: Datapath, enforces: boolean): void {
    this.#enforces = enforces;
    if (this.#datapath === datapath) return;
    this.#datapath = datapath;
    this.#budgets.allow = this.#options.allowFlows;
    this.#budgets.drop = this.#options.dropFlows;
    delete this.#fullAtMs.allow;
    delete this.#fullAtMs.drop;
  }

  /** The switch is away. Its flows are kept in mind for its return. */
  disconnect(): void {
    this.#datapath = undefined;
  }

  /** The switch does not come back: its flows count no more. */
  close(): void {
    // A query held here may yet be allowed: no flow is made for it, which nobody would count back.
    this.#enforces = false;
    this.#allows.close();
  }

  get enforces(): boolean {
    return this.#enforces;
  }

  get isConnected(): boolean {
    return this.#datapath !== undefined;
  }

  get allowFlowCount(): number {
    return this.#allows.size;
  }

  get dropFlowCount(): number {
    return this.#drops.size;
  }

  /** Whether to call `used`: there may soon be a flow to give up. */
  get wantsUse(): boolean {
    const isNearBudget = this.#allows.size >= this.#budgets.allow * SHARE_TO_WATCH;
    return this.#enforces && (isNearBudget || this.#options.allowance.isSpent);
  }

  /** Lets queries to `destination` pass in the switch until the verdict ends, if that is a second or more away. */
  allow(destination: Address, untilMs: number): void {
    if (!this.#enforces) return;
    const nowMs = this.#clock.nowMs();
    const heldEndMs = this.#allows.endOf(destination);
    const seconds = flowSeconds(untilMs, nowMs);
    const endsAtMs = nowMs + seconds * 1000;
    // Queries already on their way to us when the flow was added ask for it again.
    if (seconds < 1 || endsAtMs - heldEndMs < Math.max(WORTHWHILE_MS, (heldEndMs - nowMs) * WORTHWHILE_SHARE)) return;
    if (!Number.isNaN(heldEndMs)) {
      this.#allows.delete(destination);
    } else if (!this.#makeRoom(nowMs)) {
      this.counters.add('allow budget reached');
      return;
    }
    this.counters.add('allow flows');
    this.#allows.add(destination, endsAtMs, nowMs);
    this.#datapath?.addAllow(destination, seconds);
  }

  /** Takes the permission for `destination` back. */
  disallow(destination: Address): void {
    if (this.#allows.delete(destination)) this.#datapath?.removeAllow(destination);
  }

  /** Drops what `client` sends to `destination` for a while; beyond the budgets, all it is not allowed, or nothing. */
  block(client: Address, destination: Address): void {
    if (!this.#enforces) return;
    const { dropFlowSeconds, dropFlowsPerClient } = this.#options;
    const nowMs = this.#clock.nowMs();
    this.#drops.expire(nowMs);
    if (this.#drops.drops(client, destination)) return;
    if (this.#drops.size >= this.#budgets.drop) {
      this.counters.add('drop budget reached');
      return;
    }
    const endsAtMs = nowMs + dropFlowSeconds * 1000;
    if (this.#drops.countOf(client) < dropFlowsPerClient) {
      this.#drops.add(client, destination, endsAtMs);
      this.counters.add('drop flows');
      this.#datapath?.addDrop(client, destination, dropFlowSeconds);
    } else {
      this.#drops.add(client, undefined, endsAtMs);
      this.counters.add('client drop flows');
      this.#datapath?.addClientDrop(client, dropFlowSeconds);
    }
  }

  /** Takes away the drop flows for a destination that has become known. */
  unblock(destination: Address): void {
    for (const client of this.#drops.takeFor(destination)) this.#datapath?.removeDrop(client, destination);
  }

  release(inPort: number, frame: Buffer, frameStart: number, frameEnd: number): void {
    this.#datapath?.release(inPort, frame, frameStart, frameEnd);
  }

  /**
   * Renews allow flows whose verdict outlives them, and forgets what has ended. `untilMs` says until when a
   * destination is allowed as of now. To be called about twice a second. Flows are renewed whether used or not: use is
   * read only when the budget is nearly spent, and with on_failure closed a flow that has ended is a query lost while no
   * controller answers. A flow that is not used makes room when room is wanted.
   */
  tick(untilMs: (destination: Address) => number | undefined): void {
    const nowMs = this.#clock.nowMs();
    this.#drops.expire(nowMs);
    this.#allows.due(nowMs, (record) => this.#renew(record, untilMs(record.destination), nowMs));
  }

  /** What the switch has counted for an allow flow: OpenFlow 1.3 has no idle time, so use is a counter that has grown. */
  used(destination: Address, packetCount: bigint): void {
    this.#allows.used(destination, packetCount, this.#clock.nowMs());
  }

  /**
   * The switch had no room for a flow of this kind: the budget becomes nine tenths of what stands. `first` on this
   * connection, or once more `lowered`; `known` when that was done just now, for flows on their way are refused as well.
   */
  tableFull(kind: FlowKind): 'first' | 'lowered' | 'known' {
    const nowMs = this.#clock.nowMs();
    const { allow, drop } = this.#fullAtMs;
    const isFirst = allow === undefined && drop === undefined;
    if (nowMs - (this.#fullAtMs[kind] ?? Number.NEGATIVE_INFINITY) < FULL_MS) return 'known';
    this.#fullAtMs[kind] = nowMs;
    const standing = kind === 'allow' ? this.#allows.size : this.#drops.size;
    this.#budgets[kind] = Math.floor(standing * SHARE_WHEN_FULL);
    while (this.#allows.size > this.#budgets.allow) this.#evict(this.#allows.leastRecentlyUsed()!);
    return isFirst ? 'first' : 'lowered';
  }

  /**
   * Takes over flows that the switch has and nobody here knows of, as after a restart, where their verdict is still the
   * same: `untilMs` says until when a destination is allowed as of now. The others are not desired.
   */
  adopt(flows: readonly VerdictFlow[], untilMs: (destination: Address) => number | undefined): void {
    if (!this.#enforces) return;
    const nowMs = this.#clock.nowMs();
    const ordered = [...flows].sort((one, other) => one.secondsLeft - other.secondsLeft);
    for (const flow of ordered) {
      const endsAtMs = nowMs + flow.secondsLeft * 1000;
      const isAdopted =
        flow.kind === 'allow'
          ? this.#adoptAllow(flow.destination, Math.min(endsAtMs, untilMs(flow.destination) ?? nowMs), nowMs)
          : this.#adoptDrop(flow, Math.min(endsAtMs, nowMs + this.#options.dropFlowSeconds * 1000), untilMs);
      if (isAdopted) this.counters.add('adopted flows');
    }
  }

  /** The flows that should be on the switch now. */
  desiredFlows(): readonly Flow[] {
    if (!this.#enforces) return [];
    const nowMs = this.#clock.nowMs();
    const left = (endsAtMs: number) => Math.max(1, flowSeconds(endsAtMs, nowMs));
    const allows = [...this.#allows.live(nowMs)].map((one) => allowFlow(one.destination, left(one.endsAtMs)));
    const drops = [...this.#drops.live(nowMs)].map(({ client, destination, endsAtMs }) =>
      destination === undefined
        ? dropClientFlow(client, left(endsAtMs))
        : dropFlow(client, destination, left(endsAtMs)),
    );
    return [...allows, ...drops];
  }

  #adoptAllow(destination: Address, endsAtMs: number, nowMs: number): boolean {
    const isNew = Number.isNaN(this.#allows.endOf(destination));
    const seconds = flowSeconds(endsAtMs, nowMs);
    if (!isNew || seconds < 1 || this.#allows.size >= this.#budgets.allow) return false;
    if (this.#options.allowance.isSpent) return false;
    this.#allows.add(destination, nowMs + seconds * 1000, nowMs);
    return true;
  }

  #adoptDrop(
    flow: Exclude<VerdictFlow, { readonly kind: 'allow' }>,
    endsAtMs: number,
    untilMs: (destination: Address) => number | undefined,
  ): boolean {
    const { client } = flow;
    const destination = flow.kind === 'drop' ? flow.destination : undefined;
    if (destination !== undefined && untilMs(destination) !== undefined) return false;
    const isHeld = destination === undefined ? this.#drops.dropsAllOf(client) : this.#drops.drops(client, destination);
    if (isHeld || this.#drops.size >= this.#budgets.drop) return false;
    this.#drops.add(client, destination, endsAtMs);
    return true;
  }

  /** False when there is no flow to give up for another. */
  #makeRoom(nowMs: number): boolean {
    if (this.#allows.size < this.#budgets.allow && !this.#options.allowance.isSpent) return true;
    const destination = this.#allows.leastRecentlyUsed(nowMs - REST_MS);
    if (destination === undefined) return false;
    this.#evict(destination);
    return true;
  }

  #evict(destination: Address): void {
    this.counters.add('allow flows evicted');
    this.disallow(destination);
  }

  #renew(record: AllowRecord, untilMs: number | undefined, nowMs: number): void {
    const { destination } = record;
    const endsAtMs = this.#allows.endOf(destination);
    // Nobody renews the flows of a switch that is away.
    const isRenewable = untilMs !== undefined && this.#datapath !== undefined;
    const seconds = isRenewable ? flowSeconds(untilMs, nowMs) : 0;
    const newEndMs = nowMs + seconds * 1000;
    // When this comes late, so little may be left that the flow would have a hard timeout of 0, which is for good.
    if (seconds >= 1 && newEndMs - endsAtMs >= WORTHWHILE_MS) {
      this.counters.add('allow flows renewed');
      this.#allows.prolong(record, newEndMs);
      this.#datapath?.addAllow(destination, seconds);
    } else if (nowMs >= endsAtMs) {
      this.#allows.delete(destination);
    } else {
      this.#allows.lookAgain(record);
    }
  }
}

function flowSeconds(untilMs: number, nowMs: number): number {
  return Math.min(MAX_TIMEOUT_SECONDS, Math.floor((untilMs - nowMs) / 1000));
}
