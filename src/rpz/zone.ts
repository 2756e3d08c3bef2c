import type { Address } from '../core/address.ts';
import type { Name } from '../dns/name.ts';
import type { KnownServers, Protection } from './protection.ts';
import { nextSerial } from './serial.ts';
import { formatTrigger, type Trigger, triggerOwners } from './trigger.ts';

/** What somebody, or a rule, wants to have blocked. */
export interface Wanted {
  readonly trigger: Trigger;
  /** Addresses that a name is known to stand for: one that must not be blocked keeps the name out, too. */
  readonly behind: readonly Address[];
  /** The id of the finding. */
  readonly why: string;
  readonly expiresAtMs: number;
}

/** One trigger of the zone. */
export interface RpzEntry {
  readonly trigger: Trigger;
  readonly owners: readonly Name[];
  /** Ids of findings, in order. */
  readonly why: readonly string[];
  readonly expiresAtMs: number;
}

/** What is wanted and not in the zone. */
export interface LeftOut {
  readonly trigger: Trigger;
  readonly why: readonly string[];
  readonly problem: string;
}

/** A zone as it is at one time. */
export interface ZoneState {
  readonly apex: Name;
  readonly serial: number;
  /** In a fixed order, no trigger twice. */
  readonly entries: readonly RpzEntry[];
  readonly leftOut: readonly LeftOut[];
}

/** Entries of one zone; beyond them the zone takes no more. */
export const MAX_ENTRIES = 10_000;
/** Findings named beside one entry. */
const MAX_WHY = 16;

/** A Response Policy Zone whose serial grows whenever its entries change. */
export class RpzZone {
  #state: ZoneState;
  /** Of the zone before this one; undefined: there is none that anybody knows. */
  #lastSerial: number | undefined;
  #isNew = true;

  /** `lastSerial`: of an earlier run, where that is known. Canonical `apex`. */
  constructor(apex: Name, lastSerial: number | undefined) {
    this.#state = { apex, serial: lastSerial ?? 0, entries: [], leftOut: [] };
    this.#lastSerial = lastSerial;
  }

  get state(): ZoneState {
    return this.#state;
  }

  /** Puts what is wanted in place of what was; true when entries came or went, or it is the first: the serial is another then. */
  update(wanted: Iterable<Wanted>, protection: Protection, servers: KnownServers, nowMs: number): boolean {
    const { apex, serial, entries: before } = this.#state;
    const entries: RpzEntry[] = [];
    const leftOut: LeftOut[] = [];
    for (const { trigger, behind, why, expiresAtMs } of merged(wanted, nowMs)) {
      const owners = triggerOwners(trigger, apex);
      const problem =
        protection.refusal(trigger, behind, servers) ??
        (owners === undefined ? 'is too long to be written below the name of the zone' : undefined) ??
        (entries.length >= MAX_ENTRIES ? `finds no room: the zone has ${MAX_ENTRIES} entries` : undefined);
      if (problem === undefined && owners !== undefined) entries.push({ trigger, owners, why, expiresAtMs });
      else if (problem !== undefined && leftOut.length < MAX_ENTRIES) leftOut.push({ trigger, why, problem });
    }
    const isChanged = this.#isNew || !isSame(before, entries);
    const now = isChanged ? nextSerial(this.#lastSerial, nowMs) : serial;
    this.#state = { apex, serial: now, entries, leftOut };
    this.#lastSerial = now;
    this.#isNew = false;
    return isChanged;
  }
}

interface Merged extends Omit<Wanted, 'why'> {
  readonly why: readonly string[];
}

/** Each trigger once, in order, without those whose time is over; the last of its ends counts. */
function merged(wanted: Iterable<Wanted>, nowMs: number): readonly Merged[] {
  const byText = new Map<string, Wanted[]>();
  for (const one of wanted) {
    if (one.expiresAtMs <= nowMs) continue;
    const text = formatTrigger(one.trigger);
    const same = byText.get(text);
    if (same === undefined) byText.set(text, [one]);
    else same.push(one);
  }
  return [...byText]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, same]) => ({
      trigger: same[0]!.trigger,
      behind: same.flatMap(({ behind }) => behind),
      why: [...new Set(same.map(({ why }) => why))].sort().slice(0, MAX_WHY),
      expiresAtMs: same.reduce((latest, { expiresAtMs }) => Math.max(latest, expiresAtMs), 0),
    }));
}

/** Whether resolvers would see the same zone: when an entry ends is not written in its records. */
function isSame(before: readonly RpzEntry[], after: readonly RpzEntry[]): boolean {
  if (before.length !== after.length) return false;
  return before.every(({ owners: [owner] }, index) => after[index]!.owners[0] === owner);
}
