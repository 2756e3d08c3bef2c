import { createPrivateKey, generateKeyPair, randomBytes, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { DAY_MS } from '../core/clock.ts';

const KEY_BITS = 2048;
/** Clocks of switches differ from ours. */
const BEFORE_MS = 3_600_000;

/** A private key (PKCS #8) and its certificate (RFC 5280), both in PEM. */
export interface KeyAndCertificate {
  readonly keyPem: string;
  readonly certificatePem: string;
}

/** A certificate authority of a lab: its key is kept beside it. */
export class LabAuthority {
  readonly files: KeyAndCertificate;
  readonly #key: forge.pki.rsa.PrivateKey;
  readonly #certificate: forge.pki.Certificate;
  readonly #validity: Validity;

  private constructor(files: KeyAndCertificate, key: forge.pki.rsa.PrivateKey, validity: Validity) {
    this.files = files;
    this.#key = key;
    this.#certificate = forge.pki.certificateFromPem(files.certificatePem);
    this.#validity = validity;
  }

  /** Makes one that is valid from `nowMs` on for `days`, as everything that it issues. */
  static async create(name: string, nowMs: number, days: number): Promise<LabAuthority> {
    const validity = { fromMs: nowMs - BEFORE_MS, toMs: nowMs + days * DAY_MS };
    const pair = await newKeyPair();
    const certificate = draft(name, pair.publicKey, validity);
    certificate.setIssuer(certificate.subject.attributes);
    certificate.setExtensions([
      { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
      { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
      { name: 'subjectKeyIdentifier' },
    ]);
    return new LabAuthority(signed(certificate, pair, pair.privateKey), pair.privateKey, validity);
  }

  /**
   * One that was made before. What it issues is valid for `days`, and no longer than it is itself. Throws an Error that says what is
   * wrong with the files.
   */
  static from(files: KeyAndCertificate, nowMs: number, days: number): LabAuthority {
    const certificate = new X509Certificate(files.certificatePem);
    const endsAtMs = Date.parse(certificate.validTo);
    if (!certificate.ca) throw new Error('it is the certificate of no authority');
    if (!certificate.checkPrivateKey(createPrivateKey(files.keyPem))) throw new Error('key and certificate differ');
    if (endsAtMs <= nowMs) throw new Error(`it has expired (on ${certificate.validTo})`);
    const validity = { fromMs: nowMs - BEFORE_MS, toMs: Math.min(nowMs + days * DAY_MS, endsAtMs) };
    return new LabAuthority(files, forge.pki.privateKeyFromPem(files.keyPem), validity);
  }

  /** Until when what it issues is valid. */
  get validUntilMs(): number {
    return this.#validity.toMs;
  }

  /** Issues a key with a certificate for `name`, which serves at both ends of a connection. */
  async issue(name: string, validity = this.#validity): Promise<KeyAndCertificate> {
    const pair = await newKeyPair();
    const certificate = draft(name, pair.publicKey, validity);
    certificate.setIssuer(this.#certificate.subject.attributes);
    certificate.setExtensions([
      { name: 'basicConstraints', critical: true, cA: false },
      { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      { name: 'subjectAltName', altNames: [isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name }] },
      { name: 'subjectKeyIdentifier' },
      {
        name: 'authorityKeyIdentifier',
        keyIdentifier: this.#certificate.generateSubjectKeyIdentifier().getBytes(),
      },
    ]);
    return signed(certificate, pair, this.#key);
  }
}

interface Validity {
  readonly fromMs: number;
  readonly toMs: number;
}

interface KeyPair {
  readonly keyPem: string;
  readonly privateKey: forge.pki.rsa.PrivateKey;
  readonly publicKey: forge.pki.rsa.PublicKey;
}

const generate = promisify(generateKeyPair);

/** Node makes keys in a thread of its own, and far faster than forge. */
async function newKeyPair(): Promise<KeyPair> {
  const { privateKey: keyPem, publicKey } = await generate('rsa', {
    modulusLength: KEY_BITS,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return {
    keyPem,
    privateKey: forge.pki.privateKeyFromPem(keyPem),
    publicKey: forge.pki.publicKeyFromPem(publicKey) as forge.pki.rsa.PublicKey,
  };
}

function draft(name: string, publicKey: forge.pki.rsa.PublicKey, { fromMs, toMs }: Validity): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.serialNumber = newSerialNumber();
  certificate.validity.notBefore = new Date(fromMs);
  certificate.validity.notAfter = new Date(toMs);
  certificate.setSubject([
    { name: 'organizationName', value: 'gluewall lab' },
    { name: 'commonName', value: name },
  ]);
  return certificate;
}

/** Positive, at random, at most 20 octets (RFC 5280 §4.1.2.2). */
function newSerialNumber(): string {
  const octets = randomBytes(16);
  octets[0] = (octets[0]! & 0x7f) | 0x40;
  return octets.toString('hex');
}

function signed(
  certificate: forge.pki.Certificate,
  { keyPem }: KeyPair,
  signingKey: forge.pki.rsa.PrivateKey,
): KeyAndCertificate {
  certificate.sign(signingKey, forge.md.sha256.create());
  return { keyPem, certificatePem: forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n') };
}
