/**
 * Triples packed into octets: how they travel to the store's thread, lie in its journal, and stand in its tables.
 *
 * A batch is `Gt`, the version of this layout, a zero, the number of its rows (32 bits), then the rows. Numbers are little
 * endian, instants are doubles. A row is its length (16 bits, itself included), its key (zone, name server, address, each with
 * its length before it), when it expires, and its facts, which a store keeps as they are: their version, a state (trust 2
 * bits, glue 2, whether there is a lesson, whether its query was seen, the number of teachers 2), first seen, last seen,
 * sightings (32 bits), teachers, and the lesson.
 */
import { type Address, isIpv4, readIpv4, readIpv6 } from '../core/address.ts';
import { canonicalName, MAX_LABEL_OCTETS, MAX_NAME_OCTETS, type Name } from '../dns/name.ts';
import { GLUES, type Lesson, MAX_TEACHERS, type NsTriple, TRUSTS } from './ns-triple.ts';

/** One row, not yet looked into. */
export interface PackedTriple {
  readonly zone: Buffer;
  readonly nameServer: Buffer;
  /** 4 or 16 octets. */
  readonly address: Buffer;
  /** Milliseconds, Infinity for never. */
  readonly expiresAtMs: number;
  readonly facts: Buffer;
}

const MAGIC = 0x7447;
const VERSION = 1;
const FACTS_VERSION = 1;
const HEADER_OCTETS = 8;
const FIRST_CAPACITY = 16_384;
/** No row is longer: three names, three addresses, and less than a hundred octets besides. */
const MAX_ROW_OCTETS = 1024;
/** First and last seen, sightings, and the two octets before them. */
const FIXED_FACTS_OCTETS = 22;
const HAS_LESSON = 16;
const HAS_QUERY = 32;
const TEACHERS_SHIFT = 6;
const MAX_SIGHTINGS = 0xffffffff;

/** Packs triples. What was not learned is configured and is left out. */
export class TripleBatchWriter {
  #octets = Buffer.allocUnsafe(FIRST_CAPACITY);
  #end = HEADER_OCTETS;
  #size = 0;

  /** Rows in it. */
  get size(): number {
    return this.#size;
  }

  add(triple: NsTriple): void {
    if (triple.origin !== 'learned') return;
    this.#makeRoom(MAX_ROW_OCTETS);
    const start = this.#end;
    let at = this.#putName(start + 2, triple.zone);
    at = this.#putName(at, triple.nameServer);
    at = this.#putAddress(at, triple.address);
    at = this.#octets.writeDoubleLE(triple.expiresAtMs, at);
    this.#finish(start, this.#putFacts(at, triple));
  }

