import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import forge from 'node-forge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GluewallError } from '../../../src/core/errors.ts';
import { expiresAtMs, loadTlsSettings, type TlsFiles } from '../../../src/core/tls-settings.ts';
import { LabAuthority } from '../../../src/pki/lab-authority.ts';
import { LAB_DAYS, LAB_START_MS, LabCertificates } from '../../support/lab-certificates.ts';
import { LabFederation } from '../../support/lab-federation.ts';

const NOW_MS = LAB_START_MS + 86_400_000;
const DAY_MS = 86_400_000;

let lab: LabCertificates;
beforeAll(async () => {
  lab = await LabCertificates.make();
});
afterAll(() => lab.remove());

/** The message of what loading these files, in the place of good ones, throws. */
function problemOf(files: Partial<TlsFiles>, nowMs = NOW_MS): string {
  try {
    loadTlsSettings({ ...lab.files, ...files }, nowMs);
  } catch (error) {
    if (error instanceof GluewallError && error.code === 'tls-files') return error.message;
    throw error;
  }
  return 'none';
}

const at = (name: string) => join(lab.directory, name);

describe('loadTlsSettings', () => {
  it('reads good files, and asks for TLS 1.2 at least', () => {
    const { key, cert, ca, minVersion } = loadTlsSettings(lab.files, NOW_MS);
    expect({ key, cert, ca: ca.join('') }).toEqual(lab.controller);
    expect(minVersion).toBe('TLSv1.2');
  });

  it.each(['key', 'certificate', 'ca'] as const)('names the file of openflow.tls.%s that is not there', (role) => {
    const file = at('missing.pem');
    expect(problemOf({ [role]: file })).toMatch(
      new RegExp(`^openflow\\.tls\\.${role}: ${file} is not there; .*pki init`),
    );
    expect(problemOf({ [role]: join(lab.files.key, 'below') })).toContain('is not there');
  });

  it.each([0o640, 0o604, 0o610, 0o601, 0o660, 0o777])(
    'refuses a key of mode %i that is not its owner’s alone',
    (mode) => {
      const key = lab.write(`key-${mode}.pem`, lab.controller.key!);
      chmodSync(key, mode);
      const octal = mode.toString(8);
      expect(problemOf({ key })).toBe(
        `openflow.tls.key: ${key} may be read by others than its owner (mode 0${octal}); chmod 600 ${key}, and if others had access, make a new key`,
      );
      chmodSync(key, 0o400);
      expect(problemOf({ key })).toBe('none');
    },
  );

  it('takes certificates that all may read', () => {
    const certificate = lab.write('open.pem', lab.controller.cert!);
    chmodSync(certificate, 0o644);
    expect(problemOf({ certificate })).toBe('none');
  });

  it('refuses what is no file, at once', () => {
    mkdirSync(at('folder'));
    execFileSync('mkfifo', ['-m', '600', at('pipe')]);
    for (const name of ['folder', 'pipe']) expect(problemOf({ key: at(name) })).toContain('is no file');
    expect(problemOf({ ca: '/dev/zero' })).toContain('is no file');
    expect(problemOf({ ca: lab.write('large.pem', 'x'.repeat((1 << 20) + 1)) })).toContain('larger than');
  });

  it('refuses a key and a certificate that do not belong together', () => {
    const certificate = lab.write('others.pem', lab.switch.cert!);
    expect(problemOf({ certificate })).toBe(
      `openflow.tls.certificate: ${certificate} is not of the key in ${lab.files.key}; name the two that belong together`,
    );
  });

  it('refuses what is no PEM of its kind, cut off or damaged, and tells nothing of a key', () => {
    const { key, cert } = lab.controller as { key: string; cert: string };
    const body = key.split('\n')[5]!;
    for (const text of ['', 'x', cert, key.slice(0, key.length / 2), key.replace(body, 'A'.repeat(body.length))]) {
      const problem = problemOf({ key: lab.write('bad-key.pem', text) });
      expect(problem).toMatch(/holds no private key in PEM|is not of the key/);
      expect(problem).not.toContain(body);
    }
    for (const role of ['certificate', 'ca'] as const) {
      for (const text of ['', 'x', key, cert.slice(0, cert.length / 2)]) {
        expect(problemOf({ [role]: lab.write('bad.pem', text) })).toMatch(/holds no certificate in PEM/);
      }
      const damaged = `${cert}${cert.replace(/MII/, 'AII')}`;
      expect(problemOf({ [role]: lab.write('bad.pem', damaged) })).toContain('holds a damaged certificate (number 2)');
    }
    expect(problemOf({ ca: lab.write('bad.pem', cert.repeat(257)) })).toContain('more than 256 certificates');
  });

  it('refuses a key with a passphrase, and says how to write it without', () => {
    const lock = { cipher: 'aes-128-cbc', passphrase: 'secret', format: 'pem' } as const;
    for (const type of ['pkcs8', 'pkcs1'] as const) {
      const pem = String(createPrivateKey(lab.controller.key!).export({ type, ...lock }));
      const key = lab.write('locked.pem', pem);
      expect(problemOf({ key })).toMatch(/is protected by a passphrase.*openssl pkey -in/);
    }
  });

  it('refuses a certificate out of its time, with its name and the date', () => {
    expect(problemOf({}, LAB_START_MS - 2 * DAY_MS)).toMatch(/is not valid yet \(O=gluewall lab, CN=controller, from /);
    expect(problemOf({}, LAB_START_MS + 40_000 * DAY_MS)).toMatch(/has expired \(O=gluewall lab, CN=controller, on /);
  });

  it('takes an authority that has expired only beside one that has not', async () => {
    const { certificatePem } = (await LabAuthority.create('soon', LAB_START_MS, 1)).files;
    const nowMs = LAB_START_MS + 3 * DAY_MS;
    const old = lab.write('soon.pem', certificatePem);
    expect(problemOf({ ca: old }, nowMs)).toMatch(/^openflow\.tls\.ca: .* has expired \(O=gluewall lab, CN=soon, on /);
    expect(problemOf({ ca: lab.write('both.pem', certificatePem + lab.controller.ca) }, nowMs)).toBe('none');
  });

  it('refuses a key that is too weak for TLS', () => {
    const pair = forge.pki.rsa.generateKeyPair(512);
    const weak = forge.pki.createCertificate();
    weak.publicKey = pair.publicKey;
    weak.validity.notBefore = new Date(LAB_START_MS);
    weak.validity.notAfter = new Date(LAB_START_MS + 30 * DAY_MS);
    weak.setSubject([{ name: 'commonName', value: 'weak' }]);
    weak.setIssuer(weak.subject.attributes);
    weak.sign(pair.privateKey, forge.md.sha256.create());
    const key = lab.write('weak.pem', forge.pki.privateKeyToPem(pair.privateKey));
    const certificate = lab.write('weak-cert.pem', forge.pki.certificateToPem(weak));
    expect(problemOf({ key, certificate })).toMatch(/cannot be used: .*small; make one with a stronger key/);
  });

  it('says when the certificate ends', () => {
    expect(expiresAtMs(loadTlsSettings(lab.files, NOW_MS))).toBe(LAB_START_MS + LAB_DAYS * DAY_MS);
  });

  it('reads lists of revoked certificates, and says that one is out of its time, damaged or none', async () => {
    const federation = await LabFederation.make();
    const nowMs = Date.UTC(2026, 10, 21);
    const list = (from: string, to: string) =>
      readFileSync(federation.revocationList('-crl_lastupdate', from, '-crl_nextupdate', to), 'latin1');
    const good = list('20261120000000Z', '20261122000000Z');
    const crl = lab.write('crl.pem', good);
    expect(loadTlsSettings({ ...lab.files, crl }, nowMs).crl).toEqual([good.trim()]);
    lab.write('crl.pem', good + list('20261101000000Z', '20261120000000Z'));
    expect(problemOf({ crl }, nowMs)).toMatch(
      /^openflow\.tls\.crl: .* has expired \(on 2026-11-20T00:00:00\.000Z\); get a new/,
    );
    lab.write('crl.pem', list('20261122000000Z', '20261123000000Z'));
    expect(problemOf({ crl }, nowMs)).toMatch(/is not valid yet \(from 2026-11-22T00:00:00\.000Z\)/);
    lab.write('crl.pem', good.replace(/MII/, 'AII'));
    expect(problemOf({ crl }, nowMs)).toContain('holds a damaged revocation list (number 1)');
    lab.write('crl.pem', lab.controller.cert!);
    expect(problemOf({ crl }, nowMs)).toContain('holds no revocation list in PEM');
    lab.write('crl.pem', good.repeat(257));
    expect(problemOf({ crl }, nowMs)).toContain('more than 256 revocation lists');
    expect(problemOf({ crl: at('missing-crl.pem') })).toMatch(/^openflow\.tls\.crl: .* is not there/);
    federation.remove();
  });
});
