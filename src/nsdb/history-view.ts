import type { Address } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import type { Name } from '../dns/name.ts';
import type { NsTriple } from './ns-triple.ts';
import { glueWord, originWord, trustWord } from './row-state.ts';
import { TripleTable } from './triple-table.ts';

/** What the history says, or last said, of an address. */
export type HistoryMemory = Pick<NsTriple, 'zone' | 'nameServer' | 'expiresAtMs'>;

/** How well an address is known. */
export interface AddressEvidence {
  /** When the first of its triples was learned, milliseconds. */
  readonly firstSeenAtMs: number;
  readonly zones: number;
  /** Different servers that taught it; each triple names two at the most. */
  readonly teachers: number;
}

/** Rows of one address that are looked through for what it is remembered by. */
const MAX_MEMORY_ROWS = 64;
/** Rows of one address that are looked through for how well it is known: newest first, and the oldest counts. */
const MAX_EVIDENCE_ROWS = 1024;

/** Both together, as one number, are exact. */
const ID_SPAN = 2 ** 32;
const MAX_COUNTED_SIGHTINGS = 2 ** 20;

const NONE = 0;

/** What can be read in the history: its rows as triples, by address, zone and name server. */
export class HistoryView {
  /** The rows themselves, for those who take sightings in. */
  readonly rows: TripleTable;
  readonly #clock: TimeSource;

  /** Room for `size` rows is reserved. Throws RangeError when the machine has none. */
  constructor(clock: TimeSource, size: number) {
    this.#clock = clock;
    this.rows = new TripleTable(size);
  }

  get nowMs(): number {
    return this.#clock.nowMs();
  }

  /** One triple of an address that is known, or was: that which holds longest. */
  memory(address: Address): HistoryMemory | undefined {
    const rows = this.rows;
    const id = rows.addresses.find(address);
    if (id === NONE) return undefined;
    let best = rows.addresses.rows(id);
    if (best === NONE) return undefined;
    let row = best;
    for (let count = 0; row !== NONE && count < MAX_MEMORY_ROWS; count++, row = rows.nextOfAddress(row)) {
      if (rows.expiresMs(row) > rows.expiresMs(best)) best = row;
    }
    const { names } = rows;
    return {
      zone: names.nameOf(rows.zone(best)),
      nameServer: names.nameOf(rows.nameServer(best)),
      expiresAtMs: rows.expiresMs(best),
    };
  }

  /** The triples of an address, newest first, expired ones among them. Lazily: there may be a hundred thousand. */
  *ofAddress(address: Address): Generator<NsTriple, void> {
    const rows = this.rows;
    const id = rows.addresses.find(address);
    if (id === NONE) return;
    // A row may be gone by the time that the reader asks for the next one: the list ends for him there.
    for (let row = rows.addresses.rows(id); row !== NONE && rows.address(row) === id; row = rows.nextOfAddress(row)) {
      if (rows.has(row)) yield this.triple(row);
    }
  }

  /** The triples of a zone, as `ofAddress`. `zone` is canonical. */
  *ofZone(zone: Name): Generator<NsTriple, void> {
    const rows = this.rows;
    const id = rows.names.findName(zone);
    if (id === NONE) return;
    for (let row = rows.names.zoneRows(id); row !== NONE && rows.zone(row) === id; row = rows.nextOfZone(row)) {
      if (rows.address(row) !== NONE) yield this.triple(row);
    }
  }

  /** The triples of a name server, as `ofAddress`. `nameServer` is canonical. */
  *ofNameServer(nameServer: Name): Generator<NsTriple, void> {
    const rows = this.rows;
    const id = rows.names.findName(nameServer);
    if (id === NONE) return;
    for (
      let row = rows.names.serverRows(id);
      row !== NONE && rows.nameServer(row) === id;
      row = rows.nextOfServer(row)
    ) {
      if (rows.has(row) && rows.address(row) !== NONE) yield this.triple(row);
    }
  }

  /** How well an address is known by what has not expired; undefined when it is not. Looks at its first rows only. */
  evidence(address: Address): AddressEvidence | undefined {
    const rows = this.rows;
    const id = rows.addresses.find(address);
    if (id === NONE) return undefined;
    const nowMs = this.nowMs;
    const zones = new Set<number>();
    const teachers = new Set<number>();
    let firstSeenAtMs = Number.POSITIVE_INFINITY;
    let row = rows.addresses.rows(id);
    for (let count = 0; row !== NONE && count < MAX_EVIDENCE_ROWS; count++, row = rows.nextOfAddress(row)) {
      if (rows.expiresMs(row) <= nowMs) continue;
      firstSeenAtMs = Math.min(firstSeenAtMs, rows.firstSeenMs(row));
      zones.add(rows.zone(row));
      if (rows.teacher(row) !== NONE) teachers.add(rows.teacher(row));
      if (rows.otherTeacher(row) !== NONE) teachers.add(rows.otherTeacher(row));
    }
    return zones.size === 0 ? undefined : { firstSeenAtMs, zones: zones.size, teachers: teachers.size };
  }

  /** Whether a triple that has not expired has the address for this name server (canonical). Looks at its first rows only. */
  isNamed(address: Address, nameServer: Name): boolean {
    const rows = this.rows;
    const id = rows.addresses.find(address);
    const name = rows.names.findName(nameServer);
    if (id === NONE || name === NONE) return false;
    let row = rows.addresses.rows(id);
    for (let count = 0; row !== NONE && count < MAX_MEMORY_ROWS; count++, row = rows.nextOfAddress(row)) {
      if (rows.nameServer(row) === name && rows.expiresMs(row) > this.nowMs) return true;
    }
    return false;
  }

