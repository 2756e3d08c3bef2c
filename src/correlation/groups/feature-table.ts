import { randomInt } from 'node:crypto';
import { type Address, type Ipv4Address, type Ipv6Address, isIpv4 } from '../../core/address.ts';
import { labelCount, type Name, parentName } from '../../dns/name.ts';
import { isPublicSuffix } from '../../dns/public-suffix.ts';
import type { Feature } from '../bot-group.ts';
import { hashText, mixBits } from '../hashing.ts';
import { OctetHeap } from './octet-heap.ts';

/** What a feature number stands for. An address without a port is no feature of a host: it ties names to destinations. */
const KIND = { destination4: 1, destination6: 2, name: 3, address4: 4, address6: 5 } as const;

/** Words of a feature. */
const FIELD = { NEXT: 0, HASH: 1, KIND_PORT: 2, VALUE: 3, HOSTS: 4, USES: 5, PARENT: 6, ANSWERS: 7 } as const;
const WORDS = 8;
const NONE = 0;

/** Mean octets that are kept for a feature's name, over all features; most features are destinations, and most names fit in 28. */
const MEAN_OCTETS = 24;
/** Addresses that are kept of what a name resolved to: the first ones, which a name that changes them quickly cannot push out. */
const MAX_ANSWERS = 8;
const ANSWER = { NEXT: 0, ADDRESS: 1 } as const;
const ANSWER_WORDS = 2;
/** No public suffix has more labels; a name of a hundred labels must not cost a hundred look-ups. */
const MAX_SUFFIX_LABELS = 5;

/**
 * Destinations and names, each once, known by a number from 1 up, with how many hosts have it; and what the names resolved to. A
 * name is tied to its registrable domain, a destination of IPv6 to its address. The order of the buckets depends on a random seed.
 */
export class FeatureTable {
  readonly #most: number;
  readonly #words: Int32Array;
  readonly #buckets: Int32Array;
  readonly #heap: OctetHeap;
  readonly #answers: Int32Array;
  readonly #seed = randomInt(2 ** 32);
  #freeFeature = NONE;
  #freeAnswer = NONE;
  #usedAnswers = 0;
  #used = 0;
  #size = 0;
  #isHeld = false;
  /** Features that went while numbers are held. */
  #gone = new Set<number>();

  constructor(most: number) {
    this.#most = most;
    this.#words = new Int32Array((most + 1) * WORDS);
    this.#buckets = new Int32Array(2 ** Math.max(4, Math.ceil(Math.log2(most * 0.75))));
    this.#heap = new OctetHeap(most * MEAN_OCTETS);
    this.#answers = new Int32Array((Math.ceil(most / 4) + 1) * ANSWER_WORDS);
  }

  get size(): number {
    return this.#size;
  }

  /** How many more there is room for. */
  get room(): number {
    return this.#most - this.#size;
  }

  /** Whether a text of so many octets, and the shorter one that it may bring with it, can be kept. */
  hasRoomFor(octets: number): boolean {
    return this.#heap.hasRoom(2 * octets, 2);
  }

  /** Whether numbers are held: then nothing that goes leaves room. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Whether a text is kept for a feature. */
  hasText(feature: number): boolean {
    const kind = this.#words[feature * WORDS + FIELD.KIND_PORT]! >> 16;
    return kind !== KIND.destination4 && kind !== KIND.address4;
  }

  /** No feature has a greater number. */
  get lastFeature(): number {
    return this.#used;
  }

