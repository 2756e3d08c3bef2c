/** Buckets of a hash table for up to `most` entries: a power of two, at least three quarters of `most`. */
export function tableSize(most: number): number {
  return 2 ** Math.max(4, Math.ceil(Math.log2(most * 0.75)));
}
