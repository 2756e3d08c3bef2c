/** Thrown where a test asks the model for what a real switch could do and the model does not: it never guesses. */
export class ModelGap extends Error {
  constructor(what: string) {
    super(`the model switch has no ${what}`);
    this.name = 'ModelGap';
  }
}
