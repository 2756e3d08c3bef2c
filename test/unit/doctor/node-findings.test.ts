import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NodeFacts, type NodeWishes, readNodeFacts } from '../../../src/doctor/node-facts.ts';
import { nodeFindings } from '../../../src/doctor/node-findings.ts';
import { LAB_START_MS } from '../../support/lab-certificates.ts';
import { LabFederation } from '../../support/lab-federation.ts';

const NOW_MS = LAB_START_MS + 86_400_000;
const DAY_MS = 86_400_000;
const GOOD: NodeFacts = {
  host: '0.0.0.0',
  peers: 2,
  certificate: { expiresAtMs: NOW_MS + 90 * DAY_MS, listsDueAtMs: undefined },
  folder: { path: '/var/lib/gluewall/node', mode: 0o700, isFolder: true },
  unresolved: [],
};
const clock = { nowMs: NOW_MS, synchronised: true };
const of = (changes: Partial<NodeFacts>, check: string, now: Parameters<typeof nodeFindings>[1] = clock) =>
  nodeFindings({ ...GOOD, ...changes }, now).find((finding) => finding.check === check);

describe('nodeFindings', () => {
  it('has nothing to mend of a good node', () => {
    expect(nodeFindings(GOOD, clock).map(({ check, ok }) => [check, ok])).toEqual([
      ['node-certificate', true],
      ['node-folder', true],
      ['node-peers', true],
    ]);
  });

  it.each([
    [{ certificate: { expiresAtMs: NOW_MS + 13 * DAY_MS, listsDueAtMs: undefined } }, 'node-certificate', false],
    [{ certificate: { expiresAtMs: NOW_MS + 15 * DAY_MS, listsDueAtMs: undefined } }, 'node-certificate', true],
    [{ certificate: { problem: 'node.tls.key: k.pem is not there' } }, 'node-certificate', false],
    [{ certificate: { expiresAtMs: NOW_MS + 90 * DAY_MS, listsDueAtMs: NOW_MS + DAY_MS / 2 } }, 'node-crl', false],
    [{ certificate: { expiresAtMs: NOW_MS + 90 * DAY_MS, listsDueAtMs: NOW_MS + 2 * DAY_MS } }, 'node-crl', true],
    [{ folder: { path: '/f', mode: 0o750, isFolder: true } }, 'node-folder', false],
    [{ folder: { path: '/f', mode: undefined, isFolder: true } }, 'node-folder', true],
    [{ folder: { path: '/f', mode: 0o600, isFolder: false } }, 'node-folder', false],
    [{ peers: 0 }, 'node-peers', null],
    [{ unresolved: [{ name: 'b', host: 'b.invalid', reason: 'ENOTFOUND' }] }, 'node-peer', false],
  ] as const)('%j: %s %s', (changes, check, ok) => {
    const finding = of(changes, check);
    expect(finding?.ok).toBe(ok);
    if (ok !== true && check !== 'node-certificate') expect(finding?.remedy).toBeDefined();
  });

  it('says what a clock that nobody keeps right means for peers', () => {
    expect(of({}, 'node-clock', { nowMs: NOW_MS, synchronised: false })).toMatchObject({ ok: false });
    expect(of({}, 'node-clock', { nowMs: NOW_MS, synchronised: { unknown: 'no timedatectl' } })).toBeUndefined();
  });
});

describe('readNodeFacts', () => {
  let lab: LabFederation;
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
  beforeAll(async () => {
    lab = await LabFederation.make();
  });
  afterAll(() => {
    lab.remove();
    rmSync(folder, { recursive: true });
  });

  const wishes = async (changes: Partial<NodeWishes> = {}): Promise<NodeWishes> => ({
    name: 'node.example.net',
    listen: { host: '127.0.0.1', port: 1 },
    tls: await lab.files('node.example.net'),
    folder,
    peers: [{ name: 'a', url: 'https://192.0.2.1' }, { name: 'b', url: 'https://[2001:db8::1]:1' }, { name: 'c' }],
    ...changes,
  });

  it('reads certificate, lists and folder', async () => {
    chmodSync(folder, 0o750);
    const facts = await readNodeFacts(await wishes(), Date.now());
    expect(facts).toMatchObject({
      host: '127.0.0.1',
      peers: 3,
      folder: { mode: 0o750, isFolder: true },
      unresolved: [],
    });
    const { certificate } = facts;
    if ('problem' in certificate) throw new Error(certificate.problem);
    expect(certificate.expiresAtMs).toBeGreaterThan(Date.now());
    expect(certificate.listsDueAtMs! - Date.now()).toBeLessThan(3_700_000);
  });

  it('says what is wrong with them', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const tls = { key: file, certificate: file, ca: file };
    const facts = await readNodeFacts(await wishes({ tls, folder: file }), Date.now());
    expect(facts.certificate).toMatchObject({ problem: expect.stringContaining('node.tls.key') });
    expect(facts.folder.isFolder).toBe(false);
    expect(
      (await readNodeFacts(await wishes({ folder: join(folder, 'none') }), Date.now())).folder.mode,
    ).toBeUndefined();
  });

  it('finds a certificate of another name', async () => {
    const { certificate } = await readNodeFacts(await wishes({ name: 'node.example.org' }), Date.now());
    expect(certificate).toMatchObject({
      problem: expect.stringMatching(
        /^node\.tls\.certificate: .* has DNS:node\.example\.net, and not DNS:node\.example\.org;/,
      ),
    });
  });

  it('finds peers whose host has no address', async () => {
    const peers = [{ name: 'd', url: 'https://gluewall.invalid:8853' }];
    const { unresolved } = await readNodeFacts(await wishes({ peers }), Date.now());
    expect(unresolved).toMatchObject([{ name: 'd', host: 'gluewall.invalid' }]);
  });
});
