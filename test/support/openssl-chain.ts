import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Ways to say to `openssl genpkey` what kind of key is wanted. */
export const KEY_KINDS = {
  'RSA 2048': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  'P-256': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-384': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  'P-521': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'],
  Ed25519: ['-algorithm', 'ED25519'],
  X25519: ['-algorithm', 'X25519'],
} as const;

const AUTHORITY = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign';
const NO_AUTHORITY = 'basicConstraints=critical,CA:FALSE';

export interface SignerChain {
  readonly caPem: string;
  readonly keyPem: string;
  /** The node's certificate and that of the authority between. */
  readonly certificatePem: string;
}

/** Lines of openssl's configuration, in place of those that are right. */
export interface ChainExtensions {
  readonly root?: string;
  readonly between?: string;
  readonly node?: string;
}

/** What a node has that is no authority, and may have for more. */
export const nodeExtensions = (name: string, more = '') => `${NO_AUTHORITY}\nsubjectAltName=DNS:${name}\n${more}`;

/** What an authority has, and may have for more. */
export const authorityExtensions = (more: string) => `${AUTHORITY}\n${more}`;

/** A root, an authority below it, and a node with a key of this kind, valid from now on for a day. */
export function makeChain(
  folder: string,
  node: string,
  kind: keyof typeof KEY_KINDS,
  extensions: ChainExtensions = {},
): SignerChain {
  const file = (name: string) => join(folder, name);
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const issue = (name: string, subject: string, issuer: string, extensions: string) => {
    writeFileSync(file(`${name}.ext`), `${extensions}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n`);
    openssl('pkey', '-in', `${name}.key`, '-pubout', '-out', `${name}.pub`);
    // The request is signed by the issuer: some kinds of keys cannot sign, and the key is forced below.
    openssl('req', '-new', '-key', `${issuer}.key`, '-subj', subject, '-out', `${name}.csr`);
    const issuedBy = ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-CAcreateserial', '-days', '1'];
    const parts = ['-force_pubkey', `${name}.pub`, '-extfile', `${name}.ext`, '-out', `${name}.pem`];
    openssl('x509', '-req', '-in', `${name}.csr`, ...issuedBy, ...parts);
  };
  for (const name of ['root', 'between']) openssl('genpkey', ...KEY_KINDS['P-256'], '-out', `${name}.key`);
  openssl('genpkey', ...KEY_KINDS[kind], '-out', 'node.key');
  const root = `[req]\ndistinguished_name=of\nx509_extensions=root\n[of]\n[root]\n${extensions.root ?? AUTHORITY}\n`;
  writeFileSync(file('root.cnf'), `${root}subjectKeyIdentifier=hash\n`);
  const rootParts = ['-config', 'root.cnf', '-days', '1', '-out', 'root.pem'];
  openssl('req', '-x509', '-key', 'root.key', '-subj', '/CN=root', ...rootParts);
  issue('between', '/CN=between', 'root', extensions.between ?? AUTHORITY);
  issue('node', `/CN=${node}`, 'between', extensions.node ?? nodeExtensions(node));
  const read = (name: string) => readFileSync(file(name), 'utf8');
  return { caPem: read('root.pem'), keyPem: read('node.key'), certificatePem: read('node.pem') + read('between.pem') };
}
