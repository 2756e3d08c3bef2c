import { MessageChannel, type MessagePort, type Transferable, Worker } from 'node:worker_threads';
import type { Clock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { BotGroup } from '../../correlation/bot-group.ts';
import { verdictSeen } from '../../correlation/events/verdict-seen.ts';
import type { VerdictSeen } from '../../correlation/host-event.ts';
import type { VerdictEvent } from '../../events/verdict-event.ts';
import type { Found } from '../../findings/finding.ts';
import type { BehaviourQuestions } from '../../services/behaviour-services.ts';
import { endThread } from '../end-thread.ts';
import { HandedRoom } from '../handed-room.ts';
import { GatheredFrames } from '../query-log/gathered-frames.ts';
import { ThreadQuestions } from '../thread-questions.ts';
import type { BehaviourOrder, BehaviourSettings } from './behaviour-order.ts';
import type {
  BehaviourThreadFigures,
  FromBehaviourThread,
  HandedSight,
  ToBehaviourThread,
} from './behaviour-protocol.ts';

export interface BehaviourOptions {
  readonly order: BehaviourOrder;
  /** Takes what a round has found, a portion at a time. */
  readonly onFound: (found: readonly Found[]) => void;
  /** Who has entries of logs to give: takes a port to send them to each time the thread begins. */
  readonly giveLogPort?: ((port: MessagePort) => void) | undefined;
  /** The compiled thread; by default `behaviour-thread.js` beside this file. */
  readonly threadScript?: URL;
}

/** What gluewall shows of it; every number counts since the start. */
export interface BehaviourFigures {
  /** Whether the thread is there. */
  readonly isLooking: boolean;
  readonly restarts: number;
  /** What was handed over, and what found no room: batches of captures, frames of dnstap, verdicts of the gate. */
  readonly handed: Readonly<Record<HandedSight['kind'], number>>;
  readonly lost: Readonly<Record<HandedSight['kind'], number>>;
  /** Of the thread that runs; undefined while it has told none. */
  readonly thread: BehaviourThreadFigures | undefined;
}

/** What waits for the thread, octets; what comes beyond is lost. */
const MAX_WAITING_OCTETS = 32 * 1024 * 1024;
const MAX_QUESTIONS = 64;
/** Memory of a verdict on its way, and of a message beside what is in it; about. */
const VERDICT_OCTETS = 512;
const MESSAGE_OCTETS = 1024;
/** What the thread has as objects, MiB; more is a fault of it, and ends it instead of gluewall. */
const MAX_HEAP_MIB = 3072;
const RESTART_MS = 5000;

/**
 * Looks at what hosts do: a thread of its own keeps evidence, and says in rounds what it has found. What only this thread has is
 * handed over unread, in bounded memory; nothing here waits.
 */
export class Behaviour implements BehaviourQuestions {
  readonly #options: BehaviourOptions;
  readonly #script: URL;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #questions = new ThreadQuestions(MAX_QUESTIONS);
  readonly #room = new HandedRoom(['border', 'client', 'dnstap', 'gate'], MAX_WAITING_OCTETS);
  readonly #frames: GatheredFrames;
  #order: BehaviourOrder;
  #worker: Worker | undefined;
  #verdicts: VerdictSeen[] = [];
  #figures: BehaviourThreadFigures | undefined;
  #restarts = 0;
  #isFlushPlanned = false;
  #isStopped = false;
  #cancelRestart: (() => void) | undefined;

  constructor(options: BehaviourOptions, clock: Clock, log: Log) {
    this.#options = options;
    this.#order = options.order;
    this.#clock = clock;
    this.#log = log;
    this.#frames = new GatheredFrames(clock, (frames, count) =>
      this.#hand({ kind: 'dnstap', frames }, frames.length, count, [frames.buffer]),
    );
    this.#script = options.threadScript ?? new URL('./behaviour-thread.js', import.meta.url);
  }

  /** Begins with the groups that were known before; what cannot be had is told by the log, and tried again. */
  start(groups: readonly BotGroup[]): void {
    this.#order = { ...this.#order, groups };
    this.#begin();
  }

  /** Takes up what can change while gluewall runs. */
  configure(settings: BehaviourSettings): void {
    this.#order = { ...this.#order, ...settings };
    this.#send({ kind: 'settings', settings });
  }

  /** Takes observations, which hold only during the call. */
  takeCaptured(batch: Uint8Array, shiftMs: number, side: 'border' | 'client'): void {
    const copy = new Uint8Array(batch);
    this.#hand({ kind: side, batch: copy, shiftMs }, copy.length, 1, [copy.buffer]);
  }

  /** Takes `count` data frames of dnstap, each behind its length, which hold only during the call. */
  takeDnstap(frames: Uint8Array, count: number, writer: string): void {
    this.#frames.add(frames, count, writer);
  }

  takeEvent(event: VerdictEvent): void {
    this.#verdicts.push(verdictSeen(event));
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    queueMicrotask(() => this.#flush());
  }

  get figures(): BehaviourFigures {
    const isLooking = this.#worker !== undefined;
    return { isLooking, restarts: this.#restarts, ...this.#room.figures, thread: this.#figures };
  }

  groups: BehaviourQuestions['groups'] = () => this.#ask('groups');
  host: BehaviourQuestions['host'] = (address) => this.#ask('host', address);
  dnsTcp: BehaviourQuestions['dnsTcp'] = () => this.#ask('dnsTcp');

  /** Entries of logs come by another way from now on, as when who sends them has begun anew. */
  joinLog(): void {
    const { giveLogPort } = this.#options;
    if (giveLogPort === undefined || this.#worker === undefined) return;
    const { port1, port2 } = new MessageChannel();
    this.#send({ kind: 'log', port: port1 }, [port1]);
    giveLogPort(port2);
  }

  /** Resolves when what was handed over has been judged once more, or cannot be. Safe twice. */
  async stop(): Promise<void> {
    this.#flush();
    this.#frames.flush();
    this.#isStopped = true;
    this.#cancelRestart?.();
    const worker = this.#worker;
    if (worker === undefined) return;
    await endThread(worker, () => this.#send({ kind: 'stop' }));
  }

  #begin(): void {
    let worker: Worker;
    try {
      const resourceLimits = { maxOldGenerationSizeMb: MAX_HEAP_MIB };
      worker = new Worker(this.#script, { workerData: this.#order, resourceLimits });
    } catch (error) {
      // Such as one for want of memory or threads: no fault of the firewall.
      this.#beginAgain(`its thread cannot begin: ${(error as Error).message}`);
      return;
    }
    this.#worker = worker;
    worker.on('message', (message: FromBehaviourThread) => this.#receive(message));
    worker.on('error', (error) => this.#ended(worker, `its thread failed: ${error.message}`));
    worker.on('exit', () => this.#ended(worker, 'its thread ended'));
    this.joinLog();
  }

  #ask<K extends keyof BehaviourQuestions>(
    operation: K,
    ...args: Parameters<BehaviourQuestions[K]>
  ): ReturnType<BehaviourQuestions[K]> {
    const answer = (): Promise<unknown> => {
      if (this.#worker === undefined) return Promise.reject(away('it is not there at the moment'));
      if (this.#questions.isFull) return Promise.reject(away(`${MAX_QUESTIONS} questions wait already`));
      return this.#questions.ask((id) => this.#send({ kind: 'ask', id, operation, args }));
    };
    // What the thread answers is of the type of the operation: `serveBehaviour` sees to it.
    return answer() as ReturnType<BehaviourQuestions[K]>;
  }

  #flush(): void {
    this.#isFlushPlanned = false;
    const verdicts = this.#verdicts;
    this.#verdicts = [];
    if (verdicts.length > 0) {
      this.#hand({ kind: 'gate', verdicts }, verdicts.length * VERDICT_OCTETS, verdicts.length, []);
    }
  }

  #hand(what: HandedSight, lengthOctets: number, count: number, given: readonly Transferable[]): void {
    const octets = lengthOctets + MESSAGE_OCTETS;
    const isThere = this.#worker !== undefined && !this.#isStopped;
    if (this.#room.take(what.kind, octets, count, isThere)) this.#send({ kind: 'handed', octets, what }, given);
  }

  #send(message: ToBehaviourThread, given: readonly Transferable[] = []): void {
    this.#worker?.postMessage(message, given);
  }

  #receive(message: FromBehaviourThread): void {
    switch (message.kind) {
      case 'taken':
        this.#room.taken(message.octets);
        return;
      case 'groups':
        this.#order = { ...this.#order, groups: message.groups };
        return;
      case 'found':
        this.#options.onFound(message.found);
        return;
      case 'figures':
        this.#figures = message.figures;
        return;
      case 'say':
        this.#log[message.level](message.fields, message.message);
        return;
      case 'done':
        this.#questions.done(message.id, message.result);
        return;
      case 'failed':
        this.#questions.failed(message.id, new GluewallError(message.code, message.message));
    }
  }

  #ended(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#room.clear();
    this.#figures = undefined;
    this.#questions.failAll(away(reason));
    this.#beginAgain(reason);
  }

  #beginAgain(reason: string): void {
    if (this.#isStopped) return;
    const then = `it begins anew in ${RESTART_MS / 1000} s, without the evidence that it had`;
    this.#log.error({}, `nobody looks at what hosts do: ${reason}; ${then}`);
    this.#cancelRestart = this.#clock.after(RESTART_MS, () => {
      this.#restarts++;
      this.#begin();
    });
  }
}

function away(reason: string): GluewallError {
  return new GluewallError('behaviour-away', `what hosts do cannot be asked: ${reason}; try again`);
}
