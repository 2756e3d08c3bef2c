import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { EntryBook, type EntryCounts } from './entry-book.ts';
import { type FetchOrder, fetchList, placeText, type Validators } from './fetch-list.ts';
import { type CopyFacts, ListCopy } from './list-copy.ts';
import type { GuardOptions } from './list-guard.ts';
import type { ReadListFile } from './list-reader.ts';
import { ListedPack } from './listed-pack.ts';
import type { ListFormat, ListSummary, ReadOrder } from './read-list.ts';

/** A list that somebody publishes, and that is always denied. */
export interface ListOptions {
  readonly name: string;
  /** A path, or a URL: https, or http to a loopback address. */
  readonly from: string;
  readonly format: ListFormat;
  readonly refreshMs: number;
  /** See GuardOptions. */
  readonly isBroad: boolean;
  readonly caFile: string | undefined;
  /** See FetchOrder. */
  readonly authorizationFile: string | undefined;
}

/** What holds for all lists. */
export interface ListLimits {
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly maxBadPercent: number;
  /** A new copy with fewer entries than this share of the last is refused; 0 for none. */
  readonly leastPercent: number;
  /** For fetching one, milliseconds. */
  readonly timeMs: number;
}

export interface ListParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly read: ReadListFile;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly stateFolder: string;
  readonly limits: ListLimits;
  readonly guard: Omit<GuardOptions, 'isBroad'>;
  /** Another copy is in force. */
  readonly changed: (name: string) => void;
}

/** How a list stands; times in milliseconds since the epoch, undefined for never. */
export interface ListState {
  readonly name: string;
  /** Without what may be secret in it. */
  readonly from: string;
  readonly format: ListFormat;
  readonly counts: EntryCounts;
  /** When what is in force was fetched, and when its source last said that it is the newest. */
  readonly fetchedAtMs: number | undefined;
  readonly checkedAtMs: number | undefined;
  readonly etag: string | undefined;
  /** Why the last attempt failed; undefined when it did not. */
  readonly error: string | undefined;
  /** Attempts that failed, since the start. */
  readonly failures: number;
  /** Of those, new copies that were refused for what is in them. */
  readonly refused: number;
  readonly bad: number;
  readonly leftOut: number;
  readonly unused: Readonly<Record<string, number>>;
}

/** What each format is asked for as; servers that know no better give what they have. */
const ACCEPTED: Readonly<Record<ListFormat, string>> = {
  plain: '*/*',
  rpz: '*/*',
  misp: 'application/json, */*;q=0.1',
  stix: 'application/taxii+json;version=2.1, application/stix+json;version=2.1, application/json;q=0.9, */*;q=0.1',
};

/** Of a list that a reload or the end of gluewall took out of force. */
const NO_LONGER = 'is not fetched any more';
const FIRST_RETRY_MS = 30_000;
const MAX_RETRY_DOUBLINGS = 10;
/** A tenth sooner or later, so that many who start together do not come together. */
const JITTER = 0.1;

/** Keeps one list: takes up its last good copy at start, and from then on a newer one when there is one and it is good. */
export class ThreatList {
  readonly options: ListOptions;
  readonly #parts: ListParts;
  readonly #copy: ListCopy;
  readonly #stopped = new AbortController();
  #pack: ListedPack;
  #facts: CopyFacts | undefined;
  /** False while what is in force could not be kept: it is fetched again then. */
  #isKept = false;
  #summary: ListSummary | undefined;
  #checkedAtMs: number | undefined;
  #error: string | undefined;
  /** Attempts that failed since the last that did not. */
  #failuresInRow = 0;
  #failures = 0;
  #refused = 0;
  #round: Promise<string | undefined> | undefined;
  #loading: Promise<void> | undefined;
  #cancelNext = () => {};

  constructor(options: ListOptions, parts: ListParts) {
    this.options = options;
    this.#parts = parts;
    this.#copy = new ListCopy(parts.stateFolder, options.name);
    this.#pack = new ListedPack(options.name, new EntryBook());
  }

  /** What is in force: nothing until there is a good copy. */
  get pack(): ListedPack {
    return this.#pack;
  }

