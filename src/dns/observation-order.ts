import { KIND, WORD } from './observation-layout.ts';
import { nextRecord } from './observation-records.ts';
import { BATCH_OCTETS } from './observation-writer.ts';

/** Where the records of some batches lie. */
interface Places {
  readonly batches: number[];
  /** Octets from the start of the batch, and after the end. */
  readonly starts: number[];
  readonly ends: number[];
  readonly times: number[];
  readonly kinds: number[];
  isInOrder: boolean;
}

/**
 * The records of all `batches` in the order of their time; of those of one time, queries come first. Batches that are in order are
 * given back as they are. They must be of an ObservationWriter, not from another process.
 */
export function inOrderOfTime(batches: readonly Uint8Array[]): readonly Uint8Array[] {
  const places = placesOf(batches);
  if (places.isInOrder) return batches;
  const { batches: batchOf, starts, ends, times, kinds } = places;
  const order = Array.from(times.keys()).sort((a, b) => times[a]! - times[b]! || kinds[a]! - kinds[b]!);
  const sorted: Uint8Array[] = [];
  let from = 0;
  while (from < order.length) {
    let octets = 0;
    let to = from;
    for (; to < order.length; to++) {
      const length = ends[order[to]!]! - starts[order[to]!]!;
      if (octets > 0 && octets + length > BATCH_OCTETS) break;
      octets += length;
    }
    const batch = new Uint8Array(octets);
    let at = 0;
    for (const index of order.slice(from, to)) {
      batch.set(batches[batchOf[index]!]!.subarray(starts[index]!, ends[index]!), at);
      at += ends[index]! - starts[index]!;
    }
    sorted.push(batch);
    from = to;
  }
  return sorted;
}

function placesOf(batches: readonly Uint8Array[]): Places {
  const places: Places = { batches: [], starts: [], ends: [], times: [], kinds: [], isInOrder: true };
  let lastMs = Number.NEGATIVE_INFINITY;
  let lastKind: number = KIND.QUERY;
  for (const [index, { buffer, byteOffset, byteLength }] of batches.entries()) {
    const words = new Int32Array(buffer, byteOffset, byteLength >> 2);
    const times = new Float64Array(buffer, byteOffset, byteLength >> 3);
    for (let at = 0; at < words.length; ) {
      const end = nextRecord(words, at);
      const atMs = times[(at + WORD.TIME) >> 1]!;
      places.batches.push(index);
      places.starts.push(at * 4);
      places.ends.push(end * 4);
      const kind = words[at + WORD.KIND]! & 0xff;
      places.times.push(atMs);
      places.kinds.push(kind);
      if (atMs < lastMs || (atMs === lastMs && kind < lastKind)) places.isInOrder = false;
      lastMs = atMs;
      lastKind = kind;
      at = end;
    }
  }
  return places;
}
