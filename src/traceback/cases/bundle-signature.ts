/** Signs a manifest as JWS (RFC 7515) with the key of a node, and reads such signatures. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { decodeProtectedHeader, type FlattenedJWS, FlattenedSign, flattenedVerify } from 'jose';
import { z } from 'zod';
import { GluewallError } from '../../core/errors.ts';

/** Certificates between the signer's and the authority's. */
const MAX_CHAIN = 8;
const TYPE = 'gluewall-evidence+jws';

/** The key of a node, and its certificate with those between it and the authority, both in PEM. */
export interface BundleSigner {
  readonly keyPem: string;
  readonly certificatePem: string;
}

/** Rejects with GluewallError `evidence` when there is no way to sign with such a key. */
export async function signManifest(manifest: object, { keyPem, certificatePem }: BundleSigner): Promise<FlattenedJWS> {
  const chain = certificatesOf(certificatePem);
  const own = chain[0];
  const alg = own && algorithmOf(own.publicKey);
  if (own === undefined || alg === undefined) throw unsigned('the certificate is of no kind of key that can sign');
  try {
    return await new FlattenedSign(Buffer.from(JSON.stringify(manifest)))
      .setProtectedHeader({ alg, typ: TYPE, x5c: chain.map(({ raw }) => raw.toString('base64')) })
      .sign(createPrivateKey(keyPem));
  } catch {
    // The message of the library is left out: nothing of a key belongs in a log.
    throw unsigned('the key of the node cannot sign');
  }
}

function unsigned(problem: string): GluewallError {
  const remedy = 'want RSA of 2048 bits and more, ECDSA on P-256, P-384 or P-521, or Ed25519';
  return new GluewallError('evidence', `the bundle cannot be signed: ${problem}; ${remedy}`);
}

/** The algorithm of RFC 7518 and 8037 for a kind of key. */
function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  const curves: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };
  switch (asymmetricKeyType) {
    case 'rsa':
      return 'PS256';
    case 'ec':
      return curves[asymmetricKeyDetails?.namedCurve ?? ''];
    case 'ed25519':
      return 'EdDSA';
    default:
      return undefined;
  }
}

/** What a signature says, and who made it. */
export interface ReadSignature {
  /** Undefined: it is no JSON. */
  readonly manifest: unknown;
  /** First the signer's. */
  readonly chain: readonly [X509Certificate, ...X509Certificate[]];
}

/** The members of a flattened signature, and no others: only these are signed. */
const flattened = z.strictObject({ payload: base64Url(), protected: base64Url(), signature: base64Url() });

/** Octets in base64url as they are written, with nothing in the bits that do not count. */
function base64Url() {
  return z.string().refine((text) => Buffer.from(text, 'base64url').toString('base64url') === text);
}

/** Reads a signature and checks it against the key of its own certificate; the words say what is wrong with it. */
export async function readSignature(text: string): Promise<ReadSignature | string> {
  let jws: FlattenedJWS;
  let chain: X509Certificate[];
  try {
    jws = flattened.parse(JSON.parse(text));
    const { x5c, typ } = decodeProtectedHeader(jws);
    if (typ !== TYPE) return 'is a signature of another kind';
    if (!Array.isArray(x5c) || x5c.length === 0 || x5c.length > MAX_CHAIN) return 'names no certificate of its signer';
    chain = x5c.map((octets) => readCertificate(Buffer.from(octets, 'base64')));
  } catch {
    return 'is no signature as JSON (RFC 7515) with certificates';
  }
  const alg = algorithmOf(chain[0]!.publicKey);
  if (alg === undefined) return 'is by a key of a kind that is not known here';
  try {
    const { payload } = await flattenedVerify(jws, chain[0]!.publicKey, { algorithms: [alg] });
    return { manifest: parseJson(Buffer.from(payload).toString('utf8')), chain: [chain[0]!, ...chain.slice(1)] };
  } catch {
    return 'does not fit: it, or what it is over, was changed';
  }
}

/** Throws when it is damaged, also in its key, which node:crypto would find only when it is used. */
function readCertificate(octets: Buffer | string): X509Certificate {
  const certificate = new X509Certificate(octets);
  if (certificate.publicKey.asymmetricKeyType === undefined) throw new Error('a key of no known kind');
  return certificate;
}

/** The certificates in a PEM text; those that are damaged are left out. */
export function certificatesOf(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [readCertificate(block)];
    } catch {
      return [];
    }
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
