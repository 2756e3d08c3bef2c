/** A value that several parts of the page look at. */
import { useEffect, useState } from 'preact/hooks';

export class Shared<T> {
  #value: T;
  readonly #listeners = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener(value);
  }

  /** Tells of later values, until the function that comes back is called. */
  listen(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The value, drawn anew whenever it changes. */
export function useShared<T>(shared: Shared<T>): T {
  const [value, setValue] = useState<{ readonly it: T }>({ it: shared.value });
  useEffect(() => {
    setValue((before) => (Object.is(before.it, shared.value) ? before : { it: shared.value }));
    return shared.listen((it) => setValue({ it }));
  }, [shared]);
  return value.it;
}
