/**
 * Entries packed one behind the other, as they travel between threads and wait in a store. A record, big-endian:
 *
 *     length 16 | type 16 | class 16 | client port 16 (0: not known) | time, milliseconds, binary64
 *     response code 16 (NONE_16: not known) | role 8 | mark 8 (0: none, else its place in the list from 1 on)
 *     octets of client 8 | of server 8 | of name 8 | answers 8
 *     client | server | name in wire form | each answer behind its length of 8 bits
 */
import { type Address, addressFromOctets, isIpv4 } from '../core/address.ts';
import { canonicalName, type Name } from '../dns/name.ts';
import { type LogEntry, MARKS, MAX_ANSWERS, ROLES } from './log-entry.ts';

const AT = {
  length: 0,
  type: 2,
  class: 4,
  clientPort: 6,
  time: 8,
  responseCode: 16,
  role: 18,
  mark: 19,
  client: 20,
  server: 21,
  name: 22,
  answers: 23,
  rest: 24,
} as const;
const NONE_16 = 0xffff;
/** Two addresses, a name and all answers of IPv6. */
const MAX_RECORD_OCTETS = AT.rest + 16 + 16 + 255 + MAX_ANSWERS * 17;
const FIRST_OCTETS = 16 * 1024;
/** A batch goes when it is so large, or has so many entries: what the store does with one in one go is bounded. */
const FULL_OCTETS = 1024 * 1024;
const FULL_ENTRIES = 16_384;
/** No date is farther from the epoch (ECMA-262 §21.4.1.1), and no entry: it would end its batch. Milliseconds. */
export const LAST_MS = 8.64e15;
/** Entries that more may be told of. */
const RECENT_ENTRIES = 64;

/** An entry without its name. */
export type EntryFields = Omit<LogEntry, 'name'>;

/** Packs entries. Grows as it needs to: whoever writes looks at `isFull` and takes what there is. */
export class EntryBatchWriter {
  #octets: Buffer = Buffer.allocUnsafe(FIRST_OCTETS);
  #view: DataView = viewOf(this.#octets);
  #length = 0;
  #count = 0;
  /** Where the newest entries begin: each at its number, modulo how many are kept. */
  readonly #recent = new Int32Array(RECENT_ENTRIES);

  get count(): number {
    return this.#count;
  }

  /** Whether it is time to take what there is. */
  get isFull(): boolean {
    return this.#count >= FULL_ENTRIES || this.#length >= FULL_OCTETS;
  }

  /** Memory for what has been added; 0: nothing was. */
  get heldOctets(): number {
    return this.#count === 0 ? 0 : this.#octets.length;
  }

  add(entry: LogEntry): void {
    const at = this.#fields(entry);
    const { name } = entry;
    const octets = this.#octets;
    for (let index = 0; index < name.length; index++) octets[at + index] = name.charCodeAt(index);
    this.#finish(entry, at + name.length, name.length);
  }

  /** As `add`, for a name that stands in `octets[start, end)` in wire form. */
  addNamed(fields: EntryFields, octets: Uint8Array, start: number, end: number): void {
    const at = this.#fields(fields);
    const batch = this.#octets;
    for (let index = 0; index < end - start; index++) batch[at + index] = octets[start + index]!;
    this.#finish(fields, at + end - start, end - start);
  }

