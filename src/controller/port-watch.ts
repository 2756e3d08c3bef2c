import type { Clock } from '../core/clock.ts';
import type { MessageOf } from '../openflow/message.ts';
import { PortReason } from '../openflow/schema/constants.ts';
import type { Conversation } from './conversation.ts';
import { readPorts } from './switch-state.ts';

/** Between two looks at ports that change all the time. */
const PAUSE_MS = 1000;
const NO_PORTS: ReadonlyMap<string, number> = new Map();

/** The ports of a switch. However many come, go or change their number at once, they are read once more. */
export class PortWatch {
  readonly #conversation: Conversation;
  readonly #clock: Clock;
  readonly #changed: () => void;
  #byName: ReadonlyMap<string, number> | undefined;
  #isStale = false;
  #cancelPause: (() => void) | undefined;
  #isStopped = false;

  /** `changed` is called when the ports are to be read again. */
  constructor(conversation: Conversation, clock: Clock, changed: () => void) {
    this.#conversation = conversation;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Port numbers by name, as they were last read. */
  get byName(): ReadonlyMap<string, number> {
    return this.#byName ?? NO_PORTS;
  }

  /** They have been read once. */
  get areKnown(): boolean {
    return this.#byName !== undefined;
  }

  /** The ports have changed since they were last read. */
  get isStale(): boolean {
    return this.#isStale;
  }

  /** Rejects as a request does. */
  async read(): Promise<void> {
    this.#isStale = false;
    this.#byName = await readPorts(this.#conversation);
  }

  /** `isSettled`: they are not being read just now. A link that goes up and down changes nothing. */
  heard({ reason, port }: MessageOf<'portStatus'>, isSettled: boolean): void {
    const number = reason === PortReason.DELETE ? undefined : port.portNo;
    if (isSettled && !this.#isStale && this.byName.get(port.name) === number) return;
    this.#isStale = true;
    this.#follow();
  }

  /** Safe twice. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelPause?.();
  }

  /** At once, and then no sooner than a while later: a switch may say that its ports change without end. */
  #follow(): void {
    if (this.#cancelPause !== undefined) return;
    this.#changed();
    if (this.#isStopped) return;
    this.#cancelPause = this.#clock.after(PAUSE_MS, () => {
      this.#cancelPause = undefined;
      if (this.#isStale) this.#follow();
    });
  }
}
