import { RCODE, RECORD_TYPE } from '../../dns/registry.ts';
import type { EntryBatchWriter } from '../entry-batch.ts';
import { addAnswer, ExchangeBook, type OpenEntry } from '../exchange-book.ts';
import type { LogEntry } from '../log-entry.ts';
import type { QueueRoom } from '../queue-room.ts';
import type { DnsmasqFact } from './dnsmasq-line.ts';

/** The answer whose lines are being read. They follow one another: whatever else is read ends it. */
interface Answer {
  readonly key: string;
  /** From what dnsmasq knows itself: it is of the last query with the key, else of all. */
  readonly isLocal: boolean;
  readonly isOfCall: boolean;
  /** What the answer began with, and the name of its last line; undefined behind an alias, which may stand for any. */
  readonly head: string;
  readonly tail: string | undefined;
  /** The type of the queries it is of, once it is known. */
  readonly type: number | undefined;
  /** It holds more than aliases. */
  readonly isWhole: boolean;
}

/** One way of reading a line of an answer. */
export interface DnsmasqClaim {
  /** The queries that it may be of, if it begins an answer. */
  readonly keys: readonly string[];
  readonly subject: string;
  readonly fact: DnsmasqFact;
}

/** Joins the lines about an answer to the queries that it is of. */
export class DnsmasqAnswers {
  readonly #book: ExchangeBook;
  #answer: Answer | undefined;
  /** The key of the query in the line before. */
  #asked: string | undefined;

  constructor(entries: EntryBatchWriter, openRoom?: QueueRoom) {
    this.#book = new ExchangeBook(entries, openRoom);
  }

  query(key: string, entry: LogEntry): void {
    this.close();
    this.#book.add(key, entry);
    this.#asked = key;
  }

  /** The last query with this key was passed on. False when there is none. */
  forwarded(key: string): boolean {
    const answer = this.#answer;
    const entry = this.#book.last(key);
    if (entry !== undefined && entry.role === 'recursive') entry.role = 'forwarded';
    // Only aliases were known: the rest will be told.
    if (answer?.key === key && answer.isLocal && !answer.isWhole) this.#answer = undefined;
    this.close();
    return entry !== undefined;
  }

  /** A response without a name, which says of which query it is only by its place: the line before, or the only one that waits. */
  error(responseCode: number, isLocal: boolean): boolean {
    const asked = this.#asked;
    this.close();
    const key = isLocal ? asked : this.#book.onlyKey;
    const entry = key === undefined ? undefined : this.#book.last(key);
    if (key === undefined || entry === undefined) return false;
    entry.responseCode = responseCode;
    this.#book.finish(key, entry);
    return true;
  }

  /** The client of this query was sent what is being read, too. */
  duplicate(key: string): boolean {
    const entry = this.#book.last(key);
    const first = this.#answer === undefined ? undefined : this.#waiting(this.#answer)[0];
    if (entry === undefined || first === undefined || entry === first) return false;
    if (entry.type !== first.type || entry.name.length !== first.name.length) return false;
    entry.responseCode = first.responseCode;
    entry.answers = first.answers;
    this.#book.finish(key, entry);
    return true;
  }

