import type { AllowRecord } from './allow-book.ts';
import type { DropRecord } from './drop-book.ts';

/** Flows that one turn looks at, and for how long: what a verdict takes depends on the rules. */
const PER_TURN = 1000;
const TURN_MS = 5;

/** Milliseconds that pass while the processor works: the clock of a turn of the event loop stands still. */
export type Meter = () => number;

/** The flows of a switch that are still to be looked at after rules have changed, those used last first. */
export class FlowReview {
  readonly #meter: Meter;
  #allows: AllowRecord[] = [];
  #drops: DropRecord[] = [];

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  get isDone(): boolean {
    return this.#allows.length + this.#drops.length === 0;
  }

  /** Begins with all of these, whatever was left of those before. */
  begin(allows: AllowRecord[], drops: DropRecord[]): void {
    this.#allows = allows;
    this.#drops = drops;
  }

  /** Shows a portion, at least one, some of which may have gone meanwhile. */
  turn(visitAllow: (record: AllowRecord) => void, visitDrop: (record: DropRecord) => void): void {
    const endMs = this.#meter() + TURN_MS;
    for (let left = PER_TURN; left > 0 && !this.isDone; left--) {
      const allow = this.#allows.pop();
      if (allow !== undefined) visitAllow(allow);
      else visitDrop(this.#drops.pop()!);
      if (this.#meter() >= endMs) return;
    }
  }
}
