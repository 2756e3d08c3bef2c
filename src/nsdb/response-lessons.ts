import type { Address } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import type { Counters } from '../core/counters.ts';
import { endsWithName } from '../dns/name.ts';
import { FLAG } from '../dns/observation-layout.ts';
import { ObservationReader } from '../dns/observation-reader.ts';
import { RECORD_TYPE } from '../dns/registry.ts';
import { AddressAnswers } from './address-answers.ts';
import type { LearnerCounter, LearnerOptions } from './learner-options.ts';
import type { NsHistory } from './ns-history.ts';
import { countBefore, isRepeated } from './ns-records.ts';
import { NOWHERE, QuestionZones } from './question-zones.ts';
import { delegationEnd, responderTrust } from './responder.ts';
import { GLUE, TRUST } from './row-state.ts';
import { CAP, MAX_ADDRESSES, MAX_NAME_SERVERS, MAX_TRIPLES } from './rules/caps.ts';
import type { OwnerFacts, TrustFacts } from './rules/facts.ts';
import { ADDRESS_RULES, OTHER_RULES, OWNER_RULES, RESPONDER_RULES } from './rules/list.ts';
import type { AddressFacts } from './rules/name-server-address.ts';
import type { Rule } from './rules/rule.ts';
import { sightingTrust } from './rules/sighting-trust.ts';
import { emptySighting } from './sighting.ts';
import type { TeachingRules } from './teaching-rules.ts';
import { isTopName } from './top-names.ts';

const NONE = 0;

/** Whether the response in the reader holds anything that can teach: NS records, or the address of what was asked for. */
export function mayTeach(reader: ObservationReader): boolean {
  return reader.nameServerCount > 0 || answersAddress(reader);
}

function answersAddress({ questionType, answerCount }: ObservationReader): boolean {
  return answerCount > 0 && (questionType === RECORD_TYPE.A || questionType === RECORD_TYPE.AAAA);
}

/**
 * What one response teaches: NS records joined to their glue, and addresses that come apart from theirs. Works on the numbers
 * of names and addresses in the history's tables.
 */
