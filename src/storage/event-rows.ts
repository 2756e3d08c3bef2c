/** Rows of the table `events`. */
import { formatAddress } from '../core/address.ts';
import { formatName, type Name } from '../dns/name.ts';
import type { Transport } from '../dns/observation.ts';
import { type HistoryHint, MAX_PACKET_OCTETS, type VerdictEvent } from '../events/verdict-event.ts';
import { DEFAULT_GROUP_NAME } from '../policy/client-group.ts';
import { ALLOW_REASONS, BLOCK_REASONS, SCOPE_FIELDS, type ScopeField } from '../policy/verdict.ts';
import {
  type ColumnValue,
  endlessMilliseconds,
  readAddress,
  readCount,
  readEndlessMilliseconds,
  readMilliseconds,
  readName,
  readText,
  readWord,
} from './column-values.ts';

/** New ones go to the end: a journal may hold rows that an older gluewall wrote, which are shorter. */
export const EVENT_COLUMNS = [
  'at_ms',
  'datapath_id',
  'in_port',
  'client',
  'client_port',
  'destination',
  'transport',
  'query_name',
  'query_type',
  'verdict',
  'reason',
  'scope',
  'hint_zone',
  'hint_name_server',
  'hint_expires_at_ms',
  'packets_at_least',
  'enforced',
  'held_ms',
  'message',
  'client_mac',
  'client_name',
  'client_group',
  'rule_id',
  'alarm',
  'recursion_desired',
  'packet',
] as const;

const TRANSPORTS: Readonly<Record<Transport, true>> = { udp: true, tcp: true };
const VERDICTS: Readonly<Record<VerdictEvent['verdict'], true>> = { allow: true, block: true };
const REASONS: ReadonlySet<string> = new Set([...ALLOW_REASONS, ...BLOCK_REASONS]);
/** What an older gluewall called it. */
export const FORMER_REASON = 'allowList';
const FIELDS: ReadonlySet<string> = new Set(SCOPE_FIELDS);
const ALARMS: Readonly<Record<NonNullable<VerdictEvent['alarm']>, true>> = { recursionDesired: true };
const WHO_COLUMN = EVENT_COLUMNS.indexOf('client_mac');
const SEEN_COLUMN = EVENT_COLUMNS.indexOf('recursion_desired');
const MAX_16_BITS = 0xffff;
const MAX_32_BITS = 0xffffffff;
const MAX_48_BITS = 0xffffffffffff;

/** The values of EVENT_COLUMNS. */
export function eventRow(event: VerdictEvent): ColumnValue[] {
  const { hint } = event;
  return [
    event.atMs,
    event.datapathId,
    event.inPort,
    formatAddress(event.client),
    event.clientPort,
    formatAddress(event.destination),
    event.transport,
    event.queryName === undefined ? null : formatName(event.queryName),
    event.queryType ?? null,
    event.verdict,
    event.reason,
    event.scope.join(' '),
    hint === undefined ? null : formatName(hint.zone),
    hint === undefined ? null : formatName(hint.nameServer),
    hint === undefined ? null : endlessMilliseconds(hint.expiresAtMs),
    event.packetsAtLeast,
    event.enforced ? 1 : 0,
    event.heldMs,
    event.message,
    event.clientMac ?? null,
    event.clientName ?? null,
    event.group,
    event.ruleId ?? null,
    event.alarm ?? null,
    event.recursionDesired === undefined ? null : Number(event.recursionDesired),
    event.packet ?? null,
  ];
}

/** The same where a row is written as JSON: octets in base64. `readEvent` reads it. */
export function jsonEventRow(event: VerdictEvent): (string | number | null)[] {
  return eventRow(event).map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value));
}

/** Reads the values of EVENT_COLUMNS; undefined when they are no event. */
export function readEvent(row: readonly unknown[]): VerdictEvent | undefined {
  const place = readPlace(row);
  const judged = readJudged(row);
  const who = readWho(row);
  const seen = readSeen(row);
  const queryName = row[7] === null ? undefined : readName(row[7]);
  const queryType = row[8] === null ? undefined : readCount(row[8], MAX_16_BITS);
  const isQuestionLost = (queryName === undefined && row[7] !== null) || (queryType === undefined && row[8] !== null);
  const hint = row[12] === null ? undefined : readHint(row);
  const isHintLost = hint === undefined && row[12] !== null;
  if (place === undefined || judged === undefined || who === undefined || seen === undefined) return undefined;
  if (isQuestionLost || isHintLost) return undefined;
  // Each property by name: spreading takes several times as long, and there may be many rows.
  return {
    atMs: place.atMs,
    datapathId: place.datapathId,
    inPort: place.inPort,
    client: place.client,
    clientPort: place.clientPort,
    clientMac: who.clientMac,
    clientName: who.clientName,
    group: who.group,
    destination: place.destination,
    transport: place.transport,
    queryName,
    queryType,
    recursionDesired: seen.recursionDesired,
    verdict: judged.verdict,
    reason: judged.reason,
    ruleId: who.ruleId,
    scope: judged.scope,
    alarm: who.alarm,
    hint,
    packetsAtLeast: judged.packetsAtLeast,
    enforced: judged.enforced,
    heldMs: judged.heldMs,
    message: judged.message,
    packet: seen.packet,
  };
}

