import type { ObservationReader } from '../dns/observation-reader.ts';
import { MAX_NAME_SERVERS } from './rules/caps.ts';

/** How many NS records of the owner stand before record `index` of the response. */
export function countBefore(reader: ObservationReader, index: number, owner: number): number {
  let count = 0;
  for (let other = 0; other < index; other++) if (reader.ownerIndex(reader.nameServerAt(other)) === owner) count++;
  return count;
}

/** Whether the response has the same NS record before record `index`; there are few. */
export function isRepeated(reader: ObservationReader, index: number): boolean {
  const word = reader.nameServerAt(index);
  for (let other = 0; other < index && other < MAX_NAME_SERVERS; other++) {
    const otherWord = reader.nameServerAt(other);
    const isSame = reader.ownerIndex(otherWord) === reader.ownerIndex(word);
    if (isSame && reader.nameServerIndex(otherWord) === reader.nameServerIndex(word)) return true;
  }
  return false;
}
