import { randomInt } from 'node:crypto';
import type { Address } from '../../core/address.ts';
import type { BotGroup, GroupChange } from '../bot-group.ts';
import type { FreshGroup } from './group-hosts.ts';

/** A group that is not found any more stays so long: evidence comes and goes by the hour. */
const KEPT_MS = 3_600_000;
/** Groups that have ended and would get their id again. */
const MAX_PAST = 1000;
const MAX_CHANGES = 50;
/** Without letters that are taken for digits. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';
const ID_LETTERS = 4;

interface Standing {
  readonly group: BotGroup;
  /** Undefined: it was restored, and not looked for since. */
  readonly foundAtMs: number | undefined;
}

interface Claim {
  readonly old: BotGroup;
  readonly fresh: number;
  readonly hosts: number;
}

/**
 * Keeps the ids of groups from round to round: an id goes to where most hosts of the group are, or to a group most of whose hosts
 * come from it; of several to the one with the most of them, and between equals the older id stays. What happened is recorded.
 */
export class GroupBook {
  readonly #draw: (below: number) => number;
  #standing: readonly Standing[] = [];
  readonly #past = new Map<string, BotGroup>();

  /** `draw`: a random whole number from 0 to below `below`. */
  constructor(draw: (below: number) => number = randomInt) {
    this.#draw = draw;
  }

  /** Those that stand, the surest first. */
  get groups(): readonly BotGroup[] {
    return this.#standing.map(({ group }) => group);
  }

  /** The groups that ended last, the newest last. */
  get past(): readonly BotGroup[] {
    return [...this.#past.values()];
  }

  /** Takes in groups of before a restart, so that they keep their ids. */
  restore(groups: readonly BotGroup[]): void {
    const standing = [...this.#standing];
    for (const group of groups) {
      if (group.changes.at(-1)?.what === 'ended') this.#bury(group);
      else standing.push({ group, foundAtMs: undefined });
    }
    this.#standing = standing;
  }

  /** Takes in what a round found, and returns the groups that stand. */
  follow(fresh: readonly FreshGroup[], nowMs: number): readonly BotGroup[] {
    const before = this.groups;
    const overlaps = overlapsOf(before, fresh);
    const keepers = keepersOf(overlaps, fresh);
    for (const [place, old] of keepersOf(overlapsOf(this.past, fresh), fresh)) {
      if (keepers.has(place)) continue;
      keepers.set(place, old);
      this.#past.delete(old.id);
    }
    const ids = fresh.map((_, place) => keepers.get(place)?.id);
    for (const [place, id] of ids.entries()) if (id === undefined) ids[place] = this.#newId(ids);
    const found = fresh.map((group, place): Standing => {
      const changes = changesOf(place, group, keepers, overlaps, ids as readonly string[], before, nowMs);
      const old = keepers.get(place);
      const sinceMs = Math.min(group.sinceMs, old?.sinceMs ?? group.sinceMs);
      const history = [...(old?.changes ?? []), ...changes].slice(-MAX_CHANGES);
      return { group: { ...group, id: ids[place]!, sinceMs, changes: history }, foundAtMs: nowMs };
    });
    this.#standing = [...found, ...this.#kept(found, overlaps, nowMs)];
    return this.groups;
  }

  /** Groups that were not found this time, and whose hosts are in no other: they stay for a while. */
  #kept(found: readonly Standing[], overlaps: readonly Claim[], nowMs: number): readonly Standing[] {
    const ids = new Set(found.map(({ group }) => group.id));
    const kept: Standing[] = [];
    for (const { group, foundAtMs = nowMs } of this.#standing) {
      if (ids.has(group.id)) continue;
      const heirs = overlaps.filter(({ old }) => old.id === group.id).map(({ fresh }) => found[fresh]!.group.id);
      if (heirs.length === 0 && nowMs - foundAtMs < KEPT_MS) kept.push({ group, foundAtMs });
      else this.#bury({ ...group, changes: withChange(group, { atMs: nowMs, what: 'ended', with: heirs }) });
    }
    return kept;
  }

  #bury(group: BotGroup): void {
    this.#past.delete(group.id);
    this.#past.set(group.id, group);
    const oldest = this.#past.keys().next();
    if (this.#past.size > MAX_PAST && oldest.done === false) this.#past.delete(oldest.value);
  }

  #newId(taken: readonly (string | undefined)[]): string {
    const isTaken = (id: string) => {
      return taken.includes(id) || this.#past.has(id) || this.#standing.some(({ group }) => group.id === id);
    };
    let id: string;
    do {
      id = `G-${Array.from({ length: ID_LETTERS }, () => LETTERS[this.#draw(LETTERS.length)]).join('')}`;
    } while (isTaken(id));
    return id;
  }
}

