/** What people ask of the query log. */
import type { Address } from '../core/address.ts';
import { GluewallError } from '../core/errors.ts';
import type {
  LogPlace,
  LogQuestion,
  QuarantinedRecord,
  QueryLogStore,
  SourceCoverage,
  TrimReport,
} from '../querylog/query-log-store.ts';
import type { SourceFigures } from '../querylog/source-figures.ts';
import { formatInstant } from './instant.ts';
import { type EntryView, formatLogPlace, viewEntry } from './log-view.ts';

/** A query log that is asked: of a gluewall that runs, or of a store that rests. */
export interface AskedLog extends Pick<QueryLogStore, 'search' | 'coverage' | 'quarantined'> {
  /** Lets go of what is older or more than the configuration keeps. */
  trim(): Promise<TrimReport>;
  /** Null where nothing is being read. */
  sourceFigures(): Promise<readonly SourceFigures[] | null>;
  /** What stands in the log for a client: itself, or its pseudonym. */
  clientInLog(client: Address): Address;
}

/** A question as it is asked: `client` is an address of the network, and not what may stand for it in the log. */
export interface LogSearch extends Omit<LogQuestion, 'limit' | 'after'> {
  /** As the log has it. */
  readonly pseudonym?: Address | undefined;
  readonly after?: LogPlace | undefined;
  readonly limit: number;
}

export interface SearchSummary {
  readonly count: number;
  /** What to ask for the next page with; null when there is none. */
  readonly next: string | null;
}

export interface SourceView {
  readonly source: string;
  readonly entries: number;
  readonly first: string | null;
  readonly last: string | null;
  /** Times without an entry, the longest of them, in order of time. */
  readonly gaps: readonly { readonly from: string; readonly to: string }[];
  /** Null where it is not being read. */
  readonly reading: ReadingView | null;
}

/** How the reading of one source goes, since gluewall runs. */
export interface ReadingView {
  /** Null while nobody knows. */
  readonly format: string | null;
  readonly bytes: number;
  /** Records that were read; those that are no queries, and by reason those that could not be read. */
  readonly records: number;
  readonly other: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly entries: number;
  /** Entries that found no room while the log could not be written. */
  readonly lost: number;
  /** The time of the last record. */
  readonly last: string | null;
  /** How far its clock seems to be behind ours, milliseconds. */
  readonly behindMs: number | null;
  /** What it does not say of its times. */
  readonly assumed: readonly string[];
  /** Why it cannot be read, or kept, now. */
  readonly problem: string | null;
}

/** A record that could not be read. */
export interface RefusedView {
  readonly time: string;
  readonly source: string;
  readonly reason: string;
  /** The beginning of its octets, each as a character. */
  readonly sample: string;
}

export interface LogServices {
  /** Newest first. `gone` is aborted once nobody waits for more. */
  search(search: LogSearch, gone?: AbortSignal): AsyncGenerator<EntryView, SearchSummary>;
  /** What the log covers, by source; times of `gapMs` and more without an entry are gaps. */
  sources(gapMs: number): AsyncGenerator<SourceView, void>;
  /** The newest records that could not be read, of a source or of all. */
  refused(source: string | undefined): AsyncGenerator<RefusedView, void>;
  trim(): Promise<TrimReport>;
}

/** Entries that are asked of a store at once. */
const PAGE_ENTRIES = 1000;

/** `log` is undefined where there is no query log to ask. */
export function logServices(log: AskedLog | undefined): LogServices {
  const asked = () => {
    if (log !== undefined) return log;
    throw new GluewallError('not-running', 'there is no query log to ask: start gluewall with `gluewall run`');
  };
  return {
    search: (search, gone) => searchLog(asked(), search, gone),
    sources: (gapMs) => viewSources(asked(), gapMs),
    refused: (source) => viewRefused(asked(), source),
    trim: () => asked().trim(),
  };
}

async function* searchLog(
  log: AskedLog,
  search: LogSearch,
  gone: AbortSignal | undefined,
): AsyncGenerator<EntryView, SearchSummary> {
  const { pseudonym, client, limit, ...rest } = search;
  const question = { ...rest, client: pseudonym ?? (client === undefined ? undefined : log.clientInLog(client)) };
  let { after } = search;
  let count = 0;
  while (count < limit) {
    const page = await log.search({ ...question, after, limit: Math.min(PAGE_ENTRIES, limit - count) }, gone);
    for (const entry of page.entries) yield viewEntry(entry);
    count += page.entries.length;
    after = page.last;
    if (after === undefined) return { count, next: null };
  }
  return { count, next: after === undefined ? null : formatLogPlace(after) };
}

async function* viewSources(log: AskedLog, gapMs: number): AsyncGenerator<SourceView, void> {
  const covered = new Map((await log.coverage(gapMs)).map((coverage) => [coverage.source, coverage]));
  const read = new Map((await log.sourceFigures())?.map((figures) => [figures.source, figures]));
  for (const source of [...new Set([...covered.keys(), ...read.keys()])].sort()) {
    yield viewSource(source, covered.get(source), read.get(source));
  }
}

function viewSource(source: string, covered: SourceCoverage | undefined, read: SourceFigures | undefined): SourceView {
  return {
    source,
    entries: covered?.entries ?? 0,
    first: formatInstant(covered?.firstAtMs ?? Number.NaN),
    last: formatInstant(covered?.lastAtMs ?? Number.NaN),
    gaps: (covered?.gaps ?? []).map(({ fromMs, toMs }) => ({ from: formatInstant(fromMs)!, to: formatInstant(toMs)! })),
    reading: read === undefined ? null : viewReading(read),
  };
}

export function viewReading({ lastAtMs, behindMs, ...figures }: SourceFigures): ReadingView {
  const { bytes, records, other, refused, entries, lost } = figures;
  return {
    format: figures.format ?? null,
    bytes,
    records,
    other,
    refused,
    entries,
    lost,
    last: formatInstant(lastAtMs ?? Number.NaN),
    behindMs: behindMs === undefined ? null : Math.round(behindMs),
    assumed: figures.assumptions,
    problem: figures.problem ?? null,
  };
}

async function* viewRefused(log: AskedLog, source: string | undefined): AsyncGenerator<RefusedView, void> {
  for (const record of await log.quarantined(source)) yield viewRecord(record);
}

function viewRecord({ atMs, source, reason, sample }: QuarantinedRecord & { readonly source: string }): RefusedView {
  return { time: formatInstant(atMs)!, source, reason, sample: Buffer.from(sample).toString('latin1') };
}
