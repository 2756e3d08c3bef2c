/** A value of DER (X.690 §8.1): its tag, where it begins, and where its content lies. */
export interface DerElement {
  readonly tag: number;
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

export const DER_TAGS = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const;

/** The element at `at`; undefined: there is none, or its end is beyond that of the octets. */
export function readElement(octets: Buffer, at: number): DerElement | undefined {
  const tag = octets[at];
  const first = octets[at + 1];
  if (tag === undefined || first === undefined) return undefined;
  const lengthOctets = first < 0x80 ? 0 : first & 0x7f;
  const from = at + 2 + lengthOctets;
  if (lengthOctets > 4 || from > octets.length) return undefined;
  const length = lengthOctets === 0 ? first : octets.readUIntBE(at + 2, lengthOctets);
  const to = from + length;
  return first === 0x80 || to > octets.length ? undefined : { tag, at, from, to };
}

/** The elements in the content of another, up to the first that is none. */
export function elementsIn(octets: Buffer, { from, to }: Pick<DerElement, 'from' | 'to'>): readonly DerElement[] {
  const found: DerElement[] = [];
  for (let at = from; at < to; ) {
    const element = readElement(octets, at);
    if (element === undefined || element.to > to) break;
    found.push(element);
    at = element.to;
  }
  return found;
}

/** The content of an element in hexadecimal. */
export function contentOf(octets: Buffer, { from, to }: Pick<DerElement, 'from' | 'to'>): string {
  return octets.toString('hex', from, to);
}
