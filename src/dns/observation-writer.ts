import { type Address, isIpv4 } from '../core/address.ts';
import type { Name } from './name.ts';
import type { AddressRecord, DnsObservation, NsRecord } from './observation.ts';
import {
  ADDRESS_WORDS,
  ANSWER_RECORD,
  FLAG,
  IPV6_RECORD,
  KIND,
  MAX_RECORDS,
  NO_VLAN,
  NS_WORDS,
  TRANSPORT,
  WORD,
} from './observation-layout.ts';

/** A batch has room for more than one of the longest records. */
export const BATCH_OCTETS = 512 * 1024;
/** A smaller batch is copied, and its memory used again. */
const COPIED_OCTETS = BATCH_OCTETS / 8;

const MAX_SPARE = 8;

/** Packs observations into batches (observation-layout.ts), which are read by ObservationReader. */
export class ObservationWriter {
  readonly #onBatch: (batch: Uint8Array) => void;
  #octets: Buffer = Buffer.alloc(0);
  #words: Int32Array = new Int32Array(0);
  #times: Float64Array = new Float64Array(0);
  #end = 0;
  readonly #isShared: boolean;
  /** Memory that was given back. */
  readonly #spare: ArrayBufferLike[] = [];

  /**
   * `onBatch` is given each batch that is full or flushed, which begins a buffer of its own. `isShared`: buffers are shared, to
   * be read by other threads. To transfer them instead would slow every typed array of the thread down for good: while no
   * buffer was ever detached, V8 need not check.
   */
  constructor(onBatch: (batch: Uint8Array) => void, isShared = false) {
    this.#onBatch = onBatch;
    this.#isShared = isShared;
    this.#renew();
  }

  /** The memory of the batch in hand, for one who fills a record after `begin`. */
  get words(): Int32Array {
    return this.#words;
  }

  get times(): Float64Array {
    return this.#times;
  }

  get octets(): Buffer {
    return this.#octets;
  }

  /** Whether nothing was written since the last batch. */
  get isEmpty(): boolean {
    return this.#end === 0;
  }

