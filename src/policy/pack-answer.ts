import type { Pack } from './pack.ts';
import type { PolicyQuery } from './query.ts';
import { FIELD } from './verdict.ts';

/** How a condition on what is not seen yet counts: as met by rules that let pass, as not met by rules that do not. */
export type Unseen = 'meets' | 'fails';

/** What a pack says of the query at hand: asked once, however many rules are about it. */
export class PackAnswer {
  readonly #unseen: Unseen;
  #pack: Pack | undefined;
  #hasDestination = false;
  #byName: number | undefined;

  constructor(unseen: Unseen) {
    this.#unseen = unseen;
  }

  /** Begins with another query. False when the destination alone says that no rule about the pack holds. */
  begin(pack: Pack | undefined, { destination }: PolicyQuery): boolean {
    this.#pack = pack;
    this.#hasDestination = pack?.hasDestination(destination) === true;
    this.#byName = undefined;
    return this.#hasDestination || pack?.hasNames === true;
  }

  /** 0 when the query is on the pack, else the bit of FIELD that says that it is not. */
  ruledOutBy({ message }: PolicyQuery): number {
    if (this.#hasDestination) return 0;
    if (this.#byName === undefined) {
      const isNamed =
        typeof message === 'string'
          ? message === 'unseen' && this.#unseen === 'meets'
          : this.#pack?.hasName(message.name) === true;
      this.#byName = isNamed ? 0 : FIELD.queryName;
    }
    return this.#byName;
  }

  /** The bits of FIELD that were read of a query that is on the pack, beside its destination. */
  get fields(): number {
    return this.#hasDestination ? 0 : FIELD.queryName;
  }
}
