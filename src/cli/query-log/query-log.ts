import { type MessagePort, type Transferable, Worker } from 'node:worker_threads';
import type { Address } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { VerdictEvent } from '../../events/verdict-event.ts';
import { gateEntry } from '../../querylog/gate-entries.ts';
import type { LogEntry } from '../../querylog/log-entry.ts';
import type { SourceFigures } from '../../querylog/source-figures.ts';
import type { AskedLog } from '../../services/log-services.ts';
import { endThread } from '../end-thread.ts';
import { HandedRoom } from '../handed-room.ts';
import { ThreadQuestions } from '../thread-questions.ts';
import { GatheredFrames } from './gathered-frames.ts';
import type { LogOrder, LogSettings } from './log-order.ts';
import type { FromLogThread, Handed, LogOperations, ToLogThread } from './log-protocol.ts';

export interface QueryLogOptions {
  readonly order: LogOrder;
  /** What stands in the log for a client. */
  readonly clientInLog: (client: Address) => Address;
  /** The compiled thread; by default `log-thread.js` beside this file. */
  readonly threadScript?: URL;
}

/** What gluewall shows of its query log; every number counts since the start. */
export interface QueryLogFigures {
  readonly sources: readonly SourceFigures[];
  /** What was handed over, and what found no room: entries of the gate, batches of the capture, frames of dnstap. */
  readonly handed: Readonly<Record<Handed['kind'], number>>;
  readonly lost: Readonly<Record<Handed['kind'], number>>;
  /** Whether the thread is there. */
  readonly isKept: boolean;
}

/** What waits for the thread, octets; what comes beyond is lost. */
const MAX_WAITING_OCTETS = 32 * 1024 * 1024;
const MAX_QUESTIONS = 64;
/** Memory of an entry on its way, about. */
const ENTRY_OCTETS = 512;
/** Memory of a message on its way beside what is in it, about. */
const MESSAGE_OCTETS = 1024;
/** What the thread has as objects, MiB, and where the log itself is kept so; more is a fault of it, and ends it instead of gluewall. */
const MAX_HEAP_MIB = 512;
const MAX_MEMORY_LOG_MIB = 2048;
const RESTART_MS = 5000;

/**
 * The query log of a running gluewall: a thread of its own reads sources and keeps entries. What only this thread has is handed
 * over unread, in bounded memory; nothing here waits.
 */
export class QueryLog implements AskedLog {
  readonly clientInLog: (client: Address) => Address;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #script: URL;
  readonly #questions = new ThreadQuestions(MAX_QUESTIONS);
  readonly #room = new HandedRoom(['gate', 'capture', 'dnstap'], MAX_WAITING_OCTETS);
  readonly #frames: GatheredFrames;
  #order: LogOrder;
  #entries: LogEntry[] = [];
  #worker: Worker | undefined;
  #sources: readonly SourceFigures[] = [];
  #isFlushPlanned = false;
  #isStopped = false;
  #onBegan: (() => void) | undefined;
  #cancelRestart: (() => void) | undefined;

