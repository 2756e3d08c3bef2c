import { useEffect, useState } from 'preact/hooks';

/** A part that is fetched when it is first needed: `it` is undefined until it is there, and stays so when it cannot be fetched. */
export function useImported<T>(fetchPart: () => Promise<T>): {
  readonly it: T | undefined;
  readonly isMissing: boolean;
} {
  const [state, setState] = useState<{ readonly it: T | undefined; readonly isMissing: boolean }>({
    it: undefined,
    isMissing: false,
  });
  useEffect(() => {
    let isShown = true;
    fetchPart().then(
      (it) => isShown && setState({ it, isMissing: false }),
      () => isShown && setState({ it: undefined, isMissing: true }),
    );
    return () => {
      isShown = false;
    };
  }, []);
  return state;
}
