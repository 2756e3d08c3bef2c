import { AddressTable } from './address-table.ts';
import { NameTable } from './name-table.ts';
import { tableSize } from './table-size.ts';

/** Words of one row; the first four fields are 64-bit floats. */
const FIELD = {
  FIRST_SEEN: 0,
  LAST_SEEN: 2,
  EXPIRES: 4,
  RESPONSE: 6,
  ZONE: 8,
  NAME_SERVER: 9,
  ADDRESS: 10,
  STATE: 11,
  SIGHTINGS: 12,
  NS_TTL: 13,
  GLUE_TTL: 14,
  TEACHER: 15,
  OTHER_TEACHER: 16,
  QUERY_AGE: 17,
  QUERY_ID: 18,
  QUERY_NAME: 19,
  HASH_NEXT: 20,
  ADDRESS_NEXT: 21,
  ADDRESS_BEFORE: 22,
  SERVER_NEXT: 23,
  SERVER_BEFORE: 24,
  ZONE_NEXT: 25,
  TIME_NEXT: 26,
  TIME_BEFORE: 27,
} as const;
const WORDS = 28;
const NONE = 0;

/** In the place of the age of a query: the response was believed without it. */
const NO_QUERY = -1;

/** Names and addresses that one row can hold on to: zone, name server, query name; address and two teachers. */
const NAMES_PER_ROW = 3;
const ADDRESSES_PER_ROW = 2;

/**
 * The rows of the history in flat memory, known by a number from 1 up; zone, name server and address are numbers of the tables
 * of names and addresses, address 0 that of an NS record without glue. A row hangs in a table by address and zone, and in the
 * lists of its address, of its name server and of its zone. The lists of time are ExpiryWheel's.
 */
export class TripleTable {
  readonly names: NameTable;
  readonly addresses: AddressTable;
  readonly maxRows: number;
  readonly #words: Int32Array;
  readonly #times: Float64Array;
  readonly #buckets: Int32Array;
  #freeRow = NONE;
  #usedRows = 0;
  #size = 0;

  constructor(maxRows: number) {
    this.maxRows = maxRows;
    this.names = new NameTable(NAMES_PER_ROW * maxRows);
    this.addresses = new AddressTable(ADDRESSES_PER_ROW * maxRows);
    const octets = new ArrayBuffer((maxRows + 1) * WORDS * 4);
    this.#words = new Int32Array(octets);
    this.#times = new Float64Array(octets);
    this.#buckets = new Int32Array(tableSize(maxRows));
  }

  get size(): number {
    return this.#size;
  }

  /** No row has a greater number. */
  get lastRow(): number {
    return this.#usedRows;
  }

  find(zone: number, nameServer: number, address: number): number {
    const words = this.#words;
    let row = this.#buckets[this.#bucketOf(address, zone)]!;
    for (; row !== NONE; row = words[row * WORDS + FIELD.HASH_NEXT]!) {
      const at = row * WORDS;
      const isSame = words[at + FIELD.ADDRESS] === address && words[at + FIELD.ZONE] === zone;
      if (isSame && words[at + FIELD.NAME_SERVER] === nameServer) return row;
    }
    return NONE;
  }

