import { folded, nearest } from '../core/nearest.ts';

const MAX_SUGGESTIONS = 3;

/**
 * Which keys an unknown one may have been meant for, best first: a misspelt key beside it, or one of that name that stands
 * elsewhere. Keys are dotted paths; `group` is '' at the top.
 */
export function nearestKeys(group: string, unknown: string, known: readonly string[]): readonly string[] {
  const prefix = group === '' ? '' : `${group}.`;
  const siblings = new Map<string, string>();
  const elsewhere = new Map<string, string[]>();
  for (const path of known) {
    const last = path.slice(path.lastIndexOf('.') + 1);
    elsewhere.set(last, [...(elsewhere.get(last) ?? []), path]);
    const below = path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
    if (below !== undefined && !below.includes('.')) siblings.set(below, path);
  }
  const sibling = nearest(unknown, [...siblings.keys()]);
  if (sibling !== undefined) return [siblings.get(sibling)!];
  const whole = known.find((path) => folded(path) === folded(unknown));
  if (whole !== undefined) return [whole];
  const name = nearest(unknown, [...elsewhere.keys()]);
  return name === undefined ? [] : elsewhere.get(name)!.slice(0, MAX_SUGGESTIONS);
}
