import { canonicalName, type Name } from '../dns/name.ts';

/** No label is longer than 63 octets, so no octet that begins one is as high. */
const BEHIND_ALL_LABELS = 0x40;

/**
 * A name as its labels from the root down, each behind its length, in canonical form: the names at or below a zone are those
 * whose keys begin with the zone's.
 */
export function nameKey(name: Name): Buffer {
  const wire = canonicalName(name);
  const labels: string[] = [];
  for (let offset = 0; wire.charCodeAt(offset) !== 0; ) {
    const end = offset + 1 + wire.charCodeAt(offset);
    labels.push(wire.slice(offset, end));
    offset = end;
  }
  return Buffer.from(labels.reverse().join(''), 'latin1');
}

/** The keys at or below the zone: from `first` on, and before `end`. */
export function nameKeyRange(zone: Name): { readonly first: Buffer; readonly end: Buffer } {
  const first = nameKey(zone);
  return { first, end: Buffer.concat([first, Buffer.of(BEHIND_ALL_LABELS)]) };
}
