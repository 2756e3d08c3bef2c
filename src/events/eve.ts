import type { z } from 'zod';
import { formatAddress } from '../core/address.ts';
import { formatMac } from '../core/mac-address.ts';
import { printableJson } from '../core/printable.ts';
import { formatName } from '../dns/name.ts';
import { DNS_PORT, formatRecordType } from '../dns/registry.ts';
import { FIELD, MESSAGE_FIELDS, type ScopeField } from '../policy/verdict.ts';
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
    src_mac: event.clientMac === undefined ? null : formatMac(event.clientMac),
    src_name: event.clientName ?? null,
    group: event.group,
    dest_ip: formatAddress(event.destination),
    dest_port: DNS_PORT,
    proto: event.transport === 'udp' ? 'UDP' : 'TCP',
    switch: { datapath_id: event.datapathId, in_port: event.inPort },
    dns: {
      name: nameWord(event),
      rrname: queryName === undefined ? null : formatName(queryName),
      rrtype: queryType === undefined ? null : formatRecordType(queryType),
    },
    verdict: {
      action: verdict === 'block' && !enforced ? 'would_block' : verdict,
      reason: REASONS[event.reason],
      rule: event.ruleId ?? null,
      enforced,
      scope: event.scope.map((field) => FIELDS[field]),
      alarm: event.alarm === undefined ? null : ALARMS[event.alarm],
      held_ms: Math.round(event.heldMs),
      hint: hint === undefined ? null : eveHint(hint, event.atMs),
      message: event.message,
    },
    packets_at_least: event.packetsAtLeast,
  };
}

/** A verdict on a TCP segment that reads no name is made before the message has come. */
function nameWord({ queryName, transport, scope }: VerdictEvent): EveRecord['dns']['name'] {
  if (queryName !== undefined) return 'seen';
  return transport === 'tcp' && !scope.some(isOfMessage) ? 'unseen' : 'unreadable';
}

function isOfMessage(field: ScopeField): boolean {
  return (FIELD[field] & MESSAGE_FIELDS) !== 0;
}

const REASONS: Readonly<Record<VerdictEvent['reason'], EveRecord['verdict']['reason']>> = {
  allowRule: 'allow_rule',
  history: 'history',
  stale: 'stale',
  rootHints: 'root_hints',
  seed: 'seed',
  denyRule: 'deny_rule',
  denyPack: 'deny_pack',
  unknown: 'unknown',
  notServed: 'not_served',
  tooYoung: 'too_young',
  tooFewZones: 'too_few_zones',
  tooFewTeachers: 'too_few_teachers',
  recursionDesired: 'recursion_desired',
  unreadable: 'unreadable',
};

const FIELDS: Readonly<Record<ScopeField, EveRecord['verdict']['scope'][number]>> = {
  destination: 'destination',
  group: 'group',
  client: 'client',
  mac: 'mac',
  port: 'port',
  protocol: 'protocol',
  queryName: 'query_name',
  queryType: 'query_type',
  recursionDesired: 'recursion_desired',
};

const ALARMS: Readonly<Record<NonNullable<VerdictEvent['alarm']>, NonNullable<EveRecord['verdict']['alarm']>>> = {
  recursionDesired: 'recursion_desired',
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
export function formatEveInstant(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '+0000');
}
