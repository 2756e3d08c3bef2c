/** How much of a budget is used, in words for people who see no colours. */
export interface BudgetUse {
  /** 0 to 1. */
  readonly share: number;
  readonly state: 'good' | 'warning' | 'bad';
  /** Such as `plenty of room`. */
  readonly words: string;
}

/** Counts of flows, packets or the like: `used` may be more than `budget`. */
export function budgetUse(used: number, budget: number): BudgetUse {
  if (budget <= 0) return { share: used > 0 ? 1 : 0, state: used > 0 ? 'bad' : 'good', words: 'no budget' };
  const share = Math.min(1, Math.max(0, used / budget));
  if (share >= 1) return { share, state: 'bad', words: 'used up' };
  if (share >= 0.8) return { share, state: 'warning', words: 'nearly used up' };
  return { share, state: 'good', words: share >= 0.5 ? 'over half used' : 'plenty of room' };
}
