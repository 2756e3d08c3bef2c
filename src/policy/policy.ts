import type { NsHistory } from '../nsdb/ns-history.ts';
import type { ClientGroup, Strictness } from './client-group.ts';
import type { ClientGroups } from './client-groups.ts';
import type { PackSource } from './pack.ts';
import type { Unseen } from './pack-answer.ts';
import type { PolicyQuery } from './query.ts';
import type { Rule } from './rule.ts';
import type { RuleState } from './rule-book.ts';
import { RuleIndex, type RuleWorld } from './rule-index.ts';
import { type RuleStep, stepOf } from './rule-step.ts';
import { type Allow, type Block, type BlockReason, FIELD, MESSAGE_FIELDS, type Verdict } from './verdict.ts';

/** What verdicts ask of the NS history. */
export type PolicyHistory = Pick<
  NsHistory,
  'standing' | 'closestServedZone' | 'evidence' | 'isNamed' | 'nameServersOf'
>;

/**
 * For so long a verdict holds that rests on what the history may say otherwise in a moment: the addresses of a name server, or
 * how many zones and teachers an address has.
 */
const PASSING_MS = 60_000;

/** Rules, groups and packs as they are now, made ready to decide. */
export class Policy {
  readonly groups: ClientGroups;
  readonly #history: PolicyHistory;
  readonly #denyRules: RuleIndex;
  readonly #allowRules: RuleIndex;
  readonly #denyPacks: RuleIndex;
  /** Read of every query: which group it is of, where there is more than one. */
  readonly #readAlways: number;
  readonly #asksHistory: boolean;
  /** Whether some verdict may read the message: only then is it worth reading. */
  readonly readsMessages: boolean;

  /** `states` in the order in which they are asked; those that have expired at `nowMs` are left out. */
  constructor(
    states: Iterable<RuleState>,
    groups: ClientGroups,
    history: PolicyHistory,
    packs: PackSource,
    nowMs: number,
  ) {
    this.groups = groups;
    this.#history = history;
    const live = [...states].filter(({ rule }) => rule.expiresAtMs > nowMs);
    const world: RuleWorld = {
      pack: (name) => packs.get(name),
      isNamed: (destination, name) => history.isNamed(destination, name),
      nameServersOf: (destination) => history.nameServersOf(destination),
    };
    const indexOf = (step: RuleStep, unseen: Unseen) =>
      new RuleIndex(
        live.filter(({ rule }) => stepOf(rule) === step),
        world,
        unseen,
      );
    this.#denyRules = indexOf('deny', 'fails');
    this.#allowRules = indexOf('allow', 'meets');
    this.#denyPacks = indexOf('deny packs', 'fails');
    this.#readAlways = FIELD.destination | (groups.groups.length > 1 ? FIELD.group : 0);
    this.readsMessages = live.some(({ rule }) => readsMessage(rule)) || groups.groups.some(isStrictOnMessages);
    this.#asksHistory = [this.#denyRules, this.#allowRules, this.#denyPacks].some((index) => index.asksHistory);
  }

