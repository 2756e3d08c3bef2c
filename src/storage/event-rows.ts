/** Rows of the table `events`. */
import { formatAddress } from '../core/address.ts';
import { formatName, type Name } from '../dns/name.ts';
import type { Transport } from '../dns/observation.ts';
import type { HistoryHint, VerdictEvent } from '../events/verdict-event.ts';
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
] as const;

const TRANSPORTS: Readonly<Record<Transport, true>> = { udp: true, tcp: true };
const VERDICTS: Readonly<Record<VerdictEvent['verdict'], true>> = { allow: true, block: true };
const SCOPES: Readonly<Record<VerdictEvent['scope'], true>> = { destination: true };
const REASONS: Readonly<Record<VerdictEvent['reason'], true>> = {
  allowList: true,
  history: true,
  rootHints: true,
  stale: true,
  seed: true,
  unknown: true,
};
const MAX_16_BITS = 0xffff;
const MAX_32_BITS = 0xffffffff;

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
    event.scope,
    hint === undefined ? null : formatName(hint.zone),
    hint === undefined ? null : formatName(hint.nameServer),
    hint === undefined ? null : endlessMilliseconds(hint.expiresAtMs),
    event.packetsAtLeast,
    event.enforced ? 1 : 0,
    event.heldMs,
    event.message,
  ];
}

/** Reads the values of EVENT_COLUMNS; undefined when they are no event. */
export function readEvent(row: readonly unknown[]): VerdictEvent | undefined {
  const place = readPlace(row);
  const judged = readJudged(row);
  const queryName = row[7] === null ? undefined : readName(row[7]);
  const queryType = row[8] === null ? undefined : readCount(row[8], MAX_16_BITS);
  const isQuestionLost = (queryName === undefined && row[7] !== null) || (queryType === undefined && row[8] !== null);
  const hint = row[12] === null ? undefined : readHint(row);
  const isHintLost = hint === undefined && row[12] !== null;
  if (place === undefined || judged === undefined || isQuestionLost || isHintLost) return undefined;
  // Each property by name: spreading takes several times as long, and there may be many rows.
  return {
    atMs: place.atMs,
    datapathId: place.datapathId,
    inPort: place.inPort,
    client: place.client,
    clientPort: place.clientPort,
    destination: place.destination,
    transport: place.transport,
    queryName,
    queryType,
    verdict: judged.verdict,
    reason: judged.reason,
    scope: judged.scope,
    hint,
    packetsAtLeast: judged.packetsAtLeast,
    enforced: judged.enforced,
    heldMs: judged.heldMs,
    message: judged.message,
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
  const reason = readWord(row[10], REASONS);
  const scope = readWord(row[11], SCOPES);
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

function readHint(row: readonly unknown[]): HistoryHint | undefined {
  const zone: Name | undefined = readName(row[12]);
  const nameServer = readName(row[13]);
  const expiresAtMs = readEndlessMilliseconds(row[14]);
  if (zone === undefined || nameServer === undefined || expiresAtMs === undefined) return undefined;
  return { zone, nameServer, expiresAtMs };
}