  /** The number of a destination, taken in when it is new; 0 when there is no room. */
  destination(address: Address, port: number): number {
    if (isIpv4(address)) return this.#intern((KIND.destination4 << 16) | port, address);
    const parent = this.#address(address);
    if (parent === NONE) return NONE;
    const feature = this.#intern((KIND.destination6 << 16) | port, parent);
    if (feature === NONE) this.#dropUnused(parent);
    else if (this.#words[feature * WORDS + FIELD.PARENT] === NONE) this.#tie(feature, parent);
    return feature;
  }

  /** The number of a destination; 0 when it is not here. */
  findDestination(address: Address, port: number): number {
    if (isIpv4(address)) return this.#find((KIND.destination4 << 16) | port, address);
    const parent = this.#findText(KIND.address6 << 16, address);
    return parent === NONE ? NONE : this.#find((KIND.destination6 << 16) | port, parent);
  }

  /** The number of a canonical name, taken in when it is new, and its registrable domain with it; 0 when there is no room. */
  name(name: Name): number {
    const found = this.findName(name);
    if (found !== NONE) return found;
    const feature = this.#internText(KIND.name << 16, name);
    if (feature === NONE) return NONE;
    const domain = registrableDomain(name);
    const parent = domain === undefined || domain === name ? NONE : this.name(domain);
    if (parent !== NONE) this.#tie(feature, parent);
    return feature;
  }

  findName(name: Name): number {
    return this.#findText(KIND.name << 16, name);
  }

  /** The registrable domain of a name, where it is another; 0 where there is none. */
  domainOf(feature: number): number {
    return this.isName(feature) ? this.#words[feature * WORDS + FIELD.PARENT]! : NONE;
  }

  isName(feature: number): boolean {
    return this.#words[feature * WORDS + FIELD.KIND_PORT]! >> 16 === KIND.name;
  }

  /** The port of a destination; 0 of a name. */
  port(feature: number): number {
    return this.#words[feature * WORDS + FIELD.KIND_PORT]! & 0xffff;
  }

  /** How many hosts have it. */
  hosts(feature: number): number {
    return this.#words[feature * WORDS + FIELD.HOSTS]!;
  }

  addHost(feature: number): void {
    this.#words[feature * WORDS + FIELD.HOSTS]!++;
  }

  removeHost(feature: number): void {
    this.#words[feature * WORDS + FIELD.HOSTS]!--;
    this.#dropUnused(feature);
  }

  /** Lets a feature go that no host has after all. */
  release(feature: number): void {
    this.#dropUnused(feature);
  }

  /** Notes that a name resolved to an address, where there is room for it. */
  addAnswer(name: number, address: Address): void {
    const id = this.#address(address);
    if (id === NONE) return;
    let count = 0;
    for (let answer = this.#words[name * WORDS + FIELD.ANSWERS]!; answer !== NONE; answer = this.#nextAnswer(answer)) {
      if (this.#answers[answer * ANSWER_WORDS + ANSWER.ADDRESS] === id) return;
      count++;
    }
    const answer = count < MAX_ANSWERS ? this.#takeAnswer() : NONE;
    if (answer === NONE) {
      this.#dropUnused(id);
      return;
    }
    this.#answers[answer * ANSWER_WORDS + ANSWER.ADDRESS] = id;
    this.#answers[answer * ANSWER_WORDS + ANSWER.NEXT] = this.#words[name * WORDS + FIELD.ANSWERS]!;
    this.#words[name * WORDS + FIELD.ANSWERS] = answer;
    this.#words[id * WORDS + FIELD.USES]!++;
  }

  /** The address numbers that a name resolved to. */
  answersOf(name: number): readonly number[] {
    const ids: number[] = [];
    if (!this.isName(name)) return ids;
    for (let answer = this.#words[name * WORDS + FIELD.ANSWERS]!; answer !== NONE; answer = this.#nextAnswer(answer)) {
      ids.push(this.#answers[answer * ANSWER_WORDS + ANSWER.ADDRESS]!);
    }
    return ids;
  }

  /** The address number of a destination; 0 where no name resolved to it and nothing else needs one. */
  addressNumber(feature: number): number {
    const at = feature * WORDS;
    const kind = this.#words[at + FIELD.KIND_PORT]! >> 16;
    if (kind === KIND.destination6) return this.#words[at + FIELD.VALUE]!;
    return kind === KIND.destination4 ? this.#find(KIND.address4 << 16, this.#words[at + FIELD.VALUE]!) : NONE;
  }

  /** How many names and destinations stand on an address number. */
  uses(address: number): number {
    return this.#words[address * WORDS + FIELD.USES]!;
  }

  /** The address of a destination or of an address number; undefined of a name. */
  addressOf(feature: number): Address | undefined {
    const at = feature * WORDS;
    const value = this.#words[at + FIELD.VALUE]!;
    switch (this.#words[at + FIELD.KIND_PORT]! >> 16) {
      case KIND.destination4:
      case KIND.address4:
        return value as Ipv4Address;
      case KIND.destination6:
        return this.#text(value) as Ipv6Address;
      case KIND.address6:
        return this.#text(feature) as Ipv6Address;
      default:
        return undefined;
    }
  }

  nameOf(feature: number): Name | undefined {
    return this.isName(feature) ? (this.#text(feature) as Name) : undefined;
  }

  /** A name or destination as others read it. */
  feature(feature: number): Feature | undefined {
    const name = this.nameOf(feature);
    if (name !== undefined) return { kind: 'name', name };
    const address = this.addressOf(feature);
    return address === undefined ? undefined : { kind: 'destination', address, port: this.port(feature) };
  }

  /** From now on no number gets another meaning, until `letGo`. */
  hold(): void {
    this.#isHeld = true;
  }

  letGo(): void {
    this.#isHeld = false;
    const gone = this.#gone;
    this.#gone = new Set();
    for (const feature of gone) this.#dropUnused(feature);
  }

  #address(address: Address): number {
    return isIpv4(address)
      ? this.#intern(KIND.address4 << 16, address)
      : this.#internText(KIND.address6 << 16, address);
  }

  #tie(feature: number, parent: number): void {
    this.#words[feature * WORDS + FIELD.PARENT] = parent;
    this.#words[parent * WORDS + FIELD.USES]!++;
  }

  #nextAnswer(answer: number): number {
    return this.#answers[answer * ANSWER_WORDS + ANSWER.NEXT]!;
  }

  #takeAnswer(): number {
    const free = this.#freeAnswer;
    if (free === NONE) {
      return (this.#usedAnswers + 2) * ANSWER_WORDS > this.#answers.length ? NONE : ++this.#usedAnswers;
    }
    this.#freeAnswer = this.#nextAnswer(free);
    return free;
  }

  #find(kindPort: number, value: number): number {
    const words = this.#words;
    let feature = this.#buckets[this.#hash(kindPort, value) & (this.#buckets.length - 1)]!;
    for (; feature !== NONE; feature = words[feature * WORDS + FIELD.NEXT]!) {
      if (words[feature * WORDS + FIELD.VALUE] === value && words[feature * WORDS + FIELD.KIND_PORT] === kindPort)
        break;
    }
    return feature;
  }