export class ResponseLessons {
  readonly #history: NsHistory;
  readonly #options: LearnerOptions;
  readonly #rules: TeachingRules;
  readonly #counters: Counters<LearnerCounter>;
  readonly #lessons;
  readonly #answers: AddressAnswers;
  /** Shows the response in hand. */
  #reader = new ObservationReader();
  readonly #question = new QuestionZones();
  readonly #serverName = new QuestionZones();
  readonly #ownerRules: readonly Rule<OwnerFacts>[];
  readonly #responderRules: readonly Rule<OwnerFacts>[];
  readonly #addressRules: readonly Rule<AddressFacts>[];
  /** The numbers of the names of the response in hand, by their index; 0 for one that was not needed yet. */
  readonly #names = new Int32Array(0x10000);
  readonly #ownerFacts: OwnerFacts;
  readonly #trustFacts: TrustFacts = {
    responder: 'unknown',
    responderTrust: TRUST.UNVERIFIED,
    isAuthoritative: false,
    isAnswer: false,
    hasAnswers: false,
  };
  readonly #addressFacts: AddressFacts;
  readonly #sighting = emptySighting();
  /** Of the response in hand: new triples, all triples, the depth of the closest zone that the responder serves. */
  #newTriples = 0;
  #triples = 0;
  #servedDepth = NOWHERE;
  /** The row that the next record is likely to be: those of a zone were mostly taken in one after the other. */
  #guess = NONE;

  constructor(
    clock: TimeSource,
    history: NsHistory,
    options: LearnerOptions,
    rules: TeachingRules,
    counters: Counters<LearnerCounter>,
  ) {
    this.#history = history;
    this.#options = options;
    this.#rules = rules;
    this.#counters = counters;
    this.#lessons = counters.counter('lessons');
    const waitMs = rules.isOn(OTHER_RULES.lateAddress) ? Number.POSITIVE_INFINITY : options.glueWaitMs;
    this.#answers = new AddressAnswers(clock, history, waitMs);
    this.#ownerRules = rules.on(OWNER_RULES);
    this.#responderRules = rules.on(RESPONDER_RULES);
    this.#addressRules = rules.on(ADDRESS_RULES);
    this.#ownerFacts = {
      mode: options.teach,
      isAboveQuestion: false,
      responder: 'unknown',
      isRoot: false,
      isTop: false,
    };
    this.#addressFacts = { address: 0 as Address, insideNetworks: options.insideNetworks };
  }

  /**
   * Learns from the response that the reader shows, which came at `atMs` for a query of `queryMs`, NaN when that is not known;
   * returns how many triples were new.
   */
  learn(reader: ObservationReader, atMs: number, queryMs: number): number {
    this.#reader = reader;
    this.#begin(atMs, queryMs);
    this.#learnNameServers();
    if (answersAddress(reader)) this.#joinAnswers(atMs);
    this.#end();
    return this.#newTriples;
  }

  /** What all lessons of the response have in common. */
  #begin(atMs: number, queryMs: number): void {
    const reader = this.#reader;
    const { addresses } = this.#history.rows;
    const sighting = this.#sighting;
    this.#question.read(reader.octets, reader.questionAt);
    for (let index = 0; index < reader.nameCount; index++) this.#names[index] = NONE;
    this.#newTriples = 0;
    this.#triples = 0;
    sighting.responseMs = atMs;
    sighting.seenMs = atMs;
    sighting.queryMs = queryMs;
    sighting.queryId = reader.id;
    sighting.queryOctets = this.#question.octets;
    sighting.queryNameAt = 0;
    sighting.teacher = addresses.intern(reader.server);
    // Held on to until the end: a lesson may push out the row that alone had it.
    if (sighting.teacher !== NONE) addresses.retain(sighting.teacher);
    this.#guess = NONE;
    this.#servedDepth = this.#question.closestServed(this.#history, sighting.teacher);
    this.#trustFacts.responderTrust = responderTrust(
      this.#history,
      this.#question,
      this.#servedDepth,
      sighting.teacher,
    );
    this.#trustFacts.isAuthoritative = (reader.flags & FLAG.AA) !== 0;
    const isPositive = this.#rules.isOn(OTHER_RULES.positiveAnswer) && (reader.flags & FLAG.ANSWERS) !== 0;
    this.#trustFacts.hasAnswers = isPositive;
  }

  /** Names and addresses that no lesson has held on to are let go. */
  #end(): void {
    const { names, addresses } = this.#history.rows;
    for (let index = 0; index < this.#reader.nameCount; index++) {
      if (this.#names[index] !== NONE) names.release(this.#names[index]!);
    }
    if (this.#sighting.teacher !== NONE) addresses.release(this.#sighting.teacher);
  }

  /** 0 when there is no room for the name. */
  #nameOf(index: number): number {
    const known = this.#names[index]!;
    if (known !== NONE) return known;
    const { names } = this.#history.rows;
    return this.#keepName(index, names.intern(this.#reader.octets, this.#reader.nameAt(index)));
  }

  /** Held on to until the end: a lesson may push out the row that alone had it. */
  #keepName(index: number, id: number): number {
    if (id !== NONE) this.#history.rows.names.retain(id);
    this.#names[index] = id;
    return id;
  }

  #learnNameServers(): void {
    const reader = this.#reader;
    let lastOwner = -1;
    let wasAnswer = false;
    let isTaken = false;
    let ofOwner = 0;
    for (let index = 0; index < reader.nameServerCount; index++) {
      const word = reader.nameServerAt(index);
      const owner = reader.ownerIndex(word);
      const isAnswer = reader.isInAnswer(word);
      // The records of a delegation share one owner and, in honest responses, stand together.
      if (owner !== lastOwner || isAnswer !== wasAnswer) {
        ofOwner = countBefore(reader, index, owner);
        isTaken = this.#judge(owner, isAnswer);
      }
      lastOwner = owner;
      wasAnswer = isAnswer;
      if (!isTaken || isRepeated(reader, index)) continue;
      if (ofOwner++ < MAX_NAME_SERVERS) this.#learnNameServer(word);
      else this.#counters.add(`refused: ${CAP.NAME_SERVERS}`);
    }
  }

  /** Whether the owner's NS records may be learned; how far they are trusted goes into the sighting. */
  #judge(owner: number, isAnswer: boolean): boolean {
    const reader = this.#reader;
    const sighting = this.#sighting;
    const facts = this.#ownerFacts;
    const depth = this.#question.depthOf(reader.octets, reader.nameAt(owner));
    facts.isAboveQuestion = depth !== NOWHERE;
    if (this.#rules.refuses(this.#ownerRules, facts)) return false;
    sighting.zone = this.#nameOf(owner);
    if (sighting.zone === NONE) return this.#isFull();
    const { names } = this.#history.rows;
    this.#guess = Math.max(NONE, names.zoneRows(sighting.zone) - names.zoneCount(sighting.zone) + 1);
    facts.isRoot = depth === 0;
    facts.isTop = depth === 0 || isTopName(names, sighting.zone);
    facts.responder = this.#responderOf(depth);
    this.#trustFacts.responder = facts.responder;
    this.#trustFacts.isAnswer = isAnswer;
    sighting.trust = sightingTrust(this.#trustFacts);
    sighting.isByParent = facts.responder === 'parent' && sighting.trust === TRUST.REFERRAL;
    sighting.untilMs = sighting.isByParent
      ? delegationEnd(this.#history, this.#question, depth)
      : Number.POSITIVE_INFINITY;
    if (facts.mode !== 'matched') return !this.#rules.refuses(this.#responderRules, facts);
    if (this.#responderRules.some(({ refuses }) => refuses(facts))) {
      sighting.trust = TRUST.UNVERIFIED;
      sighting.isByParent = false;
    }
    return true;
  }

  #responderOf(ownerDepth: number): OwnerFacts['responder'] {
    if (this.#servedDepth === NOWHERE || ownerDepth === NOWHERE) return 'unknown';
    if (this.#servedDepth < ownerDepth) return 'parent';
    return this.#servedDepth === ownerDepth ? 'itself' : 'child';
  }

  #learnNameServer(word: number): void {
    const reader = this.#reader;
    const sighting = this.#sighting;
    const nameServer = reader.nameServerIndex(word);
    sighting.nameServer = this.#nameServerOf(nameServer);
    if (sighting.nameServer === NONE) {
      this.#isFull();
      return;
    }
    sighting.nsTtlSeconds = reader.ttlSeconds(word);
    const { trust } = sighting;
    let found = 0;
    let glue: number | undefined;
    const end = reader.answerCount + reader.additionalCount;
    for (let index = reader.answerCount; index < end; index++) {
      const address = reader.addressAt(index);
      if (reader.ownerIndex(address) !== nameServer) continue;
      glue ??= this.#glueKind();
      if (found++ < MAX_ADDRESSES) this.#learnGlue(address, glue);
      else this.#counters.add(`refused: ${CAP.ADDRESSES}`);
      sighting.trust = trust;
    }
    if (found > 0) return;
    this.#counters.add('glueless');
    sighting.address = NONE;
    sighting.glue = GLUE.NONE;
    this.#learn();
    this.#newTriples += this.#answers.lendAddresses(sighting);
    sighting.trust = trust;
  }

  /** As `#nameOf`, from the row that is likely to be the next where it is. */
  #nameServerOf(index: number): number {
    const { rows } = this.#history;
    const guess = this.#guess;
    if (this.#names[index] !== NONE || guess === NONE || rows.zone(guess) !== this.#sighting.zone)
      return this.#nameOf(index);
    const { octets } = this.#reader;
    const nameServer = rows.nameServer(guess);
    if (!rows.names.isAt(nameServer, octets, this.#reader.nameAt(index))) return this.#nameOf(index);
    return this.#keepName(index, nameServer);
  }

  #glueKind(): number {
    const { names } = this.#history.rows;
    const { zone, nameServer, teacher } = this.#sighting;
    const zoneOctets = names.octetsOf(zone);
    const zoneAt = names.startOf(zone);
    const octets = names.octetsOf(nameServer);
    const at = names.startOf(nameServer);
    if (endsWithName(octets, at, zoneOctets, zoneAt)) return GLUE.IN_DOMAIN;
    if (this.#servedDepth === NOWHERE) {
      // Of a responder that is not known, what lies beside the zone is taken for its business.
      const isRoot = zoneOctets[zoneAt] === 0;
      const isBeside = isRoot || endsWithName(octets, at, zoneOctets, zoneAt + zoneOctets[zoneAt]! + 1);
      return isBeside ? GLUE.SIBLING : GLUE.UNRELATED;
    }
    this.#serverName.read(octets, at);
    return this.#serverName.closestServed(this.#history, teacher) === NOWHERE ? GLUE.UNRELATED : GLUE.SIBLING;
  }

  #learnGlue(word: number, glue: number): void {
    const reader = this.#reader;
    const sighting = this.#sighting;
    if (glue === GLUE.UNRELATED && this.#rules.isOn(OTHER_RULES.relatedGlue)) {
      if (this.#options.teach === 'chain') {
        this.#counters.add('refused: glue of a name server that the responder has no say about');
        return;
      }
      sighting.trust = TRUST.UNVERIFIED;
    }
    sighting.glue = glue;
    sighting.glueTtlSeconds = reader.ttlSeconds(word);
    const { rows } = this.#history;
    const guess = this.#guess;
    const isIpv6 = reader.isIpv6Record(word);
    const isGuessed =
      guess !== NONE &&
      rows.address(guess) !== NONE &&
      rows.nameServer(guess) === sighting.nameServer &&
      rows.zone(guess) === sighting.zone &&
      rows.addresses.isAt(rows.address(guess), reader.words, word + 2, isIpv6);
    if (isGuessed) {
      sighting.address = rows.address(guess);
      this.#learn(guess);
      this.#guess = guess + 1;
      return;
    }
    sighting.address = rows.addresses.findAt(reader.words, word + 2, isIpv6);
    const isKnown = sighting.address !== NONE && rows.addresses.rows(sighting.address) !== NONE;
    if (!isKnown && !this.#internAddress(reader.address(word))) return;
    this.#learn();
    rows.addresses.drop(sighting.address);
  }

  /** An address that has no rows yet has to pass the rules. */
  #internAddress(address: Address): boolean {
    this.#addressFacts.address = address;
    if (this.#rules.refuses(this.#addressRules, this.#addressFacts)) return false;
    this.#sighting.address = this.#history.rows.addresses.intern(address);
    return this.#sighting.address !== NONE || this.#isFull();
  }

  #learn(known: number = NONE): void {
    if (this.#triples++ >= MAX_TRIPLES) {
      this.#counters.add(`refused: ${CAP.TRIPLES}`);
      return;
    }
    const taking = this.#history.learn(this.#sighting, known);
    if (taking === 'zone is full') this.#counters.add(`refused: ${CAP.ZONE}`);
    else if (taking === 'history is full') this.#isFull();
    else if (taking === 'outranked') this.#counters.add('outranked');
    else if (this.#sighting.address !== NONE && taking !== 'over') this.#lessons.count++;
    if (taking === 'new') this.#newTriples++;
  }

  #isFull(): false {
    this.#counters.add(`refused: ${CAP.HISTORY}`);
    return false;
  }

  /** An address answer for a name server's own name completes and renews its rows; CNAMEs are not followed (RFC 2181 §10.3). */
  #joinAnswers(atMs: number): void {
    const reader = this.#reader;
    const { names, addresses } = this.#history.rows;
    const nameServer = names.find(this.#question.octets, 0);
    if (nameServer === NONE || names.serverRows(nameServer) === NONE) return;
    const depth = this.#question.depth;
    const facts = this.#ownerFacts;
    facts.isAboveQuestion = true;
    facts.isRoot = depth === 0;
    facts.isTop = false;
    facts.responder = this.#responderOf(depth);
    if (facts.mode !== 'matched' && this.#rules.refuses(this.#responderRules, facts)) return;
    this.#trustFacts.responder = facts.responder;
    this.#trustFacts.isAnswer = true;
    const trust = sightingTrust(this.#trustFacts);
    let found = 0;
    for (let index = 0; index < reader.answerCount; index++) {
      const word = reader.addressAt(index);
      if (this.#question.depthOf(reader.octets, reader.nameAt(reader.ownerIndex(word))) !== depth) continue;
      if (found++ >= MAX_ADDRESSES) {
        this.#counters.add(`refused: ${CAP.ADDRESSES}`);
        continue;
      }
      this.#addressFacts.address = reader.address(word);
      if (this.#rules.refuses(this.#addressRules, this.#addressFacts)) continue;
      const address = addresses.intern(this.#addressFacts.address);
      if (address === NONE) {
        this.#isFull();
        continue;
      }
      addresses.retain(address);
      const answer = {
        nameServer,
        address,
        ttlSeconds: reader.ttlSeconds(word),
        trust,
        teacher: this.#sighting.teacher,
        atMs,
      };
      const { joined, fresh, leftOut } = this.#answers.join(answer);
      if (joined > 0) this.#counters.add('lessons', joined);
      if (leftOut > 0) this.#counters.add(`refused: ${CAP.JOINED}`, leftOut);
      this.#newTriples += fresh;
      addresses.release(address);
    }
  }
}
