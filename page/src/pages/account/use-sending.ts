import { useState } from 'preact/hooks';
import type { ApiProblem } from '../../api/client.ts';
import { asProblem } from '../../api/use-loaded.ts';

export interface Sending {
  /** Of the last try; undefined when that was good. */
  readonly problem: ApiProblem | undefined;
  readonly isBusy: boolean;
  /** Does it, unless it is being done; what goes wrong is `problem` then. */
  run(action: () => Promise<void>): void;
}

/** What a form sends: once at a time, and what came of it. */
export function useSending(): Sending {
  const [problem, setProblem] = useState<ApiProblem>();
  const [isBusy, setBusy] = useState(false);
  return {
    problem,
    isBusy,
    run(action) {
      if (isBusy) return;
      setBusy(true);
      setProblem(undefined);
      action()
        .catch((error: unknown) => setProblem(asProblem(error)))
        .finally(() => setBusy(false));
    },
  };
}
