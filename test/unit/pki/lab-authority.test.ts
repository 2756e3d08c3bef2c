import { createPrivateKey, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { type KeyAndCertificate, LabAuthority } from '../../../src/pki/lab-authority.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 8);

describe('an authority of a lab', () => {
  let authority: LabAuthority;
  let issued: KeyAndCertificate;

  beforeAll(async () => {
    authority = await LabAuthority.create('lab', NOW_MS, 30);
    issued = await authority.issue('br0');
  });

  it('is one that may issue certificates, and nothing below it may', () => {
    const own = new X509Certificate(authority.files.certificatePem);
    expect(own.ca).toBe(true);
    expect(own.verify(own.publicKey)).toBe(true);
    expect(own.subject).toBe('O=gluewall lab\nCN=lab');
    expect(new X509Certificate(issued.certificatePem).ca).toBe(false);
  });

  it('issues a key with a certificate of it, for both ends of a connection', () => {
    const own = new X509Certificate(authority.files.certificatePem);
    const certificate = new X509Certificate(issued.certificatePem);
    expect(certificate.checkIssued(own)).toBe(true);
    expect(certificate.verify(own.publicKey)).toBe(true);
    const key = createPrivateKey(issued.keyPem);
    expect(certificate.checkPrivateKey(key)).toBe(true);
    expect(key.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(certificate.subject).toBe('O=gluewall lab\nCN=br0');
    expect(certificate.subjectAltName).toBe('DNS:br0');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  });

  it('counts days from now, and an hour back for clocks that differ', () => {
    for (const { certificatePem } of [authority.files, issued]) {
      const { validFrom, validTo } = new X509Certificate(certificatePem);
      expect(Date.parse(validFrom)).toBe(NOW_MS - 3_600_000);
      expect(Date.parse(validTo)).toBe(NOW_MS + 30 * 86_400_000);
    }
  });

  it('goes beyond 2050, where the form of a time changes (RFC 5280 §4.1.2.5)', async () => {
    const { certificatePem } = (await LabAuthority.create('lab', NOW_MS, 36_500)).files;
    expect(Date.parse(new X509Certificate(certificatePem).validTo)).toBe(NOW_MS + 36_500 * 86_400_000);
  });

  it('writes an address as an address', async () => {
    const names = await Promise.all(['192.0.2.1', '2001:db8::1'].map((name) => authority.issue(name)));
    expect(names.map(({ certificatePem }) => new X509Certificate(certificatePem).subjectAltName)).toEqual([
      'IP Address:192.0.2.1',
      'IP Address:2001:DB8:0:0:0:0:0:1',
    ]);
  });

  it('gives each certificate a serial number of its own, positive and of 16 octets', async () => {
    const pems = [authority.files, issued, await authority.issue('br0')].map(({ certificatePem }) => certificatePem);
    const serials = pems.map((pem) => new X509Certificate(pem).serialNumber);
    expect(new Set(serials).size).toBe(3);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });
});
