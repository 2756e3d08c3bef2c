/** Exit codes: done; refused, not found or not whole; usage or configuration. */
export const EXIT = { done: 0, refused: 1, usage: 2 } as const;

/** Codes of errors that are the caller's to mend in what was typed or configured. */
export const USAGE_CODES: readonly string[] = [
  'usage',
  'bad-search',
  'config',
  'root-hints',
  'remote-token',
  'tls-files',
  'store-url',
  'store-password',
  'store-strict',
];
