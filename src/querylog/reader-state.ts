import type { SourceTime } from './source-time.ts';

/** States of other versions are not taken up. */
const VERSION = 1;

/** What a reader keeps over a restart, with the clock that it reads by. */
export function writeState(time: SourceTime, state: unknown): string {
  const { lastMs } = time;
  return JSON.stringify({ version: VERSION, lastMs: Number.isFinite(lastMs) ? lastMs : undefined, state });
}

/** What `writeState` was given, after the clock has gone on from where it was; undefined when the text is of another version. */
export function readState(text: string, time: SourceTime): unknown {
  try {
    const kept: unknown = JSON.parse(text);
    if (typeof kept !== 'object' || kept === null || !('version' in kept) || kept.version !== VERSION) return undefined;
    if ('lastMs' in kept && typeof kept.lastMs === 'number') time.resume(kept.lastMs);
    return 'state' in kept ? kept.state : undefined;
  } catch {
    return undefined;
  }
}
