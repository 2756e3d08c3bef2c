import { addressOctets } from '../../core/address.ts';
import { type Name, ROOT } from '../../dns/name.ts';
import type { LogPlace, LogQuestion } from '../../querylog/query-log-store.ts';
import { nameKey, nameKeyRange } from '../name-key.ts';
import { BLOCK_ENTRIES } from './segment.ts';

/** Something that must hold, in SQL. */
interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** A way to entries in a part of a day, a segment or a block. */
export interface Way {
  /** `TABLE … WHERE …`, the entries on the way; `values` go into it. */
  readonly from: string;
  values(part: number): readonly unknown[];
  /** The table that has the time and the number by which entries are ordered. */
  readonly ordered: 'entry' | 'answer';
  /** Whether the way is an index that has the entries in order of time. */
  readonly isInOrder: boolean;
}

/** A way by an index, to the entries of a segment. */
export interface IndexedWay extends Way {
  /** As `from`, of what is in the index: quick to count. */
  readonly counted: string;
  /** Whether something lies on the way in the segment `part.number`, between two times that follow the values. */
  readonly probe: Condition;
  /** What must hold of an entry to which another way has led. */
  readonly condition: Condition;
}

/** What is asked of each day. */
export interface DayQuestion {
  /** None: all entries are looked through. */
  readonly ways: readonly IndexedWay[];
  /** The name of the source. */
  readonly source: string | undefined;
  readonly sinceMs: number;
  /** Only entries before this place. */
  readonly before: LogPlace;
}

/** Reads a question, so that days can be asked. */
export function dayQuestion(question: LogQuestion): DayQuestion {
  const { answer, name, client, zone, source, after } = question;
  const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = question;
  const ways: IndexedWay[] = [];
  if (answer !== undefined) ways.push(answerWay(addressOctets(answer)));
  if (name !== undefined) ways.push(entryWay('name', { sql: 'entry.name = ?', values: [nameKey(name)] }, true));
  if (client !== undefined) {
    ways.push(entryWay('client', { sql: 'entry.client = ?', values: [addressOctets(client)] }, true));
  }
  // All names are below the root.
  if (zone !== undefined && zone !== ROOT) ways.push(zoneWay(zone));
  const before = after !== undefined && after.atMs < untilMs ? after : { atMs: untilMs, number: 0 };
  return { ways, source, sinceMs, before };
}

/** All entries of a block. */
export const BLOCK_WAY: Way = {
  from: 'entry WHERE entry.number >= ? AND entry.number < ?',
  values: (block) => [block * BLOCK_ENTRIES, (block + 1) * BLOCK_ENTRIES],
  ordered: 'entry',
  isInOrder: false,
};

function entryWay(index: 'name' | 'client', condition: Condition, isInOrder: boolean): IndexedWay {
  const { sql, values } = condition;
  const table = `entry INDEXED BY entry_by_${index}`;
  const from = `${table} WHERE entry.segment = ? AND ${sql}`;
  const inPart = `entry.segment = part.number AND ${sql} AND entry.at_ms >= ? AND entry.at_ms <= ?`;
  return {
    from,
    values: (segment) => [segment, ...values],
    ordered: 'entry',
    isInOrder,
    counted: from,
    probe: { sql: `EXISTS (SELECT 1 FROM ${table} WHERE ${inPart})`, values },
    condition,
  };
}

function zoneWay(zone: Name): IndexedWay {
  const { first, end } = nameKeyRange(zone);
  return entryWay('name', { sql: 'entry.name >= ? AND entry.name < ?', values: [first, end] }, false);
}

function answerWay(address: Buffer): IndexedWay {
  const where = 'WHERE answer.segment = ? AND answer.address = ?';
  const inPart = 'segment = part.number AND address = ? AND at_ms >= ? AND at_ms <= ?';
  const ofEntry = 'segment = entry.segment AND address = ? AND at_ms = entry.at_ms AND number = entry.number';
  return {
    from: `answer CROSS JOIN entry ON entry.number = answer.number ${where}`,
    values: (segment) => [segment, address],
    ordered: 'answer',
    isInOrder: true,
    counted: `answer ${where}`,
    probe: { sql: `EXISTS (SELECT 1 FROM answer WHERE ${inPart})`, values: [address] },
    condition: { sql: `EXISTS (SELECT 1 FROM answer WHERE ${ofEntry})`, values: [address] },
  };
}
