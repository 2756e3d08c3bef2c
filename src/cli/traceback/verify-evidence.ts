import { readFileSync, statSync } from 'node:fs';
import { systemClock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { certificatesOf } from '../../traceback/cases/bundle-signature.ts';
import { type BundleVerdict, verifyBundle } from '../../traceback/cases/verify-bundle.ts';
import type { VerifyBundleOptions } from '../commands/traceback-verify.ts';
import { EXIT } from '../exit-codes.ts';
import { printJson, printLines } from '../output.ts';

const MAX_CA_OCTETS = 1 << 20;

/** Throws GluewallError `evidence` when there is nothing to look over, or `tls-files` when the authorities cannot be read. */
export async function verifyEvidence(folder: string, options: VerifyBundleOptions): Promise<void> {
  const caPem = readAuthorities(options.ca);
  const verdict = await look(folder, caPem);
  if (options.json === true) await printJson(asJson(folder, verdict));
  else await printLines(describe(folder, verdict));
  process.exitCode = verdict.faults.length === 0 ? EXIT.done : EXIT.refused;
}

function readAuthorities(file: string): string {
  const refuse = (problem: string, cause?: unknown) =>
    new GluewallError('tls-files', `--ca: ${file} ${problem}; name a file of certificates in PEM`, { cause });
  let pem: string;
  try {
    const stats = statSync(file);
    if (!stats.isFile() || stats.size > MAX_CA_OCTETS) throw refuse('is no file of certificates');
    pem = readFileSync(file, 'latin1');
  } catch (cause) {
    if (cause instanceof GluewallError) throw cause;
    throw refuse(`cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
  if (certificatesOf(pem).length === 0) throw refuse('holds no certificate');
  return pem;
}

async function look(folder: string, caPem: string): Promise<BundleVerdict> {
  try {
    return await verifyBundle(folder, caPem, systemClock.nowMs());
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
