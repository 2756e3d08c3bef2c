/** The operations that are the same in both databases, each in steps. */
import { addChange, changesAfter, changesBefore } from './accounts/change-steps.ts';
import { deleteRecords, recordsAfter, saveRecords } from './accounts/record-steps.ts';
import { addEntryComment, changeEntries } from './inbox/change-entries.ts';
import { entryCopiesAfter, saveEntryCopies } from './inbox/copy-entries.ts';
import {
  busyHour,
  commentsOf,
  entriesById,
  entriesChangedAfter,
  findEntries,
  lastEntryChange,
  openEntries,
} from './inbox/find-entries.ts';
import { entryOfEvent, eventsOfEntry, findKeptEvents, keptEvent } from './inbox/find-kept-events.ts';
import { addMinutes, minutesFrom } from './minute-steps.ts';
import type { StepContext, Steps } from './steps.ts';

const READ_STEPS = {
  findEntries,
  entriesById,
  commentsOf,
  lastEntryChange,
  entriesChangedAfter,
  findKeptEvents,
  eventsOfEntry,
  keptEvent,
  entryOfEvent,
  busyHour,
  openEntries,
  minutesFrom,
  recordsAfter,
  changesBefore,
  changesAfter,
  entryCopiesAfter,
} as const;

const WRITE_STEPS = {
  changeEntries,
  addEntryComment,
  addMinutes,
  saveRecords,
  deleteRecords,
  addChange,
  saveEntryCopies,
} as const;

type AllSteps = typeof READ_STEPS & typeof WRITE_STEPS;
export type StepName = keyof AllSteps;
export type StepArguments<K extends StepName> = Parameters<AllSteps[K]> extends [StepContext, ...infer A] ? A : never;
export type StepResult<K extends StepName> = ReturnType<AllSteps[K]> extends Steps<infer T> ? T : never;

/** The steps of an operation, and whether they write. */
export function stepsOf<K extends StepName>(
  context: StepContext,
  name: K,
  args: StepArguments<K>,
): { readonly steps: Steps<StepResult<K>>; readonly writes: boolean } {
  const all: Readonly<Record<string, unknown>> = { ...READ_STEPS, ...WRITE_STEPS };
  const make = all[name] as (context: StepContext, ...args: StepArguments<K>) => Steps<StepResult<K>>;
  return { steps: make(context, ...args), writes: Object.hasOwn(WRITE_STEPS, name) };
}
