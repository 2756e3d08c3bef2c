import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { boundedChange, boundedFound, boundedReason, boundedText } from './bounded-found.ts';
import {
  type ClosedAs,
  FINDING_KINDS,
  FINDING_STATES,
  type Finding,
  type FindingChange,
  type FindingKind,
  type FindingState,
  type Found,
  MAX_CHANGES,
  MAX_COMMENTS,
  type Reason,
} from './finding.ts';
import { idBeginning, randomFindingId } from './finding-id.ts';
import { MAX_BY_CHARACTERS, MAX_CASES, MAX_WORDS_CHARACTERS } from './finding-record.ts';
import { FindingSaver, type FindingSaverFigures } from './finding-saver.ts';
import type { FindingStore } from './finding-store.ts';
import { HeldFindings } from './held-findings.ts';
import { addOutside, isOutside, keepOutside } from './outside-evidence.ts';
import { isClearlyMore, whyAgain } from './speaks-against.ts';

/** Which findings are wanted: all that is given must hold. */
export interface FindingFilter {
  readonly kind?: FindingKind | undefined;
  readonly state?: FindingState | undefined;
  /** It is the subject, or one of the hosts; as text. */
  readonly host?: string | undefined;
  /** Updated then or later, milliseconds since the epoch. */
  readonly sinceMs?: number | undefined;
  /** The so many last updated. */
  readonly limit?: number | undefined;
}

/** What others are told of: a finding was opened, its state changed, clearly more speaks for it than when it was last told, or something was done about it. */
export interface FindingNews {
  readonly what: 'opened' | 'state' | 'risen' | 'response';
  readonly finding: Finding;
}

export interface FindingBookParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: FindingStore;
  /** By default at random. */
  readonly newId?: () => string;
  /** Findings that are held; beyond them those go that were closed longest ago, then those that nothing was said of for longest. */
  readonly most?: number;
}

export interface FindingFigures extends FindingSaverFigures {
  readonly held: number;
  /** Pushed out for want of room. */
  readonly dropped: number;
  /** By kind, then by state; every one there is. */
  readonly counts: Readonly<Record<FindingKind, Readonly<Record<FindingState, number>>>>;
}

const MOST = 100_000;
/** A score that is as near to the one that is kept is not worth a write. */
const SAME_SCORE = 0.005;
/** What was found that is taken in one turn of the event loop. */
const TURN_FOUND = 100;
const OWN_NAME = 'gluewall';

/**
 * All findings, in memory and behind it in a store. The same kind and subject is the same finding; whoever finds it again updates it,
 * unless it is closed (`whyAgain`). Each change replaces the record as a whole, so that one that was handed out stays as it was.
 */
export class FindingBook {
  readonly #clock: Clock;
  readonly #newId: () => string;
  readonly #most: number;
  readonly #saver: FindingSaver;
  readonly #held = new HeldFindings();
  /** The score that others were last told of, where it is not that of the load. */
  readonly #toldScores = new Map<string, number>();
  readonly #listeners: ((news: FindingNews) => void)[] = [];
  #dropped = 0;

  constructor({ clock, log, store, newId = randomFindingId, most = MOST }: FindingBookParts) {
    this.#clock = clock;
    this.#newId = newId;
    this.#most = most;
    this.#saver = new FindingSaver({ clock, log, store }, (id) => this.#held.get(id));
  }

  /** Takes up what the store holds; until then nothing is written to it. Rejects as the store does. Safe twice. */
  async load(): Promise<void> {
    await this.#saver.load((loaded) => this.#restore(loaded));
  }

  /** What one round has found. */
  take(found: readonly Found[]): void {
    const nowMs = this.#clock.nowMs();
    for (const one of found) this.#takeOne(boundedFound(one), nowMs);
    this.#trim();
  }

  /** The same in turns of a few milliseconds: whoever shares the thread waits no longer. */
  async takeInTurns(found: readonly Found[]): Promise<void> {
    for (let start = 0; start < found.length; start += TURN_FOUND) {
      this.take(found.slice(start, start + TURN_FOUND));
      await setImmediate();
    }
  }

  /**
   * Something that is known from elsewhere speaks against a host: it stays through the rounds. Where there is no finding yet, one is
   * opened if `opens` says so.
   */
  takeOutside(host: string, given: Reason, opens: boolean): void {
    const reason = boundedReason(given);
    const nowMs = this.#clock.nowMs();
    const { firstAtMs, lastAtMs } = reason;
    const held = this.of('infected-host', host);
    const none = { kind: 'infected-host', subject: host, score: 0, reasons: [], hosts: [host] } as const;
    const joined = addOutside(held ?? boundedFound({ ...none, firstAtMs, lastAtMs }), reason);
    if (joined === undefined) return;
    if (held !== undefined) this.#refresh(held, joined, nowMs);
    else if (opens) this.#open(joined, nowMs);
    this.#trim();
  }

