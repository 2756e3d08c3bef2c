/** Fields of one line. */
const MAX_FIELDS = 64;
/** Those that are of interest. */
const WANTED: ReadonlySet<string> = new Set([
  'msg',
  'ts',
  'tid',
  'mtid',
  'qname',
  'qtype',
  'remote',
  'source',
  'rcode',
  'totms',
]);

/**
 * The fields of a structured line of PowerDNS Recursor: `key="value" …`, or JSON as its backend of that name writes it; undefined
 * when the text is neither. Values are text.
 */
export function readFields(text: string): ReadonlyMap<string, string> | undefined {
  return text.startsWith('{') ? readJson(text) : readPairs(text);
}

function readPairs(text: string): ReadonlyMap<string, string> | undefined {
  const fields = new Map<string, string>();
  let at = 0;
  for (let count = 0; at < text.length && count < MAX_FIELDS; count++) {
    const equals = text.indexOf('="', at);
    const quote = equals < 0 ? -1 : closingQuote(text, equals + 2);
    if (quote < 0) return undefined;
    const key = text.slice(at, equals);
    if (WANTED.has(key)) fields.set(key, unescaped(text.slice(equals + 2, quote)));
    at = quote + 2;
  }
  return fields;
}

/** The next quote that has no backslash of its own in front; -1: there is none. */
function closingQuote(text: string, from: number): number {
  let quote = text.indexOf('"', from);
  while (quote >= 0) {
    let backslashes = 0;
    while (quote - backslashes > from && text[quote - backslashes - 1] === '\\') backslashes++;
    if (backslashes % 2 === 0) return quote;
    quote = text.indexOf('"', quote + 1);
  }
  return -1;
}

function unescaped(text: string): string {
  return text.includes('\\') ? text.replace(/\\(["\\])/g, '$1') : text;
}

function readJson(text: string): ReadonlyMap<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const isText = (pair: [string, unknown]): pair is [string, string] => typeof pair[1] === 'string';
    const pairs = Object.entries(value).slice(0, MAX_FIELDS);
    return new Map(pairs.map(([key, field]): [string, unknown] => [key, textOf(field)]).filter(isText));
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): unknown {
  return typeof value === 'number' ? String(value) : value;
}
