import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Network } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { DnsObservation } from '../dns/observation.ts';
import type { CaptureMessage, CaptureOrder, DirectionMode, StatisticsMessage } from './protocol.ts';

export interface LiveCaptureOptions {
  readonly interfaces: readonly string[];
  readonly direction: DirectionMode;
  /** Read when `direction` is `networks`. */
  readonly insideNetworks: readonly Network[];
  /** The compiled child; by default `capture-process.js` beside this file. */
  readonly childScript?: URL;
}

/** Totals since `start`, over all child processes. */
export interface LiveCaptureStatistics {
  readonly openInterfaces: readonly string[];
  readonly observations: number;
  readonly receivedByKernel: number;
  readonly droppedByKernel: number;
  readonly droppedByBackpressure: number;
  readonly restarts: number;
  /** What became of the frames; names in `CaptureCounter`. */
  readonly counters: Readonly<Record<string, number>>;
}

const SETPRIV_PATH = '/usr/bin/setpriv';
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;
/** A child that lived this long was well; the next one may follow soon. */
const HEALTHY_MS = 30_000;
const STOP_GRACE_MS = 2000;
const CLOCK_STEP_MS = 100;
const MAX_STDERR_CHARACTERS = 2000;

const NO_STATISTICS: StatisticsMessage = {
  kind: 'statistics',
  openInterfaces: [],
  receivedByKernel: 0,
  droppedByKernel: 0,
  droppedByBackpressure: 0,
  counters: {},
};

/**
 * DNS seen live on interfaces. The work is done in a child process that alone loads libpcap; where possible it holds
 * no capability but CAP_NET_RAW. A child that ends is started again.
 */
export class LiveCapture {
  readonly #options: LiveCaptureOptions;
  readonly #onObservation: (observation: DnsObservation) => void;
  readonly #clock: Clock;
  readonly #log: Log;
  #child: ChildProcess | undefined;
  #state: 'idle' | 'running' | 'stopped' = 'idle';
  #retryMs = FIRST_RETRY_MS;
  /** Give up all capabilities but CAP_NET_RAW for the child. */
  #confined = process.getuid?.() === 0 && existsSync(SETPRIV_PATH);
  #cancelRetry: (() => void) | undefined;
  #observations = 0;
  #restarts = 0;
  /** From the wall clock to the injected one. */
  #shiftMs = 0;
  /** The last figures of the child that runs, and the sums of those that ended. */
  #current = NO_STATISTICS;
  #ended = NO_STATISTICS;

  /**
   * `onObservation` takes a query that left or a response that came in, never a response before its query; `atMs` is in
   * the clock's time. What does not work is told in the log, and tried again by itself.
   */
  constructor(
    options: LiveCaptureOptions,
    onObservation: (observation: DnsObservation) => void,
    clock: Clock,
    log: Log,
  ) {
    this.#options = options;
    this.#onObservation = onObservation;
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
    return this.#current.openInterfaces.length === this.#options.interfaces.length;
  }

  statistics(): LiveCaptureStatistics {
    const { openInterfaces, receivedByKernel, droppedByKernel, droppedByBackpressure, counters } = sumOf(
      this.#ended,
      this.#current,
    );
    return {
      openInterfaces,
      observations: this.#observations,
      receivedByKernel,
      droppedByKernel,
      droppedByBackpressure,
      restarts: this.#restarts,
      counters,
    };
  }

  #startChild(): void {
    const startedAtMs = this.#clock.nowMs();
    const script = this.#options.childScript ?? new URL('./capture-process.js', import.meta.url);
    const child = forkChild(script, this.#confined);
    this.#child = child;
    let stderrText = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderrText = (stderrText + text).slice(-MAX_STDERR_CHARACTERS);
    });
    child.on('message', (message: CaptureMessage) => this.#receive(message));
    child.on('error', (error) => {
      stderrText += error.message;
      if (child.pid === undefined) this.#childEnded(startedAtMs, stderrText);
    });
    child.on('close', () => this.#childEnded(startedAtMs, stderrText));
    const { interfaces, direction, insideNetworks } = this.#options;
    const order: CaptureOrder = { kind: 'capture', interfaces, direction, insideNetworks };
    // A failed send means that the child is gone, of which `close` tells.
    child.send(order, () => {});
  }

  #childEnded(startedAtMs: number, stderrText: string): void {
    this.#ended = { ...sumOf(this.#ended, this.#current), openInterfaces: [] };
    this.#current = NO_STATISTICS;
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
      case 'observations':
        this.#pass(message.observations);
        break;
      case 'statistics':
        this.#current = message;
        break;
      case 'ready':
        this.#log.info({}, `capturing DNS on ${this.#options.interfaces.join(', ')}`);
        break;
      case 'error':
        this.#log.warn({}, `cannot capture on ${message.interface}: ${message.reason}; ${message.remedy}`);
        break;
    }
  }

  /**
   * Packets carry the wall clock, which can be set while we run; all else here goes by the injected clock. Small
   * differences are noise of the two clocks and would only disturb the order.
   */
  #pass(observations: readonly DnsObservation[]): void {
    const shiftMs = this.#clock.nowMs() - Date.now();
    if (Math.abs(shiftMs - this.#shiftMs) > CLOCK_STEP_MS) this.#shiftMs = shiftMs;
    this.#observations += observations.length;
    for (const observation of observations) {
      this.#onObservation({ ...observation, atMs: observation.atMs + this.#shiftMs });
    }
  }
}

/** Forks the child; `confined` with CAP_NET_RAW as its only capability, by way of setpriv(1). */
function forkChild(script: URL, confined: boolean): ChildProcess {
  const setprivArguments = ['--bounding-set', '-all,+net_raw', '--inh-caps', '-all,+net_raw', '--no-new-privs'];
  return fork(fileURLToPath(script), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execPath: confined ? SETPRIV_PATH : process.execPath,
    execArgv: confined ? [...setprivArguments, process.execPath] : [],
  });
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function sumOf(ended: StatisticsMessage, current: StatisticsMessage): StatisticsMessage {
  const counters: Record<string, number> = { ...ended.counters };
  for (const [name, count] of Object.entries(current.counters)) counters[name] = (counters[name] ?? 0) + count;
  return {
    kind: 'statistics',
    openInterfaces: current.openInterfaces,
    receivedByKernel: ended.receivedByKernel + current.receivedByKernel,
    droppedByKernel: ended.droppedByKernel + current.droppedByKernel,
    droppedByBackpressure: ended.droppedByBackpressure + current.droppedByBackpressure,
    counters,
  };
}
