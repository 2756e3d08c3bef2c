import { readFileSync, statSync } from 'node:fs';
import { systemClock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { type RevocationList, readRevocationList } from '../../core/revocation-list.ts';
import { certificatesOf } from '../../traceback/cases/bundle-signature.ts';
import type { TrustedAuthorities } from '../../traceback/cases/signer-chain.ts';
import { type BundleVerdict, verifyBundle } from '../../traceback/cases/verify-bundle.ts';
import type { VerifyBundleOptions } from '../commands/traceback-verify.ts';
import { EXIT } from '../exit-codes.ts';
import { printJson, printLines } from '../output.ts';

const MAX_PEM_OCTETS = 1 << 20;

/** Throws GluewallError `evidence` when there is nothing to look over, or `tls-files` when the authorities cannot be read. */
export async function verifyEvidence(folder: string, options: VerifyBundleOptions): Promise<void> {
  const certificates = certificatesOf(readPem('--ca', options.ca));
  if (certificates.length === 0) throw unusable('--ca', options.ca, 'holds no certificate');
  const revoked = options.crl === undefined ? undefined : readLists(options.crl);
  const verdict = await look(folder, { certificates, revoked });
  if (options.json === true) await printJson(asJson(folder, verdict));
  else await printLines(describe(folder, verdict));
  process.exitCode = verdict.faults.length === 0 ? EXIT.done : EXIT.refused;
}

function readLists(file: string): readonly RevocationList[] {
  const blocks = readPem('--crl', file).match(/-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----/g) ?? [];
  const lists = blocks.map((block) => readRevocationList(block));
  if (lists.length === 0 || lists.includes(undefined)) throw unusable('--crl', file, 'holds no list, or a damaged one');
  return lists.filter((list) => list !== undefined);
}

function readPem(option: string, file: string): string {
  try {
    const stats = statSync(file);
    if (!stats.isFile() || stats.size > MAX_PEM_OCTETS) throw unusable(option, file, 'is no file of PEM');
    return readFileSync(file, 'latin1');
  } catch (cause) {
    if (cause instanceof GluewallError) throw cause;
    throw unusable(option, file, `cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
}

function unusable(option: string, file: string, problem: string, cause?: unknown): GluewallError {
  const wanted = option === '--ca' ? 'certificates' : 'revocation lists';
  return new GluewallError('tls-files', `${option}: ${file} ${problem}; name a file of ${wanted} in PEM`, { cause });
}

async function look(folder: string, authorities: TrustedAuthorities): Promise<BundleVerdict> {
  try {
    return await verifyBundle(folder, authorities, systemClock.nowMs());
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new GluewallError('evidence', `${folder} cannot be read (${code}); name the folder of a bundle`, { cause });
  }
}

function asJson(folder: string, { faults, signer, manifest, evidence }: BundleVerdict) {
  const one = evidence?.case;
  return {
    folder,
    isGood: faults.length === 0,
    faults,
    signer: signer ?? null,
    node: manifest?.node ?? null,
    signedAt: manifest?.signedAt ?? null,
    case: manifest?.case ?? null,
    outcome: one?.outcome ?? null,
    name: one?.question.name ?? null,
    hosts: one?.hosts.map(({ address, confidence }) => ({ address, confidence })) ?? [],
  };
}

function describe(folder: string, { faults, signer, manifest, evidence }: BundleVerdict): readonly string[] {
  if (faults.length > 0) {
    const heading = `${folder} is not to be relied on:`;
    return [heading, ...faults.map((fault) => `  ${fault}`)];
  }
  const one = evidence!.case;
  return [
    `${folder} is as the node ${manifest!.node} signed it, at ${manifest!.signedAt} by its own clock`,
    `certificate: ${signer}`,
    `case ${one.id} about ${one.question.name}: ${one.outcome}; ${one.detail}`,
    'report.md has it for people; a signature says who wrote it, and not that it is true',
  ];
}