  /** A row of this address and zone that expires after `nowMs`: the first, or the first behind `after`; 0 when there is none. */
  findServed(address: number, zone: number, nowMs: number, after: number = NONE): number {
    const words = this.#words;
    let row = after === NONE ? this.#buckets[this.#bucketOf(address, zone)]! : words[after * WORDS + FIELD.HASH_NEXT]!;
    for (; row !== NONE; row = words[row * WORDS + FIELD.HASH_NEXT]!) {
      const at = row * WORDS;
      const isSame = words[at + FIELD.ADDRESS] === address && words[at + FIELD.ZONE] === zone;
      if (isSame && this.#times[(at + FIELD.EXPIRES) >> 1]! > nowMs) return row;
    }
    return NONE;
  }

  /** A new row, of which there is none yet; 0 when the table is full. Its other fields are 0. */
  insert(zone: number, nameServer: number, address: number): number {
    if (this.#size >= this.maxRows) return NONE;
    let row = this.#freeRow;
    if (row === NONE) row = ++this.#usedRows;
    else this.#freeRow = this.#words[row * WORDS + FIELD.HASH_NEXT]!;
    this.#size++;
    const words = this.#words;
    const at = row * WORDS;
    for (let word = at; word < at + WORDS; word++) words[word] = 0;
    words[at + FIELD.ZONE] = zone;
    words[at + FIELD.NAME_SERVER] = nameServer;
    words[at + FIELD.ADDRESS] = address;
    words[at + FIELD.QUERY_AGE] = NO_QUERY;
    this.names.retain(zone);
    this.names.retain(nameServer);
    if (address !== NONE) {
      this.addresses.retain(address);
      if (!this.#hasOther(address, zone, NONE)) this.addresses.addZoneCount(address, 1);
    }
    const bucket = this.#bucketOf(address, zone);
    words[at + FIELD.HASH_NEXT] = this.#buckets[bucket]!;
    this.#buckets[bucket] = row;
    this.#link(row);
    return row;
  }

  /** Takes a row out that hangs in no list of time any more. */
  remove(row: number): void {
    const words = this.#words;
    const at = row * WORDS;
    const zone = this.zone(row);
    const address = this.address(row);
    this.#unlink(row);
    if (address !== NONE && !this.#hasOther(address, zone, row)) this.addresses.addZoneCount(address, -1);
    this.names.release(zone);
    this.names.release(this.nameServer(row));
    if (address !== NONE) this.addresses.release(address);
    this.#forgetExchange(row);
    words[at + FIELD.HASH_NEXT] = this.#freeRow;
    words[at + FIELD.ZONE] = NONE;
    words[at + FIELD.STATE] = 0;
    this.#freeRow = row;
    this.#size--;
  }

  /** Whether a row of this number is there. */
  has(row: number): boolean {
    return this.#words[row * WORDS + FIELD.ZONE] !== NONE;
  }

  zone(row: number): number {
    return this.#words[row * WORDS + FIELD.ZONE]!;
  }

  nameServer(row: number): number {
    return this.#words[row * WORDS + FIELD.NAME_SERVER]!;
  }

  address(row: number): number {
    return this.#words[row * WORDS + FIELD.ADDRESS]!;
  }

  firstSeenMs(row: number): number {
    return this.#times[(row * WORDS + FIELD.FIRST_SEEN) >> 1]!;
  }

  setFirstSeenMs(row: number, atMs: number): void {
    this.#times[(row * WORDS + FIELD.FIRST_SEEN) >> 1] = atMs;
  }

  lastSeenMs(row: number): number {
    return this.#times[(row * WORDS + FIELD.LAST_SEEN) >> 1]!;
  }

  setLastSeenMs(row: number, atMs: number): void {
    this.#times[(row * WORDS + FIELD.LAST_SEEN) >> 1] = atMs;
  }

  /** Infinity for what never expires. */
  expiresMs(row: number): number {
    return this.#times[(row * WORDS + FIELD.EXPIRES) >> 1]!;
  }

  setExpiresMs(row: number, atMs: number): void {
    this.#times[(row * WORDS + FIELD.EXPIRES) >> 1] = atMs;
  }

  /** Origin, trust, glue and marks, as the history packs them. */
  state(row: number): number {
    return this.#words[row * WORDS + FIELD.STATE]!;
  }

  setState(row: number, state: number): void {
    this.#words[row * WORDS + FIELD.STATE] = state;
  }

  sightings(row: number): number {
    return this.#words[row * WORDS + FIELD.SIGHTINGS]! >>> 0;
  }

  setSightings(row: number, sightings: number): void {
    this.#words[row * WORDS + FIELD.SIGHTINGS] = Math.min(sightings, 0xffffffff);
  }

  nsTtlSeconds(row: number): number {
    return this.#words[row * WORDS + FIELD.NS_TTL]! >>> 0;
  }

  glueTtlSeconds(row: number): number {
    return this.#words[row * WORDS + FIELD.GLUE_TTL]! >>> 0;
  }

  setTtls(row: number, nsTtlSeconds: number, glueTtlSeconds: number): void {
    this.#words[row * WORDS + FIELD.NS_TTL] = nsTtlSeconds;
    this.#words[row * WORDS + FIELD.GLUE_TTL] = glueTtlSeconds;
  }

  /** When the response came that taught the row, milliseconds; 0 when none did. */
  responseMs(row: number): number {
    return this.#times[(row * WORDS + FIELD.RESPONSE) >> 1]!;
  }

  /** NaN when there was none. */
  queryMs(row: number): number {
    const ageUs = this.#words[row * WORDS + FIELD.QUERY_AGE]!;
    return ageUs === NO_QUERY ? Number.NaN : this.responseMs(row) - ageUs / 1000;
  }

  queryId(row: number): number {
    return this.#words[row * WORDS + FIELD.QUERY_ID]!;
  }

  /** 0 when no exchange taught the row. */
  queryName(row: number): number {
    return this.#words[row * WORDS + FIELD.QUERY_NAME]!;
  }

  /** `queryMs` is NaN when there was no query. */
  setExchange(row: number, responseMs: number, queryMs: number, queryId: number, queryName: number): void {
    const at = row * WORDS;
    const before = this.#words[at + FIELD.QUERY_NAME]!;
    if (before !== queryName) {
      this.names.retain(queryName);
      this.#words[at + FIELD.QUERY_NAME] = queryName;
      if (before !== NONE) this.names.release(before);
    }
    this.#times[(at + FIELD.RESPONSE) >> 1] = responseMs;
    const age = Math.round((responseMs - queryMs) * 1000);
    this.#words[at + FIELD.QUERY_AGE] = age >= 0 && age < 2 ** 31 ? age : NO_QUERY;
    this.#words[at + FIELD.QUERY_ID] = queryId;
  }

  /** The newest, 0 when there is none. */
  teacher(row: number): number {
    return this.#words[row * WORDS + FIELD.TEACHER]!;
  }

  /** The newest but one, 0 when there is none. */
  otherTeacher(row: number): number {
    return this.#words[row * WORDS + FIELD.OTHER_TEACHER]!;
  }

  addTeacher(row: number, teacher: number): void {
    const at = row * WORDS;
    const words = this.#words;
    const newest = words[at + FIELD.TEACHER]!;
    if (newest === teacher || teacher === NONE) return;
    const other = words[at + FIELD.OTHER_TEACHER]!;
    words[at + FIELD.TEACHER] = teacher;
    words[at + FIELD.OTHER_TEACHER] = newest;
    if (other === teacher) return;
    this.addresses.retain(teacher);
    if (other !== NONE) this.addresses.release(other);
  }

  nextOfAddress(row: number): number {
    return this.#words[row * WORDS + FIELD.ADDRESS_NEXT]!;
  }

  nextOfServer(row: number): number {
    return this.#words[row * WORDS + FIELD.SERVER_NEXT]!;
  }

  nextOfZone(row: number): number {
    return this.#words[row * WORDS + FIELD.ZONE_NEXT]!;
  }

  /** The neighbours in a list of time, whose owner keeps them. */
  timeNext(row: number): number {
    return this.#words[row * WORDS + FIELD.TIME_NEXT]!;
  }

  setTimeNext(row: number, next: number): void {
    this.#words[row * WORDS + FIELD.TIME_NEXT] = next;
  }

  timeBefore(row: number): number {
    return this.#words[row * WORDS + FIELD.TIME_BEFORE]!;
  }

  setTimeBefore(row: number, before: number): void {
    this.#words[row * WORDS + FIELD.TIME_BEFORE] = before;
  }

  #forgetExchange(row: number): void {
    const { names, addresses } = this;
    if (this.queryName(row) !== NONE) names.release(this.queryName(row));
    if (this.teacher(row) !== NONE) addresses.release(this.teacher(row));
    if (this.otherTeacher(row) !== NONE) addresses.release(this.otherTeacher(row));
  }

  #hasOther(address: number, zone: number, except: number): boolean {
    const words = this.#words;
    let row = this.#buckets[this.#bucketOf(address, zone)]!;
    for (; row !== NONE; row = words[row * WORDS + FIELD.HASH_NEXT]!) {
      const at = row * WORDS;
      if (row !== except && words[at + FIELD.ADDRESS] === address && words[at + FIELD.ZONE] === zone) return true;
    }
    return false;
  }

  #link(row: number): void {
    const { names, addresses } = this;
    const words = this.#words;
    const at = row * WORDS;
    const address = words[at + FIELD.ADDRESS]!;
    if (address !== NONE) {
      const next = addresses.rows(address);
      words[at + FIELD.ADDRESS_NEXT] = next;
      if (next !== NONE) words[next * WORDS + FIELD.ADDRESS_BEFORE] = row;
      addresses.setRows(address, row);
    }
    const server = words[at + FIELD.NAME_SERVER]!;
    const nextOfServer = names.serverRows(server);
    words[at + FIELD.SERVER_NEXT] = nextOfServer;
    if (nextOfServer !== NONE) words[nextOfServer * WORDS + FIELD.SERVER_BEFORE] = row;
    names.setServerRows(server, row);
    const zone = words[at + FIELD.ZONE]!;
    words[at + FIELD.ZONE_NEXT] = names.zoneRows(zone);
    names.setZoneRows(zone, row);
    names.addZoneCount(zone, 1);
  }

  #unlink(row: number): void {
    const words = this.#words;
    const at = row * WORDS;
    this.#unlinkHash(row);
    this.#unlinkZone(row);
    const address = words[at + FIELD.ADDRESS]!;
    if (address !== NONE) {
      const next = words[at + FIELD.ADDRESS_NEXT]!;
      const before = words[at + FIELD.ADDRESS_BEFORE]!;
      if (next !== NONE) words[next * WORDS + FIELD.ADDRESS_BEFORE] = before;
      if (before === NONE) this.addresses.setRows(address, next);
      else words[before * WORDS + FIELD.ADDRESS_NEXT] = next;
    }
    const next = words[at + FIELD.SERVER_NEXT]!;
    const before = words[at + FIELD.SERVER_BEFORE]!;
    if (next !== NONE) words[next * WORDS + FIELD.SERVER_BEFORE] = before;
    if (before === NONE) this.names.setServerRows(words[at + FIELD.NAME_SERVER]!, next);
    else words[before * WORDS + FIELD.SERVER_NEXT] = next;
  }