  /** Takes a row as it stood in another batch; false when it is too long to be one. */
  addPacked({ zone, nameServer, address, expiresAtMs, facts }: PackedTriple): boolean {
    const length = zone.length + nameServer.length + address.length + facts.length + 13;
    const isTooLong = length > MAX_ROW_OCTETS || Math.max(zone.length, nameServer.length, address.length) > 255;
    if (isTooLong) return false;
    this.#makeRoom(length);
    const start = this.#end;
    let at = start + 2;
    for (const part of [zone, nameServer, address]) {
      at = this.#octets.writeUInt8(part.length, at);
      at += part.copy(this.#octets, at);
    }
    at = this.#octets.writeDoubleLE(expiresAtMs, at);
    this.#finish(start, at + facts.copy(this.#octets, at));
    return true;
  }

  /** The batch, in memory of its own; the next one begins empty. */
  take(): Uint8Array<ArrayBuffer> {
    const octets = this.#octets;
    octets.writeUInt16LE(MAGIC, 0);
    octets.writeUInt16LE(VERSION, 2);
    octets.writeUInt32LE(this.#size, 4);
    const batch = new Uint8Array(this.#end);
    batch.set(octets.subarray(0, this.#end));
    this.#end = HEADER_OCTETS;
    this.#size = 0;
    return batch;
  }

  #makeRoom(length: number): void {
    if (this.#end + length <= this.#octets.length) return;
    const larger = Buffer.allocUnsafe(2 * this.#octets.length + length);
    this.#octets.copy(larger, 0, 0, this.#end);
    this.#octets = larger;
  }

  #finish(start: number, end: number): void {
    this.#octets.writeUInt16LE(end - start, start);
    this.#end = end;
    this.#size++;
  }

  #putName(at: number, name: Name): number {
    this.#octets[at] = name.length;
    return at + 1 + this.#octets.write(name, at + 1, 'latin1');
  }

  #putAddress(at: number, address: Address): number {
    const octets = this.#octets;
    octets[at] = isIpv4(address) ? 4 : 16;
    return isIpv4(address) ? octets.writeInt32BE(address, at + 1) : at + 1 + octets.write(address, at + 1, 'latin1');
  }

  #putFacts(start: number, triple: NsTriple): number {
    const octets = this.#octets;
    const { lesson } = triple;
    const teachers = Math.min(triple.teachers.length, MAX_TEACHERS);
    const marks = (lesson === undefined ? 0 : HAS_LESSON) | (lesson?.queryAtMs === undefined ? 0 : HAS_QUERY);
    octets[start] = FACTS_VERSION;
    octets[start + 1] =
      TRUSTS.indexOf(triple.trust) | (GLUES.indexOf(triple.glue) << 2) | marks | (teachers << TEACHERS_SHIFT);
    let at = octets.writeDoubleLE(triple.firstSeenAtMs, start + 2);
    at = octets.writeDoubleLE(triple.lastSeenAtMs, at);
    at = octets.writeUInt32LE(Math.min(MAX_SIGHTINGS, triple.sightings), at);
    for (let teacher = 0; teacher < teachers; teacher++) at = this.#putAddress(at, triple.teachers[teacher]!);
    return lesson === undefined ? at : this.#putLesson(at, lesson);
  }

  #putLesson(start: number, lesson: Lesson): number {
    const octets = this.#octets;
    let at = octets.writeUInt32LE(lesson.nsTtlSeconds, start);
    at = octets.writeUInt32LE(lesson.glueTtlSeconds, at);
    at = octets.writeUInt16LE(lesson.queryId, at);
    at = octets.writeDoubleLE(lesson.responseAtMs, at);
    if (lesson.queryAtMs !== undefined) at = octets.writeDoubleLE(lesson.queryAtMs, at);
    return this.#putName(at, lesson.queryName);
  }
}

/** How many rows a batch says it has; undefined when it is no batch of a version known here. */
export function countTriples(batch: Uint8Array): number | undefined {
  if (batch.length < HEADER_OCTETS) return undefined;
  const octets = bufferOf(batch);
  if (octets.readUInt16LE(0) !== MAGIC || octets.readUInt16LE(2) !== VERSION) return undefined;
  return octets.readUInt32LE(4);
}

/**
 * The rows of a batch, which stay in its memory. Returns whether it was whole: a batch of another version has no rows, and
 * one that is cut or overwritten ends with the last row whose bounds are right.
 */
export function* unpackTriples(batch: Uint8Array): Generator<PackedTriple, boolean> {
  const count = countTriples(batch);
  if (count === undefined) return false;
  const octets = bufferOf(batch);
  let start = HEADER_OCTETS;
  for (let row = 0; row < count; row++) {
    if (start + 2 > octets.length) return false;
    const end = start + octets.readUInt16LE(start);
    const zoneAt = start + 3;
    const nameServerAt = zoneAt + (octets[zoneAt - 1] ?? end) + 1;
    const addressAt = nameServerAt + (octets[nameServerAt - 1] ?? end) + 1;
    const expiresAt = addressAt + (octets[addressAt - 1] ?? end);
    if (end > octets.length || expiresAt + 8 > end) return false;
    yield {
      zone: octets.subarray(zoneAt, nameServerAt - 1),
      nameServer: octets.subarray(nameServerAt, addressAt - 1),
      address: octets.subarray(addressAt, expiresAt),
      expiresAtMs: octets.readDoubleLE(expiresAt),
      facts: octets.subarray(expiresAt + 8, end),
    };
    start = end;
  }
  return start === octets.length;
}

/** The triples of a batch. Returns whether all of it could be read; a row that cannot be is left out. */
export function* readTriples(batch: Uint8Array): Generator<NsTriple, boolean> {
  const rows = unpackTriples(batch);
  let isWhole = true;
  for (;;) {
    const { done, value } = rows.next();
    if (done === true) return isWhole && value;
    const triple = readTriple(value);
    if (triple === undefined) isWhole = false;
    else yield triple;
  }
}

/** The batches as one; those that are no batch of this version are left out. */
export function joinTriples(batches: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = HEADER_OCTETS;
  let count = 0;
  const sound = batches.filter((batch) => countTriples(batch) !== undefined);
  for (const batch of sound) {
    length += batch.length - HEADER_OCTETS;
    count += countTriples(batch)!;
  }
  const joined = new Uint8Array(length);
  const octets = bufferOf(joined);
  octets.writeUInt16LE(MAGIC, 0);
  octets.writeUInt16LE(VERSION, 2);
  octets.writeUInt32LE(count, 4);
  let at = HEADER_OCTETS;
  for (const batch of sound) {
    joined.set(batch.subarray(HEADER_OCTETS), at);
    at += batch.length - HEADER_OCTETS;
  }
  return joined;
}

/** Reads a row; undefined when it is no triple. */
export function readTriple({ zone, nameServer, address, expiresAtMs, facts }: PackedTriple): NsTriple | undefined {
  if (!isName(zone, 0, zone.length) || !isName(nameServer, 0, nameServer.length)) return undefined;
  if ((address.length !== 4 && address.length !== 16) || Number.isNaN(expiresAtMs)) return undefined;
  if (facts.length < FIXED_FACTS_OCTETS || facts[0] !== FACTS_VERSION) return undefined;
  const state = facts[1]!;
  const teachers: Address[] = [];
  let at = FIXED_FACTS_OCTETS;
  for (let left = state >> TEACHERS_SHIFT; left > 0; left--) {
    const length = facts[at];
    if ((length !== 4 && length !== 16) || at + 1 + length > facts.length) return undefined;
    teachers.push(readAddress(facts, at + 1, length));
    at += 1 + length;
  }
  const lesson = (state & HAS_LESSON) === 0 ? undefined : readLesson(facts, at, (state & HAS_QUERY) !== 0);
  const isCut = lesson === undefined && (at !== facts.length || (state & HAS_LESSON) !== 0);
  const firstSeenAtMs = facts.readDoubleLE(2);
  const lastSeenAtMs = facts.readDoubleLE(10);
  const isNoTime = !Number.isFinite(firstSeenAtMs) || !Number.isFinite(lastSeenAtMs);
  if (isCut || isNoTime || teachers.length > MAX_TEACHERS) return undefined;
  return {
    zone: nameAt(zone, 0, zone.length),
    nameServer: nameAt(nameServer, 0, nameServer.length),
    address: readAddress(address, 0, address.length),
    origin: 'learned',
    trust: TRUSTS[state & 3]!,
    glue: GLUES[(state >> 2) & 3]!,
    firstSeenAtMs,
    lastSeenAtMs,
    expiresAtMs,
    sightings: facts.readUInt32LE(18),
    teachers,
    lesson,
  };
}

/** The lesson that ends with the facts. */
function readLesson(facts: Buffer, start: number, hasQuery: boolean): Lesson | undefined {
  const nameAtOctet = start + (hasQuery ? 27 : 19);
  const length = facts[nameAtOctet - 1];
  if (length === undefined || nameAtOctet + length !== facts.length) return undefined;
  if (!isName(facts, nameAtOctet, facts.length)) return undefined;
  const responseAtMs = facts.readDoubleLE(start + 10);
  const queryAtMs = hasQuery ? facts.readDoubleLE(start + 18) : undefined;
  if (!Number.isFinite(responseAtMs) || !Number.isFinite(queryAtMs ?? 0)) return undefined;
  return {
    nsTtlSeconds: facts.readUInt32LE(start),
    glueTtlSeconds: facts.readUInt32LE(start + 4),
    queryAtMs,
    queryId: facts.readUInt16LE(start + 8),
    queryName: facts.toString('latin1', nameAtOctet, facts.length) as Name,
    responseAtMs,
  };
}

/** Whether the octets from `start` to `end` are one uncompressed name. */
function isName(octets: Buffer, start: number, end: number): boolean {
  if (end - start > MAX_NAME_OCTETS) return false;
  let at = start;
  while (at < end) {
    const length = octets[at]!;
    if (length === 0) return at + 1 === end;
    if (length > MAX_LABEL_OCTETS) return false;
    at += length + 1;
  }
  return false;
}

function nameAt(octets: Buffer, start: number, end: number): Name {
  return canonicalName(octets.toString('latin1', start, end) as Name);
}

function readAddress(octets: Buffer, at: number, length: number): Address {
  return length === 4 ? readIpv4(octets, at) : readIpv6(octets, at);
}

function bufferOf(octets: Uint8Array): Buffer {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length);
}
