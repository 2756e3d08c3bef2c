/** The straight line of least squares through points, and how well it fits. */
export interface RegressionLine {
  readonly slope: number;
  readonly intercept: number;
  /** The coefficient of determination, 0 to 1. */
  readonly r2: number;
  readonly points: number;
}

/** Takes points one by one and keeps none of them. */
export class Regression {
  #count = 0;
  #meanX = 0;
  #meanY = 0;
  #xx = 0;
  #yy = 0;
  #xy = 0;

  add(x: number, y: number): void {
    this.#count++;
    const fromX = x - this.#meanX;
    const fromY = y - this.#meanY;
    this.#meanX += fromX / this.#count;
    this.#meanY += fromY / this.#count;
    this.#xx += fromX * (x - this.#meanX);
    this.#yy += fromY * (y - this.#meanY);
    this.#xy += fromX * (y - this.#meanY);
  }

  /** Undefined where the points say nothing: fewer than three, or all at one x or one y. */
  get line(): RegressionLine | undefined {
    if (this.#count < 3 || !(this.#xx > 0) || !(this.#yy > 0)) return undefined;
    const slope = this.#xy / this.#xx;
    const r2 = Math.min(1, (this.#xy * this.#xy) / (this.#xx * this.#yy));
    return { slope, intercept: this.#meanY - slope * this.#meanX, r2, points: this.#count };
  }
}
