/** Events in lists, as people have them. */
import { formatAddress } from '../core/address.ts';
import { formatMac } from '../core/mac-address.ts';
import { formatName } from '../dns/name.ts';
import { formatRecordType } from '../dns/registry.ts';
import type { VerdictWord } from '../events/event-store.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { Severity } from '../inbox/entry.ts';
import type { KeptEvent } from '../inbox/inbox-store.ts';
import { severityOf } from '../inbox/severity.ts';
import { formatInstant } from './instant.ts';

/** Who asked, and where. */
export interface ClientPlaceView {
  readonly address: string;
  readonly name: string | null;
  readonly mac: string | null;
  /** The datapath id. */
  readonly switch: string;
  readonly port: number;
}

export interface EventRow {
  readonly id: number;
  readonly at: string;
  readonly client: ClientPlaceView;
  readonly destination: string;
  readonly protocol: 'udp' | 'tcp';
  /** Null for queries without a readable question. */
  readonly queryName: string | null;
  readonly queryType: string | null;
  readonly recursionDesired: boolean | null;
  readonly verdict: VerdictWord;
  readonly reason: string;
  readonly rule: string | null;
  readonly message: string;
  readonly packets: number;
  readonly group: string;
  /** Null for allowed ones. */
  readonly severity: Severity | null;
}

export function viewEventRow({ id, event }: KeptEvent): EventRow {
  const { queryName, queryType, enforced, verdict } = event;
  return {
    id,
    at: formatInstant(event.atMs)!,
    client: viewClientPlace(event),
    destination: formatAddress(event.destination),
    protocol: event.transport,
    queryName: queryName === undefined ? null : formatName(queryName),
    queryType: queryType === undefined ? null : formatRecordType(queryType),
    recursionDesired: event.recursionDesired ?? null,
    verdict: verdict === 'block' && !enforced ? 'would block' : verdict,
    reason: event.reason,
    rule: event.ruleId ?? null,
    message: event.message,
    packets: event.packetsAtLeast,
    group: event.group,
    severity: severityOf(event) ?? null,
  };
}

export function viewClientPlace(
  event: Pick<VerdictEvent, 'client' | 'clientName' | 'clientMac' | 'datapathId' | 'inPort'>,
): ClientPlaceView {
  const { clientName, clientMac } = event;
  return {
    address: formatAddress(event.client),
    name: clientName ?? null,
    mac: clientMac === undefined ? null : formatMac(clientMac),
    switch: event.datapathId,
    port: event.inPort,
  };
}
