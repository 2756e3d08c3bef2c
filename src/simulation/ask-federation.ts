import { type Address, formatAddress } from '../core/address.ts';
import { formatName, type Name } from '../dns/name.ts';
import { confirmationResult } from '../traceback/confirmation/confirmation-result.ts';
import { createTest } from '../traceback/confirmation/confirmation-test.ts';
import { type Gap, MAX_HOPS, type SourceReport } from '../traceback/messages.ts';
import { NODE_DEFAULTS } from '../traceback/node-options.ts';
import { rankHosts } from '../traceback/rank-hosts.ts';
import { silentSources } from '../traceback/silent-sources.ts';
import type { TracebackNode } from '../traceback/traceback-node.ts';
import type { CaseFinding } from './case-outcome.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What the victim says, and who is to be found. */
export interface CaseQuestion {
  readonly name: Name;
  readonly atMs: number;
  /** What the packets say they come from. */
  readonly source: Address;
  /** Who did it. */
  readonly hosts: readonly Address[];
}

const TIME_LIMIT_MS = 30_000;

/** Nothing was found, and nobody could be asked. */
export const NOTHING_FOUND: CaseFinding = {
  rank: undefined,
  innocents: 0,
  innocentsAbove: 0,
  inWindow: 0,
  expectedInWindow: 0,
  gaps: 0,
  named: [],
};

/**
 * A confirmation, and where it says that the address is made up, a traceback: both asked of the destination's node, as its own
 * organisation does.
 */
export async function askFederation(
  node: TracebackNode,
  destination: string,
  question: CaseQuestion,
  time: VirtualTime,
  random: Random,
): Promise<CaseFinding> {
  const { name, atMs, source, hosts } = question;
  const caseId = random.uuid();
  const envelope = () => ({
    request: random.uuid(),
    case: caseId,
    sentAt: new Date(time.nowMs()).toISOString(),
    path: [destination],
    hopLimit: MAX_HOPS - 1,
    timeLimitMs: TIME_LIMIT_MS,
    name: formatName(name),
    at: new Date(atMs).toISOString(),
    window: NODE_DEFAULTS.window,
    servers: [],
  });
  const { signal } = new AbortController();
  const { test, read } = createTest('hash', { caseId, name, address: source });
  const confirmed = await time.finish(node.answer({ kind: 'confirm', ...envelope(), test }, signal));
  const { verdicts, gaps } = await read(confirmed.findings);
  const { outcome } = confirmationResult(verdicts, [...confirmed.gaps, ...gaps]);
  if (outcome !== 'spoofed') return { ...NOTHING_FOUND, gaps: confirmed.gaps.length };
  const ground = { confirmed: 'spoofed' } as const;
  const answer = await time.finish(node.answer({ kind: 'traceback', ...envelope(), ground }, signal));
  return judge(answer.reports, answer.gaps, hosts);
}

function judge(reports: readonly SourceReport[], gaps: readonly Gap[], guilty: readonly Address[]): CaseFinding {
  const bots = new Set(guilty.map(formatAddress));
  const named = rankHosts(reports, NODE_DEFAULTS.model, silentSources(gaps)).map(({ address, confidence }) => ({
    confidence,
    isBot: bots.has(address),
  }));
  const first = named.findIndex(({ isBot }) => isBot);
  const innocents = named.filter(({ isBot }) => !isBot).length;
  const inWindow = reports.reduce((sum, { hosts, withheld }) => sum + hosts.length + withheld, 0);
  return {
    rank: first < 0 ? undefined : first + 1,
    innocents,
    innocentsAbove: first < 0 ? innocents : first,
    inWindow: inWindow - (named.length - innocents),
    expectedInWindow: reports.reduce((sum, { expected }) => sum + expected, 0),
    gaps: gaps.length,
    named,
  };
}