/** When and where the query was seen. */
function readPlace(row: readonly unknown[]) {
  const atMs = readMilliseconds(row[0]);
  const datapathId = readText(row[1]);
  const inPort = readCount(row[2], MAX_32_BITS);
  const client = readAddress(row[3]);
  const clientPort = readCount(row[4], MAX_16_BITS);
  if (atMs === undefined || datapathId === undefined || inPort === undefined) return undefined;
  const destination = readAddress(row[5]);
  const transport = readWord(row[6], TRANSPORTS);
  if (client === undefined || clientPort === undefined || destination === undefined || transport === undefined) {
    return undefined;
  }
  return { atMs, datapathId, inPort, client, clientPort, destination, transport };
}

/** What became of the query. */
function readJudged(row: readonly unknown[]) {
  const verdict = readWord(row[9], VERDICTS);
  const reason = readReason(row[10]);
  const scope = readScope(row[11]);
  const packetsAtLeast = readCount(row[15], Number.MAX_SAFE_INTEGER);
  const enforced = readCount(row[16], 1);
  if (verdict === undefined || reason === undefined || scope === undefined) return undefined;
  const heldMs = readMilliseconds(row[17]);
  const message = readText(row[18]);
  if (packetsAtLeast === undefined || enforced === undefined || heldMs === undefined || message === undefined) {
    return undefined;
  }
  return { verdict, reason, scope, packetsAtLeast, enforced: enforced === 1, heldMs, message };
}

function readReason(value: unknown): VerdictEvent['reason'] | undefined {
  if (value === FORMER_REASON) return 'allowRule';
  return typeof value === 'string' && REASONS.has(value) ? (value as VerdictEvent['reason']) : undefined;
}

/** Words with a blank between. */
function readScope(value: unknown): readonly ScopeField[] | undefined {
  if (value === '') return [];
  const words = readText(value)?.split(' ');
  return words?.every((word) => FIELDS.has(word)) === true ? (words as ScopeField[]) : undefined;
}

/** Who asked, and by which rule it was judged; what older rows do not have is as it was then. */
function readWho(row: readonly unknown[]) {
  const [mac = null, name = null, group = DEFAULT_GROUP_NAME, rule = null, alarmed = null] = row.slice(WHO_COLUMN);
  const clientMac = mac === null ? undefined : readCount(mac, MAX_48_BITS);
  const clientName = name === null ? undefined : readText(name);
  const ruleId = rule === null ? undefined : readText(rule);
  const alarm = alarmed === null ? undefined : readWord(alarmed, ALARMS);
  const isLost =
    (clientMac === undefined && mac !== null) ||
    (clientName === undefined && name !== null) ||
    (ruleId === undefined && rule !== null) ||
    (alarm === undefined && alarmed !== null);
  if (isLost || typeof group !== 'string') return undefined;
  return { clientMac, clientName, group, ruleId, alarm };
}

/** What is known of the message and of the packet. */
function readSeen(row: readonly unknown[]) {
  const [desired = null, octets = null] = row.slice(SEEN_COLUMN);
  const recursionDesired = desired === null ? undefined : readCount(desired, 1);
  const packet = octets === null ? undefined : readPacket(octets);
  if ((recursionDesired === undefined && desired !== null) || (packet === undefined && octets !== null)) {
    return undefined;
  }
  return { recursionDesired: recursionDesired === undefined ? undefined : recursionDesired === 1, packet };
}

/** In memory of its own: a clone of a part of a larger memory would take all of it along. */
function readPacket(value: unknown): Uint8Array | undefined {
  const octets = typeof value === 'string' ? Buffer.from(value, 'base64') : value;
  if (!(octets instanceof Uint8Array) || octets.length === 0 || octets.length > MAX_PACKET_OCTETS) return undefined;
  return new Uint8Array(octets);
}

function readHint(row: readonly unknown[]): HistoryHint | undefined {
  const zone: Name | undefined = readName(row[12]);
  const nameServer = readName(row[13]);
  const expiresAtMs = readEndlessMilliseconds(row[14]);
  if (zone === undefined || nameServer === undefined || expiresAtMs === undefined) return undefined;
  return { zone, nameServer, expiresAtMs };
}
