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
}

/** Hosts in quarantine at once; an order takes up to ten flows on each switch. */
export const MAX_QUARANTINES = 1000;

/**
 * Hosts in quarantine, on all switches, whatever their mode. What stands on a switch that nobody here knows of, as after a
 * restart, is taken over; it ends by itself, also when nobody here is left to.
 */
export class Quarantines {
  readonly #clock: TimeSource;
  readonly #log: Log;
  readonly #changed: () => void;
  readonly #orders = new Map<string, QuarantineOrder>();
  /** Until when flows of what was ended before its time may come back with a switch that was away. */
  readonly #ended = new Map<string, number>();
  readonly #listeners: ((ended: QuarantineOrder) => void)[] = [];

  /** `changed`: brings the switches in step. */
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
    this.#changed();
  }

  /** What it ended; undefined when the host was in none. */
  end(host: QuarantinedHost): QuarantineOrder | undefined {
    const ended = this.#forget(hostKey(host));
    if (ended !== undefined) this.#changed();
    return ended;
  }

  /** What it ended. */
  endAll(): readonly QuarantineOrder[] {
    const ended = this.orders;
    for (const { host } of ended) this.#forget(hostKey(host));
    if (ended.length > 0) this.#changed();
    return ended;
  }

  /** Takes over what a switch has and nobody here has begun or ended. */
  adopt(datapathId: string, present: readonly FlowStats[]): void {
    const nowMs = this.#clock.nowMs();
    for (const { secondsLeft: left, ...quarantine } of readQuarantines(present)) {
      const key = hostKey(quarantine.host);
      const isKnown = this.#orders.has(key) || (this.#ended.get(key) ?? 0) > nowMs;
      if (isKnown || this.#orders.size >= MAX_QUARANTINES) continue;
      const reason = `found on switch ${datapathId}`;
      this.#keep(key, { ...quarantine, sinceMs: nowMs, untilMs: nowMs + left * 1000, reason, owner: '' });
    }
  }

  /** The flows that should be on every switch now. */
  desiredFlows(): readonly Flow[] {
    const nowMs = this.#clock.nowMs();
    const live = [...this.#orders.values()].filter(({ untilMs }) => untilMs > nowMs);
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
