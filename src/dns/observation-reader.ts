import type { Address, Ipv4Address, Ipv6Address } from '../core/address.ts';
import { MAX_NAME_OCTETS, type Name } from './name.ts';
import type { AddressRecord, DnsObservation, LinkEnd, NsRecord } from './observation.ts';
import {
  ADDRESS_WORDS,
  ANSWER_RECORD,
  FLAG,
  INDEX_MASK,
  IPV6_RECORD,
  KIND,
  MAX_RECORDS,
  NO_VLAN,
  NS_WORDS,
  TRANSPORT,
  WORD,
} from './observation-layout.ts';

/** Octets of a record before the names: what every record has. */
const FIXED_OCTETS = 4 * WORD.NAMES;

/**
 * Reads a batch (observation-layout.ts) record by record. The fields are of the record that `next` went to last. A batch may
 * come from another process, so each record is checked before it is shown: nothing read here lies outside of it.
 */
export class ObservationReader {
  #octets: Buffer = Buffer.alloc(0);
  #words: Int32Array = new Int32Array(0);
  #times: Float64Array = new Float64Array(0);
  /** Where the record in hand begins, in words, and where the next one does. */
  #at = 0;
  #next = 0;
  /** First words of the NS records and of the address records. */
  #nsAt = 0;
  #addressesAt = 0;

  /** Begins with a batch. What is not a whole number of words in the end of it is not read. */
  open(batch: Uint8Array): void {
    const isAligned = batch.byteOffset % 8 === 0;
    const { buffer, byteOffset, byteLength } = isAligned ? batch : new Uint8Array(batch);
    this.#octets = Buffer.from(buffer, byteOffset, byteLength);
    this.#words = new Int32Array(buffer, byteOffset, byteLength >> 2);
    this.#times = new Float64Array(buffer, byteOffset, byteLength >> 3);
    this.#at = 0;
    this.#next = 0;
  }

