import type { Address } from '../core/address.ts';
import type { EntryBatchWriter } from './entry-batch.ts';
import type { QueueRoom } from './queue-room.ts';
import type { SourceTime } from './source-time.ts';

/** What a reader is given to read one source with. */
export interface ReaderParts {
  /** Where entries go, once nothing more is to be said of them. */
  readonly entries: EntryBatchWriter;
  /** Memory for queries of which more may be told, shared with other sources; undefined: each source has enough of its own. */
  readonly openRoom?: QueueRoom | undefined;
  /** The clock that the source writes by. */
  readonly time: SourceTime;
  /** The address of the server that writes, where it is configured: for formats that do not say it. */
  readonly server: Address | undefined;
  /** What stands in the log for a client: the address itself, or its pseudonym. To be asked as soon as an address is read. */
  readonly client: (address: Address) => Address;
}

/**
 * What became of a record: `taken`: it is an entry, or tells more of one; `other`: the server says something that is no query;
 * else why it cannot be read, in a few words that are the same for all records of the kind.
 */
export type RecordOutcome = 'taken' | 'other' | { readonly refused: string };

/** Reads the records of one source in their order. What it is given holds only during the call. */
export interface LogReader {
  /** Takes one record: of text a line without its end, else a frame. Never throws. */
  read(octets: Buffer, start: number, end: number): RecordOutcome;
  /** Lets go of entries whose response is waited for: nothing more has come for a while, or ever will. */
  settle(): void;
  /** All it has to know to go on behind the last record, as JSON, or empty; of an anonymised source without addresses of clients. */
  state(): string;
  /** Goes on from what `state` said; does nothing with what another version has written. */
  resume(state: string): void;
}

/** One kind of log. */
export interface LogFormat {
  /** As in the configuration: one of FORMAT_NAMES, where it stands in the list. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** How records follow one another: lines of text, or Frame Streams. */
  readonly framing: 'lines' | 'frames';
  create(parts: ReaderParts): LogReader;
}