  /**
   * Sets the response code of a query that is among the newest and has none: the entry of the same client, name, type and
   * class. False when there is none.
   */
  amendRecent(query: LogEntry): boolean {
    const oldest = Math.max(0, this.#count - RECENT_ENTRIES);
    const clientPort = query.clientPort ?? 0;
    for (let number = this.#count - 1; number >= oldest; number--) {
      const start = this.#recent[number % RECENT_ENTRIES]!;
      if (this.#view.getUint16(start + AT.clientPort) !== clientPort) continue;
      if (!new EntryBatchReader(this.#octets.subarray(0, this.#length)).isOpenAt(start, query)) continue;
      this.#view.setUint16(start + AT.responseCode, query.responseCode ?? NONE_16);
      return true;
    }
    return false;
  }

  /** What has been added since the last call, in memory of its own. */
  take(): Uint8Array {
    const batch = new Uint8Array(this.#octets.subarray(0, this.#length));
    this.#length = 0;
    this.#count = 0;
    if (this.#octets.length > FIRST_OCTETS) this.#move(FIRST_OCTETS);
    return batch;
  }

  /** Writes all that stands before the name; says where that goes. */
  #fields(fields: EntryFields): number {
    if (this.#octets.length - this.#length < MAX_RECORD_OCTETS) this.#move(2 * this.#octets.length);
    const octets = this.#octets;
    const view = this.#view;
    const start = this.#length;
    const { responseCode, role, mark, client, server } = fields;
    view.setUint16(start + AT.type, fields.type);
    view.setUint16(start + AT.class, fields.class);
    view.setUint16(start + AT.clientPort, fields.clientPort ?? 0);
    view.setFloat64(start + AT.time, fields.atMs);
    view.setUint16(start + AT.responseCode, responseCode ?? NONE_16);
    octets[start + AT.role] = role === undefined ? 0 : ROLES.indexOf(role) + 1;
    octets[start + AT.mark] = mark === undefined ? 0 : MARKS.indexOf(mark) + 1;
    const serverAt = this.#address(start + AT.rest, client);
    const nameAt = this.#address(serverAt, server);
    octets[start + AT.client] = serverAt - start - AT.rest;
    octets[start + AT.server] = nameAt - serverAt;
    return nameAt;
  }

  #finish({ answers }: EntryFields, answersAt: number, nameOctets: number): void {
    const octets = this.#octets;
    const start = this.#length;
    const count = Math.min(answers.length, MAX_ANSWERS);
    octets[start + AT.name] = nameOctets;
    octets[start + AT.answers] = count;
    let end = answersAt;
    for (let index = 0; index < count; index++) {
      const next = this.#address(end + 1, answers[index]);
      octets[end] = next - end - 1;
      end = next;
    }
    this.#view.setUint16(start + AT.length, end - start);
    this.#recent[this.#count % RECENT_ENTRIES] = start;
    this.#length = end;
    this.#count++;
  }

  /** Writes the octets of an address, none for undefined; says where the next ones go. */
  #address(at: number, address: Address | undefined): number {
    if (address === undefined) return at;
    if (isIpv4(address)) {
      this.#view.setInt32(at, address);
      return at + 4;
    }
    for (let index = 0; index < 16; index++) this.#octets[at + index] = address.charCodeAt(index);
    return at + 16;
  }

  #move(octets: number): void {
    const moved = Buffer.allocUnsafe(octets);
    this.#octets.copy(moved, 0, 0, this.#length);
    this.#octets = moved;
    this.#view = viewOf(moved);
  }
}

function viewOf(octets: Buffer): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
}

/**
 * Reads a batch entry by entry; the fields are of the entry that `next` went to last. A batch may have lain on a disk: nothing
 * that is read lies outside of it, and what makes no sense ends it.
 */
export class EntryBatchReader {
  readonly batch: Buffer;
  #at = 0;
  #next = 0;

  constructor(batch: Uint8Array) {
    this.batch = Buffer.from(batch.buffer, batch.byteOffset, batch.byteLength);
  }

  /** Goes to the next entry; `damaged` when the rest cannot be read. */
  next(): 'entry' | 'end' | 'damaged' {
    this.#at = this.#next;
    const left = this.batch.length - this.#at;
    if (left === 0) return 'end';
    const length = left < AT.rest ? 0 : this.batch.readUInt16BE(this.#at + AT.length);
    if (length > left || length !== this.#soundLength(length)) return 'damaged';
    this.#next = this.#at + length;
    return 'entry';
  }

  /** Whether a record that begins at `start` is of this query and has no response code. Goes there. */
  isOpenAt(start: number, query: LogEntry): boolean {
    this.#next = start;
    if (this.next() !== 'entry') return false;
    return (
      this.responseCode === undefined &&
      this.type === query.type &&
      this.class === query.class &&
      this.clientPort === (query.clientPort || undefined) &&
      addressFromOctets(this.clientOctets) === query.client &&
      canonicalName(this.nameOctets.toString('latin1') as Name) === canonicalName(query.name)
    );
  }

  /** The whole record, a part of the batch. */
  get octets(): Buffer {
    return this.batch.subarray(this.#at, this.#next);
  }

  get atMs(): number {
    return this.batch.readDoubleBE(this.#at + AT.time);
  }

  get type(): number {
    return this.batch.readUInt16BE(this.#at + AT.type);
  }

  get class(): number {
    return this.batch.readUInt16BE(this.#at + AT.class);
  }

  get clientPort(): number | undefined {
    return this.batch.readUInt16BE(this.#at + AT.clientPort) || undefined;
  }

  get responseCode(): number | undefined {
    const code = this.batch.readUInt16BE(this.#at + AT.responseCode);
    return code === NONE_16 ? undefined : code;
  }

  get role(): LogEntry['role'] {
    return ROLES[this.batch[this.#at + AT.role]! - 1];
  }

  get mark(): LogEntry['mark'] {
    return MARKS[this.batch[this.#at + AT.mark]! - 1];
  }

  /** Where in `batch` the octets of the client begin; those of the server, the name and the answers follow. */
  get clientAt(): number {
    return this.#at + AT.rest;
  }

  get serverAt(): number {
    return this.clientAt + this.batch[this.#at + AT.client]!;
  }

  get nameAt(): number {
    return this.serverAt + this.batch[this.#at + AT.server]!;
  }

  get answersAt(): number {
    return this.nameAt + this.batch[this.#at + AT.name]!;
  }

  /** Four or sixteen octets, or none. Parts of the batch, as those of name and answers are. */
  get clientOctets(): Buffer {
    return this.batch.subarray(this.clientAt, this.serverAt);
  }

  get serverOctets(): Buffer {
    return this.batch.subarray(this.serverAt, this.nameAt);
  }

  /** In wire form. */
  get nameOctets(): Buffer {
    return this.batch.subarray(this.nameAt, this.answersAt);
  }

  /** The octets of each address of the answer. */
  *answerOctets(): Generator<Buffer, void> {
    for (let at = this.answersAt; at < this.#next; at += 1 + this.batch[at]!) {
      yield this.batch.subarray(at + 1, at + 1 + this.batch[at]!);
    }
  }

  /** The addresses of the answer as they stand in the record, each behind its length. */
  get answersOctets(): Buffer {
    return this.batch.subarray(this.answersAt, this.#next);
  }

  get hasAnswers(): boolean {
    return this.batch[this.#at + AT.answers] !== 0;
  }

  /** The entry in memory of its own. */
  entry(): LogEntry {
    return {
      atMs: this.atMs,
      name: this.nameOctets.toString('latin1') as Name,
      type: this.type,
      class: this.class,
      client: addressFromOctets(this.clientOctets),
      clientPort: this.clientPort,
      server: addressFromOctets(this.serverOctets),
      role: this.role,
      responseCode: this.responseCode,
      answers: [...this.answerOctets()].map((octets) => addressFromOctets(octets)!),
      mark: this.mark,
    };
  }

  /** How long the record is by what is in it, when all of that makes sense, else -1. */
  #soundLength(length: number): number {
    if (length < AT.rest) return -1;
    const octets = this.batch;
    const isSound =
      isAddressLength(octets[this.#at + AT.client]!, true) &&
      isAddressLength(octets[this.#at + AT.server]!, true) &&
      this.answersAt <= this.#at + length &&
      isWireName(octets, this.nameAt, this.answersAt) &&
      Math.abs(this.atMs) <= LAST_MS;
    if (!isSound) return -1;
    const end = this.#at + length;
    let at = this.answersAt;
    for (let left = octets[this.#at + AT.answers]!; left > 0; left--) {
      if (at >= end || !isAddressLength(octets[at]!, false)) return -1;
      at += 1 + octets[at]!;
    }
    return at - this.#at;
  }
}

function isAddressLength(length: number, mayBeNone: boolean): boolean {
  return length === 4 || length === 16 || (mayBeNone && length === 0);
}

/** RFC 1035 §3.1: labels of 1 to 63 octets, and the root behind them. */
function isWireName(octets: Buffer, start: number, end: number): boolean {
  let at = start;
  while (at < end && octets[at] !== 0) {
    if (octets[at]! > 63) return false;
    at += 1 + octets[at]!;
  }
  return at === end - 1;
}

/** The entries of a batch, as far as it can be read. */
export function* readEntries(batch: Uint8Array): Generator<LogEntry, void> {
  const reader = new EntryBatchReader(batch);
  while (reader.next() === 'entry') yield reader.entry();
}
