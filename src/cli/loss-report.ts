import type { Log } from '../core/log.ts';

/** Tells what grew among counted losses since the last report: one line, however much it was. */
export class LossReport {
  readonly #read: () => ReadonlyMap<string, number>;
  readonly #log: Log;
  #last: ReadonlyMap<string, number> = new Map();

  constructor(read: () => ReadonlyMap<string, number>, log: Log) {
    this.#read = read;
    this.#log = log;
  }

  /** Says nothing when nothing grew. */
  report(): void {
    const now = this.#read();
    const grown = [...now].flatMap(([name, count]) => {
      const more = count - (this.#last.get(name) ?? 0);
      return more > 0 ? [[name, more] as const] : [];
    });
    this.#last = now;
    if (grown.length === 0) return;
    const text = grown.map(([name, more]) => `${name}: ${more}`).join(', ');
    this.#log.warn({ losses: Object.fromEntries(grown) }, `since the last report ${text}`);
  }
}
