import type { DropScope, FlowScope } from '../controller/flow-scope.ts';
import type { Flow } from '../controller/pipeline.ts';
import { allowFlow, bypassFlow, type VerdictFlow } from '../controller/verdict-flows.ts';
import type { Address } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import { AllowBook, type AllowRecord, type FlowAllowance } from './allow-book.ts';
import { type Bypass, BypassBook } from './bypass-book.ts';
import type { Datapath } from './datapath.ts';
import type { DropRecord } from './drop-book.ts';
import { type DropCounter, type DropFlowOptions, DropFlows } from './drop-flows.ts';
import { FlowReview, type Meter } from './flow-review.ts';
import { flowSeconds, secondsLeft, spreadUntilMs } from './flow-seconds.ts';

/**
 * Until when what a flow of this scope would let pass is allowed as of now, milliseconds; undefined when it is not, −Infinity
 * when a flow that drops it has no place either.
 */
export type AllowedUntil = (scope: FlowScope) => number | undefined;

export interface GateOptions extends DropFlowOptions {
  /** The most allow flows on one switch; beyond it the one used longest ago makes room. */
  readonly allowFlows: number;
  /** What all switches together may have. */
  readonly allowance: FlowAllowance;
  /** Whether flows are made for what is allowed when somebody asks for it, or before. */
  readonly install: 'reactive' | 'proactive';
}

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
  | 'allow flows in advance'
  | 'allow flows renewed'
  | 'allow flows evicted'
  | 'allow budget reached'
  | DropCounter
  | 'adopted flows'
  | 'flows taken away by review';

/** The flows that verdicts have made on one switch. Outlives the switch's connections, so that a reconnect loses none. */
export class Gate {
  readonly datapathId: string;
  readonly counters = new Counters<GateCounter>();
  readonly #clock: Clock;
  readonly #options: GateOptions;
  readonly #allows: AllowBook;
  readonly #drops: DropFlows;
  readonly #bypasses = new BypassBook();
  readonly #review: FlowReview;
  /** The budget of the options, or less where the switch has less room. */
  #allowBudget: number;
  readonly #fullAtMs: Partial<Record<FlowKind, number>> = {};
  #datapath: Datapath | undefined;
  #enforces = false;

  constructor(datapathId: string, clock: Clock, options: GateOptions, meter: Meter = () => performance.now()) {
    this.datapathId = datapathId;
    this.#clock = clock;
    this.#options = options;
    this.#allows = new AllowBook(clock.nowMs(), options.allowance);
    this.#drops = new DropFlows(clock.nowMs(), options, this.counters);
    this.#allowBudget = options.allowFlows;
    this.#review = new FlowReview(meter);
  }

