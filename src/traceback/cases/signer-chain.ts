/** Whether who signed was vouched for (RFC 5280 §6), in the few ways that TLS takes for a node, too. */
import type { X509Certificate } from 'node:crypto';
import { contentOf, DER_TAGS, elementsIn, readElement } from '../../core/der.ts';
import type { RevocationList } from '../../core/revocation-list.ts';

/** Authorities between the certificate of a node and one that is trusted. */
const MAX_BETWEEN = 1;

/** OIDs of extensions (RFC 5280 §4.2.1) as DER has them. */
const KEY_USAGE = '551d0f';
const SUBJECT_ALT_NAME = '551d11';
const BASIC_CONSTRAINTS = '551d13';
const NAME_CONSTRAINTS = '551d1e';
const EXTENDED_KEY_USAGE = '551d25';
const UNDERSTOOD = [KEY_USAGE, SUBJECT_ALT_NAME, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE];
/** Of extendedKeyUsage: serverAuth, clientAuth, and any. */
const NODE_USES = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2', '2.5.29.37.0'];

/** Who is trusted to vouch for nodes, and what they have taken back. */
export interface TrustedAuthorities {
  readonly certificates: readonly X509Certificate[];
  /** Undefined: what was revoked is not looked at. */
  readonly revoked: readonly RevocationList[] | undefined;
}

/** When it was signed, and now, in milliseconds since the epoch. */
interface SigningTimes {
  readonly signedAtMs: number;
  readonly nowMs: number;
}

/**
 * Whether a chain leads from its first certificate to one of the authorities, over one between them at most, all valid when it was
 * signed, for the use of nodes and, where there are lists, not revoked until now: undefined when it does, else what is wrong.
 */
export function chainFault(
  chain: readonly [X509Certificate, ...X509Certificate[]],
  { certificates, revoked }: TrustedAuthorities,
  times: SigningTimes,
): string | undefined {
  let current = chain[0];
  for (let between = 0; between <= MAX_BETWEEN; between++) {
    const authority = certificates.find((one) => isIssuer(one, current));
    const issuer = authority ?? chain.find((one) => isIssuer(one, current));
    const fault =
      certificateFault(current, times.signedAtMs) ??
      (issuer && (issuerFault(issuer, between, times) ?? revocationFault(current, issuer, revoked, times.nowMs)));
    if (fault !== undefined) return fault;
    if (authority !== undefined) return undefined;
    if (issuer === undefined) return `${nameOf(current)} comes from none of the authorities that are trusted`;
    current = issuer;
  }
  return `${nameOf(current)} comes from none of the authorities that are trusted, or over too many others`;
}

/** `CN=…, O=…`, on one line. */
export function nameOf({ subject }: X509Certificate): string {
  return subject.split('\n').join(', ').slice(0, 256);
}

function isIssuer(issuer: X509Certificate, issued: X509Certificate): boolean {
  return issuer.ca && issued.checkIssued(issuer) && issued.verify(issuer.publicKey);
}

function certificateFault(certificate: X509Certificate, atMs: number): string | undefined {
  const { validFrom, validTo, keyUsage } = certificate;
  const name = nameOf(certificate);
  if (atMs < Date.parse(validFrom) || atMs > Date.parse(validTo)) {
    return `${name} was not valid when it was signed, but from ${validFrom} to ${validTo}`;
  }
  // What node:crypto calls keyUsage is extendedKeyUsage.
  if (keyUsage !== undefined && !keyUsage.some((use) => NODE_USES.includes(use))) {
    return `${name} is for another use than that of nodes`;
  }
  const strange = extensionsOf(certificate).find(({ id, isCritical }) => {
    return id === NAME_CONSTRAINTS || (isCritical && !UNDERSTOOD.includes(id));
  });
  return strange && `${name} has limits that are not understood here (such as name constraints)`;
}

/** `between`: how many authorities are between this one and the node. */
function issuerFault(issuer: X509Certificate, between: number, { signedAtMs }: SigningTimes): string | undefined {
  const most = pathLengthOf(issuer);
  if (most !== undefined && between > most) return `${nameOf(issuer)} may vouch for nodes, and for no other authority`;
  return certificateFault(issuer, signedAtMs);
}

function revocationFault(
  certificate: X509Certificate,
  issuer: X509Certificate,
  lists: readonly RevocationList[] | undefined,
  nowMs: number,
): string | undefined {
  if (lists === undefined) return undefined;
  const ofIssuer = lists.filter((list) => list.isOf(issuer.publicKey));
  const name = nameOf(certificate);
  // Whoever has the key of a revoked certificate can sign as if it were before.
  if (ofIssuer.some((list) => list.revokes(certificate.serialNumber))) return `${name} has been revoked`;
  const isKnown = ofIssuer.some(({ nextUpdateMs = nowMs }) => nextUpdateMs >= nowMs);
  return isKnown ? undefined : `whether ${name} has been revoked is not known: no list of its authority is of now`;
}

interface Extension {
  /** The OID. */
  readonly id: string;
  readonly isCritical: boolean;
  /** DER. */
  readonly value: Buffer;
}

function extensionsOf({ raw }: X509Certificate): readonly Extension[] {
  const certificate = readElement(raw, 0);
  const signed = certificate && readElement(raw, certificate.from);
  const tagged = signed && elementsIn(raw, signed).find(({ tag }) => tag === EXTENSIONS_TAG);
  const all = tagged && readElement(raw, tagged.from);
  return (all === undefined ? [] : elementsIn(raw, all)).flatMap((extension) => {
    const [id, ...rest] = elementsIn(raw, extension);
    const value = rest.at(-1);
    if (id === undefined || value === undefined) return [];
    const isCritical = rest[0]?.tag === DER_TAGS.boolean && contentOf(raw, rest[0]) !== '00';
    return [{ id: contentOf(raw, id), isCritical, value: raw.subarray(value.from, value.to) }];
  });
}

/** `[3]` of a certificate (RFC 5280 §4.1). */
const EXTENSIONS_TAG = 0xa3;

/** pathLenConstraint of an authority (RFC 5280 §4.2.1.9); undefined: there is no limit. */
function pathLengthOf(authority: X509Certificate): number | undefined {
  const value = extensionsOf(authority).find(({ id }) => id === BASIC_CONSTRAINTS)?.value;
  const constraints = value && readElement(value, 0);
  const limit = constraints && elementsIn(value, constraints).find(({ tag }) => tag === DER_TAGS.integer);
  return value && limit && Number.parseInt(contentOf(value, limit), 16);
}