  /** Those last updated first. */
  list({ kind, state, host, sinceMs, limit = Number.POSITIVE_INFINITY }: FindingFilter = {}): readonly Finding[] {
    const wanted: Finding[] = [];
    for (const finding of this.#held.newestFirst()) {
      if (wanted.length >= limit || (sinceMs !== undefined && finding.updatedAtMs < sinceMs)) break;
      if (kind !== undefined && finding.kind !== kind) continue;
      if (state !== undefined && finding.state !== state) continue;
      if (host === undefined || finding.subject === host || finding.hosts.includes(host)) wanted.push(finding);
    }
    return wanted;
  }

  /** Undefined where there is none, in any state. */
  of(kind: FindingKind, subject: string): Finding | undefined {
    return this.#held.of(kind, subject);
  }

  /** By its id, or by as much of the beginning of it as no other has. Throws GluewallError `finding-unknown`. */
  get(id: string): Finding {
    const beginning = idBeginning(id);
    const exact = this.#held.get(beginning);
    if (exact !== undefined) return exact;
    const meant = this.#held.newestFirst().filter((finding) => finding.id.startsWith(beginning));
    if (meant.length === 1 && beginning !== idBeginning('')) return meant[0]!;
    const shown = boundedText(id, 64);
    throw new GluewallError(
      'finding-unknown',
      meant.length < 2
        ? `there is no finding ${shown}; \`gluewall findings\` lists those there are`
        : `${meant.length} findings begin with ${shown}: give more of the id`,
    );
  }

  /** Somebody looks after it. Throws GluewallError `finding-unknown`, or `finding-state` when that or more was done already. */
  acknowledge(id: string, by: string): Finding {
    return this.#move(this.get(id), ['new', 'escalated'], 'acknowledged', by, 'acknowledged');
  }

  /** It is taken for true, and is to be acted on. Throws as `acknowledge`. */
  escalate(id: string, by: string): Finding {
    return this.#move(this.get(id), ['new', 'acknowledged'], 'escalated', by, 'escalated');
  }

