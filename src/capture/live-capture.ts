import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Network } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { countRecords } from '../dns/observation-records.ts';
import { addTotals, type CaptureStatistics, NO_TOTALS, totalsOf } from './capture-figures.ts';
import { CaptureLink, type TakeBatch } from './capture-link.ts';
import { composeMessage } from './capture-wire.ts';
import type { CaptureMessage, CaptureOrder, DirectionMode, StatisticsMessage } from './protocol.ts';

export interface LiveCaptureOptions {
  readonly interfaces: readonly string[];
  readonly direction: DirectionMode;
  /** Read when `direction` is `networks`. */
  readonly insideNetworks: readonly Network[];
  /** Also observe what begins and accepts TCP connections. */
  readonly syns?: boolean;
  /** The compiled child; by default `capture-process.js` beside this file. */
  readonly childScript?: URL;
}

const SETPRIV_PATH = '/usr/bin/setpriv';
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;
/** A child that lived this long was well; the next one may follow soon. */
const HEALTHY_MS = 30_000;
const STOP_GRACE_MS = 2000;
const MAX_STDERR_CHARACTERS = 2000;
/** Of the child's end of the socket pair. */
const LINK_DESCRIPTOR = 3;

/**
 * DNS seen live on interfaces. The work is done in a child process that alone loads libpcap; where possible it holds
 * no capability but CAP_NET_RAW. A child that ends is started again.
 */
export class LiveCapture {
  readonly #options: LiveCaptureOptions;
  readonly #onBatch: TakeBatch;
  readonly #clock: Clock;
  readonly #log: Log;
  #child: ChildProcess | undefined;
  #state: 'idle' | 'running' | 'stopped' = 'idle';
  #retryMs = FIRST_RETRY_MS;
  /** Give up all capabilities but CAP_NET_RAW for the child. */
  #confined = process.getuid?.() === 0 && existsSync(SETPRIV_PATH);
  #cancelRetry: (() => void) | undefined;
  #restarts = 0;
  /** Of the child that runs. */
  #observations = 0;
  #current: StatisticsMessage | undefined;
  /** The sums of those that ended. */
  #ended = NO_TOTALS;

  /**
   * `onBatch` takes batches of queries that left and responses that came in, never a response before its query. What does
   * not work is told in the log, and tried again by itself.
   */
  constructor(options: LiveCaptureOptions, onBatch: TakeBatch, clock: Clock, log: Log) {
    this.#options = options;
    this.#onBatch = onBatch;
    this.#clock = clock;
    this.#log = log;
  }

  /** Starts the child. Only the first call counts. */
  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'running';
    this.#startChild();
  }

  /** Ends the child and resolves when it is gone. Safe twice; nothing is observed after the call. */
  stop(): Promise<void> {
    this.#state = 'stopped';
    this.#cancelRetry?.();
    const child = this.#child;
    if (child === undefined || hasEnded(child)) return Promise.resolve();
    return new Promise((resolve) => {
      // Not the injected clock: the operating system's process runs in real time.
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      child.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      child.kill('SIGTERM');
    });
  }

  /** True while all interfaces are open; found out within a second. */
  get isCapturing(): boolean {
    return this.#current?.openInterfaces.length === this.#options.interfaces.length;
  }

  /** Totals since `start`, over all child processes. */
  statistics(): CaptureStatistics {
    const totals = addTotals(this.#ended, totalsOf(this.#current, this.#observations));
    const openInterfaces = this.#current?.openInterfaces ?? [];
    const { interfaces } = this.#options;
    const isConnected = this.#child !== undefined && !hasEnded(this.#child);
    const source = { name: 'this host', isConnected, interfaces, openInterfaces, ...totals };
    return { ...totals, openInterfaces, restarts: this.#restarts, sources: [source] };
  }

  #startChild(): void {
    const startedAtMs = this.#clock.nowMs();
    const script = this.#options.childScript ?? new URL('./capture-process.js', import.meta.url);
    const child = spawnChild(script, this.#confined);
    this.#child = child;
    let stderrText = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderrText = (stderrText + text).slice(-MAX_STDERR_CHARACTERS);
    });
    child.on('error', (error) => {
      stderrText += error.message;
      if (child.pid === undefined) this.#childEnded(startedAtMs, stderrText);
    });
    child.on('close', () => this.#childEnded(startedAtMs, stderrText));
    if (child.pid !== undefined) this.#giveOrder(child.stdio[LINK_DESCRIPTOR] as Duplex);
  }

  #giveOrder(stream: Duplex): void {
    const { interfaces, direction, insideNetworks, syns } = this.#options;
    const order: CaptureOrder = { kind: 'capture', interfaces, direction, insideNetworks, syns };
    // A failed write means that the child is gone, of which `close` tells.
    stream.on('error', () => {});
    stream.write(composeMessage(order));
    new CaptureLink(stream, this.#clock, {
      onBatch: (batch, shiftMs) => this.#take(batch, shiftMs),
      onMessage: (message) => this.#receive(message),
      onProblem: (problem) => this.#log.error({}, `the capture process is not ours: ${problem}`),
    });
  }

  #take(batch: Uint8Array, shiftMs: number): void {
    if (this.#state !== 'running') return;
    this.#observations += countRecords(batch);
    this.#onBatch(batch, shiftMs);
  }

  #childEnded(startedAtMs: number, stderrText: string): void {
    this.#ended = addTotals(this.#ended, totalsOf(this.#current, this.#observations));
    this.#current = undefined;
    this.#observations = 0;
    if (this.#state !== 'running' || this.#cancelRetry !== undefined) return;
    if (this.#clock.nowMs() - startedAtMs > HEALTHY_MS) this.#retryMs = FIRST_RETRY_MS;
    const cause = stderrText.trim() === '' ? 'it gave no reason' : stderrText.trim();
    const setprivFailed = this.#confined && cause.startsWith('setpriv:');
    if (setprivFailed) this.#confined = false;
    const how = setprivFailed ? ', then with all capabilities of this process' : '';
    this.#log.warn({}, `the capture process ended (${cause}); it is started again in ${this.#retryMs / 1000} s${how}`);
    this.#cancelRetry = this.#clock.after(this.#retryMs, () => {
      this.#cancelRetry = undefined;
      this.#restarts++;
      this.#startChild();
    });
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
  }

  #receive(message: CaptureMessage): void {
    if (this.#state !== 'running') return;
    switch (message.kind) {
      case 'hello':
        break;
      case 'statistics':
        this.#current = message;
        break;
      case 'ready':
        this.#log.info({}, `capturing DNS on ${this.#options.interfaces.join(', ')}`);
        break;
      case 'problem':
        this.#log.warn({}, `cannot capture on ${message.interface}: ${message.reason}; ${message.remedy}`);
        break;
    }
  }
}

/** Starts the child; `confined` with CAP_NET_RAW as its only capability, by way of setpriv(1). */
function spawnChild(script: URL, confined: boolean): ChildProcess {
  const command = [process.execPath, fileURLToPath(script)];
  if (confined) {
    const capabilities = ['--bounding-set', '-all,+net_raw', '--inh-caps', '-all,+net_raw', '--no-new-privs'];
    command.unshift(SETPRIV_PATH, ...capabilities);
  }
  const [program, ...rest] = command;
  return spawn(program!, rest, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
