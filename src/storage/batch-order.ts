import { type PackedTriple, unpackTriples } from '../nsdb/triple-batch.ts';

/** Octets of a zone that its place is told by: the most that a double holds. */
const PREFIX_OCTETS = 6;

/**
 * The rows of a batch in about the order of the tables, by the first octets of their zones: neighbours go to the same page.
 * Rows with the same key stay in the order in which they came.
 */
export function inTableOrder(batch: Uint8Array): PackedTriple[] {
  // One that expires at no time would count as one that never does.
  const rows = [...unpackTriples(batch)].filter(({ expiresAtMs }) => !Number.isNaN(expiresAtMs));
  const places = Float64Array.from(rows, ({ zone }) => prefixOf(zone));
  const order = Uint32Array.from(rows.keys()).sort((a, b) => places[a]! - places[b]! || a - b);
  return Array.from(order, (row) => rows[row]!);
}

function prefixOf(zone: Buffer): number {
  if (zone.length >= PREFIX_OCTETS) return zone.readUIntBE(0, PREFIX_OCTETS);
  return zone.length === 0 ? 0 : zone.readUIntBE(0, zone.length) * 256 ** (PREFIX_OCTETS - zone.length);
}