  /** Takes up the last good copy; what is fetched waits for that. Never rejects. */
  load(): Promise<void> {
    this.#loading = this.#load();
    return this.#loading;
  }

  async #load(): Promise<void> {
    const facts = await this.#copy.facts();
    const { from, format } = this.options;
    if (facts === undefined || facts.from !== from || facts.format !== format) return;
    const book = new EntryBook();
    const summary = await this.#read(this.#copy.path, book);
    if (this.#stopped.signal.aborted) return;
    if (summary.problem !== undefined) {
      this.#tell({ list: this.options.name }, `list ${this.options.name}: its last good copy ${summary.problem}`);
      return;
    }
    this.#take(book, summary, facts);
    this.#isKept = true;
    const { name } = this.options;
    const fields = { list: name, entries: book.size, fetchedAtMs: facts.fetchedAtMs };
    this.#parts.log.info(fields, `list ${name}: the last good copy of ${book.size} entries is in force`);
  }

  /** Fetches now, and from then on every so often. */
  begin(): void {
    if (!this.#stopped.signal.aborted) void this.refresh(false);
  }

  /** Ends what goes on. Safe twice. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('was not fetched to its end: gluewall stops'));
    this.#cancelNext();
    await this.#loading;
    await this.#round;
  }

  /**
   * Fetches now; resolves with what failed, undefined when nothing did. `isForced`: a copy is taken even when it shrank. A round
   * that goes on already is waited for first.
   */
  async refresh(isForced: boolean): Promise<string | undefined> {
    while (this.#round !== undefined) {
      const running = await this.#round;
      if (!isForced) return running;
    }
    if (this.#stopped.signal.aborted) return NO_LONGER;
    this.#cancelNext();
    this.#round = this.#attempt(isForced).finally(() => {
      this.#round = undefined;
      this.#plan();
    });
    return this.#round;
  }

  state(): ListState {
    const { name, from, format } = this.options;
    return {
      name,
      from: placeText(from),
      format,
      counts: this.#pack.book.counts(),
      fetchedAtMs: this.#facts?.fetchedAtMs,
      checkedAtMs: this.#checkedAtMs,
      etag: this.#facts?.etag,
      error: this.#error,
      failures: this.#failures,
      refused: this.#refused,
      bad: this.#summary?.bad ?? 0,
      leftOut: this.#summary?.leftOut ?? 0,
      unused: this.#summary?.unused ?? {},
    };
  }

  async #attempt(isForced: boolean): Promise<string | undefined> {
    await this.#loading;
    try {
      await this.#fetch(isForced);
      this.#error = undefined;
      this.#failuresInRow = 0;
    } catch (cause) {
      if (this.#stopped.signal.aborted) return NO_LONGER;
      this.#error = (cause as Error).message;
      this.#failuresInRow++;
      this.#failures++;
      if (cause instanceof GluewallError && cause.code === 'list-content') this.#refused++;
      this.#tellFailure(this.#error);
    } finally {
      await this.#copy.dropNext();
    }
    return this.#error;
  }

