import type { Log } from '../core/log.ts';
import type { ClientGroup } from '../policy/client-group.ts';
import type { Enforcement, HeldBack } from '../policy/enforcement.ts';
import { describeMode } from './describe-mode.ts';

export interface EnforcementWatchParts {
  readonly enforcement: Enforcement;
  /** Those of the policy, that of all other clients among them. */
  readonly groups: () => readonly ClientGroup[];
  readonly log: Log;
  /** Has the switches and the flows on them follow. */
  readonly follow: () => void;
}

/** Warm-up ends, and a source of the history may go and come back, while switches are connected. */
export class EnforcementWatch {
  readonly #parts: EnforcementWatchParts;
  #heldBack: HeldBack | undefined;

  constructor(parts: EnforcementWatchParts) {
    this.#parts = parts;
    this.#heldBack = parts.enforcement.heldBack;
  }

  /** How it is now needs not be followed. */
  settle(): void {
    this.#heldBack = this.#parts.enforcement.heldBack;
  }

  tick(): void {
    const { enforcement, groups, log, follow } = this.#parts;
    const { heldBack } = enforcement;
    if (heldBack === this.#heldBack) return;
    const before = this.#heldBack;
    this.#heldBack = heldBack;
    if (!groups().some(({ mode }) => mode === 'enforce')) return;
    if (heldBack === 'no source') {
      const why = 'a source of the history has been gone for capture.fallback: what the history knows grows old';
      log.error({ alarm: 'fallback' }, `${why}; enforce falls back to monitor until it is back`);
    } else if (heldBack === undefined) {
      const why = before === 'no source' ? 'the sources of the history are back' : 'warm-up is over';
      log.info({ mode: 'enforce' }, `${why}: verdicts are enforced from now on`);
    }
    follow();
  }

  /** The modes in force, in words. */
  get text(): string {
    return describeMode(this.#parts.groups(), this.#parts.enforcement);
  }
}
