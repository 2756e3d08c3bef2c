import { parseAddress } from '../../core/address.ts';
import type { BotGroup } from '../../correlation/bot-group.ts';
import type { Finding } from '../../findings/finding.ts';

/** Older ones have hardly a host left by which they would be known again. */
const MAX_KNOWN = 1000;

/**
 * The groups that the newest findings are about, the oldest first, as far as those tell: their ids and hosts, by which they are known
 * again. One whose finding is closed has ended.
 */
export function groupsOf(findings: readonly Finding[]): readonly BotGroup[] {
  return findings
    .filter(({ kind }) => kind === 'bot-group')
    .sort((a, b) => a.lastAtMs - b.lastAtMs)
    .slice(-MAX_KNOWN)
    .map(groupOf);
}

function groupOf({ subject: id, firstAtMs: sinceMs, lastAtMs, score, hosts, state }: Finding): BotGroup {
  const addresses = hosts.flatMap((host) => parseAddress(host) ?? []);
  return {
    id,
    sinceMs,
    lastAtMs,
    score,
    hosts: addresses.map((host) => ({ host, score: 0, matches: 0 })),
    features: [],
    matches: [],
    candidates: [],
    victims: [],
    changes: state === 'closed' ? [{ atMs: lastAtMs, what: 'ended', with: [] }] : [],
  };
}
