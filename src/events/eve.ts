import type { z } from 'zod';
import { formatAddress } from '../core/address.ts';
import { printableJson } from '../core/printable.ts';
import { formatName } from '../dns/name.ts';
import { DNS_PORT, formatRecordType } from '../dns/registry.ts';
import type { eveRecordSchema } from './eve-schema.ts';
import type { HistoryHint, VerdictEvent } from './verdict-event.ts';

/** One verdict as eve.json has it. */
export type EveRecord = z.infer<typeof eveRecordSchema>;

/** The event as one line of eve.json, without the line feed; nothing in it can steer a terminal. */
export function eveLine(event: VerdictEvent): string {
  return printableJson(eveRecord(event));
}

/** The event as one line of eve.json has it. */
export function eveRecord(event: VerdictEvent): EveRecord {
  const { queryName, queryType, hint, enforced, verdict } = event;
  return {
    timestamp: formatEveInstant(event.atMs),
    event_type: 'dns_verdict',
    src_ip: formatAddress(event.client),
    src_port: event.clientPort,
    dest_ip: formatAddress(event.destination),
    dest_port: DNS_PORT,
    proto: event.transport === 'udp' ? 'UDP' : 'TCP',
    switch: { datapath_id: event.datapathId, in_port: event.inPort },
    dns: {
      rrname: queryName === undefined ? null : formatName(queryName),
      rrtype: queryType === undefined ? null : formatRecordType(queryType),
    },
    verdict: {
      action: verdict === 'block' && !enforced ? 'would_block' : verdict,
      reason: REASONS[event.reason],
      enforced,
      scope: event.scope,
      held_ms: Math.round(event.heldMs),
      hint: hint === undefined ? null : eveHint(hint, event.atMs),
      message: event.message,
    },
    packets_at_least: event.packetsAtLeast,
  };
}

const REASONS: Readonly<Record<VerdictEvent['reason'], EveRecord['verdict']['reason']>> = {
  allowList: 'allow_list',
  history: 'history',
  rootHints: 'root_hints',
  stale: 'stale',
  seed: 'seed',
  unknown: 'unknown',
};

function eveHint({ zone, nameServer, expiresAtMs }: HistoryHint, atMs: number): EveRecord['verdict']['hint'] {
  return {
    zone: formatName(zone),
    name_server: formatName(nameServer),
    expires: Number.isFinite(expiresAtMs) ? formatEveInstant(expiresAtMs) : null,
    expired: expiresAtMs <= atMs,
  };
}

/** Suricata writes the zone without a colon. */
function formatEveInstant(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '+0000');
}
