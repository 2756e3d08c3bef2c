/** What traceback says of hosts of the inside, as reasons of their findings. */
import { type Address, formatAddress, parseAddress } from '../core/address.ts';
import { percent } from '../core/words.ts';
import type { FindingBook } from '../findings/finding-book.ts';
import type { Case } from '../traceback/cases/case.ts';
import type { NamedHosts } from '../traceback/named-hosts.ts';
import type { NodeOperations } from './traceback-services.ts';

/** From this confidence on a case alone opens a finding. */
const OPENS_CONFIDENCE = 0.5;
/** What a peer makes believed of a host by asking the right question is a hint, and no more. */
const MAX_ASKED_WEIGHT = 0.25;
/** No case alone makes certain. */
const MAX_WEIGHT = 0.99;
/** Characters of an id that tell a case from others. */
const SHORT_ID = 8;

export interface CaseEvidenceParts {
  readonly findings: Pick<FindingBook, 'takeOutside'>;
  /** Whether a host that our own node named is one of the inside, by its own address. */
  readonly isOwnHost: (address: Address) => boolean;
}

/** The node, whose cases end in findings about the hosts of the inside that they name. */
export function withCaseEvidence(node: NodeOperations, parts: CaseEvidenceParts): NodeOperations {
  return {
    async *request(demand, signal) {
      const ended = yield* node.request(demand, signal);
      takeCase(ended, parts);
      return ended;
    },
    list: () => node.list(),
    show: (id) => node.show(id),
    close: (id, reason, by) => node.close(id, reason, by),
    evidence: (id, by) => node.evidence(id, by),
  };
}

/**
 * Takes what our own log named to a peer that asked. It adds a little to a finding that is there, once for each peer, and opens none:
 * a peer chooses the name and the time that it asks about.
 */
export function takeNamed(named: NamedHosts, { findings, isOwnHost }: CaseEvidenceParts): void {
  for (const { address, confidence, queries, firstAt, lastAt } of named.hosts) {
    const parsed = parseAddress(address);
    if (parsed === undefined || !isOwnHost(parsed)) continue;
    const firstAtMs = Date.parse(firstAt);
    const text = `case ${named.case}: the attack on ${named.name} at ${named.at}, confidence ${percent(confidence)}`;
    const reason = {
      kind: 'traceback',
      weight: Math.min(confidence, MAX_ASKED_WEIGHT),
      line: `named to ${named.asker}, which traced an attack`,
      events: queries,
      firstAtMs,
      lastAtMs: Date.parse(lastAt),
      samples: [{ atMs: firstAtMs, text }],
    };
    findings.takeOutside(formatAddress(parsed), reason, false);
  }
}

/** What other nodes name are hosts of theirs, which may have addresses that are ours, too. */
function takeCase({ id, node, question, hosts }: Case, { findings, isOwnHost }: CaseEvidenceParts): void {
  for (const { address, confidence, paths, queries, firstAt, lastAt, reasons } of hosts) {
    const parsed = parseAddress(address);
    const isNamedHere = paths.some((path) => path.at(-1) === node);
    if (parsed === undefined || !isNamedHere || !isOwnHost(parsed)) continue;
    const line = `traceback case ${id.slice(0, SHORT_ID)} names it for the attack on ${question.name} at ${question.at}: confidence ${percent(confidence)}`;
    const firstAtMs = Date.parse(firstAt);
    const samples = reasons.slice(0, 1).map((text) => ({ atMs: firstAtMs, text }));
    const weight = Math.min(confidence, MAX_WEIGHT);
    const reason = {
      kind: 'traceback',
      weight,
      line,
      events: queries,
      firstAtMs,
      lastAtMs: Date.parse(lastAt),
      samples,
    };
    findings.takeOutside(formatAddress(parsed), reason, confidence >= OPENS_CONFIDENCE);
  }
}
