import type { TimeSource } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { ClientGroup } from '../policy/client-group.ts';
import type { ClientGroups } from '../policy/client-groups.ts';
import type { Bypass } from './bypass-book.ts';
import type { Firewall } from './firewall.ts';
import type { Gate } from './gate.ts';

/** Queries pass unjudged for a while, because somebody said so. */
export interface BypassOrder {
  /** Undefined for all clients. */
  readonly group: Pick<ClientGroup, 'id' | 'name'> | undefined;
  /** The one switch on which it was found; undefined for one that is in force on all of them. */
  readonly datapathId: string | undefined;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly reason: string;
  readonly owner: string;
}

/** What is bypassed, on all switches or on one. The switches end it by themselves, also when nobody here is left to. */
export class Bypasses {
  readonly #clock: TimeSource;
  readonly #log: Log;
  readonly #firewall: Firewall;
  /** At most one for each group, and one for all clients, on each switch and on all of them. */
  readonly #orders = new Map<string, BypassOrder>();

  constructor(clock: TimeSource, log: Log, firewall: Firewall) {
    this.#clock = clock;
    this.#log = log;
    this.#firewall = firewall;
  }

  /** Those in force, by their ends. */
  get orders(): readonly BypassOrder[] {
    return [...this.#orders.values()].sort((one, other) => one.untilMs - other.untilMs);
  }

  /** On all switches, in place of what is in force anywhere for the same group. */
  begin({ group, sinceMs, untilMs, reason, owner }: Omit<BypassOrder, 'datapathId'>): BypassOrder {
    const order = { group, datapathId: undefined, sinceMs, untilMs, reason, owner };
    for (const held of this.#ordersFor(group)) this.#orders.delete(keyOf(held));
    this.#keep(order);
    for (const gate of this.#firewall.gates) gate.bypass(group?.id, untilMs);
    return order;
  }

  /** Ends what is in force for a group anywhere. The order that it ended, the last to end of several; undefined for none. */
  end(group: Pick<ClientGroup, 'id'> | undefined): BypassOrder | undefined {
    const ended = this.#ordersFor(group);
    for (const order of ended) this.#end(order, 'is ended');
    return ended.at(-1);
  }

  /**
   * A switch has one that was begun before we were. What the other switches do is not for it to say: it may have been away when
   * somebody ended it everywhere else.
   */
  found({ datapathId }: Gate, { group: id, untilMs }: Bypass, groups: ClientGroups): void {
    this.#forgetOldGates();
    const name = id === undefined ? undefined : groups.numbered(id)?.name;
    const group = id === undefined ? undefined : { id, name: name ?? String(id) };
    const reason = `found on switch ${datapathId}, in force there alone`;
    const order = { group, datapathId, sinceMs: this.#clock.nowMs(), untilMs, reason, owner: '' };
    if (id !== undefined && name === undefined)
      this.#end(order, `is ended on switch ${datapathId}, for there is no such group`);
    else this.#keep(order);
  }

  /** Groups have changed: a bypass of one that has gone ends, for its number means nobody now, or somebody else. */
  regrouped(groups: ClientGroups): void {
    for (const order of this.orders) {
      const { group } = order;
      if (group !== undefined && groups.get(group.name)?.id !== group.id)
        this.#end(order, 'is ended, for the group has gone');
    }
  }

  /** A switch is new here. */
  applyTo(gate: Gate): void {
    for (const { group, datapathId, untilMs } of this.orders) {
      if (datapathId === undefined) gate.bypass(group?.id, untilMs);
    }
  }

  /** To be called about once a second. */
  tick(): void {
    const nowMs = this.#clock.nowMs();
    for (const [key, order] of this.#orders) {
      if (order.untilMs > nowMs) continue;
      this.#orders.delete(key);
      this.#say(order, 'is over: verdicts are made again');
    }
  }

  #ordersFor(group: Pick<ClientGroup, 'id'> | undefined): readonly BypassOrder[] {
    return this.orders.filter((order) => order.group?.id === group?.id);
  }

  #keep(order: BypassOrder): void {
    this.#orders.set(keyOf(order), order);
    const { group, datapathId, untilMs, reason, owner } = order;
    const until = new Date(untilMs).toISOString();
    this.#log.warn(
      { alarm: 'bypass', group: group?.name, datapathId, owner, until },
      `bypass of ${whom(order)} until ${until}, by ${owner === '' ? 'somebody' : owner}: ${reason}`,
    );
  }

  #end(order: BypassOrder, how: string): void {
    const { group, datapathId } = order;
    this.#orders.delete(keyOf(order));
    for (const gate of this.#firewall.gates) {
      if (datapathId === undefined || gate.datapathId === datapathId) gate.endBypass(group?.id);
    }
    this.#say(order, `${how}: verdicts are made again`);
  }

  #say(order: BypassOrder, what: string): void {
    const { group, datapathId } = order;
    this.#log.warn({ group: group?.name, datapathId }, `bypass of ${whom(order)} ${what}`);
  }

  /** Switches that are away make room for others: what was found on them is found again when they return. */
  #forgetOldGates(): void {
    for (const [key, { datapathId }] of this.#orders) {
      if (datapathId !== undefined && this.#firewall.gate(datapathId) === undefined) this.#orders.delete(key);
    }
  }
}

function keyOf({ group, datapathId }: BypassOrder): string {
  return `${datapathId ?? 'all'} ${group?.id ?? 'all'}`;
}

function whom({ group }: BypassOrder): string {
  return group === undefined ? 'all clients' : `group ${group.name}`;
}