  /** The name servers for which `isNamed` is true of an address: no more than the rows that it looks at. */
  nameServersOf(address: Address): readonly Name[] {
    const rows = this.rows;
    const id = rows.addresses.find(address);
    if (id === NONE) return [];
    const nowMs = this.nowMs;
    const names = new Set<number>();
    let row = rows.addresses.rows(id);
    for (let count = 0; row !== NONE && count < MAX_MEMORY_ROWS; count++, row = rows.nextOfAddress(row)) {
      if (rows.expiresMs(row) > nowMs) names.add(rows.nameServer(row));
    }
    return [...names].map((name) => rows.names.nameOf(name));
  }

  /** How many different zones the triples of an address are of, expired ones among them. */
  zoneCountOf(address: Address): number {
    const id = this.rows.addresses.find(address);
    return id === NONE ? 0 : this.rows.addresses.zoneCount(id);
  }

  /** How many triples exchanges have taught that have not expired, and of how many zones, name servers and addresses. */
  extent(): {
    readonly triples: number;
    readonly zones: number;
    readonly nameServers: number;
    readonly addresses: number;
  } {
    const rows = this.rows;
    const nowMs = this.nowMs;
    const marks = new Uint8Array(Math.max(rows.names.lastId, rows.addresses.lastId) + 1);
    const extent = { triples: 0, zones: 0, nameServers: 0, addresses: 0 };
    const count = (what: 'zones' | 'nameServers' | 'addresses', id: number, mark: number) => {
      if ((marks[id]! & mark) === 0) extent[what]++;
      marks[id]! |= mark;
    };
    for (let row = 1; row <= rows.lastRow; row++) {
      const isTaught = rows.has(row) && rows.address(row) !== NONE && rows.queryName(row) !== NONE;
      if (!isTaught || rows.expiresMs(row) <= nowMs) continue;
      extent.triples++;
      count('zones', rows.zone(row), 1);
      count('nameServers', rows.nameServer(row), 2);
      count('addresses', rows.address(row), 4);
    }
    return extent;
  }

  /** All triples that have not expired, in no order. May be read on while the history changes. */
  *triples(): Generator<NsTriple, void> {
    const rows = this.rows;
    for (let row = 1; row <= rows.lastRow; row++) {
      if (!rows.has(row) || rows.address(row) === NONE) continue;
      if (rows.expiresMs(row) > this.nowMs) yield this.triple(row);
    }
  }

  /** The addresses that are known, those first whose triples were seen most often. */
  *mostSighted(): Generator<Address, void> {
    const rows = this.rows;
    const nowMs = this.nowMs;
    const sightings = new Float64Array(rows.addresses.lastId + 1);
    for (let row = 1; row <= rows.lastRow; row++) {
      if (!rows.has(row) || rows.address(row) === NONE || rows.expiresMs(row) <= nowMs) continue;
      // What was configured has been seen by nobody, and is known all the same.
      sightings[rows.address(row)]! += Math.max(1, rows.sightings(row));
    }
    // One number of both: sorting numbers is many times as fast as sorting by a function.
    const order = sightings.map((count, id) => Math.min(count, MAX_COUNTED_SIGHTINGS) * ID_SPAN + id).sort();
    for (let at = order.length - 1; at >= 0 && order[at]! >= ID_SPAN; at--) {
      const id = order[at]! % ID_SPAN;
      if (rows.addresses.rows(id) !== NONE) yield rows.addresses.addressOf(id);
    }
  }

  /** The zone closest above (or at) `name` that `address` is known to serve. `name` is canonical. */
  closestServedZone(address: Address, name: Name): Name | undefined {
    const { names, addresses } = this.rows;
    const id = addresses.find(address);
    if (id === NONE) return undefined;
    const octets = names.octetsOfName(name);
    for (let at = 0; ; at += octets[at]! + 1) {
      const zoneId = names.find(octets, at);
      if (zoneId !== NONE && this.serves(id, zoneId)) return name.slice(at) as Name;
      if (octets[at] === 0) return undefined;
    }
  }

  /** Whether the address is known to serve the zone, both by their numbers. */
  serves(address: number, zone: number): boolean {
    return this.rows.findServed(address, zone, this.nowMs) !== NONE;
  }

  /** The row as an object. */
  triple(row: number): NsTriple {
    const rows = this.rows;
    const { names, addresses } = rows;
    const state = rows.state(row);
    const teachers: Address[] = [];
    if (rows.teacher(row) !== NONE) teachers.push(addresses.addressOf(rows.teacher(row)));
    if (rows.otherTeacher(row) !== NONE) teachers.push(addresses.addressOf(rows.otherTeacher(row)));
    const queryMs = rows.queryMs(row);
    const lesson =
      rows.queryName(row) === NONE
        ? undefined
        : {
            nsTtlSeconds: rows.nsTtlSeconds(row),
            glueTtlSeconds: rows.glueTtlSeconds(row),
            queryAtMs: Number.isNaN(queryMs) ? undefined : queryMs,
            queryId: rows.queryId(row),
            queryName: names.nameOf(rows.queryName(row)),
            responseAtMs: rows.responseMs(row),
          };
    return {
      zone: names.nameOf(rows.zone(row)),
      nameServer: names.nameOf(rows.nameServer(row)),
      address: addresses.addressOf(rows.address(row)),
      origin: originWord(state),
      trust: trustWord(state),
      glue: glueWord(state),
      firstSeenAtMs: rows.firstSeenMs(row),
      lastSeenAtMs: rows.lastSeenMs(row),
      expiresAtMs: rows.expiresMs(row),
      sightings: rows.sightings(row),
      teachers,
      lesson,
    };
  }
}
