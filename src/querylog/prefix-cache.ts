import { type LinePrefix, takePrefix } from './line-prefix.ts';
import type { SourceTime } from './source-time.ts';

/** `takePrefix` for logs in which many lines begin with the same time, host and program: those are read once. */
export class PrefixCache {
  readonly #time: SourceTime;
  #text = '';
  #prefix: LinePrefix | undefined;

  constructor(time: SourceTime) {
    this.#time = time;
  }

  take(line: string): LinePrefix {
    const known = this.#prefix;
    if (known !== undefined && line.startsWith(this.#text)) return { ...known, rest: line.slice(this.#text.length) };
    const prefix = takePrefix(line, this.#time);
    // Only what ends with a program has an end that does not depend on what follows.
    const isWhole = prefix.program !== undefined && typeof prefix.atMs === 'number';
    this.#prefix = isWhole ? prefix : undefined;
    this.#text = line.slice(0, line.length - prefix.rest.length);
    return prefix;
  }
}
