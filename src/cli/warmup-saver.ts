import type { Log } from '../core/log.ts';
import type { Enforcement } from '../policy/enforcement.ts';
import type { Store } from '../storage/store.ts';
import type { StoreWriter } from '../storage/store-writer.ts';

export interface WarmupSaverParts {
  readonly enforcement: Enforcement;
  readonly store: Pick<Store, 'saveWarmup'>;
  readonly writer: Pick<StoreWriter, 'flush' | 'figures'>;
  /** What was not loaded yet must not be written over. */
  readonly isLoaded: () => boolean;
  readonly log: Log;
}

/** Keeps how far warm-up has come: behind the history that it stands for, so that a crash in between does not leave it over without it. */
export class WarmupSaver {
  readonly #parts: WarmupSaverParts;
  #saving: Promise<void> | undefined;

  constructor(parts: WarmupSaverParts) {
    this.#parts = parts;
  }

  /** Saves, unless that goes on already. */
  tick(): void {
    this.#saving ??= this.save().finally(() => {
      this.#saving = undefined;
    });
  }

  async save(): Promise<void> {
    const { enforcement, store, writer, isLoaded, log } = this.#parts;
    const { progress } = enforcement;
    if (progress === undefined || !isLoaded()) return;
    await writer.flush();
    if (writer.figures().failing !== undefined) return;
    // What is not kept in time is learned again: a failure is the writer's to tell.
    await store.saveWarmup(progress).catch((error: Error) => log.debug({}, error.message));
  }
}
