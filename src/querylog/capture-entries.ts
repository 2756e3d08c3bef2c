import type { Address } from '../core/address.ts';
import { Counters } from '../core/counters.ts';
import { behindName, canonicalName, type Name } from '../dns/name.ts';
import { FLAG } from '../dns/observation-layout.ts';
import { ObservationReader } from '../dns/observation-reader.ts';
import { type EntryBatchWriter, LAST_MS } from './entry-batch.ts';
import { ExchangeJoiner } from './exchange-joiner.ts';
import { type LogEntry, MAX_ANSWERS, type Role } from './log-entry.ts';
import type { QueueRoom } from './queue-room.ts';

export interface CaptureEntriesParts {
  readonly entries: EntryBatchWriter;
  /** Memory for queries whose response is waited for, shared with other sources. */
  readonly openRoom?: QueueRoom | undefined;
  /** Resolvers of the inside: with recursion desired they pass on what they were asked. */
  readonly trustedResolvers: ReadonlySet<Address>;
  /** What stands in the log for a client: the address itself, or its pseudonym. */
  readonly client: (address: Address) => Address;
}

/** `times`: observations whose time is none. */
export type CaptureEntriesCounter = 'queries' | 'responses' | 'damaged batches' | 'times';

/** What our own capture sees pass, as entries: a query and its response are one. */
export class CaptureEntries {
  readonly counters = new Counters<CaptureEntriesCounter>();
  readonly #parts: CaptureEntriesParts;
  readonly #exchanges: ExchangeJoiner;
  readonly #reader = new ObservationReader();

  constructor(parts: CaptureEntriesParts) {
    this.#parts = parts;
    this.#exchanges = new ExchangeJoiner(parts.entries, parts.openRoom);
  }

  /** How many queries wait for their response. */
  get waiting(): number {
    return this.#exchanges.size;
  }

  /** Takes a batch of observations (dns/observation-layout.ts); its times are moved by `shiftMs`. */
  take(batch: Uint8Array, shiftMs = 0): void {
    const reader = this.#reader;
    reader.open(batch);
    for (let found = reader.next(); found !== 'end'; found = reader.next()) {
      if (found === 'damaged') {
        this.counters.add('damaged batches');
        return;
      }
      if (reader.isMessage) this.#take(reader.atMs + shiftMs);
    }
  }

  /** Lets go of queries whose response is waited for: nothing more has come for a while, or ever will. */
  settle(): void {
    this.#exchanges.settle();
  }

  #take(atMs: number): void {
    if (!(Math.abs(atMs) <= LAST_MS)) {
      this.counters.add('times');
      return;
    }
    const reader = this.#reader;
    const { isResponse, octets, questionAt, client, server, clientPort, questionType, questionClass } = reader;
    const name = octets.toString('latin1', questionAt, behindName(octets, questionAt)) as Name;
    const known = this.#parts.client(client);
    const entry: LogEntry = {
      atMs,
      name,
      type: questionType,
      class: questionClass,
      client: known,
      clientPort,
      server,
      role: roleOf(reader.flags, isResponse, this.#parts.trustedResolvers.has(client)),
      responseCode: isResponse ? reader.rcode : undefined,
      answers: isResponse ? this.#answers() : NO_ANSWERS,
      mark: undefined,
    };
    const transport = reader.isTcp ? 't' : 'u';
    const key = `${transport}${known} ${clientPort} ${server} ${reader.id} ${questionType} ${questionClass} ${canonicalName(name)}`;
    this.counters.add(isResponse ? 'responses' : 'queries');
    if (isResponse) this.#exchanges.response(key, entry);
    else this.#exchanges.query(key, entry);
  }

  #answers(): readonly Address[] {
    const reader = this.#reader;
    const answers: Address[] = [];
    const count = Math.min(reader.answerCount, MAX_ANSWERS);
    for (let index = 0; index < count; index++) answers.push(reader.address(reader.addressAt(index)));
    return answers;
  }
}

const NO_ANSWERS: readonly Address[] = [];

/**
 * Who does not desire recursion asks a server about its zones; and so did who gets an authoritative answer from a server
 * without recursion.
 */
function roleOf(flags: number, isResponse: boolean, isFromResolver: boolean): Role {
  const isRecursive = (flags & FLAG.RD) !== 0;
  const isOfZone = isResponse && (flags & FLAG.AA) !== 0 && (flags & FLAG.RA) === 0;
  if (!isRecursive || isOfZone) return 'authoritative';
  return isFromResolver ? 'forwarded' : 'recursive';
}
