import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadTlsSettings } from '../../../src/core/tls-settings.ts';
import { writeLabFiles } from '../../../src/pki/lab-files.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 8);
const NAMES = ['ca', 'controller', 'br0', 'br1'].flatMap((name) => [`${name}-cert.pem`, `${name}-key.pem`]).sort();

describe('the files of a lab', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const write = (where: string) =>
    writeLabFiles({ directory: where, days: 30, controller: 'gluewall', switches: ['br0', 'br1'], nodes: [] }, NOW_MS);

  it('are a pair for each, and only the owner reads keys', async () => {
    const lab = join(directory, 'made', 'lab');
    const files = await write(lab);
    expect(readdirSync(lab).sort()).toEqual(NAMES);
    const modes = readdirSync(lab).map((name) => [
      name.slice(name.indexOf('-')),
      statSync(join(lab, name)).mode & 0o777,
    ]);
    for (const [kind, mode] of modes) expect(mode).toBe(kind === '-key.pem' ? 0o600 : 0o644);
    expect(files).toMatchObject({
      authority: { key: join(lab, 'ca-key.pem'), certificate: join(lab, 'ca-cert.pem') },
      controller: { key: join(lab, 'controller-key.pem') },
      switches: [{ name: 'br0', certificate: join(lab, 'br0-cert.pem') }, { name: 'br1' }],
      validUntil: '2026-12-21T08:00:00.000Z',
    });
  });

  it('are what gluewall, and each switch, starts TLS with', async () => {
    const { authority, controller, switches } = await write(directory);
    const ca = authority.certificate;
    for (const { key, certificate } of [controller!, ...switches]) {
      expect(() => loadTlsSettings({ key, certificate, ca }, NOW_MS)).not.toThrow();
    }
    expect(() => loadTlsSettings({ ...controller!, ca }, NOW_MS + 31 * 86_400_000)).toThrow('has expired');
  });

  it('are an authority and nodes alone, where nothing else is wanted', async () => {
    const nodes = ['node.shop.example', 'node.office.example'];
    const files = await writeLabFiles({ directory, days: 30, controller: undefined, switches: [], nodes }, NOW_MS);
    const names = ['ca', ...nodes].flatMap((name) => [`${name}-cert.pem`, `${name}-key.pem`]);
    expect(readdirSync(directory).sort()).toEqual(names.sort());
    expect(files.controller).toBeUndefined();
    for (const { key, certificate, name } of files.nodes) {
      const { cert } = loadTlsSettings({ key, certificate, ca: files.authority.certificate }, NOW_MS);
      expect(new X509Certificate(cert).subjectAltName).toBe(`DNS:${name}`);
    }
  });

  it('are of the authority that is there already, where a node is to join others', async () => {
    const wanted = { directory, days: 30, controller: undefined, switches: [] };
    const first = await writeLabFiles({ ...wanted, nodes: ['a.example', 'b.example'] }, NOW_MS);
    expect(first.isOldAuthority).toBe(false);
    const before = readFileSync(first.authority.certificate, 'utf8');
    const laterMs = NOW_MS + 10 * 86_400_000;
    const third = await writeLabFiles({ ...wanted, nodes: ['c.example'] }, laterMs);
    // No longer than the authority itself.
    expect(third).toMatchObject({ isOldAuthority: true, validUntil: '2026-12-21T08:00:00.000Z' });
    expect(readFileSync(third.authority.certificate, 'utf8')).toBe(before);
    const { key, certificate } = third.nodes[0]!;
    const { cert } = loadTlsSettings({ key, certificate, ca: third.authority.certificate }, laterMs);
    expect(new X509Certificate(cert).checkIssued(new X509Certificate(before))).toBe(true);
    expect(new X509Certificate(cert).verify(new X509Certificate(before).publicKey)).toBe(true);
    for (const nodes of [['b.example'], ['d.example', 'a.example']]) {
      await expect(writeLabFiles({ ...wanted, nodes }, laterMs)).rejects.toThrow(/-key\.pem is there already/);
    }
    const names = ['ca', 'a.example', 'b.example', 'c.example'];
    expect(readdirSync(directory).sort()).toEqual(names.flatMap((one) => [`${one}-cert.pem`, `${one}-key.pem`]).sort());
    await expect(write(directory)).rejects.toThrow('ca-key.pem is there already');
  });

  it('are of no authority that cannot issue any', async () => {
    const wanted = { directory, days: 30, controller: undefined, switches: [] };
    const { authority, nodes } = await writeLabFiles({ ...wanted, nodes: ['a.example'] }, NOW_MS);
    const add = (nowMs = NOW_MS) => writeLabFiles({ ...wanted, nodes: ['b.example'] }, nowMs);
    await expect(add(NOW_MS + 31 * 86_400_000)).rejects.toMatchObject({
      code: 'pki-files',
      message: expect.stringMatching(/cannot issue anything: it has expired .*; name another folder with --dir/),
    });
    const text = readFileSync(authority.certificate, 'utf8');
    writeFileSync(authority.certificate, readFileSync(nodes[0]!.certificate));
    await expect(add()).rejects.toThrow('cannot issue anything: it is the certificate of no authority');
    writeFileSync(authority.certificate, text);
    writeFileSync(authority.key, readFileSync(nodes[0]!.key));
    await expect(add()).rejects.toThrow('cannot issue anything: key and certificate differ');
    writeFileSync(authority.key, 'precious');
    await expect(add()).rejects.toMatchObject({ code: 'pki-files' });
    rmSync(authority.key);
    await expect(add()).rejects.toThrow('ca-cert.pem is there already: it is not overwritten');
    expect(readdirSync(directory).sort()).toEqual(['a.example-cert.pem', 'a.example-key.pem', 'ca-cert.pem']);
  });

  it.each(NAMES)('are not written over: %s stays, and no other file comes', async (name) => {
    writeFileSync(join(directory, name), 'precious');
    await expect(write(directory)).rejects.toMatchObject({
      code: 'pki-files',
      message: `${join(directory, name)} is there already: it is not overwritten; name another folder with --dir, or move it away`,
    });
    expect(readdirSync(directory)).toEqual([name]);
    expect(readFileSync(join(directory, name), 'utf8')).toBe('precious');
  });

  it('leave nothing behind where they cannot all be written', async () => {
    // A link that leads nowhere: no file is there, and none can be made.
    symlinkSync(join(directory, 'nowhere', 'x'), join(directory, 'br1-cert.pem'));
    await expect(write(directory)).rejects.toMatchObject({ code: 'pki-files' });
    expect(readdirSync(directory)).toEqual(['br1-cert.pem']);
    writeFileSync(join(directory, 'file'), '');
    await expect(write(join(directory, 'file'))).rejects.toMatchObject({ code: 'pki-files' });
    await expect(write(join(directory, 'file', 'below'))).rejects.toMatchObject({
      code: 'pki-files',
      message: expect.stringContaining('name a folder with --dir that you may write to'),
    });
  });
});
