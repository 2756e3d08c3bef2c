import { Worker } from 'node:worker_threads';
import type { ConsoleFigures } from '../../console/console.ts';
import type { Clock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { endThread } from '../end-thread.ts';
import type { ConsoleOrder } from './console-order.ts';
import type { FromConsoleThread, ToConsoleThread } from './console-protocol.ts';

/** What the thread has as objects, MiB; more is a fault of it, and ends it instead of gluewall. */
const MAX_HEAP_MIB = 512;
const RESTART_MS = 2000;
const NO_FIGURES: ConsoleFigures = { viewers: 0, requests: 0, refused: 0 };

/** The console of a running gluewall: a thread of its own talks to browsers, so that no page ever holds up a packet. */
export class ConsoleHost {
  readonly #script: URL;
  readonly #clock: Clock;
  readonly #log: Log;
  #order: ConsoleOrder;
  #worker: Worker | undefined;
  #figures = NO_FIGURES;
  #port: number | undefined;
  #restarts = 0;
  #isStopped = false;
  #cancelRestart: (() => void) | undefined;

  /** `threadScript`: the compiled thread; by default `console-thread.js` beside this file. */
  constructor(order: ConsoleOrder, clock: Clock, log: Log, threadScript?: URL) {
    this.#order = order;
    this.#script = threadScript ?? new URL('./console-thread.js', import.meta.url);
    this.#clock = clock;
    this.#log = log;
  }

  /** Begins; resolves with the port. Rejects with a GluewallError when the address cannot be had. */
  start(): Promise<number> {
    return new Promise((resolve, reject) => this.#begin(resolve, reject));
  }

  /** `port` is undefined while the thread is not there. */
  get figures(): ConsoleFigures & { readonly port: number | undefined; readonly restarts: number } {
    return { ...this.#figures, port: this.#port, restarts: this.#restarts };
  }

  /** Resolves when the thread has ended. Safe twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRestart?.();
    const worker = this.#worker;
    if (worker === undefined) return;
    const stop: ToConsoleThread = { kind: 'stop' };
    await endThread(worker, () => worker.postMessage(stop));
  }

  #begin(listening: (port: number) => void, refused: (error: GluewallError) => void): void {
    let worker: Worker;
    try {
      const resourceLimits = { maxOldGenerationSizeMb: MAX_HEAP_MIB };
      // What libraries print there is no part of the log.
      worker = new Worker(this.#script, { workerData: this.#order, resourceLimits, stdout: true, stderr: true });
    } catch (error) {
      refused(notThere(`its thread cannot begin: ${(error as Error).message}`));
      return;
    }
    this.#worker = worker;
    for (const printed of [worker.stdout, worker.stderr]) printed.resume();
    worker.on('message', (message: FromConsoleThread) => this.#receive(message, listening, refused));
    worker.on('error', (error) => this.#ended(worker, `its thread failed: ${error.message}`, refused));
    worker.on('exit', () => this.#ended(worker, 'its thread ended', refused));
  }

  #receive(
    message: FromConsoleThread,
    listening: (port: number) => void,
    refused: (error: GluewallError) => void,
  ): void {
    switch (message.kind) {
      case 'listening': {
        const { port } = message;
        this.#port = port;
        // Whoever has a page open finds it again after a fault.
        this.#order = { ...this.#order, listen: { ...this.#order.listen, port } };
        listening(port);
        return;
      }
      case 'refused':
        refused(new GluewallError(message.code, message.message));
        return;
      case 'figures':
        this.#figures = message.figures;
        return;
      case 'say':
        this.#log[message.level](message.fields, message.message);
    }
  }

  #ended(worker: Worker, reason: string, refused: (error: GluewallError) => void): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const hasRun = this.#port !== undefined;
    this.#port = undefined;
    this.#figures = NO_FIGURES;
    if (this.#isStopped) return;
    if (hasRun) this.#beginAgain(reason);
    else refused(notThere(reason));
  }

  #beginAgain(reason: string): void {
    if (this.#isStopped) return;
    this.#log.error({}, `browsers are not answered: ${reason}; the console begins anew in ${RESTART_MS / 1000} s`);
    this.#cancelRestart = this.#clock.after(RESTART_MS, () => {
      this.#restarts++;
      this.start().then(
        (port) => this.#log.info({ port }, 'the console is there again'),
        (error: Error) => this.#beginAgain(error.message),
      );
    });
  }
}

function notThere(reason: string): GluewallError {
  return new GluewallError('console-listen', `the console cannot begin: ${reason}`);
}
