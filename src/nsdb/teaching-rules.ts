import type { Counters } from '../core/counters.ts';
import type { LearnerCounter } from './learner-options.ts';
import type { Rule } from './rules/rule.ts';

/** The rules that are switched on, and a count for each that refuses. */
export class TeachingRules {
  readonly #counters: Counters<LearnerCounter>;
  readonly #off: ReadonlySet<string>;

  constructor(counters: Counters<LearnerCounter>, off: ReadonlySet<string>) {
    this.#counters = counters;
    this.#off = off;
  }

  isOn(name: string): boolean {
    return !this.#off.has(name);
  }

  /** Those of the rules that are switched on. */
  on<F>(rules: readonly Rule<F>[]): readonly Rule<F>[] {
    return rules.filter(({ name }) => this.isOn(name));
  }

  /** Whether one of the rules, all switched on, refuses; the first that does is counted. */
  refuses<F>(rules: readonly Rule<F>[], facts: F): boolean {
    for (const rule of rules) {
      if (!rule.refuses(facts)) continue;
      this.#counters.add(`refused: ${rule.refusal}`);
      return true;
    }
    return false;
  }
}
