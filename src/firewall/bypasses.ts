import type { TimeSource } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { ClientGroup } from '../policy/client-group.ts';
import type { Bypass } from './bypass-book.ts';
import type { Firewall } from './firewall.ts';
import type { Gate } from './gate.ts';

/** Queries pass unjudged for a while, because somebody said so. */
export interface BypassOrder {
  /** Undefined for all clients. */
  readonly group: Pick<ClientGroup, 'id' | 'name'> | undefined;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly reason: string;
  readonly owner: string;
}

/** What is bypassed, on all switches alike. The switches end it by themselves, also when nobody here is left to. */
export class Bypasses {
  readonly #clock: TimeSource;
  readonly #log: Log;
  readonly #firewall: Firewall;
  /** By the number of the group; undefined for all clients. */
  readonly #orders = new Map<number | undefined, BypassOrder>();

  constructor(clock: TimeSource, log: Log, firewall: Firewall) {
    this.#clock = clock;
    this.#log = log;
    this.#firewall = firewall;
  }

  /** Those in force. */
  get orders(): readonly BypassOrder[] {
    return [...this.#orders.values()];
  }

  /** In place of one for the same group. */
  begin(order: BypassOrder): void {
    const { group, untilMs, reason, owner } = order;
    this.#orders.set(group?.id, order);
    for (const gate of this.#firewall.gates) gate.bypass(group?.id, untilMs);
    const until = new Date(untilMs).toISOString();
    this.#log.warn(
      { alarm: 'bypass', group: group?.name, owner, until },
      `bypass of ${whom(order)} until ${until}, by ${owner === '' ? 'somebody' : owner}: ${reason}`,
    );
  }

  /** The order that it ended; undefined when there was none for this group. */
  end(group: Pick<ClientGroup, 'id'> | undefined): BypassOrder | undefined {
    const order = this.#orders.get(group?.id);
    if (order === undefined) return undefined;
    this.#orders.delete(group?.id);
    for (const gate of this.#firewall.gates) gate.endBypass(group?.id);
    this.#log.warn({ group: order.group?.name }, `bypass of ${whom(order)} is ended: verdicts are made again`);
    return order;
  }

  /** A switch has one that was begun before we were. */
  found(gate: Gate, { group: id, untilMs }: Bypass, group: ClientGroup | undefined): void {
    const held = this.#orders.get(id);
    if (held !== undefined && held.untilMs >= untilMs) return;
    const reason = `found on switch ${gate.datapathId}`;
    const known = id === undefined ? undefined : { id, name: group?.name ?? String(id) };
    this.begin({ group: known, sinceMs: this.#clock.nowMs(), untilMs, reason, owner: '' });
  }

  /** A switch is new here. */
  applyTo(gate: Gate): void {
    for (const { group, untilMs } of this.#orders.values()) gate.bypass(group?.id, untilMs);
  }

  /** To be called about once a second. */
  tick(): void {
    const nowMs = this.#clock.nowMs();
    for (const [id, order] of this.#orders) {
      if (order.untilMs > nowMs) continue;
      this.#orders.delete(id);
      this.#log.warn({ group: order.group?.name }, `bypass of ${whom(order)} is over: verdicts are made again`);
    }
  }
}

function whom({ group }: BypassOrder): string {
  return group === undefined ? 'all clients' : `group ${group.name}`;
}
