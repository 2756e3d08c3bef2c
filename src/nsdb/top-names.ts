import { isPublicSuffix } from '../dns/public-suffix.ts';
import type { NameTable } from './name-table.ts';

/** In the note of a name: whether it is a public suffix, once it is known. */
const NOTE = { SUFFIX: 1, NO_SUFFIX: 2 } as const;

/** Whether the name is the root, a TLD or another public suffix; looked up once for each name. */
export function isTopName(names: NameTable, id: number): boolean {
  if (names.note(id) === 0) names.setNote(id, isPublicSuffix(names.nameOf(id)) ? NOTE.SUFFIX : NOTE.NO_SUFFIX);
  return names.note(id) === NOTE.SUFFIX;
}
