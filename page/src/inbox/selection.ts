/** Which entries are selected, and which one the keys act on. */

export interface Selection {
  readonly ids: ReadonlySet<number>;
  /** The last one that was selected: where a range begins. */
  readonly anchor: number | undefined;
}

export const NO_SELECTION: Selection = { ids: new Set(), anchor: undefined };

/** The most entries that one request of the console changes. */
export const MAX_SELECTED = 500;

/** One more, or one less. */
export function toggled({ ids }: Selection, id: number): Selection {
  const changed = new Set(ids);
  if (!changed.delete(id) && changed.size < MAX_SELECTED) changed.add(id);
  return { ids: changed, anchor: id };
}

/** All from the anchor to this one, in the order of the list; without an anchor among them, this one. */
export function extended({ ids, anchor }: Selection, id: number, order: readonly number[]): Selection {
  const [from, to] = [order.indexOf(anchor ?? id), order.indexOf(id)];
  const range = from === -1 ? [id] : order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { ids: new Set([...ids, ...range].slice(0, MAX_SELECTED)), anchor: id };
}

export function allOf(order: readonly number[]): Selection {
  return { ids: new Set(order.slice(0, MAX_SELECTED)), anchor: order.at(-1) };
}

/** Without those that are not in the list any more. */
export function narrowed(selection: Selection, order: readonly number[]): Selection {
  const known = new Set(order);
  const ids = [...selection.ids].filter((id) => known.has(id));
  return ids.length === selection.ids.size ? selection : { ...selection, ids: new Set(ids) };
}

/** The entry `step` further down the list; the first where there is none yet, and no further than the ends. */
export function stepped(cursor: number | undefined, step: 1 | -1, order: readonly number[]): number | undefined {
  const at = cursor === undefined ? -1 : order.indexOf(cursor);
  if (at === -1) return order[0];
  return order[Math.min(order.length - 1, Math.max(0, at + step))];
}

/** Where the cursor goes when entries leave the list: to the next that stays, else to the one before. */
export function cursorAfter(
  cursor: number | undefined,
  gone: ReadonlySet<number>,
  order: readonly number[],
): number | undefined {
  if (cursor === undefined || !gone.has(cursor)) return cursor;
  const at = order.indexOf(cursor);
  return order.slice(at).find((id) => !gone.has(id)) ?? order.slice(0, at).findLast((id) => !gone.has(id));
}
