import type { Flow } from '../controller/pipeline.ts';
import { allowFlow, dropClientFlow, dropFlow } from '../controller/verdict-flows.ts';
import type { Address } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import { ExpiryBuckets } from '../core/expiry-buckets.ts';

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
  /** The most allow flows on one switch. */
  readonly allowFlows: number;
  readonly dropFlowSeconds: number;
  /** The most drop flows for one client before one flow drops all the client is not allowed. */
  readonly dropFlowsPerClient: number;
  /** The most drop flows on one switch. */
  readonly dropFlows: number;
}

/** A flow's hard timeout has 16 bits (OpenFlow 1.3.5 §7.3.4.1). */
const MAX_TIMEOUT_SECONDS = 65_535;
/** An allow flow is renewed this long before the switch would let it go. */
const RENEWAL_LEAD_MS = 1000;

interface AllowRecord {
  readonly destination: Address;
  /** When the switch lets the flow go. */
  readonly endsAtMs: number;
  /** When to see whether it is to be renewed, and at the end, to be forgotten. */
  lookAtMs: number;
}

interface DropRecord {
  readonly client: Address;
  /** Undefined for a flow that drops all the client is not allowed. */
  readonly destination: Address | undefined;
  readonly endsAtMs: number;
  /** The one made next, which ends next, since all live equally long. */
  next: DropRecord | undefined;
}

type GateCounter =
  | 'allow flows'
  | 'allow flows renewed'
  | 'allow budget reached'
  | 'drop flows'
  | 'client drop flows'
  | 'drop budget reached';

/** The flows that verdicts have made on one switch. Outlives the switch's connections, so that a reconnect loses none. */
export class Gate {
  readonly datapathId: string;
  readonly counters = new Counters<GateCounter>();
  readonly #clock: Clock;
  readonly #options: GateOptions;
  readonly #allows = new Map<Address, AllowRecord>();
  readonly #renewals = new ExpiryBuckets<AllowRecord>((record) => record.lookAtMs);
  /** By destination; most destinations are dropped for one client, and a map is made for those that are for more. */
  readonly #drops = new Map<Address, DropRecord | Map<Address, DropRecord>>();
  readonly #clientDrops = new Map<Address, DropRecord>();
  readonly #dropsPerClient = new Map<Address, number>();
  #oldestDrop: DropRecord | undefined;
  #newestDrop: DropRecord | undefined;
  #dropCount = 0;
  #datapath: Datapath | undefined;
  #enforces = false;

  constructor(datapathId: string, clock: Clock, options: GateOptions) {
    this.datapathId = datapathId;
    this.#clock = clock;
    this.#options = options;
  }

  /** The switch is there; `enforces` tells whether verdicts make flows on it, or are only told. */
  connect(datapath: Datapath, enforces: boolean): void {
    this.#datapath = datapath;
    this.#enforces = enforces;
  }

  /** The switch is away. Its flows are kept in mind for its return. */
  disconnect(): void {
    this.#datapath = undefined;
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
    return this.#dropCount;
  }

