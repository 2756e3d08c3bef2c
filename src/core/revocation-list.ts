import { type KeyObject, verify } from 'node:crypto';
import { contentOf, DER_TAGS, type DerElement, elementsIn, readElement } from './der.ts';

/** A list of revoked certificates (RFC 5280 §5.1). Times are milliseconds since the epoch. */
export interface RevocationList {
  readonly thisUpdateMs: number;
  /** By when the next list is due; undefined: it does not say. */
  readonly nextUpdateMs: number | undefined;
  /** Whether the authority with this key has signed the list; false also where that cannot be told. */
  isOf(authority: KeyObject): boolean;
  /** Whether the list has a certificate; the number is hexadecimal. */
  revokes(serialNumber: string): boolean;
}

/** Hash algorithms by the OID of a signature: RSA with PKCS #1 v1.5, ECDSA, Ed25519. */
const SIGNATURES: Readonly<Record<string, string | null>> = {
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2b6570': null,
};

/** Reads the first CRL of a PEM text; undefined: it is none. In connections TLS itself reads what it revokes. */
export function readRevocationList(pem: string): RevocationList | undefined {
  const octets = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
  const list = readElement(octets, 0);
  if (list?.tag !== DER_TAGS.sequence) return undefined;
  const [signed, algorithm, signature] = elementsIn(octets, list);
  if (signed?.tag !== DER_TAGS.sequence) return undefined;
  const parts = elementsIn(octets, signed);
  // The version is left out of lists of version 1.
  const [, , thisUpdate, ...rest] = parts[0]?.tag === DER_TAGS.integer ? parts.slice(1) : parts;
  const thisUpdateMs = thisUpdate && readTime(octets, thisUpdate);
  if (thisUpdateMs === undefined) return undefined;
  const nextUpdateMs = rest[0] && readTime(octets, rest[0]);
  const revoked = (nextUpdateMs === undefined ? rest : rest.slice(1)).find(({ tag }) => tag === DER_TAGS.sequence);
  return {
    thisUpdateMs,
    nextUpdateMs,
    isOf: (authority) => isSignedBy(octets, [signed, algorithm, signature], authority),
    revokes: (serialNumber) => revoked !== undefined && hasNumber(octets, revoked, BigInt(`0x${serialNumber}`)),
  };
}

function isSignedBy(
  octets: Buffer,
  [signed, algorithm, signature]: readonly [DerElement, DerElement | undefined, DerElement | undefined],
  authority: KeyObject,
): boolean {
  const identifier = algorithm && readElement(octets, algorithm.from);
  const hash = identifier && SIGNATURES[contentOf(octets, identifier)];
  if (hash === undefined || signature?.tag !== DER_TAGS.bitString) return false;
  try {
    // The first octet of a bit string says how many bits of the last do not count: none.
    const bits = octets.subarray(signature.from + 1, signature.to);
    return verify(hash, octets.subarray(signed.at, signed.to), authority, bits);
  } catch {
    // The key is of another kind.
    return false;
  }
}

function hasNumber(octets: Buffer, revoked: DerElement, wanted: bigint): boolean {
  return elementsIn(octets, revoked).some((entry) => {
    const number = readElement(octets, entry.from);
    return number?.tag === DER_TAGS.integer && BigInt(`0x0${contentOf(octets, number)}`) === wanted;
  });
}

/** UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 has them. */
function readTime(octets: Buffer, { tag, from, to }: DerElement): number | undefined {
  const text = octets.toString('latin1', from, to);
  if (tag !== DER_TAGS.utcTime && tag !== DER_TAGS.generalizedTime) return undefined;
  const century = tag === DER_TAGS.generalizedTime ? '' : Number(text.slice(0, 2)) < 50 ? '20' : '19';
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(`${century}${text}`) ?? [];
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(atMs) ? undefined : atMs;
}
