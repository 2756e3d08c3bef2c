import type { Address } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import type { Name } from '../dns/name.ts';
import { ChangedRows } from './changed-rows.ts';
import { ExpiryWheel } from './expiry-wheel.ts';
import type { HistoryOptions, HistorySubscriber } from './history-options.ts';
import { HistoryView } from './history-view.ts';
import { joinTriple } from './join-triple.ts';
import type { NsTriple, Origin } from './ns-triple.ts';
import { PastRows } from './past-rows.ts';
import { GLUE, MARK, ORIGIN, ORIGINS, originOf, packState, TRUST, trustOf } from './row-state.ts';
import type { Sighting, Taking } from './sighting.ts';
import { TripleBatchWriter } from './triple-batch.ts';

/** How an address came to be known and how long that holds: all the hot path asks. */
export interface Standing {
  readonly origin: Origin;
  /** Until when it may be queried, milliseconds: the time of grace counts once it has begun. Infinity for what never expires. */
  readonly untilMs: number;
  /** It has expired, and the time of grace is not over. */
  readonly isStale: boolean;
}

/** Most rows of one zone: 20 name servers with 13 addresses each, and each once without. */
const MAX_ZONE_ROWS = 20 * (13 + 1);
const NONE = 0;
/** For so long the exchange that taught a row is not replaced by one that is trusted as much. */
const LESSON_MS = 60_000;
/** The NS history: every name-server address legitimately learned and not yet expired, in memory, and some that have expired. */
export class NsHistory extends HistoryView {
  /** How long a row is remembered after it has expired, and for how long a sighting counts at the most, milliseconds. */
  readonly keepMs: number;
  readonly longestMs: number;
  readonly #options: HistoryOptions;
  readonly #wheel: ExpiryWheel;
  readonly #past: PastRows;
  readonly #changed: ChangedRows;
  readonly #subscribers = new Set<HistorySubscriber>();
  #size = 0;
  #glueless = 0;
  #addressCount = 0;
  #refused = 0;

  constructor(clock: TimeSource, options: HistoryOptions) {
    // One more than are held: a row is put in before a past one makes room for it.
    super(clock, options.size + 1);
    this.#options = options;
    this.keepMs = options.keepMs;
    this.longestMs = options.ttlCapSeconds * 1000;
    this.#wheel = new ExpiryWheel(this.rows, this.longestMs, clock.nowMs());
    this.#past = new PastRows(this.rows);
    this.#changed = new ChangedRows(this.rows);
  }

  /** Until when an NS record of `nsTtlSeconds` holds that was seen at `atMs`. */
  holdsUntilMs(atMs: number, nsTtlSeconds: number): number {
    return atMs + this.#lifetimeMs(nsTtlSeconds);
  }

  /** How many triples are held that have not expired. */
  get size(): number {
    return this.#size;
  }

  /** NS records that wait for the address of their name server. */
  get gluelessCount(): number {
    return this.#glueless;
  }

  /** Rows that have expired and are remembered. */
  get pastCount(): number {
    return this.#past.size;
  }

  /** Addresses that are known, those among them that have expired since the last `expire`. */
  get addressCount(): number {
    return this.#addressCount;
  }

  /** Triples not taken because the history was full. */
  get refused(): number {
    return this.#refused;
  }

  subscribe(subscriber: HistorySubscriber): void {
    this.#subscribers.add(subscriber);
  }

  /** The standing of an address, undefined when it is not known (any more). */
  standing(address: Address): Standing | undefined {
    const { addresses } = this.rows;
    const id = addresses.find(address);
    if (id === NONE) return undefined;
    const expiresMs = addresses.untilMs(id);
    const nowMs = this.nowMs;
    const isStale = expiresMs <= nowMs;
    const untilMs = isStale ? expiresMs + this.#options.staleMs : expiresMs;
    return untilMs <= nowMs ? undefined : { origin: ORIGINS[addresses.origin(id)]!, untilMs, isStale };
  }

