import type { VNode } from 'preact';
import type { ApiProblem } from '../api/client.ts';
import { Button } from './button.tsx';
import { Hostile } from './hostile.tsx';

/** What went wrong, in the words of the console; nothing while nothing did. */
export function ProblemNote({
  problem,
  onRetry,
}: {
  readonly problem: ApiProblem | undefined;
  readonly onRetry?: (() => void) | undefined;
}): VNode | null {
  if (problem === undefined) return null;
  return (
    <div class="problem" role="alert">
      <span class="problem-sign" aria-hidden="true">
        !
      </span>
      <p class="problem-text">
        <Hostile text={problem.detail} /> <code class="problem-code">{problem.code}</code>
      </p>
      {onRetry !== undefined && (
        <Button isSmall onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
