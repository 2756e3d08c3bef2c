/**
 * A copy of `octets[start, end)` with memory of its own. `Buffer.from` cuts small copies out of shared slabs of 8 KiB, and one
 * octet that is held then holds the whole slab.
 */
export function ownCopy(octets: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start);
  octets.copy(copy, 0, start, end);
  return copy;
}

/** What such a copy and an object around it cost beside the octets, as measured on Node.js 20. */
export const COPY_OVERHEAD_BYTES = 400;