  /** Takes a sighting in. One that is over already changes nothing. `known`: its row, where the caller knows it. */
  learn(sighting: Sighting, known: number = NONE): Taking {
    const rows = this.rows;
    const nowMs = this.nowMs;
    const expiresMs = this.#expiryOf(sighting, nowMs);
    if (expiresMs <= nowMs) return 'over';
    const { zone, nameServer, address } = sighting;
    let row = known || rows.find(zone, nameServer, address);
    if (row !== NONE && this.#isOutranked(row, sighting, nowMs)) {
      this.#see(row, sighting.seenMs);
      // How long a zone is delegated is the parent's to say, whoever is trusted more for the rest.
      if (sighting.isByParent) this.#hold(row, expiresMs, false, nowMs);
      this.#prolong(row);
      this.#change(row);
      return 'outranked';
    }
    const isNew = row === NONE;
    if (isNew) {
      const leaving = this.#leavingFor(zone);
      if (typeof leaving === 'string') return leaving;
      row = rows.insert(zone, nameServer, address);
      rows.setFirstSeenMs(row, sighting.seenMs);
      this.#takeLesson(row, sighting);
      if (leaving !== NONE) this.#forget(leaving);
    }
    this.#hold(row, expiresMs, isNew, nowMs);
    this.#see(row, sighting.seenMs);
    if (!isNew && this.#isNews(row, sighting)) this.#takeLesson(row, sighting);
    this.#prolong(row);
    this.#change(row);
    return isNew ? 'new' : 'seen';
  }

  /**
   * Takes a triple in that was learned before, here or elsewhere; false when the history is full. What was forgotten by now
   * changes nothing; what claims to hold for longer than `ttlCapSeconds` from now, or to have been seen later than now, is cut.
   * `isSaved`: it comes from the store.
   */
  restore(triple: NsTriple, isSaved = false): boolean {
    const rows = this.rows;
    const nowMs = this.nowMs;
    const expiresMs = Math.min(triple.expiresAtMs, nowMs + this.longestMs);
    if (expiresMs + this.keepMs <= nowMs) return true;
    const key = this.#intern(triple);
    if (key === undefined) return this.#refuse();
    const held = rows.find(key.zone, key.nameServer, key.address);
    // What is kept for good stays what it is.
    if (held !== NONE && originOf(rows.state(held)) !== ORIGIN.LEARNED) return true;
    const row = held || this.#insert(key.zone, key.nameServer, key.address);
    if (row === NONE) return this.#refuse();
    joinTriple(rows, row, triple, held === NONE, nowMs);
    if (trustOf(rows.state(row)) === TRUST.REFERRAL && triple.lesson !== undefined) this.#delegate(row);
    this.#hold(row, expiresMs, held === NONE, nowMs);
    this.#prolong(row);
    if (!isSaved) this.#change(row);
    return true;
  }

  /** Makes an address known for good: a root hint or a configured seed. False when the history is full. */
  keep(origin: 'rootHints' | 'seed', zone: Name, nameServer: Name, address: Address): boolean {
    const rows = this.rows;
    const nowMs = this.nowMs;
    const key = this.#intern({ zone, nameServer, address });
    if (key === undefined) return this.#refuse();
    if (rows.find(key.zone, key.nameServer, key.address) !== NONE) return true;
    const row = this.#insert(key.zone, key.nameServer, key.address);
    if (row === NONE) return this.#refuse();
    rows.setFirstSeenMs(row, nowMs);
    rows.setLastSeenMs(row, nowMs);
    rows.setExpiresMs(row, Number.POSITIVE_INFINITY);
    rows.setState(row, packState(ORIGINS.indexOf(origin), TRUST.AUTHORITATIVE, GLUE.NONE));
    this.#size++;
    this.#prolong(row);
    return true;
  }

  /**
   * Takes note of what has expired, tells the subscribers, and forgets what is long past; looks at `most` rows at the most, and
   * returns false when there may be more. To be called about once a second.
   */
  expire(most: number): boolean {
    const rows = this.rows;
    const nowMs = this.nowMs;
    const isDone = this.#wheel.drain(nowMs, most, (row) => this.#expired(row, nowMs));
    const forgottenMs = nowMs - this.keepMs;
    for (let left = most; left > 0; left--) {
      const row = this.#past.oldest;
      if (row === NONE || rows.expiresMs(row) > forgottenMs) return isDone;
      this.#forget(row);
    }
    return false;
  }

  /** How many triples wait for `takeChanged`, about. */
  get waiting(): number {
    return this.#changed.size;
  }

  /** The triples that changed since they were last taken, `most` at the most, as a batch; undefined when there are none. */
  takeChanged(most: number): Uint8Array | undefined {
    const writer = new TripleBatchWriter();
    while (writer.size < most) {
      const row = this.#changed.shift();
      if (row === NONE) break;
      writer.add(this.triple(row));
    }
    return writer.size === 0 ? undefined : writer.take();
  }

  #expiryOf(sighting: Sighting, nowMs: number): number {
    const { zone, address, nsTtlSeconds, glueTtlSeconds, isByParent, responseMs, seenMs, untilMs } = sighting;
    const { names } = this.rows;
    const nsUntilMs = Math.min(this.holdsUntilMs(Math.min(responseMs, nowMs), nsTtlSeconds), untilMs);
    if (isByParent) names.setDelegatedUntilMs(zone, nsUntilMs);
    const glueUntilMs = address === NONE ? nsUntilMs : this.holdsUntilMs(Math.min(seenMs, nowMs), glueTtlSeconds);
    const delegatedUntilMs = this.#options.isParentBound ? names.delegatedUntilMs(zone) : 0;
    return Math.min(nsUntilMs, glueUntilMs, delegatedUntilMs || Number.POSITIVE_INFINITY);
  }

