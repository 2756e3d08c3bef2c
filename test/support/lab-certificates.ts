import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsFiles } from '../../src/core/tls-settings.ts';
import { type KeyAndCertificate, LabAuthority } from '../../src/pki/lab-authority.ts';

/** Before the time of a virtual clock, and long enough for the machine's. */
export const LAB_START_MS = Date.UTC(2026, 0, 1);
export const LAB_DAYS = 36_500;

/** What one end of a TLS connection shows and trusts, as node:tls wants it. */
export interface TlsEnd {
  readonly key?: string;
  readonly cert?: string;
  readonly ca: string;
}

/** An authority, gluewall's files, and ends of switches: good ones and bad ones. */
export class LabCertificates {
  readonly directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  readonly files: TlsFiles;
  readonly controller: TlsEnd;
  readonly switch: TlsEnd;
  readonly expired: TlsEnd;
  /** With a certificate of an authority of its own. */
  readonly stranger: TlsEnd;
  /** Without a certificate. */
  readonly nobody: TlsEnd;
  /** With a good certificate, and no trust in ours. */
  readonly distrustful: TlsEnd;

  private constructor(authority: LabAuthority, other: LabAuthority, issued: readonly KeyAndCertificate[]) {
    const [controller, ours, expired, stranger] = issued as [
      KeyAndCertificate,
      KeyAndCertificate,
      KeyAndCertificate,
      KeyAndCertificate,
    ];
    const ca = authority.files.certificatePem;
    const end = ({ keyPem, certificatePem }: KeyAndCertificate, trusted = ca): TlsEnd => ({
      key: keyPem,
      cert: certificatePem,
      ca: trusted,
    });
    this.controller = end(controller);
    this.switch = end(ours);
    this.expired = end(expired);
    this.stranger = end(stranger);
    this.nobody = { ca };
    this.distrustful = end(ours, other.files.certificatePem);
    this.files = {
      key: this.write('key.pem', controller.keyPem),
      certificate: this.write('certificate.pem', controller.certificatePem),
      ca: this.write('ca.pem', ca),
    };
  }

  static async make(): Promise<LabCertificates> {
    const [authority, other] = await Promise.all(
      ['lab', 'other'].map((name) => LabAuthority.create(name, LAB_START_MS, LAB_DAYS)),
    );
    const past = { fromMs: LAB_START_MS, toMs: LAB_START_MS + 1000 };
    const issued = [
      authority!.issue('controller'),
      authority!.issue('br0'),
      authority!.issue('br0', past),
      other!.issue('br0'),
    ];
    return new LabCertificates(authority!, other!, await Promise.all(issued));
  }

  /** Writes a file that only its owner may read, and returns its path. */
  write(name: string, text: string, mode = 0o600): string {
    const path = join(this.directory, name);
    writeFileSync(path, text, { mode });
    return path;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
