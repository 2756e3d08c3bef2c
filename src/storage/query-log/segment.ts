/** Entries of a day whose numbers follow one another, to which the indexes are divided. A released store never changes it. */
export const SEGMENT_ENTRIES = 131_072;
