import { parseAddress } from '../../core/address.ts';
import type { BotGroup } from '../../correlation/bot-group.ts';
import type { Finding } from '../../findings/finding.ts';

/** The groups that findings are about, as far as those tell: their ids and hosts, by which they are known again. */
export function groupsOf(findings: readonly Finding[]): readonly BotGroup[] {
  return findings.flatMap((finding) => (finding.kind === 'bot-group' ? [groupOf(finding)] : []));
}

function groupOf({ subject: id, firstAtMs: sinceMs, lastAtMs, score, hosts }: Finding): BotGroup {
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
    changes: [],
  };
}
