import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { FlattenedSign } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS } from '../../../../src/core/clock.ts';
import { type RevocationList, readRevocationList } from '../../../../src/core/revocation-list.ts';
import { type KeyAndCertificate, LabAuthority } from '../../../../src/pki/lab-authority.ts';
import { CHAIN_START, composeRecord, formatHead } from '../../../../src/traceback/audit/audit-record.ts';
import type { CaseRecords } from '../../../../src/traceback/audit/case-records.ts';
import { type BundleSigner, certificatesOf } from '../../../../src/traceback/cases/bundle-signature.ts';
import type { Case } from '../../../../src/traceback/cases/case.ts';
import { composeBundle } from '../../../../src/traceback/cases/evidence.ts';
import { verifyBundle } from '../../../../src/traceback/cases/verify-bundle.ts';
import { DEFAULT_MODEL } from '../../../../src/traceback/node-options.ts';
import { auditEntry } from '../../../support/audit-entries.ts';
import { endedCase } from '../../../support/ended-case.ts';
import { LabFederation } from '../../../support/lab-federation.ts';
import {
  authorityExtensions,
  type ChainExtensions,
  KEY_KINDS,
  makeChain,
  nodeExtensions,
} from '../../../support/openssl-chain.ts';

const NODE = 'victim.example.net';
const NOW_MS = Date.UTC(2026, 10, 21, 12);
const FILES = ['case.json', 'report.md', 'signature.json'];

let folder: string;
let bundle: string;
let authority: LabAuthority;
let stranger: LabAuthority;
let signer: BundleSigner;
let others: Readonly<Record<'foreign' | 'expired' | 'early' | 'other' | 'client', BundleSigner>>;
let caPem: string;
let number = 0;

const asSigner = ({ keyPem, certificatePem }: KeyAndCertificate): BundleSigner => ({ keyPem, certificatePem });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-evidence-'));
  authority = await LabAuthority.create('lab', NOW_MS - 30 * DAY_MS, 365);
  stranger = await LabAuthority.create('lab', NOW_MS - 30 * DAY_MS, 365);
  caPem = authority.files.certificatePem;
  signer = asSigner(await authority.issue(NODE));
  const past = { fromMs: NOW_MS - 20 * DAY_MS, toMs: NOW_MS - DAY_MS };
  const future = { fromMs: NOW_MS + DAY_MS, toMs: NOW_MS + 2 * DAY_MS };
  others = {
    foreign: asSigner(await stranger.issue(NODE)),
    expired: asSigner(await authority.issue(NODE, past)),
    early: asSigner(await authority.issue(NODE, future)),
    other: asSigner(await authority.issue('other.example.net')),
    // Another node may vouch for nobody.
    client: await issuedBy(signer),
  };
}, 30_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => {
  bundle = join(folder, `bundle-${number++}`);
});

/** A certificate for our node that comes from `issuer`, which is no authority. */
async function issuedBy(issuer: BundleSigner): Promise<BundleSigner> {
  const own = await stranger.issue(NODE);
  return { keyPem: own.keyPem, certificatePem: own.certificatePem + issuer.certificatePem };
}

function auditRecords(): CaseRecords {
  const first = composeRecord(CHAIN_START, NOW_MS, auditEntry(1, { case: endedCase().id }));
  const second = composeRecord(first.head, NOW_MS, auditEntry(2, { case: endedCase().id }));
  const records = [
    { previousHash: CHAIN_START.hash, line: first.line },
    { previousHash: first.head.hash, line: second.line },
  ];
  return { head: formatHead(second.head), records };
}

async function write(parts: Partial<Case> = {}, by = signer, atMs = NOW_MS, audit = auditRecords()) {
  const made = { case: { ...endedCase(), ...parts }, model: DEFAULT_MODEL, audit, by: 'operator' };
  const files = await composeBundle(made, by, atMs);
  mkdirSync(bundle);
  for (const { name, text } of files) writeFileSync(join(bundle, name), text);
  return files;
}

const verify = (ca = caPem, atMs = NOW_MS, revoked?: readonly RevocationList[]) =>
  verifyBundle(bundle, { certificates: certificatesOf(ca), revoked }, atMs);
