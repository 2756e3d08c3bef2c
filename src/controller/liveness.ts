import { type Clock, every } from '../core/clock.ts';

const ECHO_MS = 5000;
const SILENCE_MS = 15_000;
/** How long a switch may talk without answering anything: it may have much to say first. */
const UNANSWERED_MS = 60_000;
const CHALLENGE_MS = 1000;

export interface LivenessHooks {
  /** Sends an ECHO_REQUEST. */
  ask(): void;
  /** Whether more waits for the switch to read than its socket takes. */
  isCongested(): boolean;
  dead(reason: string): void;
}

/** Whether a switch is still there: any traffic counts as life, as long as it answers now and then. */
export class Liveness {
  readonly #clock: Clock;
  readonly #hooks: LivenessHooks;
  #heardAtMs: number;
  #answeredAtMs: number;
  /** Since when it has been seen that something waits for the switch and it reads nothing. */
  #unreadSinceMs: number | undefined;
  #cancelRounds = () => {};
  #cancelChallenge: (() => void) | undefined;

  constructor(clock: Clock, hooks: LivenessHooks) {
    this.#clock = clock;
    this.#hooks = hooks;
    this.#heardAtMs = clock.nowMs();
    this.#answeredAtMs = clock.nowMs();
  }

  start(): void {
    this.#cancelRounds = every(this.#clock, ECHO_MS, () => this.#look());
  }

  /** Safe twice. */
  stop(): void {
    this.#cancelRounds();
    this.#cancelChallenge?.();
  }

  /** The switch has said something. */
  heard(): void {
    this.#heardAtMs = this.#clock.nowMs();
    this.#cancelChallenge?.();
    this.#cancelChallenge = undefined;
  }

  /** The switch has answered something: it reads what it is sent. */
  answered(): void {
    this.#answeredAtMs = this.#clock.nowMs();
  }

  /** The switch has read what its socket held. */
  read(): void {
    this.#unreadSinceMs = undefined;
  }

  /** Takes the switch for dead unless it is heard of soon: another one has come with its datapath id. */
  challenge(): void {
    if (this.#cancelChallenge !== undefined) return;
    this.#hooks.ask();
    const dead = () => this.#hooks.dead('silent, and its datapath id has come back on another connection');
    // Where we were busy ourselves, its answer waits in the socket: that is read before the second timer.
    this.#cancelChallenge = this.#clock.after(CHALLENGE_MS, () => {
      this.#cancelChallenge = this.#clock.after(0, dead);
    });
  }

  #look(): void {
    const nowMs = this.#clock.nowMs();
    this.#unreadSinceMs = this.#hooks.isCongested() ? (this.#unreadSinceMs ?? nowMs) : undefined;
    const silentMs = nowMs - this.#heardAtMs;
    const unansweredMs = nowMs - this.#answeredAtMs;
    const unreadMs = nowMs - (this.#unreadSinceMs ?? nowMs);
    if (silentMs >= SILENCE_MS) this.#hooks.dead(`nothing heard for ${Math.round(silentMs / 1000)} s`);
    else if (unreadMs >= SILENCE_MS)
      this.#hooks.dead(`the switch has read nothing for ${Math.round(unreadMs / 1000)} s`);
    else if (unansweredMs >= UNANSWERED_MS)
      this.#hooks.dead(`the switch talks and has answered nothing for ${Math.round(unansweredMs / 1000)} s`);
    else if (silentMs >= ECHO_MS || unansweredMs >= SILENCE_MS) this.#hooks.ask();
  }
}