  /** A sighting never overwrites one that is trusted more and still holds (RFC 2181 §5.4.1). */
  #isOutranked(row: number, { trust }: Sighting, nowMs: number): boolean {
    const state = this.rows.state(row);
    return originOf(state) === ORIGIN.LEARNED && trustOf(state) > trust && this.rows.expiresMs(row) > nowMs;
  }

  #lifetimeMs(ttlSeconds: number): number {
    const { ttlFloorSeconds, ttlCapSeconds } = this.#options;
    return 1000 * Math.max(ttlFloorSeconds, Math.min(ttlCapSeconds, ttlSeconds));
  }

  #see(row: number, atMs: number): void {
    const rows = this.rows;
    rows.setSightings(row, rows.sightings(row) + 1);
    if (atMs > rows.lastSeenMs(row)) rows.setLastSeenMs(row, atMs);
    else if (atMs < rows.firstSeenMs(row)) rows.setFirstSeenMs(row, atMs);
  }

  /** A name server that is asked all the time need not be described anew each time. */
  #isNews(row: number, { responseMs, trust }: Sighting): boolean {
    const heldMs = this.rows.responseMs(row);
    return responseMs >= heldMs + LESSON_MS || (responseMs >= heldMs && trust !== trustOf(this.rows.state(row)));
  }

  #takeLesson(row: number, sighting: Sighting): void {
    const rows = this.rows;
    const { trust, glue, nsTtlSeconds, glueTtlSeconds, responseMs, queryMs, queryId, teacher } = sighting;
    const queryName = rows.names.intern(sighting.queryOctets, sighting.queryNameAt) || rows.nameServer(row);
    const state = rows.state(row);
    // What is kept for good stays what it is.
    if (originOf(state) === ORIGIN.LEARNED)
      rows.setState(row, packState(ORIGIN.LEARNED, trust, glue) | (state & MARK.CHANGED));
    rows.setTtls(row, nsTtlSeconds, glueTtlSeconds);
    rows.setExchange(row, responseMs, queryMs, queryId, queryName);
    rows.addTeacher(row, teacher);
  }

  /** What the parent said of the zone counts for the other rows, too. */
  #delegate(row: number): void {
    const { names } = this.rows;
    const zone = this.rows.zone(row);
    const untilMs = this.holdsUntilMs(this.rows.responseMs(row), this.rows.nsTtlSeconds(row));
    names.setDelegatedUntilMs(zone, Math.max(names.delegatedUntilMs(zone), untilMs));
  }

  #intern({ zone, nameServer, address }: Pick<NsTriple, 'zone' | 'nameServer' | 'address'>) {
    const { names, addresses } = this.rows;
    const key = {
      zone: names.internName(zone),
      nameServer: names.internName(nameServer),
      address: addresses.intern(address),
    };
    if (key.zone !== NONE && key.nameServer !== NONE && key.address !== NONE) return key;
    this.#drop(key);
    return undefined;
  }

  /** Lets go of names and an address that were taken in for a triple that was then refused. */
  #drop({ zone, nameServer, address }: Pick<Sighting, 'zone' | 'nameServer' | 'address'>): void {
    this.rows.names.drop(zone);
    this.rows.names.drop(nameServer);
    this.rows.addresses.drop(address);
  }

  /** 0 when there is no room; names and address are let go of then. */
  #insert(zone: number, nameServer: number, address: number): number {
    const isFull = this.rows.size >= this.#options.size;
    const leaving = isFull ? this.#past.oldest : NONE;
    if (isFull && leaving === NONE) {
      this.#drop({ zone, nameServer, address });
      return NONE;
    }
    const row = this.rows.insert(zone, nameServer, address);
    if (leaving !== NONE) this.#forget(leaving);
    return row;
  }

  /**
   * The past row that has to go for a new one of the zone, 0 when there is room. It goes when the new one is in: before, names
   * and an address of the new one may be held by nothing else.
   */
  #leavingFor(zone: number): number | 'zone is full' | 'history is full' {
    const rows = this.rows;
    if (rows.names.zoneCount(zone) >= MAX_ZONE_ROWS) {
      let past = NONE;
      for (let row = rows.names.zoneRows(zone); row !== NONE; row = rows.nextOfZone(row)) {
        // Newest first: the last one found is the oldest.
        if ((rows.state(row) & MARK.PAST) !== 0) past = row;
      }
      return past === NONE ? 'zone is full' : past;
    }
    if (rows.size < this.#options.size) return NONE;
    if (this.#past.oldest !== NONE) return this.#past.oldest;
    this.#refused++;
    return 'history is full';
  }

  #refuse(): false {
    this.#refused++;
    return false;
  }

  /** A row that is in no list of time begins to hold. */
  #wake(row: number, expiresMs: number): void {
    const rows = this.rows;
    rows.setState(row, rows.state(row) & ~MARK.PAST);
    rows.setExpiresMs(row, expiresMs);
    this.#wheel.add(row);
    if (rows.address(row) === NONE) this.#glueless++;
    else this.#size++;
  }

  /** The row holds until then at least; one that is new is in no list of time yet. */
  #hold(row: number, expiresMs: number, isNew: boolean, nowMs: number): void {
    const rows = this.rows;
    const isPast = (rows.state(row) & MARK.PAST) !== 0;
    if (isNew && expiresMs <= nowMs) {
      this.#remember(row, expiresMs);
    } else if (isNew || (isPast && expiresMs > nowMs)) {
      if (isPast) this.#past.delete(row);
      this.#wake(row, expiresMs);
    } else {
      rows.setExpiresMs(row, Math.max(rows.expiresMs(row), expiresMs));
    }
  }

  #remember(row: number, expiresMs: number): void {
    this.rows.setExpiresMs(row, expiresMs);
    this.rows.setState(row, this.rows.state(row) | MARK.PAST);
    this.#past.add(row);
  }

  /** The wheel has let go of the row. */
  #expired(row: number, nowMs: number): void {
    const rows = this.rows;
    const address = rows.address(row);
    if (address === NONE) {
      this.#glueless--;
      rows.remove(row);
      return;
    }
    this.#size--;
    this.#remember(row, rows.expiresMs(row));
    const { addresses } = rows;
    if (addresses.untilMs(address) > nowMs || !addresses.isTold(address)) return;
    addresses.setTold(address, false);
    this.#addressCount--;
    for (const subscriber of this.#subscribers) subscriber.expired?.(addresses.addressOf(address));
  }

  #forget(row: number): void {
    this.#past.delete(row);
    this.rows.remove(row);
  }

  /** The address is known for as long as its longest row. */
  #prolong(row: number): void {
    const { addresses } = this.rows;
    const address = this.rows.address(row);
    if (address === NONE) return;
    const nowMs = this.nowMs;
    const heldMs = addresses.untilMs(address);
    const expiresMs = this.rows.expiresMs(row);
    if (heldMs < expiresMs) {
      const origin = heldMs > nowMs ? addresses.origin(address) : originOf(this.rows.state(row));
      addresses.setUntil(address, expiresMs, origin);
    }
    if (heldMs > nowMs || expiresMs <= nowMs) return;
    if (!addresses.isTold(address)) this.#addressCount++;
    addresses.setTold(address, true);
    for (const subscriber of this.#subscribers) subscriber.learned?.(addresses.addressOf(address));
  }

  #change(row: number): void {
    if (this.rows.address(row) === NONE || originOf(this.rows.state(row)) !== ORIGIN.LEARNED) return;
    if (this.#changed.add(row)) for (const subscriber of this.#subscribers) subscriber.changed?.();
  }
}
