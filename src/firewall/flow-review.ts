import type { AllowRecord } from './allow-book.ts';
import type { DropRecord } from './drop-book.ts';

/** Flows that one turn looks at. */
const PER_TURN = 1000;

/** The flows of a switch that are still to be looked at after rules have changed, those used last first. */
export class FlowReview {
  #allows: AllowRecord[] = [];
  #drops: DropRecord[] = [];

  get isDone(): boolean {
    return this.#allows.length + this.#drops.length === 0;
  }

  /** Begins with all of these, whatever was left of those before. */
  begin(allows: AllowRecord[], drops: DropRecord[]): void {
    this.#allows = allows;
    this.#drops = drops;
  }

  /** Shows a portion, some of which may have gone meanwhile. */
  turn(visitAllow: (record: AllowRecord) => void, visitDrop: (record: DropRecord) => void): void {
    for (let left = PER_TURN; left > 0 && !this.isDone; left--) {
      const allow = this.#allows.pop();
      if (allow !== undefined) visitAllow(allow);
      else visitDrop(this.#drops.pop()!);
    }
  }
}