  async #fetch(isForced: boolean): Promise<void> {
    const { clock } = this.#parts;
    await this.#copy.prepare();
    const fetched = await fetchList(this.#fetchOrder(), clock, this.#stopped.signal);
    if (fetched.kind === 'fetched') await this.#judge(fetched.validators, fetched.lengthBytes, isForced);
    else if ((this.#summary?.nextChangeMs ?? Number.POSITIVE_INFINITY) <= clock.nowMs()) await this.#readAgain();
    this.#checkedAtMs = clock.nowMs();
  }

  #fetchOrder(): FetchOrder {
    const { from, format, caFile, authorizationFile } = this.options;
    const { maxBytes, timeMs } = this.#parts.limits;
    const facts = this.#facts;
    const isKnown = facts !== undefined && this.#isKept;
    const known = isKnown ? { etag: facts.etag, lastModified: facts.lastModified } : undefined;
    const accept = ACCEPTED[format];
    return { from, known, into: this.#copy.nextPath, maxBytes, timeMs, caFile, authorizationFile, accept };
  }

  /** Takes what was fetched when it is good. Throws GluewallError `list-content` when it is not. */
  async #judge({ etag, lastModified }: Validators, lengthBytes: number, isForced: boolean): Promise<void> {
    const { name, from, format } = this.options;
    const book = new EntryBook();
    const summary = await this.#read(this.#copy.nextPath, book);
    const problem = summary.problem ?? (isForced ? undefined : this.#shrinkage(book));
    if (problem !== undefined) throw new GluewallError('list-content', `what was fetched ${problem}`);
    const facts: CopyFacts = {
      version: 1,
      from,
      format,
      ...(etag === undefined ? {} : { etag }),
      ...(lastModified === undefined ? {} : { lastModified }),
      fetchedAtMs: this.#parts.clock.nowMs(),
      lengthBytes,
      entries: book.size,
    };
    // In force first: a disk that is full must not keep what is dangerous from being blocked.
    this.#take(book, summary, facts);
    this.#parts.log.info(
      { list: name, entries: book.size },
      `list ${name}: a new copy of ${book.size} entries is in force`,
    );
    this.#isKept = false;
    await this.#copy.keep(facts);
    this.#isKept = true;
  }

  #shrinkage(book: EntryBook): string | undefined {
    const before = this.#facts?.entries ?? 0;
    if (book.size * 100 >= before * this.#parts.limits.leastPercent) return undefined;
    const remedy = `where that is right: gluewall pack refresh ${this.options.name} --force`;
    return `has shrunk from ${before} entries to ${book.size} (packs.least_percent); ${remedy}`;
  }

  /** Of the same copy other entries hold now. */
  async #readAgain(): Promise<void> {
    const book = new EntryBook();
    const summary = await this.#read(this.#copy.path, book);
    // All that it listed may have expired, and that is no reason to go on blocking it.
    if (summary.problem !== undefined && book.size > 0) throw new GluewallError('list-content', summary.problem);
    if (this.#facts !== undefined) this.#take(book, summary, { ...this.#facts, entries: book.size });
  }

  #read(file: string, book: EntryBook): Promise<ListSummary> {
    const { limits, guard, clock, read } = this.#parts;
    const { format, isBroad } = this.options;
    const { maxBytes, maxEntries, maxBadPercent } = limits;
    const order: ReadOrder = {
      file,
      format,
      maxBytes,
      maxEntries,
      maxBadPercent,
      guard: { ...guard, isBroad },
      nowMs: clock.nowMs(),
    };
    return read(order, book, this.#stopped.signal);
  }

  #take(book: EntryBook, summary: ListSummary, facts: CopyFacts): void {
    const { name } = this.options;
    this.#pack = new ListedPack(name, book);
    this.#summary = summary;
    this.#facts = facts;
    if (summary.leftOut > 0) {
      const examples = summary.leftOutExamples.join('; ');
      this.#tell(
        { list: name, leftOut: summary.leftOut },
        `list ${name}: entries that must not be denied are left out: ${examples}`,
      );
    }
    if (summary.bad > 0) {
      const examples = summary.badExamples.join('; ');
      this.#parts.log.warn(
        { list: name, bad: summary.bad },
        `list ${name}: entries that cannot be read are left out: ${examples}`,
      );
    }
    this.#parts.changed(name);
  }

  #tellFailure(reason: string): void {
    const { name } = this.options;
    const age = this.#facts === undefined ? 'there is none to go on with' : 'the last good copy stays in force';
    this.#tell({ list: name, failures: this.#failuresInRow }, `list ${name}: ${reason}; ${age}`);
  }

  #tell(fields: object, message: string): void {
    this.#parts.log.error({ alarm: 'list', ...fields }, message);
  }

  #plan(): void {
    if (this.#stopped.signal.aborted) return;
    const { refreshMs } = this.options;
    const retryMs = FIRST_RETRY_MS * 2 ** Math.min(this.#failuresInRow - 1, MAX_RETRY_DOUBLINGS);
    const delayMs = this.#failuresInRow === 0 ? refreshMs : Math.min(retryMs, refreshMs);
    const jittered = delayMs * (1 + JITTER * (2 * this.#parts.random() - 1));
    this.#cancelNext = this.#parts.clock.after(jittered, () => this.begin());
  }
}
