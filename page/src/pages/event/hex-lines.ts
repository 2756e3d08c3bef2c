/** Octets as people read them. */

const LINE_OCTETS = 16;

export interface HexLine {
  /** Of its first octet, in hexadecimal. */
  readonly offset: string;
  readonly octets: string;
  /** What of it is printable ASCII; a dot for the rest. */
  readonly text: string;
}

/** Sixteen octets a line; what is no pair of hexadecimal digits ends it. */
export function hexLines(hex: string): readonly HexLine[] {
  const octets = (/^(?:[\da-f]{2})*/i.exec(hex)?.[0] ?? '').match(/../g) ?? [];
  const lines: HexLine[] = [];
  for (let at = 0; at < octets.length; at += LINE_OCTETS) {
    const line = octets.slice(at, at + LINE_OCTETS);
    lines.push({ offset: at.toString(16).padStart(4, '0'), octets: line.join(' '), text: line.map(printed).join('') });
  }
  return lines;
}

function printed(octet: string): string {
  const code = Number.parseInt(octet, 16);
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '.';
}
