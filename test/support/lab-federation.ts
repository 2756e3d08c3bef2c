import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsFiles } from '../../src/core/tls-settings.ts';
import { LabAuthority } from '../../src/pki/lab-authority.ts';
import { LAB_DAYS, LAB_START_MS, type TlsEnd } from './lab-certificates.ts';

const AUTHORITY_CONFIGURATION = (directory: string) => `
[ca]
default_ca = lab
[lab]
database = ${directory}/index.txt
crlnumber = ${directory}/crlnumber
default_md = sha256
`;

/** How a certificate is to be bad. */
interface IssueOptions {
  readonly isExpired?: boolean;
  readonly isOfAnotherAuthority?: boolean;
}

/** Nodes of several organisations with certificates of one authority, which can revoke them (by the openssl command). */
export class LabFederation {
  readonly directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  readonly ca: string;
  readonly #authority: LabAuthority;
  readonly #other: LabAuthority;
  readonly #nodes = new Map<string, TlsEnd>();

  private constructor(authority: LabAuthority, other: LabAuthority) {
    this.#authority = authority;
    this.#other = other;
    this.ca = authority.files.certificatePem;
    this.write('ca-key.pem', authority.files.keyPem);
    this.write('ca.pem', this.ca);
    this.write('ca.cnf', AUTHORITY_CONFIGURATION(this.directory));
    this.write('index.txt', '');
    this.write('crlnumber', '01\n');
  }

  static async make(): Promise<LabFederation> {
    const [authority, other] = await Promise.all(
      ['lab', 'other'].map((name) => LabAuthority.create(name, LAB_START_MS, LAB_DAYS)),
    );
    return new LabFederation(authority!, other!);
  }

  /** A key and certificate of this DNS name, in memory. */
  async end(name: string, { isExpired = false, isOfAnotherAuthority = false }: IssueOptions = {}): Promise<TlsEnd> {
    const authority = isOfAnotherAuthority ? this.#other : this.#authority;
    const past = { fromMs: LAB_START_MS, toMs: LAB_START_MS + 1000 };
    const { keyPem, certificatePem } = await (isExpired ? authority.issue(name, past) : authority.issue(name));
    return { key: keyPem, cert: certificatePem, ca: this.ca };
  }

  /** The files of a node of this name; of `end` when they are not to be good ones. */
  async files(name: string, end?: TlsEnd): Promise<TlsFiles> {
    const held = end ?? this.#nodes.get(name) ?? (await this.end(name));
    this.#nodes.set(name, held);
    const { key, cert } = held;
    return {
      key: this.write(`${name}-key.pem`, key!),
      certificate: this.write(`${name}.pem`, cert!),
      ca: join(this.directory, 'ca.pem'),
      crl: this.revocationList(),
    };
  }

  revoke({ cert }: TlsEnd): void {
    this.#openssl('-revoke', this.write('revoked.pem', cert!));
  }

  /** Writes the list of what has been revoked, and returns its path; valid for an hour unless told otherwise. */
  revocationList(...times: string[]): string {
    const file = join(this.directory, 'crl.pem');
    this.#openssl('-gencrl', '-out', file, ...(times.length === 0 ? ['-crlhours', '1'] : times));
    return file;
  }

  /** Writes a file that only its owner may read, and returns its path. */
  write(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  read(name: string): string {
    return readFileSync(join(this.directory, name), 'latin1');
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #openssl(...args: string[]): void {
    const at = (name: string) => join(this.directory, name);
    const whose = ['-config', at('ca.cnf'), '-cert', at('ca.pem'), '-keyfile', at('ca-key.pem')];
    execFileSync('openssl', ['ca', ...whose, ...args], { stdio: 'pipe' });
  }
}
