/**
 * Numbers out of frames and messages, network order; the caller has checked that their octets are there. Every frame is read
 * through these, and what Buffer offers takes half as long again, for it checks once more.
 */

/** The sixteen bits at `at`. */
export function readUint16(octets: Buffer, at: number): number {
  return (octets[at]! << 8) | octets[at + 1]!;
}

/** The 32 bits at `at`, as a signed integer. */
export function readInt32(octets: Buffer, at: number): number {
  return (octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!;
}
