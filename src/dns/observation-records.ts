import { WORD } from './observation-layout.ts';

/** A batch, as words and as times; what is not a whole number of eight octets at its end is left out. */
interface BatchView {
  readonly words: Int32Array;
  readonly times: Float64Array;
}

/** A batch that does not begin at a multiple of eight octets cannot be seen so: undefined. */
function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): BatchView | undefined {
  if (byteOffset % 8 !== 0) return undefined;
  const count = byteLength >> 3;
  return { words: new Int32Array(buffer, byteOffset, 2 * count), times: new Float64Array(buffer, byteOffset, count) };
}

/** The word after the record that begins at word `at`; the end of the batch when the record cannot be one. */
export function nextRecord(words: Int32Array, at: number): number {
  const length = words[at + WORD.LENGTH]!;
  const isPossible = length >= 4 * WORD.NAMES && (length & 7) === 0;
  return isPossible ? Math.min(at + (length >> 2), words.length) : words.length;
}

/** How many observations a batch (observation-layout.ts) holds. */
export function countRecords(batch: Uint8Array): number {
  const view = viewOf(batch);
  if (view === undefined) return 0;
  let count = 0;
  for (let at = 0; at < view.words.length; at = nextRecord(view.words, at)) count++;
  return count;
}

/** Moves the times in a batch that are no number or lie outside of `earliestMs` to `latestMs` to the nearer of the two. */
export function boundTimes(batch: Uint8Array, earliestMs: number, latestMs: number): void {
  const view = viewOf(batch);
  if (view === undefined) return;
  const { words, times } = view;
  for (let at = 0; at < words.length; at = nextRecord(words, at)) {
    const place = (at + WORD.TIME) >> 1;
    if (place >= times.length) return;
    const atMs = times[place]!;
    if (atMs >= earliestMs && atMs <= latestMs) continue;
    times[place] = atMs < earliestMs ? earliestMs : latestMs;
  }
}