const read = (name: string) => readFileSync(join(bundle, name), 'utf8');
const change = (name: string, from: string | RegExp, to: string) => {
  const text = read(name);
  expect(text).toMatch(from);
  writeFileSync(join(bundle, name), text.replace(from, to));
};

describe('a bundle', () => {
  it('is good as it was signed, and says by whom, when and what', async () => {
    await write();
    expect(readdirSync(bundle)).toEqual(FILES);
    const verdict = await verify();
    expect(verdict.faults).toEqual([]);
    expect(verdict.signer).toContain(`CN=${NODE}`);
    expect(verdict.manifest).toMatchObject({ node: NODE, case: endedCase().id, signedAt: '2026-11-21T12:00:00.000Z' });
    expect(verdict.evidence).toMatchObject({ case: JSON.parse(JSON.stringify(endedCase())), exportedBy: 'operator' });
  });

  it('is good for others who have the tools of RFC 7515 alone', async () => {
    await write();
    const { payload, protected: header, signature } = JSON.parse(read('signature.json')) as Record<string, string>;
    const { alg, x5c } = JSON.parse(Buffer.from(header!, 'base64url').toString()) as { alg: string; x5c: string[] };
    expect(alg).toBe('PS256');
    const pem = `-----BEGIN CERTIFICATE-----\n${x5c[0]!.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`;
    const { verify: check, constants } = await import('node:crypto');
    const key = { key: createPublicKey(pem), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    expect(check('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature!, 'base64url'))).toBe(true);
    const manifest = JSON.parse(Buffer.from(payload!, 'base64url').toString()) as {
      files: { name: string; sha256: string }[];
    };
    for (const { name, sha256 } of manifest.files) {
      expect(createHash('sha256').update(read(name)).digest('hex')).toBe(sha256);
    }
  });

  it('has nothing of the private key, and neither has an error', async () => {
    const files = await write();
    const { d, p } = createPrivateKey(signer.keyPem).export({ format: 'jwk' }) as { d: string; p: string };
    const secrets = [
      d,
      p,
      Buffer.from(d, 'base64url').toString('hex'),
      ...signer.keyPem.trim().split('\n').slice(1, -1),
    ];
    for (const { text } of files) for (const secret of secrets) expect(text).not.toContain(secret);
    const broken = { ...signer, keyPem: signer.keyPem.replace(/\n.{10}/, '\nAAAAAAAAAA') };
    const error = await composeBundle(
      { case: endedCase(), model: DEFAULT_MODEL, audit: auditRecords() },
      broken,
      NOW_MS,
    ).catch((cause: Error) => cause);
    expect(error).toMatchObject({ code: 'evidence' });
    expect((error as Error).cause).toBeUndefined();
    for (const secret of secrets) expect(String((error as Error).stack)).not.toContain(secret);
  });

  it('is of a case that has ended', async () => {
    await expect(write({ outcome: undefined, step: 'traceback' })).rejects.toMatchObject({ code: 'case-busy' });
  });

  it.each(['RSA 2048', 'P-256', 'P-384', 'P-521', 'Ed25519'] as const)(
    'is signed by a key of %s, with an authority between',
    async (kind) => {
      const keys = mkdtempSync(join(folder, 'keys-'));
      const chain = makeChain(keys, NODE, kind);
      const nowMs = Date.now() + 1000;
      await write({}, chain, nowMs);
      expect((await verify(chain.caPem, nowMs)).faults).toEqual([]);
      expect((await verify(caPem, nowMs)).faults).toEqual([
        expect.stringMatching(/comes from none of the authorities/),
      ]);
    },
  );

  it('is not signed by a key that cannot sign', async () => {
    expect(Object.keys(KEY_KINDS)).toContain('X25519');
    const chain = makeChain(mkdtempSync(join(folder, 'keys-')), NODE, 'X25519');
    await expect(write({}, chain)).rejects.toMatchObject({ code: 'evidence' });
  });
});

describe('what is wrong with a bundle is said', () => {
  it('where a file was changed', async () => {
    await write();
    change('case.json', '192.0.2.50', '192.0.2.51');
    expect(await verify()).toMatchObject({
      faults: ['case.json is not the one that was signed: it was changed'],
      evidence: undefined,
    });
    change('report.md', 'made up', 'not made up');
    expect((await verify()).faults).toHaveLength(2);
  });

  it('where any octet of any file was changed', async () => {
    await write();
    const whole = Object.fromEntries(FILES.map((name) => [name, readFileSync(join(bundle, name))]));
    const place = fc.constantFrom(...FILES).chain((name) => {
      return fc.record({ name: fc.constant(name), offset: fc.nat(whole[name]!.length - 1), bit: fc.nat(7) });
    });
    await fc.assert(
      fc.asyncProperty(place, async ({ name, offset, bit }) => {
        const changed = Buffer.from(whole[name]!);
        changed[offset]! ^= 1 << bit;
        writeFileSync(join(bundle, name), changed);
        const { faults, signer: said } = await verify().finally(() => writeFileSync(join(bundle, name), whole[name]!));
        // Space between the words of JSON is not signed; all that it says is.
        if (name === 'signature.json' && sameJson(changed, whole[name]!)) return;
        expect(faults, said).not.toEqual([]);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('where the signature is written in another way', async () => {
    await write();
    const { signature } = JSON.parse(read('signature.json')) as { signature: string };
    // Four bits of the last of 342 digits do not count.
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = digits.indexOf(signature.at(-1)!);
    change('signature.json', signature, signature.slice(0, -1) + digits[last ^ 1]);
    expect((await verify()).faults).toEqual([expect.stringMatching(/no signature as JSON/)]);
    change('signature.json', /"signature": ".*"/, `"signature": "${signature}", "header": {"node": "other"}`);
    expect((await verify()).faults).toEqual([expect.stringMatching(/no signature as JSON/)]);
  });

  it('where a file is cut or missing', async () => {
    await write();
    for (const name of FILES) {
      const text = read(name);
      for (const length of [0, 1, Math.floor(text.length / 2), text.length - 3]) {
        writeFileSync(join(bundle, name), text.slice(0, length));
        expect((await verify()).faults, `${name} cut at ${length}`).toEqual([expect.stringContaining(name)]);
      }
      rmSync(join(bundle, name));
      expect((await verify()).faults).toEqual([`${name} is missing`]);
      writeFileSync(join(bundle, name), text);
    }
  });

  it('where a file was added, or is a link', async () => {
    await write();
    writeFileSync(join(bundle, 'more.pdf'), '');
    expect((await verify()).faults).toEqual(['not signed, and no part of the bundle: more.pdf']);
    rmSync(join(bundle, 'more.pdf'));
    const text = read('report.md');
    writeFileSync(join(folder, 'elsewhere'), text);
    rmSync(join(bundle, 'report.md'));
    symlinkSync(join(folder, 'elsewhere'), join(bundle, 'report.md'));
    expect((await verify()).faults).toEqual(['report.md cannot be read (ELOOP)']);
  });

  it.each([
    ['foreign', /comes from none of the authorities/],
    ['expired', /was not valid when it was signed/],
    ['early', /was not valid when it was signed/],
    ['other', /is not of the node victim\.example\.net/],
    ['client', /comes from none of the authorities/],
  ] as const)('where the certificate is %s', async (which, expected) => {
    await write({}, others[which]);
    expect((await verify()).faults).toEqual([expect.stringMatching(expected)]);
  });

  it('where a certificate between is of no authority', async () => {
    const extensions = { between: 'basicConstraints=critical,CA:FALSE' };
    const chain = makeChain(mkdtempSync(join(folder, 'keys-')), NODE, 'P-256', extensions);
    const nowMs = Date.now() + 1000;
    await write({}, chain, nowMs);
    expect((await verify(chain.caPem, nowMs)).faults).toEqual([expect.stringMatching(/comes from none of/)]);
  });

  const constrained = (how: string) => authorityExtensions(`nameConstraints=${how}permitted;DNS:else.example`);
  it.each<[string, ChainExtensions, RegExp]>([
    ['a wildcard', { node: nodeExtensions('*.example.net') }, /is not of the node victim\.example\.net/],
    [
      'for signing code',
      { node: nodeExtensions(NODE, 'extendedKeyUsage=codeSigning') },
      /CN=victim.* is for another use/,
    ],
    [
      'of an authority for mail',
      { between: authorityExtensions('extendedKeyUsage=emailProtection') },
      /CN=between is for/,
    ],
    [
      'of an authority below one that may have none below it',
      { root: 'basicConstraints=critical,CA:TRUE,pathlen:0' },
      /CN=root may vouch for nodes, and for no other authority/,
    ],
    ['beyond the names of its authority', { between: constrained('critical,') }, /CN=between has limits/],
    ['beyond names that are not critical', { between: constrained('') }, /CN=between has limits/],
    [
      'with limits of another kind',
      { node: nodeExtensions(NODE, '1.2.3.4=critical,DER:0500') },
      /CN=victim.* has limits/,
    ],
  ])('where the certificate is %s', async (_what, extensions, expected) => {
    const chain = makeChain(mkdtempSync(join(folder, 'keys-')), NODE, 'P-256', extensions);
    const nowMs = Date.now() + 1000;
    await write({}, chain, nowMs);
    expect((await verify(chain.caPem, nowMs)).faults).toEqual([expect.stringMatching(expected)]);
  });

  it('where the certificate has been revoked, or nobody knows', async () => {
    const lab = await LabFederation.make();
    try {
      const { key, cert } = await lab.end(NODE);
      const [good, gone] = [await lab.end(NODE), await lab.end(NODE)];
      const nowMs = Date.now();
      await write({}, { keyPem: String(key), certificatePem: String(cert) }, nowMs);
      const list = (...times: string[]) => [readRevocationList(readFileSync(lab.revocationList(...times), 'latin1'))!];
      const faults = async (revoked?: readonly RevocationList[]) => (await verify(lab.ca, nowMs, revoked)).faults;
      lab.revoke(gone);
      expect(await faults()).toEqual([]);
      expect(await faults(list())).toEqual([]);
      const unknown = [expect.stringMatching(/has been revoked is not known/)];
      expect(await faults([])).toEqual(unknown);
      expect(await faults(list('-crl_lastupdate', '20200101000000Z', '-crl_nextupdate', '20200201000000Z'))).toEqual(
        unknown,
      );
      const ofOthers = await LabFederation.make();
      const others = [readRevocationList(readFileSync(ofOthers.revocationList(), 'latin1'))!];
      ofOthers.remove();
      expect(await faults(others)).toEqual(unknown);
      lab.revoke({ ...good, cert: cert! });
      expect(await faults(list())).toEqual([expect.stringMatching(/CN=victim\.example\.net has been revoked/)]);
      expect(await faults()).toEqual([]);
    } finally {
      lab.remove();
    }
  }, 60_000);

  it('where it is said to be signed later than now', async () => {
    await write({}, signer, NOW_MS + 600_000);
    expect((await verify()).faults).toEqual([expect.stringMatching(/has not come yet/)]);
  });

  it('but not that the certificate has expired since', async () => {
    await write({}, others.expired, NOW_MS - 2 * DAY_MS);
    expect((await verify()).faults).toEqual([]);
  });

  it('where an audit record does not fit its hash, or the log was damaged', async () => {
    const { head, records } = auditRecords();
    const [first, second] = records;
    const forged = { ...second!, line: second!.line.replace('granted', 'refused') };
    await write({}, signer, NOW_MS, { head, records: [first!, forged], fault: 'record 9: was changed' });
    expect((await verify()).faults).toEqual([
      'audit records whose hash does not fit: 1',
      'the audit log of the node was damaged at the time: record 9: was changed',
    ]);
  });

  it('where audit records are not of the case, not in their order, or beyond the last', async () => {
    const { head, records } = auditRecords();
    const [first, second] = records;
    const before = { number: 76, hash: 'ab'.repeat(32) };
    const foreign = composeRecord(before, NOW_MS, auditEntry(3));
    const strange = { previousHash: before.hash, line: foreign.line };
    const note = composeRecord(CHAIN_START, NOW_MS, { note: 'the last line was cut off' });
    const noted = { previousHash: CHAIN_START.hash, line: note.line };
    const faultsOf = async (list: CaseRecords['records'], last = head) => {
      bundle = join(folder, `bundle-${number++}`);
      await write({}, signer, NOW_MS, { head: last, records: list });
      return (await verify()).faults;
    };
    const [notOfCase, notInOrder] = [/not of this case: 1/, /not in their order.*: 1/];
    expect(await faultsOf([strange], formatHead(foreign.head))).toEqual([expect.stringMatching(notOfCase)]);
    expect(await faultsOf([noted])).toEqual([expect.stringMatching(notOfCase)]);
    expect(await faultsOf([second!, first!])).toEqual([expect.stringMatching(notInOrder)]);
    expect(await faultsOf([first!, first!])).toEqual([expect.stringMatching(notInOrder)]);
    expect(await faultsOf([first!, second!], `1:${'0'.repeat(64)}`)).toEqual([expect.stringMatching(notInOrder)]);
    expect(await faultsOf([second!])).toEqual([]);
  });

  it('where the signature is over something else, of another kind, or by another algorithm', async () => {
    await write();
    const key = createPrivateKey(signer.keyPem);
    const der = signer.certificatePem.replace(/-----.*?-----|\s/g, '');
    const sign = (payload: string, header: object) =>
      new FlattenedSign(Buffer.from(payload)).setProtectedHeader(header as never).sign(key);
    const typ = 'gluewall-evidence+jws';
    const signatures: readonly [object, RegExp][] = [
      [await sign('{}', { alg: 'PS256', typ, x5c: [der] }), /over something that is no evidence/],
      [await sign('no JSON', { alg: 'PS256', typ, x5c: [der] }), /over something that is no evidence/],
      [await sign('{}', { alg: 'RS256', typ, x5c: [der] }), /does not fit/],
      [await sign('{}', { alg: 'PS256', typ: 'JWT', x5c: [der] }), /of another kind/],
      [await sign('{}', { alg: 'PS256', typ }), /names no certificate/],
      [await sign('{}', { alg: 'PS256', typ, x5c: [] }), /names no certificate/],
      [await sign('{}', { alg: 'PS256', typ, x5c: Array(9).fill(der) }), /names no certificate/],
      [await sign('{}', { alg: 'PS256', typ, x5c: ['AAAA'] }), /no signature as JSON/],
      [{ payload: '', protected: '', signature: '' }, /no signature as JSON/],
      [[], /no signature as JSON/],
    ];
    for (const [signature, expected] of signatures) {
      writeFileSync(join(bundle, 'signature.json'), JSON.stringify(signature));
      expect((await verify()).faults).toEqual([expect.stringMatching(expected)]);
    }
    // Nobody signs with `none`, or with the certificate as a secret.
    const { payload } = JSON.parse((await goodSignature()).text) as { payload: string };
    const header = Buffer.from(JSON.stringify({ alg: 'none', typ, x5c: [der] })).toString('base64url');
    writeFileSync(join(bundle, 'signature.json'), JSON.stringify({ payload, protected: header, signature: '' }));
    expect((await verify()).faults).toEqual([expect.stringMatching(/does not fit/)]);
  });

  it('where any octet of the certificate that a signature shows was changed', async () => {
    await write();
    const { payload, protected: header, signature } = JSON.parse(read('signature.json')) as Record<string, string>;
    const { x5c, ...rest } = JSON.parse(Buffer.from(header!, 'base64url').toString()) as { x5c: string[] };
    const whole = Buffer.from(x5c[0]!, 'base64');
    for (let offset = 0; offset < whole.length; offset++) {
      const changed = Buffer.from(whole);
      changed[offset]! ^= 1 << (offset % 8);
      const shown = JSON.stringify({ ...rest, x5c: [changed.toString('base64')] });
      const protectedHeader = Buffer.from(shown).toString('base64url');
      writeFileSync(join(bundle, 'signature.json'), JSON.stringify({ payload, protected: protectedHeader, signature }));
      expect((await verify()).faults, `octet ${offset}`).toHaveLength(1);
    }
  }, 60_000);

  it('where a certificate between is anything', async () => {
    const { keyPem, certificatePem } = others.foreign;
    await write({}, others.foreign);
    const { payload } = JSON.parse(read('signature.json')) as { payload: string };
    const der = (pem: string) => Buffer.from(pem.replace(/-----.*?-----|\s/g, ''), 'base64');
    const whole = der(stranger.files.certificatePem);
    for (let offset = 0; offset < whole.length; offset += 3) {
      const changed = Buffer.from(whole);
      changed[offset]! ^= 1 << (offset % 8);
      const x5c = [der(certificatePem), changed].map((octets) => octets.toString('base64'));
      const header = { alg: 'PS256', typ: 'gluewall-evidence+jws', x5c };
      const signing = new FlattenedSign(Buffer.from(payload, 'base64url')).setProtectedHeader(header);
      const signature = await signing.sign(createPrivateKey(keyPem));
      writeFileSync(join(bundle, 'signature.json'), JSON.stringify(signature));
      expect((await verify()).faults, `octet ${offset}`).toHaveLength(1);
    }
  }, 60_000);

  it('where the folder has anything for a signature', async () => {
    await write();
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (text) => {
        writeFileSync(join(bundle, 'signature.json'), text);
        expect((await verify()).faults).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  });

  /** The signature of a good bundle. */
  async function goodSignature() {
    const made = { case: endedCase(), model: DEFAULT_MODEL, audit: auditRecords() };
    return (await composeBundle(made, signer, NOW_MS)).find(({ name }) => name === 'signature.json')!;
  }
});

describe('the report', () => {
  const reportOf = async (parts: Partial<Case> = {}) => {
    const files = await composeBundle(
      { case: { ...endedCase(), ...parts }, model: DEFAULT_MODEL, audit: auditRecords() },
      signer,
      NOW_MS,
    );
    return files.find(({ name }) => name === 'report.md')!.text;
  };

  it('says what is claimed, with which confidence, what it rests on, what is missing and what it does not say', async () => {
    const report = await reportOf();
    expect(report).toMatch(/the most likely is `192\.0\.2\.50`, with a confidence of 80 %/);
    expect(report).toContain('**not complete**');
    expect(report).toMatch(/\*\*spoofed\*\* \(method oblivious\)/);
    expect(report).toContain('with a probability of 55 %');
    expect(report).toMatch(/\| unknown server \| {2}\| `203\.0\.113\.53` \|/);
    expect(report).toMatch(/`c2\.example` \| 17\.5 \|/);
    expect(report).toContain('That a host sent the packets.');
    expect(report).toContain(auditRecords().head);
  });

  it('claims no more than the case does', async () => {
    const nothing = { hosts: [], reports: [], suspects: [] };
    expect(await reportOf({ ...nothing, outcome: 'not spoofed' })).toContain('it is **not made up**');
    expect(await reportOf({ ...nothing, outcome: 'no host named' })).toContain('**No host** is named');
    for (const outcome of ['cancelled', 'late', 'failed', 'interrupted', 'not confirmed'] as const) {
      expect(await reportOf({ ...nothing, outcome })).toContain(
        `**Nothing is claimed**: the case ended as "${outcome}"`,
      );
    }
    const override = await reportOf({ ground: { override: 'ticket 4711' } });
    expect(override).toContain('was **not confirmed**; the search was made for this reason: ticket 4711');
  });

  it('says what is missing also where it is no answer of a node', async () => {
    expect(await reportOf({ gaps: [], isComplete: true })).toContain('all that were asked answered');
    const detail = '1 host named; what they asked for before is not known: no time is left';
    const report = await reportOf({ gaps: [], isComplete: false, detail });
    expect(report).toContain(`The case did not come to its end: ${detail}.`);
    expect(report).not.toContain('all that were asked answered');
  });

  it('has nothing of what peers write as Markdown or HTML', async () => {
    const evil = '`|<script>alert(1)</script>|[x](javascript:1)\n# Heading\u202e**b**';
    const [host] = endedCase().hosts;
    const report = await reportOf({
      hosts: [{ ...host!, name: evil, reasons: [evil] }],
      gaps: [{ reason: 'refused', detail: evil }],
      ground: { override: evil },
    });
    const outside = report.replace(/(`+)[^`].*?[^`]\1(?!`)/g, '');
    expect(outside).not.toMatch(/(?<!\\)<script|(?<!\\)\[x|^# Heading/m);
    expect(report).not.toContain('\u202e');
    const rows = report.split('\n').filter((line) => line.startsWith('| `192.0.2.50`'));
    expect(rows[0]!.match(/(?<!\\)\|/g)).toHaveLength(8);
  });
});

function sameJson(one: Buffer, other: Buffer): boolean {
  try {
    return JSON.stringify(JSON.parse(one.toString())) === JSON.stringify(JSON.parse(other.toString()));
  } catch {
    return false;
  }
}
