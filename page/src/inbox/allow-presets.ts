/** What an allow rule made from blocked queries may let through, from the narrowest to the widest. */
import type { WrittenMatch } from '../../../src/policy/rule-text.ts';

/** What is known of a blocked query, of an entry or an event. */
export interface BlockedQuery {
  readonly client: string;
  readonly group: string;
  readonly destination: string;
  /** Null where there was no readable question. */
  readonly queryName: string | null;
  readonly queryType: string | null;
  readonly protocol: 'udp' | 'tcp';
}

export type PresetName = 'query' | 'name' | 'client' | 'group' | 'everybody';

export interface AllowPreset {
  readonly name: PresetName;
  /** What it lets through, in words. */
  readonly about: string;
  /** One rule each, no two the same. */
  readonly matches: readonly WrittenMatch[];
}

type Maker = (query: BlockedQuery) => WrittenMatch | undefined;

const MAKERS: readonly (readonly [PresetName, string, Maker])[] = [
  ['query', 'this client asks this destination for this name and type', ofQuery],
  ['name', 'this client asks this destination for anything at or below this name', ofName],
  [
    'client',
    'this client asks this destination for anything',
    ({ client, destination }) => ({ from: client, to: destination }),
  ],
  [
    'group',
    'any client of its group asks this destination',
    ({ group, destination }) => ({ from: `group:${group}`, to: destination }),
  ],
  ['everybody', 'anybody asks this destination', ({ destination }) => ({ to: destination })],
];

/** The most rules that are made at once. */
export const MAX_RULES_AT_ONCE = 20;

/** Those that fit all of the queries, the narrowest first; those that say the same as a narrower one are left out. */
export function allowPresets(queries: readonly BlockedQuery[]): readonly AllowPreset[] {
  const presets: AllowPreset[] = [];
  for (const [name, about, make] of MAKERS) {
    const made = queries.map(make);
    const matches = withoutDoubles(made.filter((match) => match !== undefined));
    if (made.includes(undefined) || matches.length === 0) continue;
    if (!presets.some((narrower) => isSame(narrower.matches, matches))) presets.push({ name, about, matches });
  }
  return presets;
}

function ofQuery(query: BlockedQuery): WrittenMatch | undefined {
  const named = ofName(query);
  const { queryType, protocol } = query;
  return named === undefined || queryType === null ? undefined : { ...named, types: [queryType], protocol };
}

function ofName({ client, destination, queryName }: BlockedQuery): WrittenMatch | undefined {
  return queryName === null ? undefined : { from: client, to: destination, zone: queryName };
}

function withoutDoubles(matches: readonly WrittenMatch[]): readonly WrittenMatch[] {
  return [...new Map(matches.map((match) => [JSON.stringify(match), match])).values()];
}

function isSame(a: readonly WrittenMatch[], b: readonly WrittenMatch[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
