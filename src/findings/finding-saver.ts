import type { Clock } from '../core/clock.ts';
import { GluewallError, messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Finding } from './finding.ts';
import { type FindingStore, PORTION_FINDINGS } from './finding-store.ts';

/** From a change to its writing: what a crash may lose of what nobody waits for. */
const SAVE_MS = 1000;
const RETRY_MS = 5000;

export interface FindingSaverFigures {
  /** Findings that were written, each time that they were, since the start. */
  readonly written: number;
  /** Changed, and not written yet. */
  readonly waiting: number;
  /** The code of the error that keeps them from being written. */
  readonly failing: string | undefined;
}

export interface FindingSaverParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: FindingStore;
}

/**
 * Writes findings behind the book: at most once a second those that have changed, each as it is by then. What fails is tried again;
 * it waits as no more than an id.
 */
export class FindingSaver {
  readonly #parts: FindingSaverParts;
  readonly #current: (id: string) => Finding | undefined;
  readonly #changed = new Set<string>();
  readonly #forgotten = new Set<string>();
  #isLoaded = false;
  #isStopped = false;
  #cancel: (() => void) | undefined;
  #last: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;
  #written = 0;
  #failing: string | undefined;

  /** `current` gives a finding as it is. */
  constructor(parts: FindingSaverParts, current: (id: string) => Finding | undefined) {
    this.#parts = parts;
    this.#current = current;
  }

  get figures(): FindingSaverFigures {
    const waiting = this.#changed.size + this.#forgotten.size;
    return { written: this.#written, waiting, failing: this.#failing };
  }

  /** Hands all that the store holds to `restore`, the one last updated first. Rejects as the store does. Safe twice. */
  async load(restore: (loaded: readonly Finding[]) => void): Promise<void> {
    if (this.#isLoaded) return;
    const loaded: Finding[] = [];
    for await (const portion of this.#parts.store.loadFindings()) loaded.push(...portion);
    this.#changed.clear();
    this.#isLoaded = true;
    restore(loaded);
  }

  changed(id: string): void {
    this.#forgotten.delete(id);
    this.#changed.add(id);
    this.#plan(SAVE_MS);
  }

  forgotten(id: string): void {
    this.#changed.delete(id);
    this.#forgotten.add(id);
    this.#plan(SAVE_MS);
  }

  /** One after the other. Rejects with the GluewallError of the store. */
  flush(): Promise<void> {
    const saving = this.#last.then(() => this.#save());
    this.#last = saving.catch(() => {});
    return saving;
  }

  /** Safe twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.flush().catch((error: unknown) => this.#say(error, 'what is not written is lost with the stop'));
  }

  #plan(delayMs: number): void {
    if (this.#isStopped) return;
    this.#cancel ??= this.#parts.clock.after(delayMs, () => {
      this.#cancel = undefined;
      void this.#round();
    });
  }

  async #round(): Promise<void> {
    try {
      await this.flush();
    } catch (error) {
      this.#say(error, 'it is tried again, and they wait in memory until then');
      this.#plan(RETRY_MS);
    }
  }

  /** What changes meanwhile is for the next time. */
  async #save(): Promise<void> {
    // What the store holds is not known yet: it would be written over.
    if (!this.#isLoaded) {
      if (this.#changed.size === 0) return;
      throw new GluewallError('store-away', 'the store was not read yet');
    }
    await this.#inPortions(this.#changed, async (ids) => {
      const findings = ids.map(this.#current).filter((finding) => finding !== undefined);
      await this.#parts.store.saveFindings(findings);
      this.#written += findings.length;
    });
    await this.#inPortions(this.#forgotten, (ids) => this.#parts.store.deleteFindings(ids));
    if (this.#failing !== undefined) this.#parts.log.info({}, 'findings can be written again');
    this.#failing = undefined;
  }

  async #inPortions(waiting: Set<string>, write: (ids: readonly string[]) => Promise<void>): Promise<void> {
    const all = [...waiting];
    for (let start = 0; start < all.length; start += PORTION_FINDINGS) {
      const ids = all.slice(start, start + PORTION_FINDINGS);
      for (const id of ids) waiting.delete(id);
      try {
        await write(ids);
      } catch (error) {
        for (const id of ids) waiting.add(id);
        throw error;
      }
    }
  }

  #say(error: unknown, rest: string): void {
    const code = error instanceof GluewallError ? error.code : 'internal';
    if (this.#failing === code) return;
    this.#failing = code;
    this.#parts.log.error({ code }, `findings cannot be written: ${messageOf(error)}; ${rest}`);
  }
}