  /** Goes to the next record; `damaged` when the rest of the batch cannot be read. */
  next(): 'record' | 'end' | 'damaged' {
    if (this.#next >= this.#words.length) return 'end';
    this.#at = this.#next;
    const left = (this.#words.length - this.#at) * 4;
    const length = left < FIXED_OCTETS ? 0 : this.#words[this.#at + WORD.LENGTH]!;
    const isWhole = length >= FIXED_OCTETS && length <= left && (length & 7) === 0 && this.#isSound(length);
    this.#next = isWhole ? this.#at + length / 4 : this.#words.length;
    return isWhole ? 'record' : 'damaged';
  }

  /** One of KIND. */
  get kind(): number {
    return this.#words[this.#at + WORD.KIND]! & 0xff;
  }

  /** A message of DNS, and no segment of another connection. */
  get isMessage(): boolean {
    return this.kind <= KIND.RESPONSE;
  }

  get isResponse(): boolean {
    return this.kind === KIND.RESPONSE;
  }

  get isTcp(): boolean {
    return ((this.#words[this.#at + WORD.KIND]! >> 8) & 0xff) === TRANSPORT.TCP;
  }

  get isIpv6(): boolean {
    return (this.flags & FLAG.IPV6) !== 0;
  }

  /** FLAG bits. */
  get flags(): number {
    return this.#words[this.#at + WORD.KIND]! >>> 16;
  }

  get atMs(): number {
    return this.#times[(this.#at + WORD.TIME) >> 1]!;
  }

  get id(): number {
    return this.#words[this.#at + WORD.ID]! & 0xffff;
  }

  get rcode(): number {
    return this.#words[this.#at + WORD.ID]! >>> 16;
  }

  get questionType(): number {
    return this.#words[this.#at + WORD.TYPE]! & 0xffff;
  }

  get questionClass(): number {
    return this.#words[this.#at + WORD.TYPE]! >>> 16;
  }

  get client(): Address {
    return this.#addressAt(this.#at + WORD.CLIENT, this.isIpv6);
  }

  get server(): Address {
    return this.#addressAt(this.#at + WORD.SERVER, this.isIpv6);
  }

  get clientPort(): number {
    return this.#words[this.#at + WORD.PORTS]! & 0xffff;
  }

  get serverPort(): number {
    return this.#words[this.#at + WORD.PORTS]! >>> 16;
  }

  get link(): LinkEnd | undefined {
    if ((this.flags & FLAG.LINK) === 0) return undefined;
    const word = this.#words[this.#at + WORD.LINK]!;
    const vlan = word & 0xffff;
    const mac = (word >>> 16) * 2 ** 32 + (this.#words[this.#at + WORD.MAC]! >>> 0);
    return { mac, vlan: vlan === NO_VLAN ? undefined : vlan };
  }

  get nameServerCount(): number {
    return this.#words[this.#at + WORD.COUNTS]! & 0xffff;
  }

  get answerCount(): number {
    return this.#words[this.#at + WORD.COUNTS]! >>> 16;
  }

  get additionalCount(): number {
    return this.#words[this.#at + WORD.MORE_COUNTS]! & 0xffff;
  }

  get nameCount(): number {
    return this.#words[this.#at + WORD.MORE_COUNTS]! >>> 16;
  }

  /** Records that found no room. */
  get leftOut(): number {
    return this.#words[this.#at + WORD.LEFT_OUT]! >>> 0;
  }

  /** The octets in which the batch lies; names and words are read from them by their place. */
  get octets(): Buffer {
    return this.#octets;
  }

  get words(): Int32Array {
    return this.#words;
  }

  /** Where the record begins, in words. */
  get place(): number {
    return this.#at;
  }

  /** Where the question's name begins in `octets`. */
  get questionAt(): number {
    return this.#at * 4 + this.#words[this.#at + WORD.QUESTION]!;
  }

  /** Where name `index` begins in `octets`. */
  nameAt(index: number): number {
    return this.#at * 4 + this.#words[this.#at + WORD.NAMES + index]!;
  }

  /** The first word of NS record `index`. */
  nameServerAt(index: number): number {
    return this.#nsAt + index * NS_WORDS;
  }

  /** The first word of address record `index`: those of the answer section, then those of the additional section. */
  addressAt(index: number): number {
    return this.#addressesAt + index * ADDRESS_WORDS;
  }

  /** Of the record of an address or of NS that begins at `word`: the index of its owner's name. */
  ownerIndex(word: number): number {
    return this.#words[word]! & INDEX_MASK;
  }

  /** Of the NS record that begins at `word`. */
  nameServerIndex(word: number): number {
    return this.#words[word + 2]! & INDEX_MASK;
  }

  isInAnswer(word: number): boolean {
    return (this.#words[word]! & ANSWER_RECORD) !== 0;
  }

  ttlSeconds(word: number): number {
    return this.#words[word + 1]! >>> 0;
  }

  /** Whether the address of the record that begins at `word` is of IPv6; it stands from `word` + 2 on. */
  isIpv6Record(word: number): boolean {
    return (this.#words[word]! & IPV6_RECORD) !== 0;
  }

  /** Of the address record that begins at `word`. */
  address(word: number): Address {
    return this.#addressAt(word + 2, this.isIpv6Record(word));
  }

  /** The record as an object; it must be that of a message. */
  observation(): DnsObservation {
    const { atMs, client, clientPort, server, serverPort, id, link } = this;
    const question = { name: this.#name(this.questionAt), type: this.questionType, class: this.questionClass };
    const transport = this.isTcp ? 'tcp' : 'udp';
    const ends = { atMs, transport, client, clientPort, server, serverPort, id, question } as const;
    const exchange = link === undefined ? ends : { ...ends, link };
    if (!this.isResponse) return { kind: 'query', ...exchange };
    const addresses = Array.from({ length: this.answerCount + this.additionalCount }, (_, index) =>
      this.#address(index),
    );
    return {
      kind: 'response',
      ...exchange,
      rcode: this.rcode,
      authoritative: (this.flags & FLAG.AA) !== 0,
      truncated: (this.flags & FLAG.TC) !== 0,
      hasAnswers: (this.flags & FLAG.ANSWERS) !== 0,
      nameServers: Array.from({ length: this.nameServerCount }, (_, index) => this.#nameServer(index)),
      answers: addresses.slice(0, this.answerCount),
      additional: addresses.slice(this.answerCount),
    };
  }

  #nameServer(index: number): NsRecord {
    const word = this.nameServerAt(index);
    return {
      owner: this.#name(this.nameAt(this.ownerIndex(word))),
      ttl: this.ttlSeconds(word),
      nameServer: this.#name(this.nameAt(this.nameServerIndex(word))),
      section: this.isInAnswer(word) ? 'answer' : 'authority',
    };
  }

  #address(index: number): AddressRecord {
    const word = this.addressAt(index);
    const owner = this.#name(this.nameAt(this.ownerIndex(word)));
    return { owner, ttl: this.ttlSeconds(word), address: this.address(word) };
  }

  #name(at: number): Name {
    let end = at;
    while (this.#octets[end] !== 0) end += this.#octets[end]! + 1;
    return this.#octets.toString('latin1', at, end + 1) as Name;
  }

  #addressAt(word: number, isIpv6: boolean): Address {
    if (!isIpv6) return this.#words[word]! as Ipv4Address;
    return this.#octets.toString('latin1', word * 4, word * 4 + 16) as Ipv6Address;
  }

  /** Whether all that the record in hand speaks of lies within its `length` octets. */
  #isSound(length: number): boolean {
    const { kind, nameServerCount, answerCount, additionalCount, nameCount } = this;
    if (
      kind > KIND.SYN_ACK ||
      nameServerCount > MAX_RECORDS ||
      answerCount > MAX_RECORDS ||
      additionalCount > MAX_RECORDS
    )
      return false;
    this.#nsAt = this.#at + WORD.NAMES + nameCount;
    this.#addressesAt = this.#nsAt + nameServerCount * NS_WORDS;
    const addressCount = answerCount + additionalCount;
    const namesAt = 4 * (this.#addressesAt - this.#at + addressCount * ADDRESS_WORDS);
    if (namesAt >= length) return false;
    for (let index = -1; index < nameCount; index++)
      if (!this.#isName(this.nameAt(index), namesAt, length)) return false;
    for (let index = 0; index < nameServerCount; index++) {
      const word = this.nameServerAt(index);
      if (this.ownerIndex(word) >= nameCount || this.nameServerIndex(word) >= nameCount) return false;
    }
    for (let index = 0; index < addressCount; index++) {
      if (this.ownerIndex(this.addressAt(index)) >= nameCount) return false;
    }
    return true;
  }

  /** Whether a name of at most 255 octets begins at `at` and ends within the record. */
  #isName(at: number, namesAt: number, length: number): boolean {
    const start = this.#at * 4;
    const end = Math.min(start + length, at + MAX_NAME_OCTETS);
    if (at < start + namesAt) return false;
    for (let octet = at; octet < end; octet += this.#octets[octet]! + 1) {
      if (this.#octets[octet]! > 63) return false;
      if (this.#octets[octet] === 0) return true;
    }
    return false;
  }
}
