/** What differs between two JSON texts, field by field. */

export interface FieldDifference {
  /** Dotted, such as `match.to`; empty for the whole. */
  readonly path: string;
  /** Undefined where there was, or is, nothing. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Deeper than that a value is shown as it is. */
const MAX_DEPTH = 4;
const MAX_FIELDS = 200;
/** Words of a list, such as types, stand in one field. */
const MAX_LISTED = 64;
/** A field that is null is as one that is not there. */
export const NOTHING = 'null';

/** The fields that were changed, came or went, in the order in which they stand; texts that are no JSON differ as a whole. */
export function jsonDifference(before: string | null, after: string | null): readonly FieldDifference[] {
  const was = fieldsOf(before);
  const is = fieldsOf(after);
  const paths = [...new Set([...was.keys(), ...is.keys()])];
  return paths
    .map((path) => ({ path, before: was.get(path), after: is.get(path) }))
    .filter((field) => (field.before ?? NOTHING) !== (field.after ?? NOTHING))
    .slice(0, MAX_FIELDS);
}

function fieldsOf(text: string | null): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  if (text === null) return fields;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = text;
  }
  gather(value, '', 0, fields);
  return fields;
}

function gather(value: unknown, path: string, depth: number, fields: Map<string, string>): void {
  if (typeof value !== 'object' || value === null || depth === MAX_DEPTH) {
    fields.set(path, typeof value === 'string' ? value : JSON.stringify(value));
    return;
  }
  if (Array.isArray(value) && value.length <= MAX_LISTED && value.every((one) => typeof one === 'string')) {
    fields.set(path, value.join(', '));
    return;
  }
  for (const [key, inner] of Object.entries(value))
    gather(inner, path === '' ? key : `${path}.${key}`, depth + 1, fields);
}
