/** When a list of revoked certificates was made, and by when the next one is due: milliseconds since the epoch. */
export interface RevocationListTimes {
  readonly thisUpdateMs: number;
  /** Undefined: it does not say. */
  readonly nextUpdateMs: number | undefined;
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

/** The times of a CRL in PEM (RFC 5280 §5.1); undefined: it is none. What it revokes is for TLS to read. */
export function readRevocationList(pem: string): RevocationListTimes | undefined {
  const octets = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
  const list = readElement(octets, 0);
  const signed = list?.tag === SEQUENCE ? readElement(octets, list.from) : undefined;
  if (signed?.tag !== SEQUENCE) return undefined;
  const first = readElement(octets, signed.from);
  // The version is left out of lists of version 1.
  const algorithm = first?.tag === INTEGER ? readElement(octets, first.to) : first;
  const issuer = algorithm && readElement(octets, algorithm.to);
  const thisUpdate = issuer && readElement(octets, issuer.to);
  const thisUpdateMs = thisUpdate && readTime(octets, thisUpdate);
  if (thisUpdate === undefined || thisUpdateMs === undefined) return undefined;
  const nextUpdate = readElement(octets, thisUpdate.to);
  return { thisUpdateMs, nextUpdateMs: nextUpdate && readTime(octets, nextUpdate) };
}

/** A value of DER (X.690 §8.1): its tag, and where its content lies. */
interface Element {
  readonly tag: number;
  readonly from: number;
  readonly to: number;
}

function readElement(octets: Buffer, at: number): Element | undefined {
  const tag = octets[at];
  const first = octets[at + 1];
  if (tag === undefined || first === undefined) return undefined;
  const lengthOctets = first < 0x80 ? 0 : first & 0x7f;
  const from = at + 2 + lengthOctets;
  if (lengthOctets > 4 || from > octets.length) return undefined;
  const length = lengthOctets === 0 ? first : octets.readUIntBE(at + 2, lengthOctets);
  const to = from + length;
  return first === 0x80 || to > octets.length ? undefined : { tag, from, to };
}

/** UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 has them. */
function readTime(octets: Buffer, { tag, from, to }: Element): number | undefined {
  const text = octets.toString('latin1', from, to);
  if (tag !== UTC_TIME && tag !== GENERALIZED_TIME) return undefined;
  const century = tag === GENERALIZED_TIME ? '' : Number(text.slice(0, 2)) < 50 ? '20' : '19';
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(`${century}${text}`) ?? [];
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(atMs) ? undefined : atMs;
}
