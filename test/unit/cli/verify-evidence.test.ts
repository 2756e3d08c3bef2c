import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addVerifyCommand } from '../../../src/cli/commands/traceback-verify.ts';
import { DAY_MS } from '../../../src/core/clock.ts';
import { LabAuthority } from '../../../src/pki/lab-authority.ts';
import { composeBundle } from '../../../src/traceback/cases/evidence.ts';
import { DEFAULT_MODEL } from '../../../src/traceback/node-options.ts';
import { endedCase } from '../../support/ended-case.ts';
import { LabFederation } from '../../support/lab-federation.ts';
import { runCommand } from '../../support/run-command.ts';

let folder: string;
let ca: string;
let bundle: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-verify-evidence-'));
  ca = join(folder, 'ca.pem');
  bundle = join(folder, 'evidence');
  mkdirSync(bundle);
  const nowMs = Date.now();
  const authority = await LabAuthority.create('lab', nowMs - DAY_MS, 30);
  writeFileSync(ca, authority.files.certificatePem);
  const signer = await authority.issue('victim.example.net');
  const parts = { case: endedCase(), model: DEFAULT_MODEL, audit: { head: '', records: [] } };
  for (const { name, text } of await composeBundle(parts, signer, nowMs)) writeFileSync(join(bundle, name), text);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const verify = (...args: readonly string[]) => runCommand(addVerifyCommand, 'verify', ...args);

describe('gluewall traceback verify', () => {
  it('says who signed what, and ends with 0', async () => {
    const { stdout, exitCode, error } = await verify(bundle, '--ca', ca);
    expect(error).toBeUndefined();
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/is as the node victim\.example\.net signed it, at /);
    expect(stdout).toContain('about www.example.org: hosts named');
    const json = JSON.parse((await verify(bundle, '--ca', ca, '--json')).stdout) as object;
    expect(json).toMatchObject({
      isGood: true,
      faults: [],
      node: 'victim.example.net',
      name: 'www.example.org',
      hosts: [{ address: '192.0.2.50', confidence: 0.8 }],
    });
  });

  it('says each thing that is wrong, and ends with 1', async () => {
    const damaged = join(folder, 'damaged');
    mkdirSync(damaged);
    const { stdout, exitCode } = await verify(damaged, '--ca', ca);
    expect(exitCode).toBe(1);
    expect(stdout).toBe(`${damaged} is not to be relied on:\n  signature.json is missing\n`);
    const json = JSON.parse((await verify(damaged, '--ca', ca, '--json')).stdout) as object;
    expect(json).toMatchObject({ isGood: false, faults: ['signature.json is missing'], node: null, hosts: [] });
  });

  it('does not believe a certificate that a list has as revoked', async () => {
    const lab = await LabFederation.make();
    try {
      const end = await lab.end('victim.example.net');
      const signed = join(folder, 'signed');
      mkdirSync(signed);
      const parts = { case: endedCase(), model: DEFAULT_MODEL, audit: { head: '', records: [] } };
      const signer = { keyPem: String(end.key), certificatePem: String(end.cert) };
      for (const { name, text } of await composeBundle(parts, signer, Date.now())) {
        writeFileSync(join(signed, name), text);
      }
      const authority = lab.write('authority.pem', lab.ca);
      const withList = () => verify(signed, '--ca', authority, '--crl', lab.revocationList());
      expect((await withList()).exitCode).toBe(0);
      lab.revoke(end);
      const { stdout, exitCode } = await withList();
      expect(exitCode).toBe(1);
      expect(stdout).toMatch(/CN=victim\.example\.net has been revoked/);
    } finally {
      lab.remove();
    }
  }, 60_000);

  it('says what is wrong with what was named', async () => {
    expect((await verify(join(folder, 'nowhere'), '--ca', ca)).error).toMatchObject({ code: 'evidence' });
    expect((await verify(ca, '--ca', ca)).error).toMatchObject({ code: 'evidence' });
    writeFileSync(join(folder, 'text'), 'no certificate');
    for (const file of [join(folder, 'nowhere'), folder, join(folder, 'text')]) {
      expect((await verify(bundle, '--ca', file)).error).toMatchObject({ code: 'tls-files' });
      expect((await verify(bundle, '--ca', ca, '--crl', file)).error).toMatchObject({ code: 'tls-files' });
    }
    expect((await verify(bundle)).error).toMatchObject({ code: 'commander.missingMandatoryOptionValue' });
  });
});
