import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { createSecureContext, type SecureVersion, type TLSSocket } from 'node:tls';
import { GluewallError } from './errors.ts';
import { printable } from './printable.ts';
import { readRevocationList } from './revocation-list.ts';

/** Paths of PEM files. */
export interface TlsFiles {
  /** The private key, readable by its owner alone. */
  readonly key: string;
  /** The certificate of that key; those of authorities between it and the other end's `ca` may follow in the same file. */
  readonly certificate: string;
  /** Certificates of the authorities that the other ends' certificates come from. */
  readonly ca: string;
  /** Lists of the certificates that the authorities have revoked (RFC 5280 §5), one of each; undefined: none is asked for. */
  readonly crl?: string | undefined;
}

/** What both ends of a TLS connection are made with, in the words of node:tls. Holds the private key: never to be logged. */
export interface TlsSettings {
  readonly key: string;
  readonly cert: string;
  readonly ca: string[];
  readonly crl?: string[];
  readonly minVersion: SecureVersion;
}

const MAX_FILE_BYTES = 1 << 20;
const MAX_CERTIFICATES = 256;

type TlsFile = keyof TlsFiles;

/** What a server shows of itself, where it asks nothing of the other ends. Holds the private key: never to be logged. */
export type ServerKeys = Pick<TlsSettings, 'key' | 'cert' | 'minVersion'>;

interface ConfiguredFiles extends Omit<TlsFiles, 'ca'> {
  readonly ca?: string;
  readonly section: string;
}

/**
 * Reads what both ends of a TLS connection need, and looks it over: everything that would make each handshake fail is
 * found here. Throws GluewallError `tls-files`, which names the `section` of the configuration that has the files.
 * `ownName` is the DNS name that the other ends look for in our certificate; undefined: they look for none.
 */
export function loadTlsSettings(
  named: TlsFiles,
  nowMs: number,
  section = 'openflow.tls',
  ownName?: string,
): TlsSettings {
  const files: ConfiguredFiles = { ...named, section };
  const own = loadOwnPair(files, nowMs, ownName);
  const authorities = parseCertificates(files, 'ca', readPem(files, 'ca'));
  if (!authorities.some((one) => isValid(one, nowMs))) checkValidity(files, 'ca', authorities[0]!, nowMs);
  const ca = authorities.map(String);
  const crl = named.crl === undefined ? {} : { crl: loadRevocationLists(files, nowMs) };
  return usable(files, { ...own, ca, ...crl });
}

/**
 * As `loadTlsSettings`, of a server that asks for no certificates: of those who are at the other end nobody need have one.
 */
export function loadServerKeys(
  named: Pick<TlsFiles, 'key' | 'certificate'>,
  nowMs: number,
  section: string,
): ServerKeys {
  const files = { ...named, section };
  return usable(files, loadOwnPair(files, nowMs, undefined));
}

/** Our key, and the certificate that belongs to it. */
function loadOwnPair(files: ConfiguredFiles, nowMs: number, ownName: string | undefined): ServerKeys {
  const keyPem = readPem(files, 'key');
  const certificatePem = readPem(files, 'certificate');
  const key = parseKey(files, keyPem);
  const [own, ...between] = parseCertificates(files, 'certificate', certificatePem);
  if (!own!.checkPrivateKey(key)) {
    throw unusable(files, 'certificate', `is not of the key in ${files.key}`, 'name the two that belong together');
  }
  if (ownName !== undefined && !isNamed(own!, ownName)) {
    const problem = `has ${oneLine(own!.subjectAltName ?? 'no subjectAltName')}, and not DNS:${ownName}`;
    throw unusable(files, 'certificate', problem, 'get one of that name, or set the name to one that it has');
  }
  for (const one of [own!, ...between]) checkValidity(files, 'certificate', one, nowMs);
  return { key: keyPem, cert: certificatePem, minVersion: 'TLSv1.2' };
}

/** The settings, tried out. */
function usable<S extends ServerKeys>(files: ConfiguredFiles, settings: S): S {
  try {
    createSecureContext(settings);
    return settings;
  } catch (cause) {
    const problem = `cannot be used: ${(cause as Error).message}`;
    throw unusable(files, 'certificate', problem, 'make one with a stronger key', cause as Error);
  }
}

/** At least one. With a list out of its time every certificate is refused: that is said here. */
function loadRevocationLists(files: ConfiguredFiles, nowMs: number): string[] {
  const blocks = readPem(files, 'crl').match(/-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----/g) ?? [];
  if (blocks.length === 0) {
    throw unusable(files, 'crl', 'holds no revocation list in PEM', 'it begins with -----BEGIN X509 CRL-----');
  }
  if (blocks.length > MAX_CERTIFICATES) {
    throw unusable(files, 'crl', `holds more than ${MAX_CERTIFICATES} revocation lists`, 'name one of each authority');
  }
  for (const [index, block] of blocks.entries()) {
    const times = readRevocationList(block);
    if (times === undefined) {
      throw unusable(files, 'crl', `holds a damaged revocation list (number ${index + 1})`, 'copy it anew');
    }
    const { nextUpdateMs = Number.POSITIVE_INFINITY, thisUpdateMs } = times;
    const remedy = 'get a new one from the authority, or set the clock right: until then no certificate can be trusted';
    if (nowMs > nextUpdateMs) throw unusable(files, 'crl', `has expired (on ${inUtc(nextUpdateMs)})`, remedy);
    if (nowMs < thisUpdateMs) throw unusable(files, 'crl', `is not valid yet (from ${inUtc(thisUpdateMs)})`, remedy);
  }
  return blocks;
}

