import type { Gap } from '../messages.ts';
import { silentSources } from '../silent-sources.ts';
import type { SourceVerdict, Verdict } from './confirmation-test.ts';

/**
 * Whether the packets came from who they say (paper 1, 4.5 and 6.2): `not spoofed` when the address asked for the name, `spoofed` when
 * others asked and it did not, `no query` when nobody asked, by what the sources say or because there are none, `unknown` when
 * no source answered.
 */
export type ConfirmationOutcome = 'spoofed' | 'not spoofed' | 'no query' | 'unknown';

export interface ConfirmationResult {
  readonly outcome: ConfirmationOutcome;
  /** Sources that said so. */
  readonly matches: number;
  readonly noMatches: number;
  readonly noQueries: number;
  /** Sources that have not answered, as far as is known, and those that answered in part. */
  readonly missing: number;
  readonly cut: number;
  /** The same for people. */
  readonly words: string;
}

/** What all sources say together, and how much it is worth where some have not answered. */
export function confirmationResult(verdicts: readonly SourceVerdict[], gaps: readonly Gap[]): ConfirmationResult {
  const count = (wanted: Verdict) => verdicts.filter(({ verdict }) => verdict === wanted).length;
  const counts = {
    matches: count('match'),
    noMatches: count('no match'),
    noQueries: count('no query'),
    missing: silentSources(gaps),
    cut: gaps.filter(({ reason }) => reason === 'too many').length,
  };
  // Where no DNS server asked, no source was asked, and none is missing.
  const isNobody = verdicts.length === 0 && gaps.length === 0;
  const outcome = isNobody ? 'no query' : outcomeOf(counts);
  return { outcome, ...counts, words: [SAYS[outcome](counts), ...doubts(outcome, counts)].join('; ') };
}

type Counts = Omit<ConfirmationResult, 'outcome' | 'words'>;

function outcomeOf({ matches, noMatches, noQueries }: Counts): ConfirmationOutcome {
  if (matches > 0) return 'not spoofed';
  if (noMatches > 0) return 'spoofed';
  return noQueries > 0 ? 'no query' : 'unknown';
}

const SAYS: Readonly<Record<ConfirmationOutcome, (counts: Counts) => string>> = {
  'not spoofed': ({ matches }) => `the address asked for the name itself, says ${sources(matches)}`,
  spoofed: ({ noMatches, noQueries }) => {
    const others = noQueries > 0 ? ` (at ${sources(noQueries)} more, nobody did)` : '';
    return `others asked for the name at ${sources(noMatches)}, the address did not${others}`;
  },
  'no query': ({ noQueries }) =>
    noQueries === 0 ? 'no DNS server asked for the name' : `nobody asked for the name at ${sources(noQueries)}`,
  unknown: () => 'no source answered',
};

function doubts(outcome: ConfirmationOutcome, { missing, cut }: Counts): string[] {
  // One that asked has asked, whoever is silent.
  if (outcome === 'not spoofed') return [];
  const mayHave = outcome === 'unknown' ? '' : ', where it may have asked';
  return [
    ...(missing > 0
      ? [`no answer from ${missing === 1 ? '1 server or node' : `${missing} servers or nodes`}${mayHave}`]
      : []),
    ...(cut > 0 ? [`${cut === 1 ? '1 answer is' : `${cut} answers are`} cut`] : []),
  ];
}

function sources(count: number): string {
  return count === 1 ? '1 source' : `${count} sources`;
}
