/** What the history says of an address or a name, for people. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Address, formatAddress } from '../core/address.ts';
import { formatName, type Name } from '../dns/name.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import { type NsTriple, TRUSTS } from '../nsdb/ns-triple.ts';
import { formatInstant } from './instant.ts';
import { type TripleView, viewTriple } from './triple-view.ts';

/** What is looked up: an address, or a name as zone or name server. */
export type LookupTarget =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'name'; readonly name: Name };

/** Over all triples found that have not expired. */
export interface LookupSummary {
  readonly zones: number;
  readonly nameServers: number;
  readonly addresses: number;
  readonly sightings: number;
  /** Distinct servers that taught, as far as the triples name them. */
  readonly teachers: number;
  /** The highest; null when nothing is known. */
  readonly trust: string | null;
  readonly firstSeen: string | null;
  readonly lastSeen: string | null;
}

export interface LookupView {
  readonly target: string;
  readonly known: boolean;
  /** When the last of the triples expires; null when nothing is known, or for never. */
  readonly expires: string | null;
  readonly summary: LookupSummary;
  readonly triples: readonly TripleView[];
  /** Triples that have expired and are remembered, newest first. */
  readonly past: readonly TripleView[];
  /** True when there are more triples than are shown. */
  readonly more: boolean;
  /** What the history last said of an address that it does not know any more. */
  readonly last: { readonly zone: string; readonly nameServer: string; readonly expired: string } | null;
}

/** The most triples one look-up shows, of those that hold and of those that are past. */
const MAX_SHOWN = 1000;
/** Items looked at in one turn of the event loop. */
const ITEMS_PER_TURN = 2000;

export async function lookup(history: NsHistory, target: LookupTarget, nowMs: number): Promise<LookupView> {
  return target.kind === 'address'
    ? lookupAddress(history, target.address, nowMs)
    : lookupName(history, target.name, nowMs);
}

async function lookupAddress(history: NsHistory, address: Address, nowMs: number): Promise<LookupView> {
  const standing = history.standing(address);
  const last = standing === undefined ? history.memory(address) : undefined;
  const { summary, triples, past, more } = await collect(history.ofAddress(address), nowMs);
  return {
    target: formatAddress(address),
    known: standing !== undefined,
    expires: standing === undefined ? null : formatInstant(standing.untilMs),
    summary,
    triples,
    past,
    more,
    last:
      last === undefined
        ? null
        : {
            zone: formatName(last.zone),
            nameServer: formatName(last.nameServer),
            expired: formatInstant(last.expiresAtMs)!,
          },
  };
}

async function lookupName(history: NsHistory, name: Name, nowMs: number): Promise<LookupView> {
  const { summary, expiresAtMs, triples, past, more } = await collect(ofName(history, name), nowMs);
  const known = triples.length > 0;
  const expires = known ? formatInstant(expiresAtMs) : null;
  return { target: formatName(name), known, expires, summary, triples, past, more, last: null };
}

/** The triples in which the name is the zone or the name server. */
function* ofName(history: NsHistory, name: Name): Generator<NsTriple, void> {
  yield* history.ofZone(name);
  for (const triple of history.ofNameServer(name)) if (triple.zone !== name) yield triple;
}

async function collect(found: Iterable<NsTriple>, nowMs: number) {
  const triples: TripleView[] = [];
  const past: TripleView[] = [];
  const distinct = { zones: new Set(), nameServers: new Set(), addresses: new Set(), teachers: new Set() };
  let [sightings, trust, shownOf, expiresAtMs] = [0, -1, 0, Number.NEGATIVE_INFINITY];
  let [firstSeenAtMs, lastSeenAtMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for await (const triple of inTurns(found)) {
    shownOf++;
    if (triple.expiresAtMs <= nowMs) {
      if (past.length < MAX_SHOWN) past.push(viewTriple(triple));
      continue;
    }
    if (triples.length < MAX_SHOWN) triples.push(viewTriple(triple));
    distinct.zones.add(triple.zone);
    distinct.nameServers.add(triple.nameServer);
    distinct.addresses.add(triple.address);
    for (const teacher of triple.teachers) distinct.teachers.add(teacher);
    sightings += triple.sightings;
    trust = Math.max(trust, TRUSTS.indexOf(triple.trust));
    expiresAtMs = Math.max(expiresAtMs, triple.expiresAtMs);
    firstSeenAtMs = Math.min(firstSeenAtMs, triple.firstSeenAtMs);
    lastSeenAtMs = Math.max(lastSeenAtMs, triple.lastSeenAtMs);
  }
  const summary: LookupSummary = {
    zones: distinct.zones.size,
    nameServers: distinct.nameServers.size,
    addresses: distinct.addresses.size,
    sightings,
    teachers: distinct.teachers.size,
    trust: TRUSTS[trust] ?? null,
    firstSeen: formatInstant(firstSeenAtMs),
    lastSeen: formatInstant(lastSeenAtMs),
  };
  return { summary, expiresAtMs, triples, past, more: shownOf > triples.length + past.length };
}

/** Lets the event loop turn now and then: packets wait for their verdicts. */
export async function* inTurns<T>(items: Iterable<T>): AsyncGenerator<T, void> {
  let count = 0;
  for (const item of items) {
    if (++count % ITEMS_PER_TURN === 0) await nextTurn();
    yield item;
  }
}
