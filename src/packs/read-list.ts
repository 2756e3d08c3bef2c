/** Reads a threat list of any format and sifts it, in portions that can be sent to another thread. */
import type { Address } from '../core/address.ts';
import type { Name } from '../dns/name.ts';
import type { Entry, Reach } from './entry.ts';
import type { EntryBook } from './entry-book.ts';
import type { Finding, ListFormatReader, ListTimes } from './list-finding.ts';
import { type GuardOptions, ListGuard } from './list-guard.ts';
import { readMispList } from './misp-list.ts';
import { readPlainList } from './plain-list.ts';
import { readRpzList } from './rpz-list.ts';
import { readStixList } from './stix-list.ts';

const READERS = {
  plain: readPlainList,
  rpz: readRpzList,
  misp: readMispList,
  stix: readStixList,
} as const satisfies Record<string, ListFormatReader>;

export type ListFormat = keyof typeof READERS;

/** What to read and how. */
export interface ReadOrder {
  readonly file: string;
  readonly format: ListFormat;
  /** Octets that are read. */
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** The share of bad entries that is borne, 0 to 100. */
  readonly maxBadPercent: number;
  readonly guard: GuardOptions;
  readonly nowMs: number;
}

/** How it went. */
export interface ListSummary {
  /** Why nothing of it is used; undefined for a list that is. */
  readonly problem: string | undefined;
  readonly bad: number;
  /** Some of the bad ones: where, and what is wrong. */
  readonly badExamples: readonly string[];
  /** Entries left out for what they would cut off. */
  readonly leftOut: number;
  readonly leftOutExamples: readonly string[];
  /** What the list says and there is no use for, by kind. */
  readonly unused: Readonly<Record<string, number>>;
  readonly nextChangeMs: number;
}

/** Entries in a form that is cheap to send: of each its value, and a code that says what it is. */
export interface EntryBatch {
  readonly values: readonly (Address | Name)[];
  readonly codes: readonly number[];
}

/** Entries in one batch: what takes another thread a millisecond or two to take in. */
const BATCH_ENTRIES = 1000;
const MAX_EXAMPLES = 5;
/** In a code: the prefix length of a network, or NAME and how far the name reaches; PASSES for an exception. */
const NAME = 0x1000;
const PASSES = 0x2000;
const REACHES: readonly Reach[] = ['zone', 'exact', 'below'];

/** Reads `octets`; never throws. What batches have been given counts only when the summary has no problem. */
export function* readList(octets: Buffer, order: ReadOrder): Generator<EntryBatch, ListSummary> {
  const sieve = new Sieve(order);
  let times: ListTimes = { nextChangeMs: Number.POSITIVE_INFINITY };
  const findings = looksLikeMarkup(octets)
    ? refusal('is a page of HTML or XML, no list')
    : READERS[order.format](octets, order.nowMs);
  for (;;) {
    const step = findings.next();
    if (step.done === true) {
      times = step.value;
      break;
    }
    sieve.take(step.value);
    if (sieve.problem !== undefined) break;
    if (sieve.isFull) yield sieve.batch();
  }
  yield sieve.batch();
  return sieve.summary(times);
}

function* refusal(problem: string): Generator<Finding, ListTimes> {
  yield { kind: 'refused', problem };
  return { nextChangeMs: Number.POSITIVE_INFINITY };
}

/** A portal, an error page or a login form in place of the list. */
function looksLikeMarkup(octets: Buffer): boolean {
  const start = octets
    .toString('latin1', 0, 1024)
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart();
  return /^<(?:[a-z!?/])/i.test(start);
}

/** Sorts findings into what is used and what is counted. */
class Sieve {
  readonly #order: ReadOrder;
  readonly #guard: ListGuard;
  #values: (Address | Name)[] = [];
  #codes: number[] = [];
  #entries = 0;
  #bad = 0;
  #leftOut = 0;
  readonly #badExamples: string[] = [];
  readonly #leftOutExamples: string[] = [];
  readonly #unused = new Map<string, number>();
  #problem: string | undefined;

  constructor(order: ReadOrder) {
    this.#order = order;
    this.#guard = new ListGuard(order.guard);
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  get isFull(): boolean {
    return this.#values.length >= BATCH_ENTRIES;
  }

  take(finding: Finding): void {
    switch (finding.kind) {
      case 'entry':
        this.#takeEntry(finding.entry, finding.passes, finding.at);
        return;
      case 'unused':
        this.#unused.set(finding.what, (this.#unused.get(finding.what) ?? 0) + 1);
        return;
      case 'bad':
        this.#bad++;
        keepExample(this.#badExamples, `${finding.at}: ${finding.problem}`);
        return;
      case 'refused':
        this.#problem = finding.problem;
    }
  }

  batch(): EntryBatch {
    const batch = { values: this.#values, codes: this.#codes };
    this.#values = [];
    this.#codes = [];
    return batch;
  }

  summary({ nextChangeMs }: ListTimes): ListSummary {
    return {
      problem:
        this.#problem ??
        this.#badness() ??
        (this.#entries === 0 ? 'holds no entry that can be used' : this.#guard.problem()),
      bad: this.#bad,
      badExamples: this.#badExamples,
      leftOut: this.#leftOut,
      leftOutExamples: this.#leftOutExamples,
      unused: Object.fromEntries(this.#unused),
      nextChangeMs,
    };
  }

  #takeEntry(entry: Entry, passes: boolean, at: string): void {
    // An exception cuts nothing off.
    const refusal = passes ? undefined : this.#guard.refuses(entry);
    if (refusal !== undefined) {
      this.#leftOut++;
      keepExample(this.#leftOutExamples, `${at}: ${refusal}`);
      return;
    }
    if (++this.#entries > this.#order.maxEntries) {
      this.#problem = `holds more than ${this.#order.maxEntries} entries (packs.entries)`;
      return;
    }
    this.#guard.kept(entry, passes);
    this.#values.push(entry.kind === 'network' ? entry.network.base : entry.name);
    this.#codes.push(codeOf(entry) | (passes ? PASSES : 0));
  }

  #badness(): string | undefined {
    const all = this.#bad + this.#entries + this.#leftOut;
    if (this.#bad * 100 <= all * this.#order.maxBadPercent) return undefined;
    return `has ${this.#bad} bad entries of ${all}, more than ${this.#order.maxBadPercent} % (packs.bad_percent); the first: ${this.#badExamples[0]}`;
  }
}

function keepExample(examples: string[], text: string): void {
  if (examples.length < MAX_EXAMPLES) examples.push(text);
}

function codeOf(entry: Entry): number {
  return entry.kind === 'network' ? entry.network.prefixLength : NAME | REACHES.indexOf(entry.reach);
}

/** Adds what a batch holds. */
export function addBatch({ values, codes }: EntryBatch, book: EntryBook): void {
  for (const [index, value] of values.entries()) {
    const code = codes[index]!;
    const passes = (code & PASSES) !== 0;
    if ((code & NAME) !== 0) {
      book.add({ kind: 'name', name: value as Name, reach: REACHES[code & 0xf]! }, passes);
    } else {
      book.add({ kind: 'network', network: { base: value as Address, prefixLength: code & 0xff } }, passes);
    }
  }
}

/** The summary of a list that was not read. */
export function unreadList(problem: string): ListSummary {
  return {
    problem,
    bad: 0,
    badExamples: [],
    leftOut: 0,
    leftOutExamples: [],
    unused: {},
    nextChangeMs: Number.POSITIVE_INFINITY,
  };
}
