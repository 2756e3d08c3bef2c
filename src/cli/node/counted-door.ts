import type { Clock } from '../../core/clock.ts';
import { Counters } from '../../core/counters.ts';
import type { Log } from '../../core/log.ts';
import { PacedLog } from '../../core/paced-log.ts';
import type { AnswerTo, Gap, NodeRequest } from '../../traceback/messages.ts';
import { type Peer, type PeerDoor, PeerFailure } from '../../traceback/node-options.ts';

/** A door to peers that counts who has not answered, and says why. */
export class CountedDoor implements PeerDoor {
  readonly #door: PeerDoor;
  readonly #log: PacedLog;
  /** By the name of the peer: those of the configuration, and so a bounded number. */
  readonly #failures = new Map<string, Counters<Gap['reason']>>();

  constructor(door: PeerDoor, clock: Clock, log: Log) {
    this.#door = door;
    this.#log = new PacedLog(clock, log, 'warn');
  }

  async ask<R extends NodeRequest>(peer: Peer, request: R, signal: AbortSignal): Promise<AnswerTo<R>> {
    try {
      return await this.#door.ask(peer, request, signal);
    } catch (error) {
      if (error instanceof PeerFailure && !signal.aborted) this.#count(peer, request, error);
      throw error;
    }
  }

  /** By peer, and then by reason. */
  failures(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    return Object.fromEntries(Array.from(this.#failures, ([name, counters]) => [name, counters.snapshot()]));
  }

  /** Says what is left to say. Safe twice. */
  stop(): void {
    this.#log.stop();
  }

  #count({ name }: Peer, { kind, case: caseId }: NodeRequest, { reason, message, cause }: PeerFailure): void {
    const counters = this.#failures.get(name) ?? new Counters();
    counters.add(reason);
    this.#failures.set(name, counters);
    const { code } = (cause ?? {}) as NodeJS.ErrnoException;
    this.#log.say({ peer: name, kind, case: caseId, reason, code }, `${name} has not answered: ${message}`);
  }
}
