/**
 * The source of a regular expression that takes the whole numbers from `min` to `max` in decimal digits, leading zeros
 * allowed: JSON Schema has no other way to bound a number inside a text. Both are at least 0, `min` at most `max`.
 */
export function rangePattern(min: number, max: number): string {
  const parts: string[] = [];
  // Split where the number of digits changes: within one length, digits can be bounded one by one.
  for (let from = min; from <= max; ) {
    const to = Math.min(max, 10 ** String(from).length - 1);
    parts.push(...sameLength(String(from), String(to)));
    from = to + 1;
  }
  return `0*(?:${parts.join('|')})`;
}

/** Patterns for the numbers between two that have the same number of digits. */
function sameLength(from: string, to: string): string[] {
  if (from === to) return [from];
  const rest = from.length - 1;
  if (rest === 0) return [digits(Number(from), Number(to))];
  const first = Number(from[0]);
  const last = Number(to[0]);
  const zeros = '0'.repeat(rest);
  const nines = '9'.repeat(rest);
  if (first === last) return sameLength(from.slice(1), to.slice(1)).map((tail) => `${first}${tail}`);
  const startsFull = from.slice(1) === zeros;
  const endsFull = to.slice(1) === nines;
  const low = startsFull ? [] : sameLength(from.slice(1), nines).map((tail) => `${first}${tail}`);
  const high = endsFull ? [] : sameLength(zeros, to.slice(1)).map((tail) => `${last}${tail}`);
  const fullFrom = startsFull ? first : first + 1;
  const fullTo = endsFull ? last : last - 1;
  const middle = fullFrom > fullTo ? [] : [`${digits(fullFrom, fullTo)}[0-9]${rest > 1 ? `{${rest}}` : ''}`];
  return [...low, ...middle, ...high];
}

function digits(from: number, to: number): string {
  return from === to ? String(from) : `[${from}-${to}]`;
}
