import { isIP } from 'node:net';
import type { z } from 'zod';
import { printableJson } from '../core/printable.ts';
import { formatEveInstant } from '../events/eve.ts';
import { EVE_HOSTS, EVE_REASONS, type eveFindingSchema } from './eve-finding-schema.ts';
import type { FindingNews } from './finding-book.ts';

type EveFinding = z.infer<typeof eveFindingSchema>;

/** News of a finding as one line of eve.json, without the line feed; nothing in it can steer a terminal. */
export function eveFindingLine(news: FindingNews): string {
  return printableJson(eveFinding(news));
}

function eveFinding({ what, finding }: FindingNews): EveFinding {
  const { id, kind, subject, state, closed, score, hosts, reasons, cases } = finding;
  const change = what === 'state' || what === 'response' ? finding.changes.at(-1) : undefined;
  return {
    timestamp: formatEveInstant(finding.updatedAtMs),
    event_type: 'finding',
    src_ip: hosts.length === 1 && isIP(hosts[0]!) !== 0 ? hosts[0]! : null,
    finding: {
      id,
      news: what,
      kind,
      subject,
      state,
      closed_as: closed?.as ?? null,
      by: change?.by ?? null,
      change: change?.text ?? null,
      score,
      first: formatEveInstant(finding.firstAtMs),
      last: formatEveInstant(finding.lastAtMs),
      hosts: hosts.slice(0, EVE_HOSTS),
      host_count: hosts.length,
      reasons: reasons
        .slice(0, EVE_REASONS)
        .map(({ kind: ofKind, weight, line, events }) => ({ kind: ofKind, weight, line, events })),
      cases: [...cases],
    },
  };
}
