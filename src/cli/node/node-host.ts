import { Worker } from 'node:worker_threads';
import type { Address } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { LogPage, LogQuestion, QueryLogStore } from '../../querylog/query-log-store.ts';
import type { NodeFigures, NodeOperations } from '../../services/traceback-services.ts';
import type { Case, CaseProgress } from '../../traceback/cases/case.ts';
import type { CaseDemand } from '../../traceback/cases/case-demand.ts';
import type { NamedHosts } from '../../traceback/named-hosts.ts';
import type { HostNames } from '../../traceback/node-options.ts';
import { endThread } from '../end-thread.ts';
import type { NodeOrder, NodeSettings } from './node-order.ts';
import type { FromNodeThread, NodeQuestions, ThreadFigures, ToNodeThread } from './node-protocol.ts';

export interface NodeHostOptions {
  readonly order: NodeOrder;
  readonly queryLog: Pick<QueryLogStore, 'search'>;
  /** What our clients are called. */
  readonly names: HostNames;
  /** Told of hosts that were named to a peer. */
  readonly onNamed?: (named: NamedHosts) => void;
  /** The compiled thread; by default `node-thread.js` beside this file. */
  readonly threadScript?: URL;
}

/** Questions and requests from here that the thread works on at once. */
const MAX_QUESTIONS = 64;
/** Questions of the thread to the query log at once. */
const MAX_SEARCHES = 64;
/** Progress of one request that nobody has read yet. */
const MAX_PROGRESS = 1000;
/** What the thread has as objects, MiB; more is a fault of it, and ends it instead of gluewall. */
const MAX_HEAP_MIB = 1024;
const RESTART_MS = 5000;

interface Waiting {
  progress?(progress: CaseProgress): void;
  resolve(result: unknown): void;
  reject(error: GluewallError): void;
}

/**
 * The traceback node of a running gluewall: a thread of its own talks to peers and works on cases. It asks the query log by way of
 * this thread, a bounded number of questions at once; nothing here waits.
 */
export class NodeHost implements NodeOperations {
  readonly #queryLog: NodeHostOptions['queryLog'];
  readonly #names: HostNames;
  readonly #onNamed: (named: NamedHosts) => void;
  readonly #script: URL;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #waiting = new Map<number, Waiting>();
  readonly #searches = new Map<number, AbortController>();
  #order: NodeOrder;
  #worker: Worker | undefined;
  #figures: ThreadFigures | undefined;
  #nextId = 0;
  #port: number | undefined;
  #restarts = 0;
  #isStopped = false;
  #cancelRestart: (() => void) | undefined;

