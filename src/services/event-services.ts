/** What people ask about one event: why it was blocked, what it was, and what the switch did with it. */
import { formatAddress } from '../core/address.ts';
import { GluewallError } from '../core/errors.ts';
import { canonicalName, formatName } from '../dns/name.ts';
import type { HistoryHint, VerdictEvent } from '../events/verdict-event.ts';
import type { DropProof } from '../firewall/drop-proofs.ts';
import type { InboxStore, KeptEvent, RowPlace } from '../inbox/inbox-store.ts';
import { composePcap, type PacketView, viewPacket } from './event-packet.ts';
import { type EventRow, viewEventRow } from './event-row-view.ts';
import { type CheckView, type ExplainedParts, explainVerdict } from './explain-verdict.ts';
import { formatInstant } from './instant.ts';
import { lookup } from './lookup.ts';
import type { TripleView } from './triple-view.ts';

/** What the switch counted of the drop flow that stood for the query: never more than it dropped, for its counters lag. */
export interface DropView {
  readonly standing: boolean;
  /** At least. */
  readonly packets: number;
  readonly bytes: number;
  readonly since: string;
  /** When the switch said so. */
  readonly asOf: string;
  /** What the flow matches on. */
  readonly flow: string;
}

export interface EventView extends EventRow {
  /** The entry of the inbox that it belongs to. */
  readonly entry: number | null;
  readonly alarm: string | null;
  readonly enforced: boolean;
  readonly heldMs: number;
  /** The fields that the verdict read. */
  readonly scope: readonly string[];
  /** What the history said of the destination then. */
  readonly then: { readonly zone: string; readonly nameServer: string; readonly expires: string | null } | null;
  readonly packet: PacketView | null;
  /** How it would be judged now, step by step. */
  readonly now: CheckView;
  /** Some of what the history has of the destination now, and of what it had. */
  readonly known: readonly TripleView[];
  readonly past: readonly TripleView[];
  /** Other events of the client around it. */
  readonly siblings: readonly EventRow[];
  readonly drop: DropView | null;
}

/** A file as it travels. */
export interface PacketFileView {
  readonly name: string;
  readonly base64: string;
}

export interface EventServices {
  /** Throws GluewallError `no-event`. */
  eventShow(id: number): Promise<EventView>;
  /** A capture file of one frame. Throws GluewallError `no-event` or `no-packet`. */
  eventPacket(id: number): Promise<PacketFileView>;
}

export interface EventParts extends ExplainedParts {
  readonly store: Pick<InboxStore, 'keptEvent' | 'entryOfEvent' | 'findKeptEvents'>;
  /** Makes the store hold all that has happened. */
  readonly flush: () => Promise<void>;
  /** Left out where there are no switches to ask. Never rejects. */
  readonly dropProof?: ((event: VerdictEvent) => Promise<DropProof | undefined>) | undefined;
}

const MAX_TRIPLES = 5;
const MAX_SIBLINGS = 20;
/** Steps of a list that are waited for. */
const MAX_SIBLING_STEPS = 10;
const SIBLINGS_MS = 5 * 60_000;

export function eventServices(parts: EventParts): EventServices {
  const kept = async (id: number): Promise<KeptEvent> => {
    await parts.flush();
    const found = await parts.store.keptEvent(id);
    if (found !== undefined) return found;
    throw new GluewallError('no-event', `there is no event ${id}: it was never kept, or is kept no longer`);
  };
  return {
    eventShow: async (id) => showEvent(await kept(id), parts),
    async eventPacket(id) {
      const { event } = await kept(id);
      const { packet, atMs } = event;
      if (packet === undefined) throw noPacket(id, event);
      return { name: `gluewall-event-${id}.pcap`, base64: composePcap(packet, atMs).toString('base64') };
    },
  };
}

function noPacket(id: number, { verdict }: VerdictEvent): GluewallError {
  const why = verdict === 'allow' ? 'those of allowed queries are not kept' : 'it was not kept when it came';
  return new GluewallError('no-packet', `there is no packet of event ${id}: ${why}`);
}

async function showEvent(found: KeptEvent, parts: EventParts): Promise<EventView> {
  const { event } = found;
  const nowMs = parts.clock.nowMs();
  const [entry, { triples, past }, siblings, drop] = await Promise.all([
    parts.store.entryOfEvent(found.id),
    lookup(parts.history, { kind: 'address', address: event.destination }, nowMs),
    siblingsOf(found, parts),
    event.verdict === 'block' && event.enforced ? parts.dropProof?.(event) : undefined,
  ]);
  return {
    ...viewEventRow(found),
    entry: entry ?? null,
    alarm: event.alarm ?? null,
    enforced: event.enforced,
    heldMs: Math.round(event.heldMs),
    scope: event.scope,
    // biome-ignore lint/suspicious/noThenProperty: what it was then, beside what it is now; no function
    then: event.hint === undefined ? null : viewHint(event.hint),
    packet: event.packet === undefined ? null : viewPacket(event.packet),
    now: explainVerdict(questionOf(event), parts),
    known: triples.slice(0, MAX_TRIPLES),
    past: past.slice(0, MAX_TRIPLES),
    siblings,
    drop: drop === undefined ? null : viewDrop(drop),
  };
}

function questionOf({ clientMac, inPort, ...event }: VerdictEvent) {
  const { destination, client, queryName, queryType, recursionDesired, transport } = event;
  return {
    destination,
    client,
    mac: clientMac,
    port: inPort,
    queryName: queryName === undefined ? undefined : canonicalName(queryName),
    queryType,
    recursionDesired,
    protocol: transport,
  };
}

function viewHint({ zone, nameServer, expiresAtMs }: HistoryHint): NonNullable<EventView['then']> {
  return { zone: formatName(zone), nameServer: formatName(nameServer), expires: formatInstant(expiresAtMs) };
}

function viewDrop({ isStanding, packets, bytes, sinceMs, asOfMs, flow }: DropProof): DropView {
  const [since, asOf] = [formatInstant(sinceMs)!, formatInstant(asOfMs)!];
  return { standing: isStanding, packets, bytes, since, asOf, flow };
}

/** Of the same client, up to SIBLINGS_MS before and after it, the newest first. */
async function siblingsOf({ id, event }: KeptEvent, { store }: EventParts): Promise<readonly EventRow[]> {
  const client = { address: formatAddress(event.client), prefixLength: undefined };
  const search = {
    terms: [{ isNegated: false, field: 'client', anyOf: [client] } as const],
    sinceMs: event.atMs - SIBLINGS_MS,
    untilMs: event.atMs + SIBLINGS_MS,
  };
  const siblings: EventRow[] = [];
  let before: RowPlace | undefined;
  for (let step = 0; step < MAX_SIBLING_STEPS; step++) {
    const page = await store.findKeptEvents({ search, before, limit: MAX_SIBLINGS + 1 });
    for (const row of page.rows) {
      if (row.id !== id && siblings.length < MAX_SIBLINGS) siblings.push(viewEventRow(row));
    }
    before = page.next;
    if (before === undefined || siblings.length >= MAX_SIBLINGS) break;
  }
  return siblings;
}