  #unlinkHash(row: number): void {
    const words = this.#words;
    const bucket = this.#bucketOf(words[row * WORDS + FIELD.ADDRESS]!, words[row * WORDS + FIELD.ZONE]!);
    const next = words[row * WORDS + FIELD.HASH_NEXT]!;
    if (this.#buckets[bucket] === row) {
      this.#buckets[bucket] = next;
      return;
    }
    let before = this.#buckets[bucket]!;
    while (words[before * WORDS + FIELD.HASH_NEXT] !== row) before = words[before * WORDS + FIELD.HASH_NEXT]!;
    words[before * WORDS + FIELD.HASH_NEXT] = next;
  }

  /** The list of a zone is short where rows are ever taken out: its length has a cap (learner.ts). */
  #unlinkZone(row: number): void {
    const words = this.#words;
    const zone = words[row * WORDS + FIELD.ZONE]!;
    const next = words[row * WORDS + FIELD.ZONE_NEXT]!;
    this.names.addZoneCount(zone, -1);
    if (this.names.zoneRows(zone) === row) {
      this.names.setZoneRows(zone, next);
      return;
    }
    let before = this.names.zoneRows(zone);
    while (words[before * WORDS + FIELD.ZONE_NEXT] !== row) before = words[before * WORDS + FIELD.ZONE_NEXT]!;
    words[before * WORDS + FIELD.ZONE_NEXT] = next;
  }

  /** Numbers are dense and given out by us, so that nobody chooses them to collide. */
  #bucketOf(address: number, zone: number): number {
    let bits = Math.imul(address, 0x9e3779b1) ^ Math.imul(zone, 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 15), 0xc2b2ae35);
    return (bits ^ (bits >>> 13)) & (this.#buckets.length - 1);
  }
}