  /** Lets queries to `destination` pass in the switch until the verdict ends, if that is a second or more away. */
  allow(destination: Address, untilMs: number): void {
    if (!this.#enforces) return;
    const nowMs = this.#clock.nowMs();
    const seconds = flowSeconds(untilMs, nowMs);
    if (seconds < 1) return;
    const held = this.#allows.get(destination);
    if (held === undefined && this.#allows.size >= this.#options.allowFlows) {
      this.counters.add('allow budget reached');
      return;
    }
    const endsAtMs = nowMs + seconds * 1000;
    // Queries already on their way to us when the flow was added ask for it again.
    if (held !== undefined && endsAtMs - held.endsAtMs < RENEWAL_LEAD_MS) return;
    this.counters.add('allow flows');
    this.#install({ destination, endsAtMs, lookAtMs: endsAtMs - RENEWAL_LEAD_MS }, seconds);
  }

  /** Takes the permission for `destination` back. */
  disallow(destination: Address): void {
    if (this.#allows.delete(destination)) this.#datapath?.removeAllow(destination);
  }

  /** Drops what `client` sends to `destination` for a while; beyond the budgets, all it is not allowed, or nothing. */
  block(client: Address, destination: Address): void {
    if (!this.#enforces) return;
    const { dropFlowSeconds, dropFlows, dropFlowsPerClient } = this.#options;
    this.#forgetEndedDrops();
    if (this.#clientDrops.has(client) || this.#dropOf(client, destination) !== undefined) return;
    if (this.#dropCount >= dropFlows) {
      this.counters.add('drop budget reached');
      return;
    }
    const endsAtMs = this.#clock.nowMs() + dropFlowSeconds * 1000;
    const count = this.#dropsPerClient.get(client) ?? 0;
    this.#dropCount++;
    if (count < dropFlowsPerClient) {
      this.#dropsPerClient.set(client, count + 1);
      this.#keepDrop({ client, destination, endsAtMs, next: undefined });
      this.counters.add('drop flows');
      this.#datapath?.addDrop(client, destination, dropFlowSeconds);
    } else {
      this.#keepDrop({ client, destination: undefined, endsAtMs, next: undefined });
      this.counters.add('client drop flows');
      this.#datapath?.addClientDrop(client, dropFlowSeconds);
    }
  }

  /** Takes away the drop flows for a destination that has become known. */
  unblock(destination: Address): void {
    for (const record of recordsIn(this.#drops.get(destination))) {
      this.#forgetDrop(record);
      this.#datapath?.removeDrop(record.client, destination);
    }
  }

  release(inPort: number, frame: Buffer, frameStart: number, frameEnd: number): void {
    this.#datapath?.release(inPort, frame, frameStart, frameEnd);
  }

  /**
   * Renews allow flows whose verdict outlives them, and forgets what has ended. `untilMs` says until when a
   * destination is allowed as of now. To be called about twice a second.
   */
  tick(untilMs: (destination: Address) => number | undefined): void {
    const nowMs = this.#clock.nowMs();
    this.#forgetEndedDrops();
    this.#renewals.drain(nowMs, (record) => this.#renew(record, untilMs(record.destination), nowMs));
  }

  /** The flows that should be on the switch now. */
  desiredFlows(): readonly Flow[] {
    if (!this.#enforces) return [];
    const nowMs = this.#clock.nowMs();
    const left = (endsAtMs: number) => Math.max(1, flowSeconds(endsAtMs, nowMs));
    const live = <T extends { endsAtMs: number }>(records: Iterable<T>) =>
      [...records].filter((r) => r.endsAtMs > nowMs);
    const drops = [...this.#drops.values()].flatMap((held) => live(recordsIn(held)));
    return [
      ...live(this.#allows.values()).map((record) => allowFlow(record.destination, left(record.endsAtMs))),
      ...drops.map((record) => dropFlow(record.client, record.destination!, left(record.endsAtMs))),
      ...live(this.#clientDrops.values()).map((record) => dropClientFlow(record.client, left(record.endsAtMs))),
    ];
  }

  #renew(record: AllowRecord, untilMs: number | undefined, nowMs: number): void {
    const { destination, endsAtMs } = record;
    if (this.#allows.get(destination) !== record) return;
    const seconds = untilMs === undefined ? 0 : flowSeconds(untilMs, nowMs);
    const newEndMs = nowMs + seconds * 1000;
    if (newEndMs - endsAtMs >= RENEWAL_LEAD_MS) {
      this.counters.add('allow flows renewed');
      this.#install({ destination, endsAtMs: newEndMs, lookAtMs: newEndMs - RENEWAL_LEAD_MS }, seconds);
    } else if (nowMs >= endsAtMs) {
      this.#allows.delete(destination);
    } else {
      record.lookAtMs = endsAtMs;
      this.#renewals.add(record);
    }
  }

  #install(record: AllowRecord, seconds: number): void {
    this.#allows.set(record.destination, record);
    this.#renewals.add(record);
    this.#datapath?.addAllow(record.destination, seconds);
  }

  #keepDrop(record: DropRecord): void {
    const { client, destination } = record;
    if (this.#oldestDrop === undefined) this.#oldestDrop = record;
    else this.#newestDrop!.next = record;
    this.#newestDrop = record;
    if (destination === undefined) {
      this.#clientDrops.set(client, record);
      return;
    }
    const held = this.#drops.get(destination);
    if (held === undefined) this.#drops.set(destination, record);
    else if (held instanceof Map) held.set(client, record);
    else this.#drops.set(destination, new Map([held, record].map((one) => [one.client, one])));
  }

  #dropOf(client: Address, destination: Address): DropRecord | undefined {
    const held = this.#drops.get(destination);
    if (held instanceof Map) return held.get(client);
    return held?.client === client ? held : undefined;
  }

  #forgetEndedDrops(): void {
    const nowMs = this.#clock.nowMs();
    while (this.#oldestDrop !== undefined && this.#oldestDrop.endsAtMs <= nowMs) {
      this.#forgetDrop(this.#oldestDrop);
      this.#oldestDrop = this.#oldestDrop.next;
    }
  }

  #forgetDrop(record: DropRecord): void {
    const { client, destination } = record;
    if (destination === undefined) {
      if (this.#clientDrops.get(client) !== record) return;
      this.#clientDrops.delete(client);
      this.#dropCount--;
      return;
    }
    if (this.#dropOf(client, destination) !== record) return;
    const held = this.#drops.get(destination);
    if (held instanceof Map && held.size > 1) held.delete(client);
    else this.#drops.delete(destination);
    this.#dropCount--;
    const count = (this.#dropsPerClient.get(client) ?? 1) - 1;
    if (count === 0) this.#dropsPerClient.delete(client);
    else this.#dropsPerClient.set(client, count);
  }
}

function recordsIn(held: DropRecord | Map<Address, DropRecord> | undefined): readonly DropRecord[] {
  if (held === undefined) return [];
  return held instanceof Map ? [...held.values()] : [held];
}

function flowSeconds(untilMs: number, nowMs: number): number {
  return Math.min(MAX_TIMEOUT_SECONDS, Math.floor((untilMs - nowMs) / 1000));
}
