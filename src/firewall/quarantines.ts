import type { Flow } from '../controller/pipeline.ts';
import {
  hostKey,
  type Quarantine,
  type QuarantinedHost,
  quarantineFlows,
  readQuarantines,
} from '../controller/quarantine-flows.ts';
import { formatAddress } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { formatMac } from '../core/mac-address.ts';
import type { FlowStats } from '../openflow/schema/multipart.ts';
import { secondsLeft } from './flow-seconds.ts';

/** A host that may not send, because somebody or a response rule said so. */
export interface QuarantineOrder extends Quarantine {
  readonly sinceMs: number;
  /** 65535 s from its beginning at most: the switches end it by themselves. */
  readonly untilMs: number;
  readonly reason: string;
  readonly owner: string;
  /** The datapath ids of those that had it when nobody here knew of it: only they keep it. Undefined: all. */
  readonly foundOn?: readonly string[];
}

/** Hosts in quarantine at once; an order takes up to ten flows on each switch. */
export const MAX_QUARANTINES = 1000;

/**
 * Hosts in quarantine, on all switches, whatever their mode. What stands on a switch that nobody here knows of, as after a
 * restart, is taken over for that switch; it ends by itself, also when nobody here is left to.
 */
export class Quarantines {
  readonly #clock: TimeSource;
  readonly #log: Log;
  readonly #changed: () => void;
  readonly #orders = new Map<string, QuarantineOrder>();
  /** Until when flows of what was ended before its time may come back with a switch that was away. */
  readonly #ended = new Map<string, number>();
  readonly #listeners: ((ended: QuarantineOrder) => void)[] = [];
  #isChangePlanned = false;

  /** `changed`: brings the switches in step, once for all that is begun and ended in one turn. */
  constructor(clock: TimeSource, log: Log, changed: () => void) {
    this.#clock = clock;
    this.#log = log;
    this.#changed = changed;
  }

  /** Those in force, by their ends. */
  get orders(): readonly QuarantineOrder[] {
    return [...this.#orders.values()].sort((one, other) => one.untilMs - other.untilMs);
  }

  /** Tells of what is ended before its time, from now on, in the turn in which it happens. */
  subscribe(listener: (ended: QuarantineOrder) => void): void {
    this.#listeners.push(listener);
  }

  /** In place of one of the same host. Throws GluewallError `quarantine-full`. */
  begin(order: QuarantineOrder): void {
    const key = hostKey(order.host);
    if (!this.#orders.has(key) && this.#orders.size >= MAX_QUARANTINES) {
      throw new GluewallError(
        'quarantine-full',
        `${MAX_QUARANTINES} hosts are in quarantine already: end some first (gluewall quarantine list)`,
      );
    }
    this.#keep(key, order);
    this.#planChange();
  }

  /** What it ended; undefined when the host was in none. */
  end(host: QuarantinedHost): QuarantineOrder | undefined {
    const ended = this.#forget(hostKey(host));
    if (ended !== undefined) this.#planChange();
    return ended;
  }

  /** What it ended. */
  endAll(): readonly QuarantineOrder[] {
    const ended = this.orders;
    for (const { host } of ended) this.#forget(hostKey(host));
    if (ended.length > 0) this.#planChange();
    return ended;
  }

  /** Takes over, for this switch, what it has and nobody here has begun or ended, of hosts that `mayHold` allows. */
  adopt(datapathId: string, present: readonly FlowStats[], mayHold: (host: QuarantinedHost) => boolean): void {
    const nowMs = this.#clock.nowMs();
    for (const { secondsLeft: left, ...quarantine } of readQuarantines(present)) {
      const key = hostKey(quarantine.host);
      const known = this.#orders.get(key);
      if (known?.foundOn !== undefined && !known.foundOn.includes(datapathId)) {
        this.#orders.set(key, { ...known, foundOn: [...known.foundOn, datapathId] });
      }
      const isEnded = (this.#ended.get(key) ?? 0) > nowMs;
      if (known !== undefined || isEnded || this.#orders.size >= MAX_QUARANTINES || !mayHold(quarantine.host)) continue;
      const times = { sinceMs: nowMs, untilMs: nowMs + left * 1000 };
      const reason = `found on switch ${datapathId}`;
      this.#keep(key, { ...quarantine, ...times, reason, owner: '', foundOn: [datapathId] });
    }
  }

  /** The flows that should be on this switch now. */
  desiredFlows(datapathId: string): readonly Flow[] {
    const nowMs = this.#clock.nowMs();
    const live = [...this.#orders.values()].filter(
      ({ untilMs, foundOn }) => untilMs > nowMs && (foundOn === undefined || foundOn.includes(datapathId)),
    );
    return live.flatMap((order) => quarantineFlows(order, secondsLeft(order.untilMs, nowMs)));
  }

  /** To be called about once a second. */
  tick(): void {
    const nowMs = this.#clock.nowMs();
    for (const [key, order] of this.#orders) {
      if (order.untilMs > nowMs) continue;
      this.#orders.delete(key);
      this.#log.warn({ host: formatHost(order.host) }, `quarantine of ${formatHost(order.host)} is over`);
    }
    for (const [key, untilMs] of this.#ended) if (untilMs <= nowMs) this.#ended.delete(key);
  }

  #planChange(): void {
    if (this.#isChangePlanned) return;
    this.#isChangePlanned = true;
    queueMicrotask(() => {
      this.#isChangePlanned = false;
      this.#changed();
    });
  }

  #keep(key: string, order: QuarantineOrder): void {
    this.#orders.set(key, order);
    this.#ended.delete(key);
    const { scope, owner, reason } = order;
    const host = formatHost(order.host);
    const until = new Date(order.untilMs).toISOString();
    this.#log.warn(
      { alarm: 'quarantine', host, scope, owner, until },
      `quarantine of ${host} (${scope === 'dns' ? 'its DNS' : 'all it sends'}) until ${until}, by ${owner === '' ? 'somebody' : owner}: ${reason}`,
    );
  }

  #forget(key: string): QuarantineOrder | undefined {
    const order = this.#orders.get(key);
    if (order === undefined) return undefined;
    this.#orders.delete(key);
    this.#ended.set(key, order.untilMs);
    this.#log.warn({ host: formatHost(order.host) }, `quarantine of ${formatHost(order.host)} is ended`);
    for (const listener of this.#listeners) listener(order);
    return order;
  }
}

export function formatHost(host: QuarantinedHost): string {
  return 'mac' in host ? formatMac(host.mac) : formatAddress(host.address);
}