  /** Gives what was written since the last batch. */
  flush(): void {
    if (this.#end === 0) return;
    if (this.#end < COPIED_OCTETS) {
      const copy = new Uint8Array(this.#octets.buffer.slice(0, this.#end));
      this.#end = 0;
      this.#onBatch(copy);
      return;
    }
    const batch = new Uint8Array(this.#octets.buffer, 0, this.#end);
    this.#renew();
    this.#onBatch(batch);
  }

  /** Nobody reads the batch in this memory any more: another one may be written there. */
  takeBack(memory: ArrayBufferLike): void {
    if (memory.byteLength === BATCH_OCTETS && this.#spare.length < MAX_SPARE) this.#spare.push(memory);
  }

  /**
   * Begins a record of `lengthOctets`, at most MAX_RECORD_OCTETS, which the caller fills before he begins the next one. Returns
   * its first word, in which the length stands already; its other words hold anything.
   */
  begin(lengthOctets: number): number {
    const paddedOctets = (lengthOctets + 7) & ~7;
    if (this.#end + paddedOctets > BATCH_OCTETS) this.flush();
    const at = this.#end >> 2;
    this.#end += paddedOctets;
    this.#words[at + WORD.LENGTH] = paddedOctets;
    return at;
  }

  /** Records beyond MAX_RECORDS of a kind are counted and left out. */
  write(observation: DnsObservation): void {
    const isResponse = observation.kind === 'response';
    const nameServers = isResponse ? observation.nameServers : [];
    const answers = isResponse ? observation.answers : [];
    const additional = isResponse ? observation.additional : [];
    const at = this.#putRecords(observation.question.name, nameServers, answers, additional);
    const words = this.#words;
    const { transport, client, server, clientPort, serverPort, id, question, link } = observation;
    this.#times[(at + WORD.TIME) / 2] = observation.atMs;
    words[at + WORD.PORTS] = clientPort | (serverPort << 16);
    words[at + WORD.TYPE] = question.type | (question.class << 16);
    this.#putAddress(at + WORD.CLIENT, client);
    this.#putAddress(at + WORD.SERVER, server);
    let flags = isIpv4(client) ? 0 : FLAG.IPV6;
    if (link !== undefined) {
      flags |= FLAG.LINK;
      words[at + WORD.LINK] = (link.vlan ?? NO_VLAN) | (Math.floor(link.mac / 2 ** 32) << 16);
      words[at + WORD.MAC] = (link.mac % 2 ** 32) | 0;
    }
    if (isResponse && observation.authoritative) flags |= FLAG.AA;
    if (isResponse && observation.truncated) flags |= FLAG.TC;
    if (isResponse && observation.hasAnswers) flags |= FLAG.ANSWERS;
    const kind = isResponse ? KIND.RESPONSE : KIND.QUERY;
    words[at + WORD.KIND] = kind | ((transport === 'tcp' ? TRANSPORT.TCP : TRANSPORT.UDP) << 8) | (flags << 16);
    words[at + WORD.ID] = id | ((isResponse ? observation.rcode : 0) << 16);
  }

  /** Begins a record and fills it from the counts on; returns its first word. */
  #putRecords(
    question: Name,
    allNameServers: readonly NsRecord[],
    allAnswers: readonly AddressRecord[],
    allAdditional: readonly AddressRecord[],
  ): number {
    const nameServers = allNameServers.slice(0, MAX_RECORDS);
    const addresses = [...allAnswers.slice(0, MAX_RECORDS), ...allAdditional.slice(0, MAX_RECORDS)];
    const names = indexNames(nameServers, addresses);
    const allNames = [question, ...names.keys()];
    const namesAt = 4 * (WORD.NAMES + names.size + nameServers.length * NS_WORDS + addresses.length * ADDRESS_WORDS);
    const at = this.begin(allNames.reduce((sum, name) => sum + name.length, namesAt));
    const words = this.#words;
    const answers = Math.min(allAnswers.length, MAX_RECORDS);
    words[at + WORD.COUNTS] = nameServers.length | (answers << 16);
    words[at + WORD.MORE_COUNTS] = (addresses.length - answers) | (names.size << 16);
    const all = allNameServers.length + allAnswers.length + allAdditional.length;
    words[at + WORD.LEFT_OUT] = all - nameServers.length - addresses.length;
    let word = at + WORD.NAMES + names.size;
    for (const { owner, ttl, nameServer, section } of nameServers) {
      words[word] = names.get(owner)! | (section === 'answer' ? ANSWER_RECORD : 0);
      words[word + 1] = ttl | 0;
      words[word + 2] = names.get(nameServer)!;
      word += NS_WORDS;
    }
    for (const { owner, ttl, address } of addresses) {
      words[word] = names.get(owner)! | (isIpv4(address) ? 0 : IPV6_RECORD);
      words[word + 1] = ttl | 0;
      this.#putAddress(word + 2, address);
      word += ADDRESS_WORDS;
    }
    let octet = word * 4;
    for (const [index, name] of allNames.entries()) {
      words[at + WORD.QUESTION + index] = octet - at * 4;
      octet += this.#octets.write(name, octet, 'latin1');
    }
    return at;
  }

  #putAddress(word: number, address: Address): void {
    if (isIpv4(address)) this.#words[word] = address;
    else this.#octets.write(address, word * 4, 'latin1');
  }

  #allocate(): ArrayBufferLike {
    return this.#isShared ? new SharedArrayBuffer(BATCH_OCTETS) : new ArrayBuffer(BATCH_OCTETS);
  }

  #renew(): void {
    const octets = this.#spare.pop() ?? this.#allocate();
    this.#octets = Buffer.from(octets);
    this.#words = new Int32Array(octets);
    this.#times = new Float64Array(octets);
    this.#end = 0;
  }
}

/** The names of the records, each once, with their indexes. */
function indexNames(nameServers: readonly NsRecord[], addresses: readonly AddressRecord[]): Map<Name, number> {
  const names = new Map<Name, number>();
  const add = (name: Name) => {
    if (!names.has(name)) names.set(name, names.size);
  };
  for (const { owner, nameServer } of nameServers) {
    add(owner);
    add(nameServer);
  }
  for (const { owner } of addresses) add(owner);
  return names;
}
