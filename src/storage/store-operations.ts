/** What a database does in one go. Its thread is asked for these by name, so all of it can be cloned. */
import type { SaveMark } from '../core/save-mark.ts';
import type { EventQuery } from '../events/event-store.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { Finding } from '../findings/finding.ts';
import type { WarmupProgress } from '../policy/mode.ts';
import type { Rule } from '../policy/rule.ts';
import type { FindingPlace } from './finding-rows.ts';
import type { StepArguments, StepName, StepResult } from './step-operations.ts';
import type { StoreContents } from './store.ts';

/** Some of the rows asked for, and where to go on. */
export interface Portion<T, P> {
  readonly items: T;
  /** The place of the last row read; undefined when there are no more. */
  readonly next: P | undefined;
}

/** The key of a triple, as octets: reading goes on after it. */
export interface TriplePlace {
  readonly zone: Uint8Array;
  readonly nameServer: Uint8Array;
  readonly address: Uint8Array;
}

/** Where in the events reading goes on: after this row, for so many more. */
export interface EventPlace {
  readonly atMs: number;
  readonly id: number;
  readonly left: number;
  /** The way still goes back, from before this row: over so many of the wanted ones, and reading on begins there. */
  readonly skip?: number;
}

export interface StoreOperations {
  /** A batch of the triples after `place`, undefined for the first. */
  triplesAfter(place: TriplePlace | undefined, sinceMs: number): Portion<Uint8Array, TriplePlace>;
  saveTriples(batch: Uint8Array, mark?: SaveMark | undefined): void;
  /** Deletes some thousands; resolves with how many, 0 when there are no more. */
  deleteExpiredTriples(beforeMs: number): number;
  rules(nowMs: number): readonly Rule[];
  saveRule(rule: Rule): void;
  deleteRule(id: string): void;
  warmup(): WarmupProgress | undefined;
  saveWarmup(progress: WarmupProgress): void;
  saveEvents(events: readonly VerdictEvent[], mark?: SaveMark | undefined): void;
  /** The events of a query after `place`, undefined for the first. */
  eventsAfter(place: EventPlace | undefined, query: EventQuery): Portion<readonly VerdictEvent[], EventPlace>;
  saveFindings(findings: readonly Finding[]): void;
  deleteFindings(ids: readonly string[]): void;
  /** Findings after `place`, undefined for those last updated. */
  findingsAfter(place: FindingPlace | undefined): Portion<readonly Finding[], FindingPlace>;
  contents(): StoreContents;
  /** One of the operations that are the same in all databases. */
  run<K extends StepName>(name: K, args: StepArguments<K>): StepResult<K>;
}

/** The same where each takes its time. */
export type AsyncStoreOperations = {
  [K in Exclude<keyof StoreOperations, 'run'>]: (
    ...args: Parameters<StoreOperations[K]>
  ) => Promise<ReturnType<StoreOperations[K]>>;
} & { run<K extends StepName>(name: K, args: StepArguments<K>): Promise<StepResult<K>> };