/** How many hosts of each old group are in each fresh one, where there are any. */
function overlapsOf(before: readonly BotGroup[], fresh: readonly FreshGroup[]): readonly Claim[] {
  const placeOf = new Map<Address, number>();
  for (const [place, { hosts }] of fresh.entries()) for (const { host } of hosts) placeOf.set(host, place);
  return before.flatMap((old) => {
    const counts = new Map<number, number>();
    for (const { host } of old.hosts) {
      const place = placeOf.get(host);
      if (place !== undefined) counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    return [...counts].map(([place, hosts]) => ({ old, fresh: place, hosts }));
  });
}

/** Which fresh group, by its place, keeps the id of which old one. */
function keepersOf(overlaps: readonly Claim[], fresh: readonly FreshGroup[]): Map<number, BotGroup> {
  const claims = overlaps
    .filter((claim) => isMost(claim, fresh[claim.fresh]!))
    .sort((a, b) => b.hosts - a.hosts || a.old.sinceMs - b.old.sinceMs || (a.old.id < b.old.id ? -1 : 1));
  const keepers = new Map<number, BotGroup>();
  const done = new Set<string>();
  for (const { old, fresh: place } of claims) {
    if (keepers.has(place) || done.has(old.id)) continue;
    keepers.set(place, old);
    done.add(old.id);
  }
  return keepers;
}

/** Whether most hosts of the old group are in the fresh one, or most of the fresh one were in the old. */
function isMost({ old, hosts }: Claim, fresh: FreshGroup): boolean {
  return hosts * 2 >= old.hosts.length || hosts * 2 >= fresh.hosts.length;
}

function changesOf(
  place: number,
  group: FreshGroup,
  keepers: ReadonlyMap<number, BotGroup>,
  overlaps: readonly Claim[],
  ids: readonly string[],
  before: readonly BotGroup[],
  atMs: number,
): readonly GroupChange[] {
  const old = keepers.get(place);
  const living = new Set([...keepers.values()].map(({ id }) => id));
  const isStanding = old !== undefined && before.includes(old);
  const takenIn = overlaps
    .filter((claim) => claim.fresh === place && !living.has(claim.old.id) && claim.hosts * 2 >= claim.old.hosts.length)
    .map((claim) => claim.old.id);
  // What a new group has of one that lives on was split off, and so was what a group has lost to another.
  const splitFrom = isStanding ? [] : overlaps.filter((claim) => claim.fresh === place && living.has(claim.old.id));
  const lost = overlaps.filter((claim) => claim.old === old && claim.fresh !== place && !keepers.has(claim.fresh));
  const changes: GroupChange[] = [];
  if (splitFrom.length > 0) changes.push({ atMs, what: 'split', with: splitFrom.map((claim) => claim.old.id) });
  else if (!isStanding) changes.push({ atMs, what: 'began', with: [] });
  if (takenIn.length > 0) changes.push({ atMs, what: 'merged', with: takenIn });
  if (lost.length > 0) changes.push({ atMs, what: 'split', with: lost.map((claim) => ids[claim.fresh]!) });
  const hasOther = takenIn.length > 0 || lost.length > 0;
  if (isStanding && !hasOther && group.hosts.length !== old.hosts.length) {
    changes.push({ atMs, what: group.hosts.length > old.hosts.length ? 'grew' : 'shrank', with: [] });
  }
  return changes;
}

function withChange({ changes }: BotGroup, change: GroupChange): readonly GroupChange[] {
  return [...changes, change].slice(-MAX_CHANGES);
}
