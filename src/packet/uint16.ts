/**
 * The sixteen bits at `at`, network order; the caller has checked that they are there. Every frame is read through this, and
 * what Buffer offers takes half as long again, for it checks once more.
 */
export function readUint16(octets: Buffer, at: number): number {
  return (octets[at]! << 8) | octets[at + 1]!;
}
