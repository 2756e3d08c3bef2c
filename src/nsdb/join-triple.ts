import { GLUES, type Lesson, MAX_TEACHERS, type NsTriple, TRUSTS } from './ns-triple.ts';
import { glueOf, MARK, ORIGIN, packState, trustOf } from './row-state.ts';
import type { TripleTable } from './triple-table.ts';

/**
 * Puts into a row what it and a triple from elsewhere know together: first seen first, last seen last, the higher trust, the
 * newer lesson; a row that `isNew` knows nothing yet. Until when it holds is left to the history.
 */
export function joinTriple(rows: TripleTable, row: number, triple: NsTriple, isNew: boolean, nowMs: number): void {
  const lastSeenMs = Math.min(triple.lastSeenAtMs, nowMs);
  const firstSeenMs = Math.min(triple.firstSeenAtMs, lastSeenMs);
  const state = rows.state(row);
  const trust = Math.max(TRUSTS.indexOf(triple.trust), isNew ? 0 : trustOf(state));
  const isNewer = isNew || lastSeenMs >= rows.lastSeenMs(row);
  const glue = isNewer ? GLUES.indexOf(triple.glue) : glueOf(state);
  rows.setState(row, packState(ORIGIN.LEARNED, trust, glue) | (state & (MARK.PAST | MARK.CHANGED)));
  rows.setFirstSeenMs(row, isNew ? firstSeenMs : Math.min(rows.firstSeenMs(row), firstSeenMs));
  rows.setSightings(row, Math.max(triple.sightings, rows.sightings(row)));
  for (const teacher of triple.teachers.slice(0, MAX_TEACHERS).reverse()) {
    rows.addTeacher(row, rows.addresses.intern(teacher));
  }
  if (!isNewer) return;
  rows.setLastSeenMs(row, lastSeenMs);
  if (triple.lesson !== undefined) setLesson(rows, row, triple.lesson, lastSeenMs);
}

function setLesson(rows: TripleTable, row: number, lesson: Lesson, lastSeenMs: number): void {
  const { nsTtlSeconds, glueTtlSeconds, queryAtMs, queryId, queryName } = lesson;
  const responseMs = Math.min(lesson.responseAtMs, lastSeenMs);
  rows.setTtls(row, nsTtlSeconds, glueTtlSeconds);
  const query = rows.names.internName(queryName) || rows.nameServer(row);
  rows.setExchange(row, responseMs, queryAtMs ?? Number.NaN, queryId, query);
}
