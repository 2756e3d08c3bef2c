import { ExpiryBuckets } from '../core/expiry-buckets.ts';
import type { Rule, RuleAction, RuleMatch } from './rule.ts';
import { composeMatch } from './rule-text.ts';

/** A rule and what it has done since the start. */
export interface RuleState {
  readonly rule: Rule;
  /** Verdicts that it decided. A flow that a verdict made is not asked again. */
  hits: number;
  /** Milliseconds; undefined when there was none. */
  lastHitAtMs: number | undefined;
}

/** The rules in the order in which they are asked: those of the configuration, then those of commands by age. */
export class RuleBook {
  readonly #size: number;
  #configured: readonly RuleState[] = [];
  readonly #commanded = new Map<string, RuleState>();
  /** Those of the configuration by what they match: the first that does. */
  #configuredByMatch: ReadonlyMap<string, RuleState> = new Map();
  /** Those of commands: one rule for each. */
  readonly #commandedByMatch = new Map<string, RuleState>();
  readonly #expiry = new ExpiryBuckets<RuleState>(({ rule }) => rule.expiresAtMs);
  readonly #subscribers = new Set<() => void>();

  /** `size` is the most rules it takes from commands. */
  constructor(size: number) {
    this.#size = size;
  }

  get size(): number {
    return this.#configured.length + this.#commanded.size;
  }

  /** Is called in the same turn, whenever rules have come or gone. */
  subscribe(changed: () => void): void {
    this.#subscribers.add(changed);
  }

  *all(): Generator<RuleState, void> {
    yield* this.#configured;
    yield* this.#commanded.values();
  }

  get(id: string): RuleState | undefined {
    return this.#commanded.get(id) ?? this.#configured.find(({ rule }) => rule.id === id);
  }

  /** The rule that decides in this way about exactly this. */
  find(action: RuleAction, match: RuleMatch): RuleState | undefined {
    const key = keyOf(action, match);
    return this.#configuredByMatch.get(key) ?? this.#commandedByMatch.get(key);
  }

  /** Puts the rules of a configuration in place of those of the one before; what they have done so far goes on. */
  configure(rules: readonly Rule[]): void {
    const before = this.#configuredByMatch;
    const byMatch = new Map<string, RuleState>();
    for (const state of this.#configured) this.#expiry.delete(state);
    this.#configured = rules.map((rule) => {
      const key = keyOf(rule.action, rule.match);
      const { hits = 0, lastHitAtMs } = before.get(key) ?? {};
      const state = { rule, hits, lastHitAtMs };
      if (!byMatch.has(key)) byMatch.set(key, state);
      this.#expiry.add(state);
      return state;
    });
    this.#configuredByMatch = byMatch;
    this.#changed();
  }

  /**
   * `added`, or `renewed` in place of one that decides in the same way about the same, whose id it takes over. `full`: no
   * room. `configured`: the configuration has it, which a command does not change. The state is that of the rule as it stands.
   */
  add(rule: Rule): { readonly outcome: 'added' | 'renewed' | 'full' | 'configured'; readonly rule: Rule } {
    const configured = this.#configuredByMatch.get(keyOf(rule.action, rule.match));
    return configured === undefined ? this.#take(rule) : { outcome: 'configured', rule: configured.rule };
  }

  /**
   * Takes up a rule that a command added in an earlier run, or puts one in place of itself with another reason or end. It is
   * there when the configuration has the same no more.
   */
  restore(rule: Rule): void {
    this.#take(rule);
  }

  #take(rule: Rule): { readonly outcome: 'added' | 'renewed' | 'full'; readonly rule: Rule } {
    const key = keyOf(rule.action, rule.match);
    const held = this.#commandedByMatch.get(key);
    if (held === undefined && this.#commanded.size >= this.#size) return { outcome: 'full', rule };
    if (held !== undefined) this.#expiry.delete(held);
    const { hits = 0, lastHitAtMs } = held ?? {};
    const kept = held === undefined ? rule : { ...rule, id: held.rule.id };
    const state = { rule: kept, hits, lastHitAtMs };
    this.#commanded.set(kept.id, state);
    this.#commandedByMatch.set(key, state);
    this.#expiry.add(state);
    this.#changed();
    return { outcome: held === undefined ? 'added' : 'renewed', rule: kept };
  }

  /** `configured`: the configuration has it, which a command does not change. */
  remove(id: string): 'removed' | 'absent' | 'configured' {
    const held = this.#commanded.get(id);
    if (held === undefined) return this.get(id) === undefined ? 'absent' : 'configured';
    this.#forget(held);
    this.#changed();
    return 'removed';
  }

  /** Ends the rules whose time is over. To be called about once a second. */
  expire(nowMs: number): void {
    let isChanged = false;
    this.#expiry.drain(nowMs, (state) => {
      isChanged = true;
      if (this.#commanded.get(state.rule.id) === state) this.#forget(state);
    });
    if (isChanged) this.#changed();
  }

  #forget(state: RuleState): void {
    const { id, action, match } = state.rule;
    this.#expiry.delete(state);
    this.#commanded.delete(id);
    this.#commandedByMatch.delete(keyOf(action, match));
  }

  #changed(): void {
    for (const changed of this.#subscribers) changed();
  }
}

function keyOf(action: RuleAction, match: RuleMatch): string {
  return `${action} ${JSON.stringify(composeMatch(match))}`;
}
