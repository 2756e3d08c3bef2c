import { DAY_MS, type TimeSource } from '../core/clock.ts';
import type { SetupLink } from './account-record.ts';
import type { RecordTable } from './record-table.ts';
import { hashSecret, newId, newSecret, type RandomOctets } from './secrets.ts';

/** A new one takes the place of the oldest of so many. */
const MOST = 5;

/** A set-up link as it is handed out, once. */
interface NewSetupLink {
  readonly secret: string;
  readonly expiresAtMs: number;
}

/** Links by which an administrator is made, each for one time and at most a day. */
export class SetupLinks {
  readonly #table: RecordTable<'setup'>;
  readonly #clock: TimeSource;
  readonly #random: RandomOctets;

  constructor(table: RecordTable<'setup'>, clock: TimeSource, random: RandomOctets) {
    this.#table = table;
    this.#clock = clock;
    this.#random = random;
  }

  make(): NewSetupLink {
    for (const link of this.#table.all()) if (this.#isOver(link)) this.#table.delete(link.id);
    const [oldest] = this.#table.all();
    if (oldest !== undefined && this.#table.size >= MOST) this.#table.delete(oldest.id);
    const secret = newSecret(this.#random);
    const createdAtMs = Math.floor(this.#clock.nowMs());
    const expiresAtMs = createdAtMs + DAY_MS;
    this.#table.put({ id: newId(this.#random), hash: hashSecret(secret), createdAtMs, expiresAtMs });
    return { secret, expiresAtMs };
  }

  /** The one of a secret, if it still holds. */
  find(secret: string): SetupLink | undefined {
    const hash = hashSecret(secret);
    const link = this.#table.all().find((one) => one.hash === hash);
    return link === undefined || this.#isOver(link) ? undefined : link;
  }

  /** It, and all others: what they were for is done. */
  use(): void {
    for (const { id } of this.#table.all()) this.#table.delete(id);
  }

  #isOver({ expiresAtMs }: SetupLink): boolean {
    return expiresAtMs <= this.#clock.nowMs();
  }
}
