/** States of other versions are not taken up. */
const VERSION = 2;

/** What a reader keeps over a restart. */
export function writeState(state: unknown): string {
  return JSON.stringify({ version: VERSION, state });
}

/** What `writeState` was given; undefined when the text is of another version. */
export function readState(text: string): unknown {
  try {
    const kept: unknown = JSON.parse(text);
    if (typeof kept !== 'object' || kept === null || !('version' in kept) || kept.version !== VERSION) return undefined;
    return 'state' in kept ? kept.state : undefined;
  } catch {
    return undefined;
  }
}
