/**
 * The base of every error thrown on purpose. `code` is stable and listed in docs/errors.md; the message says what is
 * wrong, where, and what to do about it.
 */
export class GluewallError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'GluewallError';
    this.code = code;
  }
}

/** What somebody threw, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
