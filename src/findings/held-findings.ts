import { FINDING_STATES, type Finding, type FindingKind, type FindingState, type Found } from './finding.ts';

/** In what order findings go for want of room. */
const GOES_BY_STATE: readonly FindingState[] = ['closed', 'new', 'acknowledged', 'escalated'];

/** Findings by their id, by kind and subject, and in the order of their last update. */
export class HeldFindings {
  readonly #byId = new Map<string, Finding>();
  /** Ids by kind and subject. */
  readonly #ids = new Map<string, string>();
  /** Ids in the order of their last update. */
  readonly #byState = Object.fromEntries(FINDING_STATES.map((state) => [state, new Set<string>()])) as Record<
    FindingState,
    Set<string>
  >;

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): Finding | undefined {
    return this.#byId.get(id);
  }

  of(kind: FindingKind, subject: string): Finding | undefined {
    return this.#byId.get(this.#ids.get(keyOf({ kind, subject })) ?? '');
  }

  /** The one last updated first. */
  newestFirst(): readonly Finding[] {
    return [...this.#byId.values()].reverse();
  }

  /** The one that goes first for want of room: closed longest ago, else without news for longest. */
  get first(): Finding | undefined {
    for (const state of GOES_BY_STATE) {
      for (const id of this.#byState[state]) return this.#byId.get(id);
    }
    return undefined;
  }

  /** In place of the one of the same id; it is the newest then. */
  put(finding: Finding): void {
    this.delete(finding.id);
    this.#byId.set(finding.id, finding);
    this.#ids.set(keyOf(finding), finding.id);
    this.#byState[finding.state].add(finding.id);
  }

  delete(id: string): void {
    const held = this.#byId.get(id);
    if (held === undefined) return;
    this.#byId.delete(id);
    if (this.#ids.get(keyOf(held)) === id) this.#ids.delete(keyOf(held));
    this.#byState[held.state].delete(id);
  }

  clear(): void {
    this.#byId.clear();
    this.#ids.clear();
    for (const ids of Object.values(this.#byState)) ids.clear();
  }
}

function keyOf({ kind, subject }: Pick<Found, 'kind' | 'subject'>): string {
  return `${kind} ${subject}`;
}