  /** Throws as `acknowledge`. */
  close(id: string, as: ClosedAs, given: string, by: string): Finding {
    const finding = this.get(id);
    const reason = boundedText(given, MAX_WORDS_CHARACTERS - 64);
    const closed = { atMs: this.#clock.nowMs(), by: boundedText(by, MAX_BY_CHARACTERS), as, reason };
    const open = ['new', 'acknowledged', 'escalated'] as const;
    return this.#move({ ...finding, closed }, open, 'closed', by, `closed as ${as}: ${reason}`);
  }

  /** Throws as `acknowledge`. */
  reopen(id: string, by: string): Finding {
    return this.#move({ ...this.get(id), closed: undefined }, ['closed'], 'new', by, 'reopened');
  }

  /** Throws GluewallError `finding-unknown`. */
  comment(id: string, text: string, by: string): Finding {
    const finding = this.get(id);
    const comment = boundedChange({ atMs: this.#clock.nowMs(), by, text });
    return this.#put({ ...finding, comments: [...finding.comments, comment].slice(-MAX_COMMENTS) });
  }

  /** A traceback case was opened from it. Throws GluewallError `finding-unknown`. */
  linkCase(id: string, caseId: string, by: string): Finding {
    const finding = this.get(id);
    if (finding.cases.includes(caseId)) return finding;
    const cases = [...finding.cases, caseId].slice(-MAX_CASES);
    return this.#put({ ...finding, cases, changes: this.#changesWith(finding, by, `traceback case ${caseId} opened`) });
  }

  /** Something was done about it, in words. Throws GluewallError `finding-unknown`. */
  respond(id: string, text: string, by: string): Finding {
    const finding = this.get(id);
    const answered = this.#put({ ...finding, changes: this.#changesWith(finding, by, text) });
    this.#tell('response', answered);
    return answered;
  }

  /** Tells of news from now on, in the turn in which they happen. */
  subscribe(listener: (news: FindingNews) => void): void {
    this.#listeners.push(listener);
  }

  /** Writes what has changed. Rejects with the GluewallError of the store; what was not written is tried again. */
  flush(): Promise<void> {
    return this.#saver.flush();
  }

  /** Writes what has changed, once, and nothing more after that. Safe twice; a failure is in the log. */
  stop(): Promise<void> {
    return this.#saver.stop();
  }

  get figures(): FindingFigures {
    const none = () => Object.fromEntries(FINDING_STATES.map((state) => [state, 0])) as Record<FindingState, number>;
    const counts = Object.fromEntries(FINDING_KINDS.map((kind) => [kind, none()])) as Record<
      FindingKind,
      Record<FindingState, number>
    >;
    for (const { kind, state } of this.#held.newestFirst()) counts[kind][state]++;
    return { held: this.#held.size, dropped: this.#dropped, counts, ...this.#saver.figures };
  }

  #takeOne(found: Found, nowMs: number): void {
    const held = this.of(found.kind, found.subject);
    if (held === undefined) this.#open(found, nowMs);
    else this.#refresh(held, keepOutside(found, held), nowMs);
  }

  #open(found: Found, nowMs: number): void {
    const fresh = {
      openedAtMs: nowMs,
      updatedAtMs: nowMs,
      state: 'new',
      closed: undefined,
      comments: [],
      cases: [],
    } as const;
    const finding = { ...found, ...fresh, id: this.#freshId(), changes: found.changes ?? [] };
    this.#put(finding);
    this.#tell('opened', finding);
  }

  #refresh(held: Finding, found: Found, nowMs: number): void {
    const { kind, subject, score, reasons, hosts, lastAtMs, detail } = found;
    if (held.state === 'closed') {
      const why = whyAgain(held, found);
      if (why === undefined) return;
    } else if (isSame(held, found)) return;
    const joined: Finding = {
      ...held,
      ...{ kind, subject, score, reasons, hosts, lastAtMs },
      ...(detail === undefined ? {} : { detail }),
      firstAtMs: Math.min(held.firstAtMs, found.firstAtMs),
      updatedAtMs: nowMs,
      changes: [...held.changes, ...newChanges(held, found)].slice(-MAX_CHANGES),
    };
    const why = whyAgain(held, found);
    if (why !== undefined) {
      this.#move({ ...joined, closed: undefined }, ['closed'], 'new', OWN_NAME, `reopened: ${why}`);
      return;
    }
    const told = this.#toldScores.get(held.id) ?? held.score;
    const isRisen = isClearlyMore(score, told);
    this.#toldScores.set(held.id, told);
    this.#put(joined);
    if (isRisen) this.#tell('risen', joined);
  }

  #move(finding: Finding, from: readonly FindingState[], state: FindingState, by: string, text: string): Finding {
    if (!from.includes(finding.state)) throw wrongState(finding, state);
    const moved = { ...finding, state, changes: this.#changesWith(finding, by, text) };
    this.#put(moved);
    this.#tell('state', moved);
    return moved;
  }

  #changesWith({ changes }: Finding, by: string, text: string): readonly FindingChange[] {
    return [...changes, boundedChange({ atMs: this.#clock.nowMs(), by, text })].slice(-MAX_CHANGES);
  }

  #put(changed: Finding): Finding {
    const finding = { ...changed, updatedAtMs: this.#clock.nowMs() };
    this.#held.put(finding);
    this.#saver.changed(finding.id);
    return finding;
  }

  #tell(what: FindingNews['what'], finding: Finding): void {
    this.#toldScores.set(finding.id, finding.score);
    for (const listener of this.#listeners) listener({ what, finding });
  }

  #freshId(): string {
    for (;;) {
      const id = this.#newId();
      if (this.#held.get(id) === undefined) return id;
    }
  }

  /** What was found before the store could be read goes on under the ids that it has there. */
  #restore(loaded: readonly Finding[]): void {
    const early = this.#held.newestFirst().toReversed();
    this.#held.clear();
    for (const finding of loaded.toReversed()) this.#held.put(finding);
    for (const finding of early) {
      const held = this.of(finding.kind, finding.subject);
      if (held === undefined) this.#put(finding);
      else this.#takeOne(finding, this.#clock.nowMs());
    }
    this.#trim();
  }

  #trim(): void {
    while (this.#held.size > this.#most) {
      const { id } = this.#held.first!;
      this.#held.delete(id);
      this.#toldScores.delete(id);
      this.#dropped++;
      this.#saver.forgotten(id);
    }
  }
}

/** Evidence that only grows older is not worth a write. */
function isSame(held: Finding, found: Found): boolean {
  const kinds = ({ reasons }: Found) => reasons.map((one) => (isOutside(one) ? one.line : one.kind)).toSorted();
  return (
    Math.abs(held.score - found.score) < SAME_SCORE &&
    held.lastAtMs === found.lastAtMs &&
    isDeepStrictEqual(kinds(held), kinds(found)) &&
    isDeepStrictEqual(held.hosts, found.hosts) &&
    isDeepStrictEqual(held.detail, found.detail) &&
    newChanges(held, found).length === 0
  );
}

function newChanges(held: Finding, { changes = [] }: Found): readonly FindingChange[] {
  const known = new Set(held.changes.map(({ atMs, text }) => `${atMs} ${text}`));
  return changes.filter(({ atMs, text }) => !known.has(`${atMs} ${text}`));
}

function wrongState({ id, state, changes }: Finding, wanted: FindingState): GluewallError {
  const last = changes.at(-1);
  const who = last === undefined ? '' : `, by ${last.by || 'somebody'} at ${new Date(last.atMs).toISOString()}`;
  const remedy = state === 'closed' ? `; \`gluewall findings reopen ${id}\` opens it again` : '';
  const word = wanted === 'new' ? 'is not closed' : `is ${state} already`;
  return new GluewallError('finding-state', `${id} ${word}${wanted === 'new' ? '' : who}${remedy}`);
}
