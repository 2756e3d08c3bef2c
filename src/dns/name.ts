/**
 * Domain names as octets (RFC 1035 §3.1). A Name is the uncompressed wire form as a latin1 string: one length octet
 * before each label, a zero octet at the end. Labels are octets, not UTF-8 text (RFC 2181 §11).
 */
declare const nameBrand: unique symbol;
export type Name = string & { readonly [nameBrand]: true };

export const MAX_NAME_OCTETS = 255;
export const MAX_LABEL_OCTETS = 63;
export const ROOT = '\0' as Name;

/**
 * The form in which names are compared: ASCII letters in lower case (RFC 4343). Length octets are below 64 and so
 * never mistaken for letters.
 */
export function canonicalName(name: Name): Name {
  return /[A-Z]/.test(name) ? (name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) as Name) : name;
}

/** How many labels a name has; the root has none. */
export function labelCount(name: Name): number {
  let count = 0;
  for (let offset = 0; name.charCodeAt(offset) !== 0; offset += name.charCodeAt(offset) + 1) count++;
  return count;
}

/** The name one label up; the root's parent is the root. */
export function parentName(name: Name): Name {
  return name === ROOT ? ROOT : (name.slice(name.charCodeAt(0) + 1) as Name);
}

/** True when `name` is `zone` or lies below it. Both canonical. */
export function isAtOrBelow(name: Name, zone: Name): boolean {
  const start = name.length - zone.length;
  // Most names differ here already.
  if (start < 0 || name.charCodeAt(start) !== zone.charCodeAt(0)) return false;
  let offset = 0;
  while (offset < start) offset += name.charCodeAt(offset) + 1;
  return offset === start && name.endsWith(zone);
}

/** As `isAtOrBelow`, of names in octets: the one at `at` and the zone at `zoneAt`. */
export function endsWithName(octets: Uint8Array, at: number, zoneOctets: Uint8Array, zoneAt: number): boolean {
  const zoneEnd = behindName(zoneOctets, zoneAt);
  const end = behindName(octets, at);
  let start = at;
  while (end - start > zoneEnd - zoneAt) start += octets[start]! + 1;
  if (end - start !== zoneEnd - zoneAt) return false;
  for (let octet = start; octet < end; octet++) if (octets[octet] !== zoneOctets[zoneAt + octet - start]) return false;
  return true;
}

/** Behind the last octet of the uncompressed name that begins at `at`. */
export function behindName(octets: Uint8Array, at: number): number {
  let end = at;
  while (octets[end] !== 0) end += octets[end]! + 1;
  return end + 1;
}

/** Presentation form (RFC 1035 §5.1): no final dot except for the root, odd octets as `\DDD`. */
export function formatName(name: Name): string {
  if (name === ROOT) return '.';
  const labels: string[] = [];
  for (let offset = 0; name.charCodeAt(offset) !== 0; ) {
    const end = offset + 1 + name.charCodeAt(offset);
    labels.push(name.slice(offset + 1, end).replace(/[^!-~]|[.\\"();@$]/g, escapeOctet));
    offset = end;
  }
  return labels.join('.');
}

function escapeOctet(octet: string): string {
  const code = octet.charCodeAt(0);
  return code > 0x20 && code < 0x7f ? `\\${octet}` : `\\${String(code).padStart(3, '0')}`;
}

/** Reads the presentation form; undefined when it is no domain name. A final dot may be left out. */
export function parseName(text: string): Name | undefined {
  if (text === '.') return ROOT;
  const labels: string[] = [];
  let label = '';
  const tokens = text.match(/\\\d{3}|\\[^\d]|[^\\]/gsu);
  if (tokens === null || tokens.join('') !== text) return undefined;
  for (const token of tokens) {
    if (token === '.') {
      labels.push(label);
      label = '';
    } else if (token.length === 4) {
      label += String.fromCharCode(Number(token.slice(1)));
    } else {
      label += token.at(-1);
    }
  }
  if (label !== '') labels.push(label);
  return labels.length === 0 ? undefined : nameFromLabels(labels);
}

function nameFromLabels(labels: readonly string[]): Name | undefined {
  let wire = '';
  for (const label of labels) {
    const bad = label.length === 0 || label.length > MAX_LABEL_OCTETS || /[^\0-\xff]/.test(label);
    if (bad) return undefined;
    wire += String.fromCharCode(label.length) + label;
  }
  return wire.length < MAX_NAME_OCTETS ? (`${wire}\0` as Name) : undefined;
}