  constructor({ order, queryLog, names, onNamed = () => {}, threadScript }: NodeHostOptions, clock: Clock, log: Log) {
    this.#order = order;
    this.#queryLog = queryLog;
    this.#names = names;
    this.#onNamed = onNamed;
    this.#script = threadScript ?? new URL('./node-thread.js', import.meta.url);
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Begins; resolves with the port that peers connect to. Rejects with a GluewallError when the address, a key or the folder
   * cannot be had.
   */
  start(): Promise<number> {
    return new Promise((resolve, reject) => this.#begin(resolve, reject));
  }

  /** Takes up what can change while the node runs. */
  configure(settings: NodeSettings): void {
    this.#order = { ...this.#order, ...settings };
    this.#send({ kind: 'settings', settings });
  }

  /** Undefined while the thread has told none. */
  get figures(): NodeFigures | undefined {
    if (this.#figures === undefined) return undefined;
    const port = this.#port;
    return { isRunning: port !== undefined, restarts: this.#restarts, port, ...this.#figures };
  }

  list: NodeQuestions['list'] = () => this.#ask('list');
  show: NodeQuestions['show'] = (id) => this.#ask('show', id);
  close: NodeQuestions['close'] = (id, reason, by) => this.#ask('close', id, reason, by);
  evidence: NodeQuestions['evidence'] = (id, by) => this.#ask('evidence', id, by);

  async *request(demand: CaseDemand, signal: AbortSignal): AsyncGenerator<CaseProgress, Case> {
    const id = this.#nextId++;
    const unread: CaseProgress[] = [];
    let wake = () => {};
    let outcome: { readonly result: Case } | { readonly error: GluewallError } | undefined;
    const end = (found: typeof outcome) => {
      outcome = found;
      wake();
    };
    this.#expect(
      id,
      { kind: 'request', id, demand },
      {
        progress(progress) {
          if (unread.length < MAX_PROGRESS) unread.push(progress);
          wake();
        },
        resolve: (result) => end({ result: result as Case }),
        reject: (error) => end({ error }),
      },
    );
    const drop = () => this.#send({ kind: 'drop', id });
    signal.addEventListener('abort', drop);
    try {
      if (signal.aborted) drop();
      for (;;) {
        const progress = unread.shift();
        if (progress !== undefined) yield progress;
        else if (outcome === undefined)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        else if ('error' in outcome) throw outcome.error;
        else return outcome.result;
      }
    } finally {
      signal.removeEventListener('abort', drop);
      if (outcome === undefined) drop();
    }
  }

  /** Resolves when the thread has ended; what it works on is cancelled. Safe twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRestart?.();
    const worker = this.#worker;
    if (worker === undefined) return;
    await endThread(worker, () => this.#send({ kind: 'stop' }));
  }

  #begin(listening: (port: number) => void, refused: (error: GluewallError) => void): void {
    let worker: Worker;
    try {
      const resourceLimits = { maxOldGenerationSizeMb: MAX_HEAP_MIB };
      worker = new Worker(this.#script, { workerData: this.#order, resourceLimits });
    } catch (error) {
      refused(notThere(`its thread cannot begin: ${(error as Error).message}`));
      return;
    }
    this.#worker = worker;
    worker.on('message', (message: FromNodeThread) => {
      if (message.kind === 'listening') {
        this.#port = message.port;
        listening(message.port);
      } else if (message.kind === 'refused') refused(new GluewallError(message.code, message.message));
      else this.#receive(message);
    });
    worker.on('error', (error) => this.#ended(worker, `its thread failed: ${error.message}`, refused));
    worker.on('exit', () => this.#ended(worker, 'its thread ended', refused));
  }

  #ask<K extends keyof NodeQuestions>(
    operation: K,
    ...args: Parameters<NodeQuestions[K]>
  ): ReturnType<NodeQuestions[K]> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#expect(id, { kind: 'ask', id, operation, args }, { resolve, reject });
      // What the thread answers is of the type of the operation: `serveNode` sees to it.
    }) as ReturnType<NodeQuestions[K]>;
  }

  #expect(id: number, message: ToNodeThread, waiting: Waiting): void {
    if (this.#port === undefined || this.#isStopped) {
      waiting.reject(notThere('it is not there at the moment'));
    } else if (this.#waiting.size >= MAX_QUESTIONS) {
      waiting.reject(notThere(`${MAX_QUESTIONS} requests wait already`));
    } else {
      this.#waiting.set(id, waiting);
      this.#send(message);
    }
  }

  #send(message: ToNodeThread): void {
    this.#worker?.postMessage(message);
  }

  #receive(message: Exclude<FromNodeThread, { kind: 'listening' | 'refused' }>): void {
    switch (message.kind) {
      case 'search':
        void this.#search(message.id, message.question);
        return;
      case 'drop':
        this.#searches.get(message.id)?.abort();
        return;
      case 'figures':
        this.#figures = message.figures;
        return;
      case 'named':
        this.#onNamed(message.named);
        return;
      case 'say':
        this.#log[message.level](message.fields, message.message);
        return;
      case 'progress':
        this.#waiting.get(message.id)?.progress?.(message.progress);
        return;
      default: {
        const waiting = this.#waiting.get(message.id);
        this.#waiting.delete(message.id);
        if (message.kind === 'done') waiting?.resolve(message.result);
        else waiting?.reject(new GluewallError(message.code, message.message));
      }
    }
  }

  async #search(id: number, question: LogQuestion): Promise<void> {
    const refuse = (code: string, message: string) => this.#send({ kind: 'not found', id, code, message });
    if (this.#searches.size >= MAX_SEARCHES) {
      refuse('store-closed', `the query log cannot be asked: ${MAX_SEARCHES} questions wait already`);
      return;
    }
    const dropped = new AbortController();
    this.#searches.set(id, dropped);
    try {
      const page = await this.#queryLog.search(question, dropped.signal);
      this.#send({ kind: 'found', id, page, names: this.#namesOn(page) });
    } catch (error) {
      refuse(error instanceof GluewallError ? error.code : 'internal', (error as Error).message);
    } finally {
      this.#searches.delete(id);
    }
  }

  /** The names go with the page: whoever is to be named stands on one. */
  #namesOn({ entries }: LogPage): readonly (readonly [Address, string])[] {
    const clients = new Set(entries.flatMap(({ client }) => (client === undefined ? [] : [client])));
    return [...clients].flatMap((client) => {
      const name = this.#names(client);
      return name === undefined ? [] : [[client, name] as const];
    });
  }

  #ended(worker: Worker, reason: string, refused: (error: GluewallError) => void): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const hasRun = this.#port !== undefined;
    this.#port = undefined;
    for (const search of this.#searches.values()) search.abort();
    for (const { reject } of this.#waiting.values()) reject(notThere(reason));
    this.#waiting.clear();
    if (this.#isStopped) return;
    if (hasRun) this.#beginAgain(reason);
    else refused(notThere(reason));
  }

  #beginAgain(reason: string): void {
    if (this.#isStopped) return;
    this.#log.error({}, `peers are not answered: ${reason}; the traceback node begins anew in ${RESTART_MS / 1000} s`);
    this.#cancelRestart = this.#clock.after(RESTART_MS, () => {
      this.#restarts++;
      this.start().then(
        (port) => this.#log.info({ port }, 'the traceback node is there again'),
        (error: Error) => this.#beginAgain(error.message),
      );
    });
  }
}

function notThere(reason: string): GluewallError {
  return new GluewallError('node-away', `the traceback node cannot be asked: ${reason}; try again`);
}
