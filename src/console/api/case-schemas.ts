/** Schemas of traceback cases. */
import { z } from '@hono/zod-openapi';
import type { EvidenceFile } from '../../services/traceback-services.ts';
import { CASE_STEPS, type Case, type CaseSummary, caseFile, OUTCOMES } from '../../traceback/cases/case.ts';
import { MAX_TIME_LIMIT_MS, MIN_TIME_LIMIT_MS } from '../../traceback/messages.ts';
import { askedInstant, count, instant, share, viewSchema, word } from './common.ts';

/** How long a case is worked on when nothing is said. */
export const TIME_LIMIT_DEFAULT_MS = 30_000;

/** What a case is about. */
export const caseQuestion = z.strictObject({
  name: word.describe('what the victim is called'),
  at: askedInstant.describe('when the attack began'),
  source: word.describe('where its packets say that they come from'),
});
export const traceParts = {
  commandAndControl: z.boolean().optional().describe('look for names that the hosts asked for before'),
  timeLimitMs: z.int().min(MIN_TIME_LIMIT_MS).max(MAX_TIME_LIMIT_MS).optional(),
};

export const caseView = viewSchema<Case>()(caseFile.meta({ id: 'Case' }));

export const caseSummary = viewSchema<CaseSummary>()(
  z
    .object({
      id: z.string(),
      state: z.enum(['open', 'closed']),
      openedAt: instant,
      step: z.enum(CASE_STEPS),
      outcome: z.enum(OUTCOMES).optional(),
      isComplete: z.boolean(),
      name: z.string(),
      at: instant,
      source: z.string(),
      gaps: count,
      hosts: count.describe('how many are named'),
      first: z
        .object({ address: z.string(), name: z.string().optional(), confidence: share })
        .optional()
        .describe('the most likely'),
    })
    .meta({ id: 'CaseSummary' }),
);

const evidenceFile = viewSchema<EvidenceFile>()(z.object({ name: z.string(), text: z.string() }));
export const evidenceBundle = z.object({ files: z.array(evidenceFile) });
