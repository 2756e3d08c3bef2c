/** Entries of a day whose numbers follow one another, to which the indexes are divided. A released store never changes it. */
export const SEGMENT_ENTRIES = 131_072;
/** Entries of a block: what is looked through where no index helps. Neither is that changed. */
export const BLOCK_ENTRIES = 4096;
export const BLOCKS_OF_SEGMENT = SEGMENT_ENTRIES / BLOCK_ENTRIES;

export function segmentOf(number: number): number {
  return Math.floor(number / SEGMENT_ENTRIES);
}

export function blockOf(number: number): number {
  return Math.floor(number / BLOCK_ENTRIES);
}
