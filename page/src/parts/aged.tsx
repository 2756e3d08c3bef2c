import type { VNode } from 'preact';
import type { Loaded } from '../api/use-loaded.ts';
import { ProblemNote } from './problem.tsx';
import { Ago } from './time.tsx';

/** Says so when what is shown could not be loaded anew, with its age; nothing while it is as it should be. */
export function Aged({ loaded }: { readonly loaded: Loaded<unknown> }): VNode | null {
  const { value, problem, loadedAtMs, reload } = loaded;
  if (problem === undefined) return null;
  return (
    <div class="aged">
      <ProblemNote problem={problem} onRetry={reload} />
      {value !== undefined && loadedAtMs !== undefined && (
        <p class="aged-text">
          What is shown was loaded <Ago at={new Date(loadedAtMs).toISOString()} />.
        </p>
      )}
    </div>
  );
}