  /**
   * The verdict on a query. Where its message is unseen, a Block holds whatever the message will be, an Allow perhaps. What
   * ruled out a denial matters for an Allow only: a Block stays one without it.
   */
  decide(query: PolicyQuery, nowMs: number): Verdict {
    const denied = this.#denyRules.find(query);
    if (denied !== undefined) return this.#block('denyRule', this.#denyRules.reads, query, denied);
    if (isHidden(query, this.#denyRules.reads)) return this.#block('unreadable', this.#denyRules.reads, query);
    const allowed = this.#allowRules.find(query);
    if (allowed !== undefined) {
      const untilMs = this.#until(allowed.rule.expiresAtMs, nowMs);
      const reads = this.#readAlways | this.#denyRules.reads | this.#allowRules.reads;
      return { kind: 'allow', reason: 'allowRule', untilMs, reads, by: allowed, alarm: undefined };
    }
    const refused = this.#denyPacks.find(query);
    if (refused !== undefined) {
      return this.#block('denyPack', this.#allowRules.reads | this.#denyPacks.reads, query, refused);
    }
    if (isHidden(query, this.#denyPacks.reads)) return this.#block('unreadable', this.#denyPacks.reads, query);
    return this.#byHistory(query, nowMs);
  }

  /** What each step that asks rules says of a query, for people. */
  rulesFor(query: PolicyQuery): Readonly<Record<RuleStep, RuleState | undefined>> {
    return {
      deny: this.#denyRules.find(query),
      allow: this.#allowRules.find(query),
      'deny packs': this.#denyPacks.find(query),
    };
  }

  /** No rule has decided: what ruled them all out is noted. */
  #byHistory(query: PolicyQuery, nowMs: number): Verdict {
    const allowReads = this.#allowRules.reads;
    const standing = this.#history.standing(query.destination);
    if (standing === undefined) return this.#block('unknown', allowReads, query);
    const { strictness } = query.group;
    const { isStale, origin } = standing;
    let reads = this.#readAlways | this.#denyRules.reads | allowReads | this.#denyPacks.reads;
    let alarm: Allow['alarm'];
    if (origin === 'learned' && isStrict(strictness)) {
      const problem = this.#weakness(query, strictness, nowMs);
      const ownReads = fieldsReadBy(strictness);
      const isAlarm = problem === 'recursionDesired' && strictness.recursionDesired === 'alarm';
      if (problem !== undefined && !isAlarm) {
        return this.#block(problem, allowReads | (OF_MESSAGE.has(problem) ? ownReads : 0), query);
      }
      if (isAlarm) alarm = 'recursionDesired';
      reads |= ownReads;
    }
    const reason = isStale ? 'stale' : origin === 'learned' ? 'history' : origin;
    const isPassing = strictness.minimumZones > 1 || strictness.minimumTeachers > 1;
    const untilMs = this.#until(standing.untilMs, nowMs, isPassing);
    return { kind: 'allow', reason, untilMs, reads, by: undefined, alarm };
  }

  /** Before a message is seen, whatever it may be has been allowed for. */
  #block(reason: BlockReason, reads: number, { message }: PolicyQuery, by?: RuleState): Block {
    const read = this.#readAlways | reads;
    return { kind: 'block', reason, reads: message === 'unseen' ? read & ~MESSAGE_FIELDS : read, by };
  }

  /** What is wanting for the client's group in what the history knows of the destination. */
  #weakness({ destination, message }: PolicyQuery, strictness: Strictness, nowMs: number): BlockReason | undefined {
    const { minimumAgeMs, minimumZones, minimumTeachers, check, recursionDesired } = strictness;
    if (minimumAgeMs > 0 || minimumZones > 1 || minimumTeachers > 1) {
      const evidence = this.#history.evidence(destination);
      if (evidence === undefined || nowMs - evidence.firstSeenAtMs < minimumAgeMs) return 'tooYoung';
      if (evidence.zones < minimumZones) return 'tooFewZones';
      if (evidence.teachers < minimumTeachers) return 'tooFewTeachers';
    }
    if (message === 'unseen') return undefined;
    if (message === 'unreadable') return check === 'zone' || recursionDesired === 'block' ? 'unreadable' : undefined;
    if (check === 'zone' && this.#history.closestServedZone(destination, message.name) === undefined)
      return 'notServed';
    return recursionDesired !== 'ignore' && message.recursionDesired ? 'recursionDesired' : undefined;
  }

  #until(untilMs: number, nowMs: number, isPassing = false): number {
    return this.#asksHistory || isPassing ? Math.min(untilMs, nowMs + PASSING_MS) : untilMs;
  }
}

/** Whether it could not be told for the message alone that no denial holds: what hides it, as a fragment does, must not pass. */
function isHidden({ message }: PolicyQuery, reads: number): boolean {
  return message === 'unreadable' && (reads & MESSAGE_FIELDS) !== 0;
}

/** Reasons that the message gave; the others would be there whatever it said. */
const OF_MESSAGE: ReadonlySet<BlockReason> = new Set(['notServed', 'recursionDesired', 'unreadable']);

function isStrict({ check, minimumAgeMs, minimumZones, minimumTeachers, recursionDesired }: Strictness): boolean {
  const isByEvidence = minimumAgeMs > 0 || minimumZones > 1 || minimumTeachers > 1;
  return isByEvidence || check === 'zone' || recursionDesired !== 'ignore';
}

function isStrictOnMessages({ strictness: { check, recursionDesired } }: ClientGroup): boolean {
  return check === 'zone' || recursionDesired !== 'ignore';
}

/** A pack may hold names. */
export function readsMessage({ match: { to, zone, types } }: Rule): boolean {
  return zone !== undefined || types !== undefined || to?.kind === 'pack';
}

/** Of the message: what the history says of the destination needs no field of its own. */
function fieldsReadBy({ check, recursionDesired }: Strictness): number {
  return (check === 'zone' ? FIELD.queryName : 0) | (recursionDesired === 'ignore' ? 0 : FIELD.recursionDesired);
}
