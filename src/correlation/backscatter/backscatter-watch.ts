import type { Address } from '../../core/address.ts';
import { DAY_MS } from '../../core/clock.ts';
import type { Name } from '../../dns/name.ts';
import type { Found } from '../../findings/finding.ts';
import type { HostEvent } from '../host-event.ts';
import { backscatterFound } from './backscatter-found.ts';
import { LocalNames } from './local-names.ts';
import { MailServerFinder } from './mail-server-finder.ts';
import { MailServerSlots, SLOTS_PER_WINDOW } from './mail-server-slots.ts';
import { type BackscatterAlarm, WindowJudge } from './window-judge.ts';

/** A mail server that is watched. */
export interface MailServer {
  readonly address: Address;
  /** What its resolver puts behind names (`search` of resolv.conf), canonical; none: only response codes tell. */
  readonly localDomains: readonly Name[];
}

export interface BackscatterOptions {
  /** How long a window is. */
  readonly windowMs: number;
  /** Of mail servers that are found by what they ask, canonical. */
  readonly localDomains: readonly Name[];
  /** Hosts of the local domains that exist, canonical. */
  readonly knownHosts: readonly Name[];
  /** Whether mail servers that are not named are found. */
  readonly findsServers: boolean;
}

export const DEFAULT_BACKSCATTER: BackscatterOptions = {
  windowMs: 600_000,
  localDomains: [],
  knownHosts: [],
  findsServers: true,
};

/** Found ones; of those that are named, all are watched. */
const MAX_FOUND_SERVERS = 64;
/** The window that is filled, the one before it, whose answers may come late, and those they are compared with. */
const HELD_SLOTS = 4 * SLOTS_PER_WINDOW;
/** How long an alarm that is over is told of. */
const TOLD_MS = DAY_MS;

interface Watched {
  readonly slots: MailServerSlots;
  readonly judge: WindowJudge;
}

/**
 * Watches mail servers for backscatter as it happens (paper 4). A window is judged when it is over: by the time that `passTime` tells,
 * or, until it is called for the first time, by that of the events.
 */
export class BackscatterWatch {
  readonly #options: BackscatterOptions;
  readonly #servers = new Map<Address, Watched>();
  readonly #finder: MailServerFinder | undefined;
  #foundServers = 0;
  #foundDay = 0;
  /** Where the window begins that is being filled. */
  #windowMs = Number.NEGATIVE_INFINITY;
  #hasEvents = false;
  #hasClock = false;

  constructor(servers: readonly MailServer[], options: BackscatterOptions = DEFAULT_BACKSCATTER) {
    this.#options = options;
    for (const { address, localDomains } of servers) this.#watch(address, localDomains);
    this.#finder = options.findsServers ? new MailServerFinder() : undefined;
  }

  /** The mail servers that are watched, named and found. */
  get servers(): readonly Address[] {
    return [...this.#servers.keys()];
  }

  observe(event: HostEvent): void {
    if (event.kind !== 'query' && event.kind !== 'answer') return;
    // A source whose clock is wrong must not move the time of the others.
    if (!this.#hasClock) this.#begin(event.atMs);
    // Later than the windows that were judged: events of several sources are not in one order.
    if (event.atMs < this.#windowMs) return;
    this.#hasEvents = true;
    const watched = this.#servers.get(event.host);
    if (event.kind === 'answer') watched?.slots.answer(event);
    else if (watched !== undefined) watched.slots.query(event);
    else if (this.#finder?.observe(event) === true) this.#find(event.host);
  }

  /** It is so late now. */
  passTime(atMs: number): void {
    if (!this.#hasClock && atMs < this.#windowMs) {
      // The events that came before were of a clock that is wrong.
      this.#windowMs = Number.NEGATIVE_INFINITY;
      this.#hasEvents = false;
    }
    this.#hasClock = true;
    this.#begin(atMs);
  }

  /** The alarms of a server, the oldest first. */
  alarms(server: Address): readonly BackscatterAlarm[] {
    return this.#servers.get(server)?.judge.alarms ?? [];
  }

  /** What is found: for each server its newest alarm, while it goes on and for a day. */
  found(nowMs: number): readonly Found[] {
    return [...this.#servers].flatMap(([address, { judge }]) => {
      const alarm = judge.alarms.at(-1);
      return alarm === undefined || alarm.lastMs < nowMs - TOLD_MS ? [] : [backscatterFound(address, alarm)];
    });
  }

  /** Begins the window of that time, where it is a later one. */
  #begin(atMs: number): void {
    const { windowMs } = this.#options;
    const start = Math.floor(atMs / windowMs) * windowMs;
    if (!(start > this.#windowMs)) return;
    // Windows in which nothing at all was seen say nothing of mail servers.
    if (this.#hasEvents) this.#judge(this.#windowMs);
    this.#windowMs = start;
    this.#hasEvents = false;
    const day = Math.floor(atMs / DAY_MS);
    if (day !== this.#foundDay) this.#finder?.clear();
    this.#foundDay = day;
  }

  #judge(atMs: number): void {
    for (const { slots, judge } of this.#servers.values()) {
      judge.take(slots.window(atMs));
      slots.forgetBefore(atMs + this.#options.windowMs);
    }
  }

  #find(address: Address): void {
    if (this.#foundServers >= MAX_FOUND_SERVERS) return;
    this.#foundServers++;
    this.#watch(address, this.#options.localDomains);
  }

  #watch(address: Address, localDomains: readonly Name[]): void {
    const { windowMs, knownHosts } = this.#options;
    const names = new LocalNames(localDomains, knownHosts);
    this.#servers.set(address, { slots: new MailServerSlots(windowMs, names, HELD_SLOTS), judge: new WindowJudge() });
  }
}
