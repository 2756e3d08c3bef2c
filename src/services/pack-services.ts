/** What people ask about packs and threat lists. */
import type { TimeSource } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import { formatEntry } from '../packs/entry.ts';
import type { EntryCounts } from '../packs/entry-book.ts';
import type { PackBook, PackState, RefreshOutcome } from '../packs/pack-book.ts';
import type { ListState } from '../packs/threat-list.ts';
import type { RuleAction } from '../policy/rule.ts';
import { parseDestinationSelector } from '../policy/rule-text.ts';
import { formatInstant } from './instant.ts';
import { inTurns } from './lookup.ts';
import type { RuleView } from './rule-services.ts';

/** A pack or a threat list. */
export interface PackView extends EntryCounts {
  readonly name: string;
  /** `bundled`: comes with gluewall; `site`: of packs.folder; `list`: a threat list. */
  readonly kind: 'bundled' | 'site' | 'list';
  /** What a pack is; null for a list. */
  readonly about: string | null;
  /** Of a list where it is published, and its format. */
  readonly from: string | null;
  readonly format: string | null;
  /** Of a pack the day on which it was last compared with its sources, of a list when its source last said that this is the newest. */
  readonly checked: string | null;
  /** Of a list: when what is in force was fetched, with which ETag. */
  readonly fetched: string | null;
  readonly etag: string | null;
  /** Seconds since what is in force was fetched, or since the day on which a pack was checked; null when that never was. */
  readonly ageSeconds: number | null;
  /** Why a list could not be fetched the last time; null when it could. */
  readonly error: string | null;
  /** Of a list: attempts that failed since the start. */
  readonly failures: number;
  /** Of these attempts, new copies that were refused for what is in them. */
  readonly refused: number;
  /** Of a list: entries that cannot be read, and those that must not be denied. */
  readonly bad: number;
  readonly leftOut: number;
  /** What a list says and there is no use for, by kind. */
  readonly unused: Readonly<Record<string, number>>;
  /** The rules that make use of it. */
  readonly enabled: readonly EnabledView[];
}

export interface EnabledView {
  readonly rule: string;
  readonly as: RuleAction;
  /** Whose queries; null for everybody's. */
  readonly clients: string | null;
}

/** A file of a pack that is none. */
export interface PackProblemView {
  readonly problem: string;
}

/** An entry of a pack: `=NAME` is the name alone, `*.NAME` what is below it, other names both. */
export interface PackEntryView {
  readonly entry: string;
  /** True for what is taken out of the other entries. */
  readonly isException: boolean;
  /** Of an entry of a pack: whose it is, where that is published, and when it was checked; null for those of lists. */
  readonly title: string | null;
  readonly sources: readonly string[];
  readonly checked: string | null;
}

export interface RefreshView {
  readonly name: string;
  readonly entries: number;
  /** Null when nothing failed. */
  readonly error: string | null;
}

export interface PackServices {
  /** Then what is wrong with files of packs. */
  packList(): AsyncGenerator<PackView | PackProblemView, void>;
  /** Throws GluewallError `pack-unknown`. */
  packShow(name: string): AsyncGenerator<PackEntryView, void>;
  /** One list, or all; `isForced` takes one that has shrunk. Throws GluewallError `pack-unknown`. */
  packRefresh(name: string | undefined, isForced: boolean): AsyncGenerator<RefreshView, void>;
}

/** A rule, of which those to packs matter. */
export type PackRule = Pick<RuleView, 'id' | 'action' | 'match'>;

export interface PackParts {
  readonly clock: TimeSource;
  readonly packs: PackBook;
  readonly rules: () => AsyncIterable<PackRule>;
}

export function packServices({ clock, packs, rules }: PackParts): PackServices {
  return {
    async *packList() {
      const enabled = await enabledBy(rules());
      for (const state of packs.packs()) yield viewPack(state, enabled, clock.nowMs());
      for (const state of packs.lists()) yield viewList(state, enabled, clock.nowMs());
      for (const problem of packs.problems()) yield { problem };
      for (const [name, [by]] of enabled) {
        if (packs.get(name) !== undefined) continue;
        yield { problem: `there is no pack ${name}, which rule ${by!.rule} names: that rule holds for nothing` };
      }
    },
    async *packShow(name) {
      const pack = packs.get(name);
      if (pack === undefined) {
        throw new GluewallError('pack-unknown', `there is no pack ${name}; gluewall pack list shows what there is`);
      }
      const file = packs.file(name);
      for (const { title, sources, checked, entries } of file?.sections ?? []) {
        for (const { entry } of entries)
          yield { entry: formatEntry(entry), isException: false, title, sources, checked };
      }
      if (file !== undefined) return;
      for await (const { entry, passes } of inTurns(pack.book.entries())) {
        yield { entry: formatEntry(entry), isException: passes, title: null, sources: [], checked: null };
      }
    },
    async *packRefresh(name, isForced) {
      for await (const outcome of packs.refresh(name, isForced)) yield viewRefresh(outcome);
    },
  };
}

async function enabledBy(rules: AsyncIterable<PackRule>): Promise<ReadonlyMap<string, EnabledView[]>> {
  const enabled = new Map<string, EnabledView[]>();
  for await (const { id, action, match } of rules) {
    const to = parseDestinationSelector(match.to ?? '');
    if (to?.kind !== 'pack') continue;
    const views = enabled.get(to.pack) ?? [];
    views.push({ rule: id, as: action, clients: match.from ?? null });
    enabled.set(to.pack, views);
  }
  return enabled;
}

function viewPack(
  { name, origin, about, counts, checked }: PackState,
  enabled: ReadonlyMap<string, EnabledView[]>,
  nowMs: number,
): PackView {
  const checkedAtMs = Date.parse(`${checked}T00:00:00Z`);
  return {
    name,
    kind: origin,
    about,
    from: null,
    format: null,
    checked,
    fetched: null,
    etag: null,
    ageSeconds: ageSeconds(checkedAtMs, nowMs),
    error: null,
    failures: 0,
    refused: 0,
    bad: 0,
    leftOut: 0,
    unused: {},
    ...counts,
    enabled: enabled.get(name) ?? [],
  };
}

function viewList(state: ListState, enabled: ReadonlyMap<string, EnabledView[]>, nowMs: number): PackView {
  const { name, from, format, counts, fetchedAtMs, checkedAtMs, etag, error, failures, refused, bad, leftOut, unused } =
    state;
  return {
    name,
    kind: 'list',
    about: null,
    from,
    format,
    checked: checkedAtMs === undefined ? null : formatInstant(checkedAtMs),
    fetched: fetchedAtMs === undefined ? null : formatInstant(fetchedAtMs),
    etag: etag ?? null,
    ageSeconds: fetchedAtMs === undefined ? null : ageSeconds(fetchedAtMs, nowMs),
    error: error ?? null,
    failures,
    refused,
    bad,
    leftOut,
    unused,
    ...counts,
    enabled: enabled.get(name) ?? [],
  };
}

function ageSeconds(sinceMs: number, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - sinceMs) / 1000));
}

function viewRefresh({ name, error, entries }: RefreshOutcome): RefreshView {
  return { name, entries, error: error ?? null };
}
