import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseRecord } from '../audit/audit-record.ts';
import { certificatesOf, chainFault, nameOf, readSignature } from './bundle-signature.ts';
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
 * Looks over an evidence bundle: the signature, who made it and whether an authority of `caPem` vouched for that at the time, the
 * hash of each file, and that of each audit record. Rejects as node:fs does when the folder cannot be read.
 */
export async function verifyBundle(folder: string, caPem: string, nowMs: number): Promise<BundleVerdict> {
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
  faults.push(...signerFaults(signature.chain, signed, caPem, nowMs));
  const evidence = await checkFiles(folder, signed, faults);
  if (evidence !== undefined) faults.push(...evidenceFaults(evidence, signed));
  return { faults, signer, manifest: signed, evidence };
}

function signerFaults(
  chain: Parameters<typeof chainFault>[0],
  { node, signedAt }: Manifest,
  caPem: string,
  nowMs: number,
): readonly string[] {
  const atMs = Date.parse(signedAt);
  const fault = chainFault(chain, certificatesOf(caPem), atMs);
  return [
    ...(fault === undefined ? [] : [`the certificate: ${fault}`]),
    ...(chain[0].checkHost(node, { subject: 'never' }) === undefined
      ? [`the certificate is not of the node ${node}, which is said to have signed`]
      : []),
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
  const wrong = audit.records.filter(({ previousHash, line }) => {
    const parsed = parseRecord(Buffer.from(line), previousHash);
    return parsed === undefined || parsed.record.hash !== parsed.expectedHash;
  });
  return [
    ...(one.id === signed.case && one.node === signed.node ? [] : [`${CASE_NAME} is of another case or node`]),
    ...(wrong.length === 0 ? [] : [`audit records whose hash does not fit: ${wrong.length}`]),
    ...(audit.fault === undefined ? [] : [`the audit log of the node was damaged at the time: ${audit.fault}`]),
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
