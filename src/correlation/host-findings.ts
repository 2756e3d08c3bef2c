import { formatAddress } from '../core/address.ts';
import { formatMac } from '../core/mac-address.ts';
import { type FindingKind, type Found, MAX_REASONS, type Reason } from '../findings/finding.ts';
import type { Evidence } from './detector.ts';
import { MOST_FOR_FLOOD } from './detectors/answer-flood.ts';
import { type EvidenceBook, FOREIGN_HABITS } from './evidence-book.ts';
import { hostDetail } from './host-detail.ts';
import { combineWeights } from './weights.ts';

/** Hosts put into words before others may run. */
const HOSTS_IN_ONE_GO = 50;
/** A flood is told from this share of the heaviest on. */
const LEAST_FLOOD = 0.5;

/**
 * What there is to say of hosts: infected from the score of the options on, with reasons beside the evidence where there are any (that
 * of a group); else, where that is all, a foreign resolver; and floods of answers. `suspects` as `EvidenceBook.suspects` gives
 * them from SUSPECT_SCORE on. Of several hosts with one address the most suspect one is told.
 */
export function* hostFindings(
  book: EvidenceBook,
  nowMs: number,
  suspects: readonly { readonly host: number; readonly score: number }[],
  extraReasons: ReadonlyMap<number, readonly Reason[]> = new Map(),
): Generator<void, readonly Found[]> {
  const found = new Map<string, Found>();
  for (const [index, { host, score }] of suspects.entries()) {
    if (index % HOSTS_IN_ONE_GO === HOSTS_IN_ONE_GO - 1) yield;
    // Forgotten since the suspects were listed.
    if (!book.hosts.isHeld(host)) continue;
    const extra = extraReasons.get(host) ?? [];
    for (const one of findingsOf(book, host, nowMs, score, extra)) {
      const key = `${one.kind} ${one.subject}`;
      const other = found.get(key);
      if (other === undefined || other.score < one.score) found.set(key, one);
    }
  }
  return [...found.values()];
}

function findingsOf(
  book: EvidenceBook,
  host: number,
  nowMs: number,
  ownScore: number,
  extra: readonly Reason[],
): Found[] {
  const { minScore } = book.options;
  const score = combineWeights([ownScore, ...extra.map(({ weight }) => weight)]);
  const usesForeignResolver = book.usesForeignResolver(host);
  const evidence = book.evidence(host, nowMs);
  const flood = evidence.filter(({ kind }) => kind === 'answer-flood');
  const found: Found[] = [];
  if (score >= minScore) found.push(foundOf(book, host, 'infected-host', score, evidence, extra));
  else if (usesForeignResolver) {
    const reasons = evidence.filter(({ kind }) => FOREIGN_HABITS.includes(kind));
    if (reasons.length > 0) found.push(foundOf(book, host, 'foreign-resolver', weightOf(reasons), reasons));
  }
  const floodScore = weightOf(flood) / MOST_FOR_FLOOD;
  if (floodScore >= LEAST_FLOOD) found.push(foundOf(book, host, 'answer-flood', Math.min(1, floodScore), flood));
  return found;
}

function weightOf(evidence: readonly Evidence[]): number {
  return combineWeights(evidence.map(({ weight }) => weight));
}

function foundOf(
  book: EvidenceBook,
  host: number,
  kind: FindingKind,
  score: number,
  own: readonly Evidence[],
  extra: readonly Reason[] = [],
): Found {
  const address = book.hosts.address(host);
  const subject = formatAddress(address);
  const mac = book.hosts.mac(host);
  const isShared = book.hosts.numbersOf(address).length > 1;
  const asWho = isShared && mac !== undefined ? `as ${formatMac(mac)}: ` : '';
  const reasons = [...extra, ...own]
    .sort((a, b) => b.weight - a.weight)
    .slice(0, MAX_REASONS)
    .map((reason) => ({ ...reason, line: `${asWho}${reason.line}` }));
  // What its group went on to do is not what the host did: a finding that was closed as resolved would come back.
  const lasting = own.length > 0 ? own : extra;
  const detail = hostDetail(book.hosts, host);
  return {
    kind,
    subject,
    score,
    reasons,
    hosts: [subject],
    firstAtMs: Math.min(...reasons.map(({ firstAtMs }) => firstAtMs)),
    lastAtMs: Math.max(...lasting.map(({ lastAtMs }) => lastAtMs)),
    ...(detail === undefined ? {} : { detail }),
  };
}
