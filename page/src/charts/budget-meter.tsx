import { percent } from '../../../src/core/words.ts';
import { budgetUse } from './budget-words.ts';
import './charts.css';

/** A bar of how much of a budget is used, with the same in words. */
export function BudgetMeter({
  label,
  used,
  budget,
}: {
  readonly label: string;
  readonly used: number;
  readonly budget: number;
}) {
  const { share, state, words } = budgetUse(used, budget);
  const figures = `${used.toLocaleString('en')} of ${budget.toLocaleString('en')}`;
  return (
    <div class="budget-meter">
      <span class="budget-label">{label}</span>
      {/* biome-ignore lint/a11y/useSemanticElements: the element looks different in every browser */}
      <svg
        class={`budget-bar budget-${state}`}
        viewBox="0 0 100 8"
        preserveAspectRatio="none"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={Math.max(1, budget)}
        aria-valuenow={Math.min(used, Math.max(1, budget))}
        aria-valuetext={`${figures}, ${words}`}
      >
        <rect class="budget-rest" width="100" height="8" />
        <rect class="budget-used" width={share === 0 ? 0 : Math.max(1, share * 100)} height="8" />
      </svg>
      <span class="budget-words">
        {figures} ({percent(share)}): {words}
      </span>
    </div>
  );
}
