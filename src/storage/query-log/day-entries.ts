import { DAY_MS } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { EntryBatchReader } from '../../querylog/entry-batch.ts';
import { dayOf, MAX_DAYS, MAX_SOURCE_CHARACTERS, type SourceBatch } from '../../querylog/query-log-store.ts';

/** The entries of a batch that are of one day. */
export interface DayEntries {
  /** Days since the epoch, 0 to LAST_DAY. */
  readonly day: number;
  /** Packed (entry-batch.ts), in their order. */
  readonly entries: Uint8Array;
}

/** The last day whose year has four digits. */
export const LAST_DAY = Math.floor(Date.UTC(9999, 11, 31) / DAY_MS);

/**
 * The entries of a batch, day by day. Throws GluewallError `store-batch` where the batch cannot be kept: its entries cannot be
 * read, have a time before 1970 or behind 9999, or are of more than MAX_DAYS days; or its source has no name or too long a one.
 */
export function splitByDay({ source, entries }: SourceBatch): readonly DayEntries[] {
  if (source === '' || source.length > MAX_SOURCE_CHARACTERS) {
    throw refusedBatch(source, `its source has a name of ${source.length} characters`);
  }
  const days = daysOf(source, entries);
  if (days.size > MAX_DAYS) throw tooManyDays(source);
  const [first] = days;
  if (first === undefined) return [];
  if (days.size === 1) return [{ day: first, entries }];
  const records = new Map([...days].map((day) => [day, [] as Buffer[]]));
  const reader = new EntryBatchReader(entries);
  while (reader.next() === 'entry') records.get(dayOf(reader.atMs))!.push(reader.octets);
  return [...records].map(([day, octets]) => ({ day, entries: Buffer.concat(octets) }));
}

function daysOf(source: string, entries: Uint8Array): ReadonlySet<number> {
  const days = new Set<number>();
  const reader = new EntryBatchReader(entries);
  let step = reader.next();
  for (let last = Number.NaN; step === 'entry'; step = reader.next()) {
    const day = dayOf(reader.atMs);
    if (day === last) continue;
    if (day < 0 || day > LAST_DAY) throw refusedBatch(source, 'a time in it is before 1970 or behind 9999');
    days.add(day);
    last = day;
  }
  if (step === 'damaged') throw refusedBatch(source, 'its entries cannot be read');
  return days;
}

/** The log would be of too many days with it. */
export function tooManyDays(source: string): GluewallError {
  return refusedBatch(source, `the query log holds ${MAX_DAYS} days at most`);
}

function refusedBatch(source: string, reason: string): GluewallError {
  const name = source.slice(0, 40);
  return new GluewallError('store-batch', `what the source ${name} brought is not kept: ${reason}`);
}