  constructor({ order, clientInLog, threadScript }: QueryLogOptions, clock: Clock, log: Log) {
    this.#order = order;
    this.clientInLog = clientInLog;
    this.#clock = clock;
    this.#log = log;
    this.#frames = new GatheredFrames(clock, (frames, count, writer) =>
      this.#hand({ kind: 'dnstap', writer, frames }, frames.length, count, [frames.buffer]),
    );
    this.#script = threadScript ?? new URL('./log-thread.js', import.meta.url);
  }

  /** Begins; what cannot be had is told by the log, and tried again. */
  start(): void {
    const maxOldGenerationSizeMb = this.#order.store.kind === 'memory' ? MAX_MEMORY_LOG_MIB : MAX_HEAP_MIB;
    let worker: Worker;
    try {
      worker = new Worker(this.#script, { workerData: this.#order, resourceLimits: { maxOldGenerationSizeMb } });
    } catch (error) {
      // Such as one for want of memory or threads: no fault of the firewall.
      this.#beginAgain(`its thread cannot begin: ${(error as Error).message}`);
      return;
    }
    this.#worker = worker;
    worker.on('message', (message: FromLogThread) => this.#receive(message));
    worker.on('error', (error) => this.#ended(worker, `its thread failed: ${error.message}`));
    worker.on('exit', () => this.#ended(worker, 'its thread ended'));
    this.#onBegan?.();
  }

  /** Calls this each time the thread has begun. */
  whenBegun(action: () => void): void {
    this.#onBegan = action;
  }

  /** Has the entries of logs go to this port, too (behaviour/entry-tee.ts). */
  teeTo(port: MessagePort): void {
    if (this.#worker === undefined) port.close();
    else this.#send({ kind: 'tee', port }, [port]);
  }

  /** Takes up what can change while gluewall runs. */
  configure(settings: LogSettings, trustedResolvers: readonly Address[]): void {
    this.#order = { ...this.#order, ...settings, trustedResolvers };
    this.#send({ kind: 'settings', settings, trustedResolvers });
  }

  /** Takes what became of a query: one that was not let pass, or would not have been, enters the log. */
  takeEvent(event: VerdictEvent): void {
    const entry = gateEntry(event);
    if (entry === undefined) return;
    this.#entries.push(entry);
    this.#planFlush();
  }

  /** Takes observations, which hold only during the call. */
  takeCaptured(batch: Uint8Array, shiftMs: number): void {
    const copy = new Uint8Array(batch);
    this.#hand({ kind: 'capture', batch: copy, shiftMs }, copy.length, 1, [copy.buffer]);
  }

  /** Takes `count` data frames of dnstap, each behind its length, which hold only during the call. */
  takeDnstap(frames: Uint8Array, count: number, writer: string): void {
    this.#frames.add(frames, count, writer);
  }

  get figures(): QueryLogFigures {
    return { isKept: this.#worker !== undefined, ...this.#room.figures, sources: this.#sources };
  }

  search: LogOperations['search'] = (question, signal) => {
    const id = this.#questions.nextId;
    const page = this.#ask('search', question);
    if (signal === undefined) return page;
    const drop = () => this.#send({ kind: 'drop', id });
    signal.addEventListener('abort', drop);
    return page.finally(() => signal.removeEventListener('abort', drop));
  };
  coverage: LogOperations['coverage'] = (gapMs) => this.#ask('coverage', gapMs);
  quarantined: LogOperations['quarantined'] = (source) => this.#ask('quarantined', source);
  trim: LogOperations['trim'] = () => this.#ask('trim');
  sourceFigures: LogOperations['sourceFigures'] = () => this.#ask('sourceFigures');

  /** Resolves when all that was taken is kept, or cannot be. Safe twice. */
  async stop(): Promise<void> {
    this.#flush();
    this.#frames.flush();
    this.#isStopped = true;
    this.#cancelRestart?.();
    const worker = this.#worker;
    if (worker === undefined) return;
    await endThread(worker, () => this.#send({ kind: 'stop' }));
  }

  #ask<K extends keyof LogOperations>(
    operation: K,
    ...args: Parameters<LogOperations[K]>
  ): ReturnType<LogOperations[K]> {
    // What is asked is asked of all that was taken.
    this.#frames.flush();
    const answer = (): Promise<unknown> => {
      if (this.#worker === undefined) return Promise.reject(notKept('it is not there at the moment'));
      if (this.#questions.isFull) return Promise.reject(notKept(`${MAX_QUESTIONS} questions wait already`));
      return this.#questions.ask((id) => this.#send({ kind: 'ask', id, operation, args }));
    };
    // What the thread answers is of the type of the operation: `serveQueryLog` sees to it.
    return answer() as ReturnType<LogOperations[K]>;
  }

  #planFlush(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushPlanned = false;
    if (this.#entries.length > 0) {
      const entries = this.#entries;
      this.#entries = [];
      this.#hand({ kind: 'gate', entries }, entries.length * ENTRY_OCTETS, entries.length, []);
    }
  }

  #hand(what: Handed, lengthOctets: number, count: number, given: readonly Transferable[]): void {
    const octets = lengthOctets + MESSAGE_OCTETS;
    const isThere = this.#worker !== undefined && !this.#isStopped;
    if (this.#room.take(what.kind, octets, count, isThere)) this.#send({ kind: 'handed', octets, what }, given);
  }

  #send(message: ToLogThread, given: readonly Transferable[] = []): void {
    this.#worker?.postMessage(message, given);
  }

  #receive(message: FromLogThread): void {
    switch (message.kind) {
      case 'taken':
        this.#room.taken(message.octets);
        return;
      case 'figures':
        this.#sources = message.sources;
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
    this.#questions.failAll(notKept(reason));
    this.#beginAgain(reason);
  }

  #beginAgain(reason: string): void {
    if (this.#isStopped) return;
    this.#log.error({}, `the query log is not kept: ${reason}; it begins anew in ${RESTART_MS / 1000} s`);
    this.#cancelRestart = this.#clock.after(RESTART_MS, () => this.start());
  }
}

function notKept(reason: string): GluewallError {
  return new GluewallError('store-closed', `the query log cannot be asked: ${reason}; try again`);
}
