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