  /** A line of an answer, in the ways in which it can be read. False when it is of none. */
  fact(claims: readonly DnsmasqClaim[], isLocal: boolean, isOfCall: boolean): boolean {
    const next = claims.find((claim) => this.#continues(claim, isLocal));
    if (next !== undefined) {
      this.#take(this.#answer!, next);
      return true;
    }
    this.close();
    for (const claim of claims) {
      const key = claim.keys.find((candidate) => this.#mayBeOf(candidate, claim.fact, isLocal || isOfCall));
      if (key === undefined) continue;
      const head = claim.subject.toLowerCase();
      this.#take({ key, isLocal, isOfCall, head, tail: undefined, type: undefined, isWhole: false }, claim);
      return true;
    }
    return false;
  }

  #take(answer: Answer, { subject, fact }: DnsmasqClaim): void {
    const type = answer.type ?? fact.type ?? (fact.isAlias ? undefined : this.#typeOf(answer, fact));
    const tail = fact.isAlias ? undefined : subject.toLowerCase();
    this.#answer = { ...answer, tail, type, isWhole: answer.isWhole || !fact.isAlias };
    if (!fact.isAlias) for (const entry of this.#waiting(this.#answer)) apply(entry, fact);
  }

  /** The answer that was being read, if any, has ended. */
  close(): void {
    this.#asked = undefined;
    const answer = this.#answer;
    if (answer === undefined) return;
    this.#answer = undefined;
    const { key, isLocal, isWhole } = answer;
    if (!isWhole && isLocal && this.#book.last(key)?.type !== RECORD_TYPE.CNAME) return;
    const type = answer.type ?? this.#aliasType(answer);
    for (const entry of this.#waiting({ ...answer, type })) {
      entry.responseCode ??= RCODE.NOERROR;
      this.#book.finish(key, entry);
    }
  }

  settle(): void {
    this.close();
    this.#book.settle();
  }

  /** For JSON. */
  state(): unknown {
    return { open: this.#book.state(), answer: this.#answer, asked: this.#asked };
  }

  resume(state: unknown): void {
    if (typeof state !== 'object' || state === null) return;
    const { open, answer, asked } = state as Record<string, unknown>;
    this.#book.resume(open);
    if (typeof asked === 'string') this.#asked = asked;
    if (isAnswer(answer)) this.#answer = answer;
  }

  /** Whether the line is of the answer that is being read. */
  #continues({ keys, subject, fact }: DnsmasqClaim, isLocal: boolean): boolean {
    const answer = this.#answer;
    if (answer === undefined || answer.isLocal !== isLocal) return false;
    if (answer.isOfCall) return keys.includes(answer.key);
    // An alias may have been the whole answer, and this the beginning of the next.
    if (answer.tail === undefined) return this.#mayBeOf(answer.key, fact, isLocal);
    const name = subject.toLowerCase();
    const isOfName = name === answer.tail || (isLocal && name === answer.head);
    const isOfType = answer.type === undefined || fact.type === undefined || answer.type === fact.type;
    return isOfName && isOfType && !fact.isAlias;
  }

  /** Whether a query waits with the key that such a line may be of. */
  #mayBeOf(key: string, { type, isText }: DnsmasqFact, isOfLast: boolean): boolean {
    if (isOfLast) return this.#book.last(key) !== undefined;
    if (isText) return this.#book.find(key, isNotOfAddresses) !== undefined;
    return this.#book.find(key, (entry) => type === undefined || isOfType(entry, type)) !== undefined;
  }

  /** The type of the queries that something is said of without a type. */
  #typeOf(answer: Answer, fact: DnsmasqFact): number | undefined {
    const waiting = this.#book.all(answer.key);
    // With no data for an address dnsmasq says of which family.
    const isNoData = fact.responseCode === RCODE.NOERROR;
    const other = isNoData
      ? waiting.find(({ type }) => type !== RECORD_TYPE.A && type !== RECORD_TYPE.AAAA)
      : undefined;
    return (other ?? waiting[0])?.type;
  }

  /** The type of the queries whose answer was aliases only. */
  #aliasType({ key }: Answer): number | undefined {
    const waiting = this.#book.all(key);
    return (waiting.find(({ type }) => type === RECORD_TYPE.CNAME) ?? waiting[0])?.type;
  }

  /** The queries that an answer is of. */
  #waiting({ key, isLocal, isOfCall, type }: Answer): OpenEntry[] {
    if (isLocal || isOfCall) {
      const last = this.#book.last(key);
      return last === undefined ? [] : [last];
    }
    return this.#book.all(key).filter((entry) => type !== undefined && isOfType(entry, type));
  }
}

function isOfType(entry: OpenEntry, type: number): boolean {
  return entry.type === type || entry.type === RECORD_TYPE.ANY;
}

function isNotOfAddresses({ type }: OpenEntry): boolean {
  return type !== RECORD_TYPE.A && type !== RECORD_TYPE.AAAA;
}

function apply(entry: OpenEntry, { responseCode, address, type }: DnsmasqFact): void {
  entry.responseCode = responseCode;
  // The text of a record may look like an address.
  if (address !== undefined && isOfType(entry, type!)) addAnswer(entry, address);
}

function isAnswer(value: unknown): value is Answer {
  if (typeof value !== 'object' || value === null) return false;
  const { key, isLocal, isOfCall, head, tail, type, isWhole } = value as Record<string, unknown>;
  return (
    typeof key === 'string' &&
    typeof head === 'string' &&
    [isLocal, isOfCall, isWhole].every((flag) => typeof flag === 'boolean') &&
    (tail === undefined || typeof tail === 'string') &&
    (type === undefined || typeof type === 'number')
  );
}
