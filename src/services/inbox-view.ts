/** Entries of the inbox, as people have them. */
import { formatAddress } from '../core/address.ts';
import { formatName } from '../dns/name.ts';
import { formatRecordType } from '../dns/registry.ts';
import type { FindingKind, FindingState } from '../findings/finding.ts';
import type { EntryComment, EntryState, Severity } from '../inbox/entry.ts';
import type { EntryChanged, ListedEntry } from '../inbox/inbox-store.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { NsTriple } from '../nsdb/ns-triple.ts';
import { type ClientPlaceView, viewClientPlace } from './event-row-view.ts';
import { formatInstant } from './instant.ts';

/** What was blocked, or would have been, of one client, one destination and one name; most of it as its newest event says. */
export interface EntryView {
  readonly id: number;
  /** The number of its last change: later changes of any entry have higher ones. */
  readonly change: number;
  readonly severity: Severity;
  readonly state: EntryState;
  /** Who put it into this state, and when; null while nobody has. */
  readonly stateBy: string | null;
  readonly stateAt: string | null;
  /** When an acknowledged entry that is seen again opens anew. */
  readonly until: string | null;
  readonly first: string;
  readonly last: string;
  readonly events: number;
  readonly packets: number;
  /** Events of the last 24 hours, by hour, the current hour last. */
  readonly hours: readonly number[];
  readonly client: ClientPlaceView;
  readonly destination: {
    readonly address: string;
    /** What the history said of it when its newest event was judged. */
    readonly then: { readonly zone: string; readonly nameServer: string; readonly expires: string | null } | null;
    /** What it says now, three of its rows at the most. */
    readonly now: readonly { readonly zone: string; readonly nameServer: string }[];
  };
  readonly protocol: 'udp' | 'tcp';
  readonly queryName: string | null;
  readonly queryType: string | null;
  readonly recursionDesired: boolean | null;
  readonly verdict: 'block' | 'would block';
  readonly reason: string;
  readonly rule: string | null;
  readonly message: string;
  readonly group: string;
  readonly comments: number;
  /** The newest event; null when it is not kept any more. */
  readonly event: number | null;
}

export interface EntryDetail extends EntryView {
  /** Oldest first. */
  readonly remarks: readonly { readonly at: string; readonly by: string; readonly text: string }[];
  /** About the client, the newest of them. */
  readonly findings: readonly { readonly id: string; readonly kind: FindingKind; readonly state: FindingState }[];
}

/** What takes a change of state back. */
export interface UndoStep {
  readonly id: number;
  readonly state: EntryState;
  readonly until: string | null;
  /** The change that is taken back: when somebody has made another since, the entry is left alone. */
  readonly stateChange: number;
}

/** What became of a change of states, and what takes it back. */
export interface InboxChangeView {
  readonly changed: readonly EntryView[];
  readonly undo: readonly UndoStep[];
}

export interface InboxUndoView {
  readonly changed: readonly EntryView[];
  /** Entries that others have changed since, or that are gone. */
  readonly left: readonly number[];
}

const MAX_ROWS_NOW = 3;
const MAX_LOOKED_ROWS = 50;

export function viewEntry(entry: ListedEntry, history: NsHistory, nowMs: number): EntryView {
  const { newest, queryName, stateAtMs, untilMs } = entry;
  const { queryType, recursionDesired, hint } = newest;
  return {
    id: entry.id,
    change: entry.change,
    severity: entry.severity,
    state: entry.state,
    stateBy: entry.stateBy ?? null,
    stateAt: stateAtMs === undefined ? null : formatInstant(stateAtMs),
    until: untilMs === undefined ? null : formatInstant(untilMs),
    first: formatInstant(entry.firstAtMs)!,
    last: formatInstant(entry.lastAtMs)!,
    events: entry.events,
    packets: entry.packets,
    hours: entry.hours,
    client: viewClientPlace({ client: entry.client, ...newest }),
    destination: {
      address: formatAddress(entry.destination),
      // biome-ignore lint/suspicious/noThenProperty: what it was then, beside what it is now; no function
      then: hint === undefined ? null : { ...namesOf(hint), expires: formatInstant(hint.expiresAtMs) },
      now: rowsNow(history.ofAddress(entry.destination), nowMs),
    },
    protocol: newest.transport,
    queryName: queryName === undefined ? null : formatName(queryName),
    queryType: queryType === undefined ? null : formatRecordType(queryType),
    recursionDesired: recursionDesired ?? null,
    verdict: newest.enforced ? 'block' : 'would block',
    reason: newest.reason,
    rule: newest.ruleId ?? null,
    message: newest.message,
    group: newest.group,
    comments: entry.comments,
    event: newest.eventId ?? null,
  };
}

/** Looks no further than it must: an address may have very many rows. */
function rowsNow(triples: Iterable<NsTriple>, nowMs: number): EntryView['destination']['now'] {
  const rows: { zone: string; nameServer: string }[] = [];
  let looked = 0;
  for (const triple of triples) {
    if (triple.expiresAtMs > nowMs) rows.push(namesOf(triple));
    if (rows.length === MAX_ROWS_NOW || ++looked === MAX_LOOKED_ROWS) break;
  }
  return rows;
}

function namesOf({ zone, nameServer }: Pick<NsTriple, 'zone' | 'nameServer'>) {
  return { zone: formatName(zone), nameServer: formatName(nameServer) };
}

export function viewRemark({ atMs, by, text }: EntryComment): EntryDetail['remarks'][number] {
  return { at: formatInstant(atMs)!, by, text };
}

export function viewUndoStep({ id, before, stateChange }: EntryChanged): UndoStep {
  const { state, untilMs } = before;
  return { id, state, until: untilMs === undefined ? null : formatInstant(untilMs), stateChange };
}