  #findText(kindPort: number, text: string): number {
    const words = this.#words;
    const hash = this.#hashText(kindPort, text);
    let feature = this.#buckets[hash & (this.#buckets.length - 1)]!;
    for (; feature !== NONE; feature = words[feature * WORDS + FIELD.NEXT]!) {
      const at = feature * WORDS;
      const isSame = words[at + FIELD.HASH] === hash && words[at + FIELD.KIND_PORT] === kindPort;
      if (isSame && this.#heap.isAt(words[at + FIELD.VALUE]!, text)) break;
    }
    return feature;
  }

  #intern(kindPort: number, value: number): number {
    return this.#find(kindPort, value) || this.#add(this.#hash(kindPort, value), kindPort, value);
  }

  #internText(kindPort: number, text: string): number {
    const found = this.#findText(kindPort, text);
    if (found !== NONE || this.#size >= this.#most) return found;
    const place = this.#heap.put(text);
    return place === 0 ? NONE : this.#add(this.#hashText(kindPort, text), kindPort, place);
  }

  #add(hash: number, kindPort: number, value: number): number {
    if (this.#size >= this.#most) return NONE;
    let feature = this.#freeFeature;
    if (feature === NONE) feature = ++this.#used;
    else this.#freeFeature = this.#words[feature * WORDS + FIELD.NEXT]!;
    this.#size++;
    const bucket = hash & (this.#buckets.length - 1);
    this.#words.set([this.#buckets[bucket]!, hash, kindPort, value, 0, 0, NONE, NONE], feature * WORDS);
    this.#buckets[bucket] = feature;
    return feature;
  }

  #dropUnused(feature: number): void {
    const at = feature * WORDS;
    const words = this.#words;
    const kind = words[at + FIELD.KIND_PORT]! >> 16;
    if (kind === NONE || words[at + FIELD.HOSTS]! > 0 || words[at + FIELD.USES]! > 0) return;
    if (this.#isHeld) {
      this.#gone.add(feature);
      return;
    }
    this.#unlink(feature, words[at + FIELD.HASH]!);
    this.#dropAnswers(feature);
    if (kind === KIND.name || kind === KIND.address6) {
      this.#heap.giveBack(words[at + FIELD.VALUE]!);
    }
    const parent = words[at + FIELD.PARENT]!;
    words[at + FIELD.KIND_PORT] = NONE;
    words[at + FIELD.NEXT] = this.#freeFeature;
    this.#freeFeature = feature;
    this.#size--;
    if (parent === NONE) return;
    words[parent * WORDS + FIELD.USES]!--;
    this.#dropUnused(parent);
  }

  #dropAnswers(name: number): void {
    let answer = this.#words[name * WORDS + FIELD.ANSWERS]!;
    while (answer !== NONE) {
      const next = this.#nextAnswer(answer);
      const address = this.#answers[answer * ANSWER_WORDS + ANSWER.ADDRESS]!;
      this.#answers[answer * ANSWER_WORDS + ANSWER.NEXT] = this.#freeAnswer;
      this.#freeAnswer = answer;
      this.#words[address * WORDS + FIELD.USES]!--;
      this.#dropUnused(address);
      answer = next;
    }
  }

  #unlink(feature: number, hash: number): void {
    const words = this.#words;
    const bucket = hash & (this.#buckets.length - 1);
    let before = this.#buckets[bucket]!;
    if (before === feature) {
      this.#buckets[bucket] = words[feature * WORDS + FIELD.NEXT]!;
      return;
    }
    while (words[before * WORDS + FIELD.NEXT] !== feature) before = words[before * WORDS + FIELD.NEXT]!;
    words[before * WORDS + FIELD.NEXT] = words[feature * WORDS + FIELD.NEXT]!;
  }

  #text(feature: number): string {
    return this.#heap.textAt(this.#words[feature * WORDS + FIELD.VALUE]!);
  }

  #hash(kindPort: number, value: number): number {
    return mixBits(Math.imul(kindPort, 0x9e3779b1) ^ mixBits(value ^ this.#seed)) | 0;
  }

  #hashText(kindPort: number, text: string): number {
    return hashText(text, this.#seed ^ kindPort) | 0;
  }
}

/** The name that somebody registered, of which `name` is a part; undefined where it is a public suffix itself. */
function registrableDomain(name: Name): Name | undefined {
  let rest = name;
  for (let labels = labelCount(name); labels > MAX_SUFFIX_LABELS + 1; labels--) rest = parentName(rest);
  let domain: Name | undefined;
  for (; !isPublicSuffix(rest); rest = parentName(rest)) domain = rest;
  return domain;
}
