/** The messages between gluewall and the thread that keeps its query log. */
import type { MessagePort } from 'node:worker_threads';
import type { Address } from '../../core/address.ts';
import type { LogEntry } from '../../querylog/log-entry.ts';
import type {
  LogPage,
  LogQuestion,
  QuarantinedRecord,
  SourceCoverage,
  TrimReport,
} from '../../querylog/query-log-store.ts';
import type { SourceFigures } from '../../querylog/source-figures.ts';
import type { LogSettings } from './log-order.ts';

/** What the log is asked, each with an answer. */
export interface LogOperations {
  search(question: LogQuestion, signal?: AbortSignal): Promise<LogPage>;
  coverage(gapMs: number): Promise<readonly SourceCoverage[]>;
  quarantined(source: string | undefined): Promise<readonly (QuarantinedRecord & { readonly source: string })[]>;
  trim(): Promise<TrimReport>;
  sourceFigures(): Promise<readonly SourceFigures[]>;
}

/** What the main thread hands over as it comes; `octets` of it are told back once it has been taken. */
export type Handed =
  /** Queries that the gate did not let pass, or would not have. */
  | { readonly kind: 'gate'; readonly entries: readonly LogEntry[] }
  /** Observations of our own capture; their times are `shiftMs` behind the clock of this machine. */
  | { readonly kind: 'capture'; readonly batch: Uint8Array; readonly shiftMs: number }
  /** Data frames of dnstap, one behind the other as Frame Streams has them, from one address. */
  | { readonly kind: 'dnstap'; readonly writer: string; readonly frames: Uint8Array };

export type ToLogThread =
  | { readonly kind: 'handed'; readonly octets: number; readonly what: Handed }
  /** Where the entries of logs are to go, too, from now on (behaviour/entry-tee.ts). */
  | { readonly kind: 'tee'; readonly port: MessagePort }
  | { readonly kind: 'settings'; readonly settings: LogSettings; readonly trustedResolvers: readonly Address[] }
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly operation: keyof LogOperations;
      readonly args: readonly unknown[];
    }
  /** Nobody waits any more for the answer to what was asked under this number. */
  | { readonly kind: 'drop'; readonly id: number }
  /** The last one; the thread ends when all that it has is kept. */
  | { readonly kind: 'stop' };

export type FromLogThread =
  | { readonly kind: 'taken'; readonly octets: number }
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  /** Errors travel as their code and message, which is what a clone would lose. */
  | { readonly kind: 'failed'; readonly id: number; readonly code: string; readonly message: string }
  | { readonly kind: 'figures'; readonly sources: readonly SourceFigures[] }
  | {
      readonly kind: 'say';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly fields: object;
      readonly message: string;
    };
