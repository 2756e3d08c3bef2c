/** The messages between gluewall and the thread of its traceback node. */
import type { Address } from '../../core/address.ts';
import type { LogPage, LogQuestion } from '../../querylog/query-log-store.ts';
import type { NodeFigures, NodeOperations } from '../../services/traceback-services.ts';
import type { CaseProgress } from '../../traceback/cases/case.ts';
import type { CaseDemand } from '../../traceback/cases/case-demand.ts';
import type { NamedHosts } from '../../traceback/named-hosts.ts';
import type { NodeSettings } from './node-order.ts';

/** What the thread is asked, each with one answer. */
export type NodeQuestions = Omit<NodeOperations, 'request'>;

/** Figures of the thread itself. */
export type ThreadFigures = Omit<NodeFigures, 'isRunning' | 'restarts' | 'port'>;

export type ToNodeThread =
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly operation: keyof NodeQuestions;
      readonly args: readonly unknown[];
    }
  | { readonly kind: 'request'; readonly id: number; readonly demand: CaseDemand }
  /** Nobody waits any more for what was asked or requested under this number. */
  | { readonly kind: 'drop'; readonly id: number }
  /** What the log said to the question of this number, and which of its clients have names. */
  | {
      readonly kind: 'found';
      readonly id: number;
      readonly page: LogPage;
      readonly names: readonly (readonly [Address, string])[];
    }
  | { readonly kind: 'not found'; readonly id: number; readonly code: string; readonly message: string }
  | { readonly kind: 'settings'; readonly settings: NodeSettings }
  /** The last one; the thread ends when its requests have. */
  | { readonly kind: 'stop' };

export type FromNodeThread =
  | { readonly kind: 'listening'; readonly port: number }
  /** It cannot begin: the thread ends behind it. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'search'; readonly id: number; readonly question: LogQuestion }
  /** Nobody waits any more for what the log says to this question. */
  | { readonly kind: 'drop'; readonly id: number }
  | { readonly kind: 'progress'; readonly id: number; readonly progress: CaseProgress }
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  /** Errors travel as their code and message, which is what a clone would lose. */
  | { readonly kind: 'failed'; readonly id: number; readonly code: string; readonly message: string }
  | { readonly kind: 'figures'; readonly figures: ThreadFigures }
  | { readonly kind: 'named'; readonly named: NamedHosts }
  | {
      readonly kind: 'say';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly fields: object;
      readonly message: string;
    };
