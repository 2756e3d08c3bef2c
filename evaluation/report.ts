/** Figures of an evaluation, for people and programs. */
import { percent } from '../src/core/words.ts';
import { type Score, shareOf } from './score.ts';

interface Target {
  readonly figure: string;
  readonly of: (score: Score) => number;
  readonly least?: number;
  readonly most?: number;
}

export const TARGETS: readonly Target[] = [
  { figure: 'botPrecision', of: ({ precision }) => shareOf(precision), least: 0.95 },
  { figure: 'botRecall', of: ({ recall }) => shareOf(recall), least: 0.9 },
  { figure: 'c2Top3Share', of: ({ c2Top3 }) => shareOf(c2Top3), least: 0.95 },
  { figure: 'foreignResolverFalseFindings', of: ({ foreignResolverFalseFindings: count }) => count, most: 0 },
];

export function isMet({ of, least, most }: Target, score: Score): boolean {
  return of(score) >= (least ?? Number.NEGATIVE_INFINITY) && of(score) <= (most ?? Number.POSITIVE_INFINITY);
}

/** One object for programs: the four figures of the targets, and what they are made of. */
export function summaryOf(score: Score, scenarios: number): Readonly<Record<string, unknown>> {
  return {
    ...Object.fromEntries(TARGETS.map(({ figure, of }) => [figure, of(score)])),
    isMet: TARGETS.every((target) => isMet(target, score)),
    scenarios,
    saidInfected: score.precision.of,
    infected: score.recall.of,
    found: score.recall.hits,
    groups: score.c2Top3.of,
    groupsMerged: score.merged,
    groupsSplit: score.split,
    bots: Object.fromEntries(score.bots),
    falseBots: Object.fromEntries(score.falseBots),
  };
}

export function tableOf(score: Score): readonly string[] {
  const { precision, recall, c2Top3, bots, falseBots, merged, split } = score;
  const counts = [
    `${precision.hits} of ${precision.of}`,
    `${recall.hits} of ${recall.of}`,
    `${c2Top3.hits} of ${c2Top3.of}`,
    '',
  ];
  const rows = TARGETS.map((target, index) => {
    const { figure, of, least, most } = target;
    const want = least === undefined ? `<= ${most}` : `>= ${least}`;
    const shown = least === undefined ? String(of(score)) : of(score).toFixed(3);
    const verdict = isMet(target, score) ? 'met' : 'MISSED';
    return `${figure.padEnd(30)} ${shown.padStart(6)}  ${want.padEnd(8)} ${verdict.padEnd(7)} ${counts[index]}`.trimEnd();
  });
  const kinds = [...bots].map(
    ([kind, share]) => `  ${kind.padEnd(28)} ${percent(shareOf(share)).padStart(11)}  ${share.hits} of ${share.of}`,
  );
  const wronged = [...falseBots].map(
    ([kind, { hits, of }]) => `  ${kind.padEnd(28)} ${String(hits).padStart(6)}  of ${of}`,
  );
  return [
    ...rows,
    '',
    'infected hosts found, by kind',
    ...kinds,
    '',
    'others said to be infected, by kind',
    ...wronged,
    '',
    `groups that hold hosts of several: ${merged}; groups in several parts: ${split}`,
  ];
}
