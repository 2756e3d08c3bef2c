/** An evidence bundle: what a case found, in a folder that can be handed to another organisation, signed by the node. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { GluewallError } from '../../core/errors.ts';
import type { CaseRecords } from '../audit/case-records.ts';
import { nodeName } from '../messages.ts';
import type { ModelOptions } from '../node-options.ts';
import { type BundleSigner, signManifest } from './bundle-signature.ts';
import { type Case, caseFile } from './case.ts';
import { evidenceReport } from './evidence-report.ts';

export const CASE_NAME = 'case.json';
export const REPORT_NAME = 'report.md';
export const SIGNATURE_NAME = 'signature.json';

const instant = z.iso.datetime({ precision: 3 });

/** What case.json has. */
export const evidenceFile = z.strictObject({
  format: z.literal('gluewall evidence 1'),
  exportedAt: instant,
  exportedBy: z.string().max(64).optional(),
  case: caseFile,
  model: z.strictObject({ queryRate: z.number(), sameBot: z.number() }).describe('what the confidences assume of bots'),
  audit: z.strictObject({
    head: z.string().describe('the last record of the audit log of the node, N:HASH'),
    fault: z.string().optional().describe('what is wrong with that log as a whole'),
    records: z
      .array(z.strictObject({ previousHash: z.string(), line: z.string() }))
      .describe('those of this case, each with the hash that it goes on from'),
  }),
});
export type Evidence = z.infer<typeof evidenceFile>;

/** What the signature is over. */
export const manifest = z.strictObject({
  format: z.literal('gluewall evidence 1'),
  node: nodeName,
  case: z.uuid(),
  signedAt: instant,
  files: z.array(z.strictObject({ name: z.enum([CASE_NAME, REPORT_NAME]), sha256: z.string() })).length(2),
});
export type Manifest = z.infer<typeof manifest>;

export interface EvidenceParts {
  readonly case: Case;
  readonly model: ModelOptions;
  readonly audit: CaseRecords;
  readonly by?: string | undefined;
}

/** A file of a bundle: text of UTF-8. */
export interface BundleFile {
  readonly name: string;
  readonly text: string;
}

/**
 * The files of the bundle of a case that has ended. Rejects with GluewallError `case-busy` when it has not, and `evidence` when the key
 * cannot sign. The private key signs, and goes nowhere.
 */
export async function composeBundle(
  { case: one, model, audit, by }: EvidenceParts,
  signer: BundleSigner,
  nowMs: number,
): Promise<readonly BundleFile[]> {
  if (one.outcome === undefined) {
    throw new GluewallError('case-busy', `case ${one.id} is worked on; wait until it has ended`);
  }
  const now = new Date(nowMs).toISOString();
  const evidence: Evidence = {
    format: 'gluewall evidence 1',
    exportedAt: now,
    exportedBy: by,
    case: one,
    model: { queryRate: model.queryRate, sameBot: model.sameBot },
    audit: { ...audit, records: [...audit.records] },
  };
  const files = [
    { name: CASE_NAME, text: `${JSON.stringify(evidence, undefined, 2)}\n` },
    { name: REPORT_NAME, text: evidenceReport(evidence) },
  ] as const;
  const signed: Manifest = {
    format: 'gluewall evidence 1',
    node: one.node,
    case: one.id,
    signedAt: now,
    files: files.map(({ name, text }) => ({ name, sha256: sha256(text) })),
  };
  const signature = await signManifest(signed, signer);
  return [...files, { name: SIGNATURE_NAME, text: `${JSON.stringify(signature, undefined, 2)}\n` }];
}

/** In hexadecimal. */
export function sha256(octets: string | Buffer): string {
  return createHash('sha256').update(octets).digest('hex');
}
