import type { TimeSource } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { SavedView } from './account-record.ts';
import type { RecordTable } from './record-table.ts';
import { newId, type RandomOctets } from './secrets.ts';

const MOST_OF_USER = 100;

/** Searches that users have named, each his own. */
export class ViewBook {
  readonly #table: RecordTable<'view'>;
  readonly #clock: TimeSource;
  readonly #random: RandomOctets;

  constructor(table: RecordTable<'view'>, clock: TimeSource, random: RandomOctets) {
    this.#table = table;
    this.#clock = clock;
    this.#random = random;
  }

  /** By their names. */
  list(user: string): readonly SavedView[] {
    const own = this.#table.all().filter((view) => view.user === user);
    return own.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(user: string, name: string): SavedView | undefined {
    return this.#table.all().find((view) => view.user === user && view.name === name);
  }

  /** One of the same name is replaced. Throws GluewallError `view-full`. */
  save(user: string, { name, page, search }: Pick<SavedView, 'name' | 'page' | 'search'>): SavedView {
    const held = this.find(user, name);
    if (held === undefined && this.list(user).length >= MOST_OF_USER)
      throw new GluewallError('view-full', `you have ${MOST_OF_USER} saved views already: remove some first`);
    const createdAtMs = held?.createdAtMs ?? Math.floor(this.#clock.nowMs());
    const view = { id: held?.id ?? newId(this.#random), user, name, page, search, createdAtMs };
    this.#table.put(view);
    return view;
  }

  /** Throws GluewallError `view-unknown`. */
  remove(user: string, name: string): SavedView {
    const view = this.find(user, name);
    if (view === undefined) throw new GluewallError('view-unknown', `you have no saved view "${name}"`);
    this.#table.delete(view.id);
    return view;
  }

  removeAllOf(user: string): void {
    for (const { id } of this.list(user)) this.#table.delete(id);
  }
}