function inUtc(atMs: number): string {
  return new Date(atMs).toISOString();
}

function readPem(files: ConfiguredFiles, role: TlsFile): string {
  let descriptor: number;
  try {
    // A pipe or a device must not hold up the start.
    descriptor = openSync(files[role]!, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw unreadable(files, role, cause as NodeJS.ErrnoException);
  }
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw unusable(files, role, 'is no file', 'name a PEM file');
    if (status.size > MAX_FILE_BYTES) {
      throw unusable(files, role, `is larger than ${MAX_FILE_BYTES} octets`, 'name a PEM file');
    }
    if (role === 'key' && (status.mode & 0o077) !== 0 && !isCredential(status)) {
      const mode = (status.mode & 0o777).toString(8).padStart(4, '0');
      const problem = `may be read by others than its owner (mode ${mode})`;
      throw unusable(files, role, problem, `chmod 600 ${files.key}, and if others had access, make a new key`);
    }
    return readFileSync(descriptor, 'latin1');
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Whether this may be a file of systemd's LoadCredential=: root's, not to be written, with a list that lets one user read it. The
 * mode of such a file shows the mask of the list where others show the rights of the group, which is root's own.
 */
export function isCredential({ uid, gid, mode }: Stats): boolean {
  return uid === 0 && gid === 0 && (mode & 0o777) === 0o440;
}

function unreadable(files: ConfiguredFiles, role: TlsFile, cause: NodeJS.ErrnoException): GluewallError {
  switch (cause.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return unusable(files, role, 'is not there', '`gluewall pki init` makes one for a lab', cause);
    case 'EACCES':
    case 'EPERM':
      return unusable(files, role, 'may not be read', 'give it to the user that gluewall runs as', cause);
    default:
      return unusable(files, role, `cannot be read (${cause.code})`, 'name another', cause);
  }
}

function parseKey(files: ConfiguredFiles, pem: string): KeyObject {
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    const remedy = `openssl pkey -in ${files.key} -out NEWFILE writes it without one`;
    throw unusable(files, 'key', 'is protected by a passphrase, and there is nobody to ask', remedy);
  }
  try {
    return createPrivateKey(pem);
  } catch {
    // The message of the library is left out: nothing of a key belongs in a log.
    throw unusable(files, 'key', 'holds no private key in PEM', 'it begins with -----BEGIN PRIVATE KEY-----');
  }
}

/** At least one. */
function parseCertificates(files: ConfiguredFiles, role: TlsFile, pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const remedy = 'it begins with -----BEGIN CERTIFICATE-----';
  if (blocks.length === 0) throw unusable(files, role, 'holds no certificate in PEM', remedy);
  if (blocks.length > MAX_CERTIFICATES) {
    const wanted = 'name only the authorities that the other ends have their certificates from';
    throw unusable(files, role, `holds more than ${MAX_CERTIFICATES} certificates`, wanted);
  }
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw unusable(files, role, `holds a damaged certificate (number ${index + 1})`, 'copy it anew', cause as Error);
    }
  });
}

function checkValidity(files: ConfiguredFiles, role: TlsFile, certificate: X509Certificate, nowMs: number): void {
  const { validFrom, validTo } = certificate;
  const remedy = 'make a new one, or set the clock right';
  const name = oneLine(certificate.subject);
  if (nowMs > Date.parse(validTo)) throw unusable(files, role, `has expired (${name}, on ${validTo})`, remedy);
  if (nowMs < Date.parse(validFrom))
    throw unusable(files, role, `is not valid yet (${name}, from ${validFrom})`, remedy);
}

function isValid({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
  return nowMs >= Date.parse(validFrom) && nowMs <= Date.parse(validTo);
}

function unusable(
  files: ConfiguredFiles,
  role: TlsFile,
  problem: string,
  remedy: string,
  cause?: Error,
): GluewallError {
  return new GluewallError('tls-files', `${files.section}.${role}: ${files[role]} ${problem}; ${remedy}`, { cause });
}

const MAX_SUBJECT_CHARACTERS = 256;

/** Whether a subjectAltName of the certificate is this very DNS name (RFC 9525): no wildcard, and no common name. */
export function isNamed(certificate: X509Certificate, name: string): boolean {
  return certificate.checkHost(name, { subject: 'never', wildcards: false, partialWildcards: false }) !== undefined;
}

/** When our own certificate ends. */
export function expiresAtMs({ cert }: TlsSettings): number {
  return Date.parse(new X509Certificate(cert).validTo);
}

/**
 * The subject of the other end's certificate as `CN=…, O=…`, on one line and cut at 256 characters; undefined when it
 * shows no certificate.
 */
export function subjectOf(socket: TLSSocket): string | undefined {
  const subject = socket.getPeerX509Certificate()?.subject;
  return subject === undefined ? undefined : oneLine(subject);
}

function oneLine(subject: string): string {
  return printable(subject.split('\n').join(', ').slice(0, MAX_SUBJECT_CHARACTERS));
}
