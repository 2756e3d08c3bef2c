/** One thing that was looked at, and what to do about it when it is not as it should be. */
export interface Finding {
  /** A short stable name of what was looked at, such as `fail-mode`. */
  readonly check: string;
  /** Null: not applicable here, or it could not be found out; the message says which. */
  readonly ok: boolean | null;
  /** One sentence of what was found; text from outside in it is not yet made printable. */
  readonly message: string;
  /** A command to run, or one sentence. */
  readonly remedy?: string;
}
