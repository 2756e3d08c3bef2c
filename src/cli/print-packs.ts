/** Packs and threat lists for a person, as lines. */
import type { PackEntryView, PackProblemView, PackView, RefreshView } from '../services/pack-services.ts';

export function printPack(view: PackView | PackProblemView): string[] {
  if ('problem' in view) return [`problem: ${view.problem}`];
  const { name, kind, about, from, error, bad, leftOut } = view;
  const counts = [many(view.addresses, 'address'), many(view.networks, 'network'), many(view.names, 'name')];
  const sizes = counts.filter((text) => text !== undefined).join(', ') || 'empty';
  const unread = bad > 0 ? [`  ${bad} of its entries cannot be read`] : [];
  const spared = leftOut > 0 ? [`  ${leftOut} of its entries are left out: they must not be denied`] : [];
  return [
    `${name}  ${kind === 'list' ? `list, ${view.format}` : kind}  ${sizes}  ${ageOf(view)}  ${useOf(view)}`,
    `  ${about ?? from ?? ''}`,
    ...unread,
    ...spared,
    ...(error === null ? [] : [`  the last attempt to fetch it failed: ${error}`]),
  ];
}

function many(count: number, what: string): string | undefined {
  if (count === 0) return undefined;
  return `${count} ${what}${count === 1 ? '' : what.endsWith('s') ? 'es' : 's'}`;
}

function ageOf({ kind, fetched, checked, ageSeconds }: PackView): string {
  if (ageSeconds === null) return 'never fetched';
  const age = `${formatAge(ageSeconds)} ago`;
  return kind === 'list' ? `fetched ${fetched} (${age})` : `checked ${checked} (${age})`;
}

const AGES = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
] as const;

function formatAge(seconds: number): string {
  const [unitSeconds, unit] = AGES.find(([size]) => seconds >= size) ?? [1, 's'];
  return `${Math.floor(seconds / unitSeconds)} ${unit}`;
}

function useOf({ enabled }: PackView): string {
  if (enabled.length === 0) return 'not enabled';
  const uses = enabled.map(
    ({ rule, as, clients }) => `${as}${clients === null ? '' : ` from ${clients}`} (rule ${rule})`,
  );
  return `enabled: ${uses.join(', ')}`;
}

/** Tells each section of a pack once, above its entries. */
export function packEntryPrinter(): (view: PackEntryView) => string[] {
  let section: string | undefined;
  return ({ entry, isException, title, sources, checked }) => {
    const line = `${title === null ? '' : '  '}${isException ? 'not ' : ''}${entry}`;
    if (title === null || title === section) return [line];
    section = title;
    return [title, ...sources.map((source) => `  source ${source}`), `  checked ${checked}`, line];
  };
}

export function printRefresh({ name, entries, error }: RefreshView): string[] {
  return [
    error === null
      ? `${name} is up to date: ${entries} ${entries === 1 ? 'entry' : 'entries'}`
      : `${name} could not be fetched: ${error}`,
  ];
}