  /** The switch is there; `enforces` tells whether verdicts make flows on it, or are only told. */
  connect(datapath: Datapath, enforces: boolean): void {
    this.#enforces = enforces;
    if (this.#datapath === datapath) return;
    this.#datapath = datapath;
    this.#allowBudget = this.#options.allowFlows;
    this.#drops.budget = this.#options.dropFlows;
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

  /** Whether it is to hold flows for what is allowed before anybody asks. */
  get isProactive(): boolean {
    return this.#options.install === 'proactive' && this.#enforces;
  }

  get isConnected(): boolean {
    return this.#datapath !== undefined;
  }

  get allowFlowCount(): number {
    return this.#allows.size;
  }

  /** The most flows of each kind: what is configured, or less once the switch has had no room. */
  get budgets(): { readonly allow: number; readonly drop: number } {
    return { allow: this.#allowBudget, drop: this.#drops.budget };
  }

  get dropFlowCount(): number {
    return this.#drops.size;
  }

  /** Whether to call `used`: there may soon be a flow to give up. */
  get wantsUse(): boolean {
    const isNearBudget = this.#allows.size >= this.#allowBudget * SHARE_TO_WATCH;
    return this.#enforces && (isNearBudget || this.#options.allowance.isSpent);
  }

  /** Lets the queries of a scope pass in the switch until the verdict ends, if that is a second or more away. */
  allow(scope: FlowScope, untilMs: number): void {
    if (!this.#enforces) return;
    const nowMs = this.#clock.nowMs();
    const heldEndMs = this.#allows.endOf(scope);
    const seconds = flowSeconds(untilMs, nowMs);
    const endsAtMs = nowMs + seconds * 1000;
    // Queries already on their way to us when the flow was added ask for it again.
    if (seconds < 1 || endsAtMs - heldEndMs < Math.max(WORTHWHILE_MS, (heldEndMs - nowMs) * WORTHWHILE_SHARE)) {
      this.#allows.wanted(scope, nowMs);
      return;
    }
    if (!Number.isNaN(heldEndMs)) {
      this.#allows.delete(scope);
    } else if (!this.#makeRoom(nowMs)) {
      this.counters.add('allow budget reached');
      return;
    }
    this.counters.add('allow flows');
    this.#allows.add(scope, endsAtMs, nowMs);
    this.#datapath?.addAllow(scope, seconds);
  }

  /** As `allow`, before anybody has asked: where flows are made in advance, and only while there is room. */
  anticipate(scope: FlowScope, untilMs: number): void {
    const seconds = this.#takeInAdvance(scope, untilMs, this.#clock.nowMs());
    if (seconds >= 1) this.#datapath?.addAllow(scope, seconds);
  }

  /**
   * As `anticipate`, for a switch that is about to be brought in step: the flows are only desired. Those of most use come
   * first; it ends when there is no more room.
   */
  anticipateAll(verdicts: Iterable<{ readonly scope: FlowScope; readonly untilMs: number }>): void {
    if (!this.isProactive) return;
    const nowMs = this.#clock.nowMs();
    let made = 0;
    for (const { scope, untilMs } of verdicts) {
      if (!this.#hasRoom()) return;
      if (this.#takeInAdvance(scope, spreadUntilMs(untilMs, nowMs, made), nowMs) > 0) made++;
    }
  }

  /** What may stand of allow flows for a destination: for all, and for some. */
  scopesTo(destination: Address): readonly FlowScope[] {
    return [{ destination }, ...this.#allows.narrowTo(destination)];
  }

  /** Takes back the permission of this scope. */
  disallowScope(scope: FlowScope): void {
    if (this.#allows.delete(scope)) this.#datapath?.removeAllow(scope);
  }

  /**
   * Drops what a scope says for a while; beyond the budgets, all that the client is not allowed, or nothing where
   * `mayDropAll` is false: a client some of whose queries are judged one by one must not lose those.
   */
  block(scope: DropScope, mayDropAll: boolean): void {
    if (this.#enforces) this.#drops.block(scope, mayDropAll, this.#clock.nowMs(), this.#datapath);
  }

  /** Takes away the drop flows for a destination that has become known. */
  unblock(destination: Address): void {
    this.#drops.unblock(destination, this.#datapath);
  }

  /**
   * Lets all queries pass unjudged, or those of one group, until `untilMs` or for 65535 s, whichever is first. The switch
   * ends that by itself.
   */
  bypass(group: number | undefined, untilMs: number): void {
    const nowMs = this.#clock.nowMs();
    const seconds = flowSeconds(untilMs, nowMs);
    if (seconds < 1) return;
    this.#bypasses.set({ group, untilMs: nowMs + seconds * 1000 });
    if (this.#enforces) this.#datapath?.addBypass(group, seconds);
  }

  endBypass(group: number | undefined): void {
    if (this.#bypasses.end(group) && this.#enforces) this.#datapath?.removeBypass(group);
  }

  /** Those that have not ended. */
  get bypasses(): readonly Bypass[] {
    return this.#bypasses.live(this.#clock.nowMs());
  }

  release(inPort: number, frame: Buffer, frameStart: number, frameEnd: number): void {
    this.#datapath?.release(inPort, frame, frameStart, frameEnd);
  }

  /** Sends a frame back out of the port by which its client's came. */
  answer(inPort: number, frame: Buffer): void {
    this.#datapath?.answer(inPort, frame);
  }

  /**
   * Renews allow flows whose verdict outlives them, and forgets what has ended. To be called about twice a second. Flows
   * are renewed whether used or not: use is read only when the budget is nearly spent, and with on_failure closed a flow
   * that has ended is a query lost while no controller answers. A flow that is not used makes room when room is wanted.
   */
  tick(untilMs: AllowedUntil): void {
    const nowMs = this.#clock.nowMs();
    this.#drops.expire(nowMs);
    this.#allows.due(nowMs, (record) => this.#renew(record, untilMs(record.scope), nowMs));
  }

  /**
   * After rules have changed: takes away allow flows that no longer hold, and drop flows of what is allowed now, a portion
   * in each call. A call begins a review unless one is under way; `isAnew` begins another in its place, for rules that have
   * changed meanwhile. True when all has been looked at.
   */
  review(untilMs: AllowedUntil, isAnew = false): boolean {
    const nowMs = this.#clock.nowMs();
    const review = this.#review;
    if (isAnew || review.isDone) review.begin(this.#allows.records(), this.#drops.records());
    review.turn(
      (record) => this.#reviewAllow(record, untilMs, nowMs),
      (record) => this.#reviewDrop(record, untilMs),
    );
    return review.isDone;
  }

  /** What the switch has counted for an allow flow: OpenFlow 1.3 has no idle time, so use is a counter that has grown. */
  used(scope: FlowScope, packetCount: bigint): void {
    this.#allows.used(scope, packetCount, this.#clock.nowMs());
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
    const budget = Math.floor(standing * SHARE_WHEN_FULL);
    if (kind === 'allow') this.#allowBudget = budget;
    else this.#drops.budget = budget;
    while (this.#allows.size > this.#allowBudget) this.#evict(this.#allows.leastRecentlyUsed()!);
    return isFirst ? 'first' : 'lowered';
  }

  /**
   * Takes over flows that the switch has and nobody here knows of, as after a restart, where their verdict is still the
   * same. The others are not desired. The result are the bypasses among them.
   */
  adopt(flows: readonly VerdictFlow[], untilMs: AllowedUntil): readonly Bypass[] {
    const nowMs = this.#clock.nowMs();
    const found: Bypass[] = [];
    const ordered = [...flows].sort((one, other) => one.secondsLeft - other.secondsLeft);
    for (const flow of ordered) {
      if (flow.kind !== 'bypass') {
        if (this.#enforces && this.#adopt(flow, untilMs, nowMs)) this.counters.add('adopted flows');
      } else if (!this.#bypasses.knows(flow.group, nowMs)) {
        const bypass = { group: flow.group, untilMs: nowMs + flow.secondsLeft * 1000 };
        this.#bypasses.set(bypass);
        found.push(bypass);
      }
    }
    return found;
  }

  /** The flows that should be on the switch now. */
  desiredFlows(): readonly Flow[] {
    if (!this.#enforces) return [];
    const nowMs = this.#clock.nowMs();
    const bypasses = this.bypasses.map((one) => bypassFlow(one.group, secondsLeft(one.untilMs, nowMs)));
    const allows = [...this.#allows.live(nowMs)].map((one) => allowFlow(one.scope, secondsLeft(one.endsAtMs, nowMs)));
    return [...bypasses, ...allows, ...this.#drops.desired(nowMs)];
  }

  #adopt(flow: Exclude<VerdictFlow, { readonly kind: 'bypass' }>, untilMs: AllowedUntil, nowMs: number): boolean {
    if (flow.kind === 'dropClient') return this.#drops.adopt(flow, nowMs);
    const allowedUntilMs = untilMs(flow.scope);
    if (flow.kind === 'drop') return allowedUntilMs === undefined && this.#drops.adopt(flow, nowMs);
    const endsAtMs = nowMs + flow.secondsLeft * 1000;
    return this.#adoptAllow(flow.scope, Math.min(endsAtMs, allowedUntilMs ?? nowMs), nowMs);
  }

  #adoptAllow(scope: FlowScope, endsAtMs: number, nowMs: number): boolean {
    const isNew = Number.isNaN(this.#allows.endOf(scope));
    const seconds = flowSeconds(endsAtMs, nowMs);
    if (!isNew || seconds < 1 || !this.#hasRoom()) return false;
    this.#allows.add(scope, nowMs + seconds * 1000, nowMs);
    return true;
  }

  /** Seconds that the flow is to last; 0 for none. */
  #takeInAdvance(scope: FlowScope, untilMs: number, nowMs: number): number {
    if (!this.isProactive || !this.#hasRoom()) return 0;
    const seconds = flowSeconds(untilMs, nowMs);
    if (seconds < 1 || !Number.isNaN(this.#allows.endOf(scope))) return 0;
    this.counters.add('allow flows in advance');
    this.#allows.addInAdvance(scope, nowMs + seconds * 1000);
    return seconds;
  }

  #hasRoom(): boolean {
    return this.#allows.size < this.#allowBudget && !this.#options.allowance.isSpent;
  }

  /** False when there is no flow to give up for another. */
  #makeRoom(nowMs: number): boolean {
    if (this.#hasRoom()) return true;
    const scope = this.#allows.leastRecentlyUsed(nowMs - REST_MS);
    if (scope === undefined) return false;
    this.#evict(scope);
    return true;
  }

  #evict(scope: FlowScope): void {
    this.counters.add('allow flows evicted');
    this.disallowScope(scope);
  }

  #renew(record: AllowRecord, untilMs: number | undefined, nowMs: number): void {
    const { scope } = record;
    const endsAtMs = this.#allows.endOf(scope);
    // Nobody renews the flows of a switch that is away. That of one connection lasts as long as was said, or none would end.
    const isRenewable = untilMs !== undefined && this.#datapath !== undefined && scope.clientPort === undefined;
    const seconds = isRenewable ? flowSeconds(untilMs, nowMs) : 0;
    const newEndMs = nowMs + seconds * 1000;
    // When this comes late, so little may be left that the flow would have a hard timeout of 0, which is for good.
    if (seconds >= 1 && newEndMs - endsAtMs >= WORTHWHILE_MS) {
      this.counters.add('allow flows renewed');
      this.#allows.prolong(record, newEndMs);
      this.#datapath?.addAllow(scope, seconds);
    } else if (nowMs >= endsAtMs) {
      this.#allows.delete(scope);
    } else {
      this.#allows.lookAgain(record);
    }
  }

  #reviewAllow(record: AllowRecord, untilMs: AllowedUntil, nowMs: number): void {
    if (!this.#allows.holds(record)) return;
    const { scope } = record;
    const allowedUntilMs = untilMs(scope);
    const seconds = allowedUntilMs === undefined ? 0 : flowSeconds(allowedUntilMs, nowMs);
    if (seconds < 1) {
      this.counters.add('flows taken away by review');
      this.disallowScope(scope);
    } else if (this.#allows.endOf(scope) > allowedUntilMs!) {
      this.#allows.shorten(record, nowMs + seconds * 1000);
      this.#datapath?.addAllow(scope, seconds);
    }
  }

  /** One that drops all of a client may drop what is allowed now: the next queries tell whether to make it anew. */
  #reviewDrop(record: DropRecord, untilMs: AllowedUntil): void {
    const { scope } = record;
    if (scope.destination !== undefined && untilMs(scope) === undefined) return;
    if (this.#drops.remove(record, this.#datapath)) this.counters.add('flows taken away by review');
  }
}
