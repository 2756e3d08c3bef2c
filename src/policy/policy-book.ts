import type { TimeSource } from '../core/clock.ts';
import type { ClientGroup } from './client-group.ts';
import { ClientGroups } from './client-groups.ts';
import type { PackSource } from './pack.ts';
import { Policy, type PolicyHistory } from './policy.ts';
import type { RuleBook } from './rule-book.ts';

/** The policy as it is now: made anew when rules, groups or packs have changed, at the first question after that. */
export class PolicyBook {
  readonly rules: RuleBook;
  readonly packs: PackSource;
  readonly #clock: TimeSource;
  readonly #history: PolicyHistory;
  readonly #subscribers = new Set<() => void>();
  #groups: ClientGroups;
  #policy: Policy | undefined;

  /** The last of `groups` is the default group. */
  constructor(
    clock: TimeSource,
    history: PolicyHistory,
    rules: RuleBook,
    packs: PackSource,
    groups: readonly ClientGroup[],
  ) {
    this.#clock = clock;
    this.#history = history;
    this.rules = rules;
    this.packs = packs;
    this.#groups = new ClientGroups(groups);
    rules.subscribe(() => this.#changed());
  }

  get current(): Policy {
    this.#policy ??= new Policy(this.rules.all(), this.#groups, this.#history, this.packs, this.#clock.nowMs());
    return this.#policy;
  }

  get groups(): ClientGroups {
    return this.#groups;
  }

  /** Is called in the same turn, when verdicts may have become others. */
  subscribe(changed: () => void): void {
    this.#subscribers.add(changed);
  }

  /** Puts other groups in place; the last is the default group. */
  regroup(groups: readonly ClientGroup[]): void {
    this.#groups = new ClientGroups(groups);
    this.#changed();
  }

  /** A pack has come, gone or changed. */
  packsChanged(): void {
    this.#changed();
  }

  #changed(): void {
    this.#policy = undefined;
    for (const changed of this.#subscribers) changed();
  }
}
