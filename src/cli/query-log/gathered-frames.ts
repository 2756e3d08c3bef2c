import type { Clock } from '../../core/clock.ts';

/** Takes what one writer wrote: `count` frames, one behind the other, in memory of their own. */
export type TakeFrames = (frames: Uint8Array<ArrayBuffer>, count: number, writer: string) => void;

interface Gathered {
  readonly parts: Uint8Array[];
  octets: number;
  count: number;
}

const GATHER_MS = 50;
/** Memory for what waits, of all writers together, about, and of each part of it beside its octets. */
const GATHER_OCTETS = 64 * 1024;
const PART_OCTETS = 128;

/**
 * Frames as they come, some at once: resolvers write each on its own, and to hand one to another thread costs more than to read it.
 * None waits longer than GATHER_MS, nor more than GATHER_OCTETS.
 */
export class GatheredFrames {
  readonly #clock: Clock;
  readonly #take: TakeFrames;
  readonly #writers = new Map<string, Gathered>();
  #octets = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, take: TakeFrames) {
    this.#clock = clock;
    this.#take = take;
  }

  /** Takes frames which hold only during the call. */
  add(frames: Uint8Array, count: number, writer: string): void {
    const gathered = this.#writers.get(writer) ?? { parts: [], octets: 0, count: 0 };
    this.#writers.set(writer, gathered);
    gathered.parts.push(new Uint8Array(frames));
    gathered.octets += frames.length;
    gathered.count += count;
    this.#octets += frames.length + PART_OCTETS;
    if (this.#octets >= GATHER_OCTETS) this.flush();
    else this.#cancelTimer ??= this.#clock.after(GATHER_MS, () => this.flush());
  }

  /** Hands over what there is. */
  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#octets = 0;
    const gathered = [...this.#writers];
    this.#writers.clear();
    for (const [writer, { parts, octets, count }] of gathered) this.#take(joined(parts, octets), count, writer);
  }
}

function joined(parts: readonly Uint8Array[], octets: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(octets);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
