import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isNamed } from '../../core/tls-settings.ts';
import { parseHead, parseRecord } from '../audit/audit-record.ts';
import { readSignature } from './bundle-signature.ts';
import {
  CASE_NAME,
  type Evidence,
  evidenceFile,
  type Manifest,
  manifest,
  REPORT_NAME,
  SIGNATURE_NAME,
  sha256,
} from './evidence.ts';
import { chainFault, nameOf, type TrustedAuthorities } from './signer-chain.ts';

/** More than a bundle can have. */
const MAX_FILE_OCTETS = 256 << 20;
const MAX_SIGNATURE_OCTETS = 1 << 20;
/** Clocks differ. */
const AHEAD_MS = 300_000;
const MAX_STRANGERS = 8;

/** What is known of a bundle after a look over it. */
export interface BundleVerdict {
  /** Everything that is wrong, in words; none: it is as it was signed, by whom it says. */
  readonly faults: readonly string[];
  /** The subject of the signer's certificate, and what it has signed; undefined: no signature could be read. */
  readonly signer: string | undefined;
  readonly manifest: Manifest | undefined;
  /** What was signed; undefined where the file is not the one that was signed. */
  readonly evidence: Evidence | undefined;
}

/**
 * Looks over an evidence bundle: the signature, who made it and whether an authority vouched for that at the time, the hash of each
 * file, and whether the audit records are of the case, in their order, each with its hash. Rejects as node:fs does when the folder cannot be read.
 */
export async function verifyBundle(
  folder: string,
  authorities: TrustedAuthorities,
  nowMs: number,
): Promise<BundleVerdict> {
  const faults: string[] = [];
  const names = await readdir(folder);
  const known: readonly string[] = [CASE_NAME, REPORT_NAME, SIGNATURE_NAME];
  const strangers = names.filter((name) => !known.includes(name)).slice(0, MAX_STRANGERS);
  if (strangers.length > 0) faults.push(`not signed, and no part of the bundle: ${strangers.join(', ')}`);
  const text = await readBounded(join(folder, SIGNATURE_NAME), MAX_SIGNATURE_OCTETS);
  const signature = typeof text === 'string' ? text : await readSignature(text.toString('utf8'));
  if (typeof signature === 'string') {
    return {
      faults: [...faults, `${SIGNATURE_NAME} ${signature}`],
      signer: undefined,
      manifest: undefined,
      evidence: undefined,
    };
  }
  const signer = nameOf(signature.chain[0]);
  const { data: signed } = manifest.safeParse(signature.manifest);
  if (signed === undefined) {
    const fault = `${SIGNATURE_NAME} is over something that is no evidence`;
    return { faults: [...faults, fault], signer, manifest: undefined, evidence: undefined };
  }
  faults.push(...signerFaults(signature.chain, signed, authorities, nowMs));
  const evidence = await checkFiles(folder, signed, faults);
  if (evidence !== undefined) faults.push(...evidenceFaults(evidence, signed));
  return { faults, signer, manifest: signed, evidence };
}

function signerFaults(
  chain: Parameters<typeof chainFault>[0],
  { node, signedAt }: Manifest,
  authorities: TrustedAuthorities,
  nowMs: number,
): readonly string[] {
  const atMs = Date.parse(signedAt);
  const fault = chainFault(chain, authorities, { signedAtMs: atMs, nowMs });
  return [
    ...(fault === undefined ? [] : [`the certificate: ${fault}`]),
    ...(isNamed(chain[0], node) ? [] : [`the certificate is not of the node ${node}, which is said to have signed`]),
    ...(atMs > nowMs + AHEAD_MS ? [`it is said to be signed at ${signedAt}, which has not come yet`] : []),
  ];
}

/** Adds to `faults` what is wrong with the files, and gives what is in case.json if it is the one that was signed. */
async function checkFiles(folder: string, { files }: Manifest, faults: string[]): Promise<Evidence | undefined> {
  let evidence: Evidence | undefined;
  for (const name of [CASE_NAME, REPORT_NAME] as const) {
    const octets = await readBounded(join(folder, name), MAX_FILE_OCTETS);
    if (typeof octets === 'string') {
      faults.push(`${name} ${octets}`);
    } else if (!files.some((file) => file.name === name && file.sha256 === sha256(octets))) {
      faults.push(`${name} is not the one that was signed: it was changed`);
    } else if (name === CASE_NAME) {
      evidence = evidenceFile.safeParse(parseJson(octets)).data;
      if (evidence === undefined) faults.push(`${name} is as it was signed, but no evidence that is understood here`);
    }
  }
  return evidence;
}

function evidenceFaults({ case: one, audit }: Evidence, signed: Manifest): readonly string[] {
  return [
    ...(one.id === signed.case && one.node === signed.node ? [] : [`${CASE_NAME} is of another case or node`]),
    ...auditFaults(one.id, audit),
    ...(audit.fault === undefined ? [] : [`the audit log of the node was damaged at the time: ${audit.fault}`]),
  ];
}

/** Records of another case, out of their order or beyond the end of the log belong to no evidence, however right their hashes. */
function auditFaults(caseId: string, { head, records }: Evidence['audit']): readonly string[] {
  const last = parseHead(head)?.number ?? 0;
  let before = 0;
  const counts = { changed: 0, strange: 0, misplaced: 0 };
  for (const { previousHash, line } of records) {
    const parsed = parseRecord(Buffer.from(line), previousHash);
    if (parsed === undefined || parsed.record.hash !== parsed.expectedHash) {
      counts.changed++;
      continue;
    }
    const { number, entry } = parsed.record;
    if (!('case' in entry) || entry.case !== caseId) counts.strange++;
    if (number <= before || number > last) counts.misplaced++;
    before = number;
  }
  return [
    ...(counts.changed === 0 ? [] : [`audit records whose hash does not fit: ${counts.changed}`]),
    ...(counts.strange === 0 ? [] : [`audit records that are not of this case: ${counts.strange}`]),
    ...(counts.misplaced === 0
      ? []
      : [`audit records that are not in their order, or beyond the last: ${counts.misplaced}`]),
  ];
}

/** The octets of a file, or what is wrong with it. */
async function readBounded(path: string, maxOctets: number): Promise<Buffer | string> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) return 'is no regular file';
      return stats.size > maxOctets ? 'is longer than it can be' : await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'is missing';
    return `cannot be read (${code})`;
  }
}

function parseJson(octets: Buffer): unknown {
  try {
    return JSON.parse(octets.toString('utf8'));
  } catch {
    return undefined;
  }
}
