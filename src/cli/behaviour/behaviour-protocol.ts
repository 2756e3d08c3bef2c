/** The messages between gluewall and the thread that looks at what hosts do. */
import type { MessagePort } from 'node:worker_threads';
import type { BotGroup } from '../../correlation/bot-group.ts';
import type { HostEvent, VerdictSeen } from '../../correlation/host-event.ts';
import type { Found } from '../../findings/finding.ts';
import type { BehaviourQuestions } from '../../services/behaviour-services.ts';
import type { BehaviourSettings } from './behaviour-order.ts';

/** What the main thread hands over as it comes; `octets` of it are told back once it has been taken. */
export type HandedSight =
  /** Observations of a capture; their times are `shiftMs` behind the clock of this machine. */
  | {
      readonly kind: 'border' | 'client';
      readonly batch: Uint8Array;
      readonly shiftMs: number;
    }
  /** Data frames of dnstap, one behind the other as Frame Streams has them. */
  | { readonly kind: 'dnstap'; readonly frames: Uint8Array }
  | { readonly kind: 'gate'; readonly verdicts: readonly VerdictSeen[] };

/** What the thread shows of itself; every number counts since its start unless it says otherwise. */
export interface BehaviourThreadFigures {
  /** Held now. */
  readonly hosts: number;
  readonly pairs: number;
  readonly groups: number;
  /** Hosts that went for want of room, with all that was known of them. */
  readonly forgotten: number;
  /** Pairs of a host and what it contacted that went for want of room, and contacts that found none. */
  readonly forgottenPairs: number;
  readonly leftOut: number;
  /** Answers that the host had not asked for. */
  readonly unasked: number;
  readonly events: Readonly<Record<HostEvent['kind'], number>>;
  /** Events that two sources told of: the second ones. */
  readonly seenTwice: number;
  /** Batches and frames that could not be read to the end. */
  readonly damaged: number;
  /** Entries of logs that found no room on their way. */
  readonly lostEntries: number;
  /** Batches that found no room to wait for what comes later by another way. */
  readonly lostBatches: number;
  /** What rounds found beyond what they may hand over. */
  readonly foundBeyond: number;
  readonly rounds: number;
  /** Work of all rounds together, and of the last one; milliseconds. */
  readonly roundsMs: number;
  readonly lastRoundMs: number;
}

export type ToBehaviourThread =
  | { readonly kind: 'handed'; readonly octets: number; readonly what: HandedSight }
  /** Where entries of logs come from, from now on. */
  | { readonly kind: 'log'; readonly port: MessagePort }
  | { readonly kind: 'settings'; readonly settings: BehaviourSettings }
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly operation: keyof BehaviourQuestions;
      readonly args: readonly unknown[];
    }
  /** The last one: what waits is judged once more, and the thread ends. */
  | { readonly kind: 'stop' };

export type FromBehaviourThread =
  | { readonly kind: 'taken'; readonly octets: number }
  /** The groups after a round, then what it has found, in portions. */
  | { readonly kind: 'groups'; readonly groups: readonly BotGroup[] }
  | { readonly kind: 'found'; readonly found: readonly Found[] }
  | { readonly kind: 'figures'; readonly figures: BehaviourThreadFigures }
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  /** Errors travel as their code and message, which is what a clone would lose. */
  | { readonly kind: 'failed'; readonly id: number; readonly code: string; readonly message: string }
  | {
      readonly kind: 'say';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly fields: object;
      readonly message: string;
    };
