import { type Address, formatAddress } from '../../core/address.ts';
import { DAY_MS } from '../../core/clock.ts';
import type { Name } from '../../dns/name.ts';
import type { HostEvent } from '../host-event.ts';
import type { MailServer } from './backscatter-watch.ts';
import { LocalNames } from './local-names.ts';
import { MailServerSlots, type Slot, unresolvedOf } from './mail-server-slots.ts';
import { Regression, type RegressionLine } from './regression.ts';
import { type BackscatterAlarm, type JudgedWindow, WindowJudge } from './window-judge.ts';

/** Queries of one day (UTC), or of all time, by their types: figure 2 of paper 4. */
export interface TypeCounts {
  readonly atMs: number;
  readonly a: number;
  readonly ptr: number;
  readonly mx: number;
  readonly txt: number;
  readonly total: number;
}

/** One slot in the regression, in queries a second: figure 6 of paper 4. */
export interface RegressionPoint {
  readonly atMs: number;
  readonly unresolved: number;
  readonly total: number;
}

/** What logs say of one mail server. */
export interface MailServerReport {
  readonly address: Address;
  readonly counts: TypeCounts;
  readonly unresolved: number;
  readonly days: readonly TypeCounts[];
  readonly windows: readonly JudgedWindow[];
  readonly alarms: readonly BackscatterAlarm[];
  /** Of the days with an alarm; of all days where there is none. */
  readonly regression: {
    readonly isOfAlarms: boolean;
    readonly line: RegressionLine | undefined;
    readonly points: readonly RegressionPoint[];
  };
  /** Whether there were windows enough to tell what is usual. */
  readonly isReady: boolean;
  /** Whether names could be told at all: response codes, or a local domain. */
  readonly isJudged: boolean;
  /** Queries and answers of so many different times that they found no room. */
  readonly leftOut: number;
}

/** Of all servers together: half a year of slots of a minute for four of them. */
const MAX_SLOTS = 1_000_000;
const MAX_WINDOWS = 200_000;

/** Gathers what mail servers asked, in any order, and judges it at the end. */
export class BackscatterReport {
  readonly #windowMs: number;
  readonly #servers = new Map<Address, { readonly slots: MailServerSlots; readonly hasDomains: boolean }>();
  /** Windows in which anybody asked anything: of others nothing is known. */
  readonly #seen = new Set<number>();

  constructor(servers: readonly MailServer[], windowMs: number, knownHosts: readonly Name[] = []) {
    this.#windowMs = windowMs;
    for (const { address, localDomains } of servers) {
      const names = new LocalNames(localDomains, knownHosts);
      const slots = new MailServerSlots(windowMs, names, Math.floor(MAX_SLOTS / servers.length));
      this.#servers.set(address, { slots, hasDomains: localDomains.length > 0 });
    }
  }

  observe(event: HostEvent): void {
    if (event.kind !== 'query' && event.kind !== 'answer') return;
    if (this.#seen.size < MAX_WINDOWS) this.#seen.add(Math.floor(event.atMs / this.#windowMs));
    const slots = this.#servers.get(event.host)?.slots;
    if (event.kind === 'query') slots?.query(event);
    else slots?.answer(event);
  }

  /** One for each server that asked anything. */
  finish(): readonly MailServerReport[] {
    const starts = [...this.#seen].sort((one, other) => one - other).map((number) => number * this.#windowMs);
    return [...this.#servers].flatMap(([address, { slots, hasDomains }]) => {
      const own = slots.windowStarts();
      if (own.length === 0) return [];
      const shown = starts.filter((atMs) => atMs >= own[0]! && atMs <= own.at(-1)!);
      return [reportOf(address, slots, hasDomains, shown)];
    });
  }
}

function reportOf(
  address: Address,
  slots: MailServerSlots,
  hasDomains: boolean,
  starts: readonly number[],
): MailServerReport {
  const judge = new WindowJudge();
  const windows = starts.map((atMs) => judge.take(slots.window(atMs)));
  const { alarms, isReady } = judge;
  const all = windows.flatMap(({ window }) => window.slots);
  return {
    address,
    counts: countTypes(all, all[0]!.atMs),
    unresolved: windows.reduce((sum, { window }) => sum + window.unresolved, 0),
    days: daysOf(all),
    windows,
    alarms,
    regression: regressionOf(windows, alarms),
    isReady: isReady || alarms.length > 0,
    isJudged: hasDomains || windows.some(({ window }) => window.by === 'codes'),
    leftOut: slots.leftOut,
  };
}

function daysOf(slots: readonly Slot[]): readonly TypeCounts[] {
  const days = new Map<number, Slot[]>();
  for (const slot of slots) {
    const day = Math.floor(slot.atMs / DAY_MS);
    const of = days.get(day);
    if (of === undefined) days.set(day, [slot]);
    else of.push(slot);
  }
  return [...days].map(([day, of]) => countTypes(of, day * DAY_MS));
}

function countTypes(slots: readonly Slot[], atMs: number): TypeCounts {
  const counts = { atMs, a: 0, ptr: 0, mx: 0, txt: 0, total: 0 };
  for (const { a, ptr, mx, txt, total } of slots) {
    counts.a += a;
    counts.ptr += ptr;
    counts.mx += mx;
    counts.txt += txt;
    counts.total += total;
  }
  return counts;
}

function regressionOf(windows: readonly JudgedWindow[], alarms: readonly BackscatterAlarm[]) {
  const dayOf = (atMs: number) => Math.floor(atMs / DAY_MS);
  const isOfAlarm = ({ window }: JudgedWindow) =>
    alarms.some(({ startMs, lastMs }) => {
      const day = dayOf(window.atMs);
      return day >= dayOf(startMs) && day <= dayOf(lastMs);
    });
  const regression = new Regression();
  const chosen = alarms.length === 0 ? windows : windows.filter(isOfAlarm);
  const points = chosen.flatMap(({ window: { slots, by, lengthMs } }) => {
    const perSecond = (1000 * slots.length) / lengthMs;
    return slots.map((slot): RegressionPoint => {
      const point = { unresolved: unresolvedOf(slot, by) * perSecond, total: slot.total * perSecond };
      regression.add(point.unresolved, point.total);
      return { atMs: slot.atMs, ...point };
    });
  });
  return { isOfAlarms: alarms.length > 0, line: regression.line, points };
}

/** What a server is called in names of files: its address, without what some file systems refuse. */
export function fileWord(address: Address): string {
  return formatAddress(address).replaceAll(':', '-');
}
