import { printable } from '../core/printable.ts';

/** The longest domain name in text (RFC 1035 §2.3.4: 255 octets, of which two are not shown). */
const MAX_CHARACTERS = 253;
/** Nearly all names are like this, and nothing is to be done about them. */
const PLAIN = /^[!-~]*$/;

/**
 * What a client or a name server calls a host, as one harmless line: whoever may send a DHCP request or owns a reverse zone
 * chooses it. A final dot goes, what is longer than any domain name is cut; undefined when nothing is left. `octets`: one
 * character each; they are read as UTF-8.
 */
export function hostnameFrom(octets: string): string | undefined {
  const start = octets.slice(0, 4 * MAX_CHARACTERS);
  const text = PLAIN.test(start) ? start : Buffer.from(start, 'latin1').toString('utf8').trim();
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  const line = PLAIN.test(name) ? name : printable(name);
  if (line.length <= MAX_CHARACTERS) return line === '' ? undefined : line;
  const end = isHighSurrogate(line.charCodeAt(MAX_CHARACTERS - 1)) ? MAX_CHARACTERS - 1 : MAX_CHARACTERS;
  return line.slice(0, end);
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
