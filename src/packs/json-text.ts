/** JSON from strangers: parsed only when it is not nested deeper than anything we look for. */

const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The value, or what is wrong with the text. */
export function parseJson(octets: Buffer): { readonly value: unknown } | { readonly problem: string } {
  if (depthOf(octets) > MAX_DEPTH) return { problem: `is nested deeper than ${MAX_DEPTH} levels` };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(octets);
    return { value: JSON.parse(text) as unknown };
  } catch (cause) {
    return { problem: `is no JSON (${(cause as Error).message.slice(0, 120)})` };
  }
}

/** How deep brackets and braces nest; strings are passed over. */
function depthOf(octets: Buffer): number {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let at = 0; at < octets.length; at++) {
    const octet = octets[at]!;
    if (isInString) {
      if (octet === BACKSLASH) at++;
      else if (octet === QUOTE) isInString = false;
    } else if (octet === QUOTE) isInString = true;
    else if (octet === 0x5b || octet === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (octet === 0x5d || octet === 0x7d) depth--;
  }
  return deepest;
}

/** The object's own values by name; undefined for what is no object. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** The items of a list; none for what is no list. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
