/** A rule about what may be learned: a question about facts, whose yes refuses; counted under its name. */
export interface Rule<F> {
  readonly name: string;
  /** What it refuses, as the figures say it. */
  readonly refusal: string;
  readonly refuses: (facts: F) => boolean;
}
