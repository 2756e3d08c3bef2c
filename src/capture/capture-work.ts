import { readFileSync } from 'node:fs';
import { type Clock, every, type TimeSource } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import { inOrderOfTime } from '../dns/observation-order.ts';
import { ObservationWriter } from '../dns/observation-writer.ts';
import { FrameTime } from './frame-time.ts';
import { InterfaceCapture } from './interface-capture.ts';
import { type CaptureCounter, Observer } from './observe.ts';
import type { PcapModule } from './pcap-binding.ts';
import type { CaptureMessage, CaptureOrder, ProblemMessage } from './protocol.ts';

/** A flood can keep libpcap from returning to the event loop; full batches go out then without being put in order. */
const MAX_BATCHES_PER_TURN = 64;
const TICK_MS = 1000;
const MAX_RETRY_TICKS = 10;
/** A closed session of libpcap leaves memory behind that only the end of the process gives back. */
const MAX_OPENINGS = 1000;

/** Where everything goes. */
export interface CaptureSink {
  message(message: CaptureMessage): void;
  /** A batch (dns/observation-layout.ts) to keep, of which the times go by the clock that was given. */
  batch(batch: Uint8Array): void;
  /** Observations that the sink had to drop. */
  readonly dropped: number;
}

export interface CaptureTimes {
  /** Never jumps. */
  readonly clock: Clock;
  /** By which the kernel stamps frames. */
  readonly wall: TimeSource;
}

/** One interface of the order: open, or waiting for its next try. */
interface InterfaceState {
  readonly name: string;
  capture: InterfaceCapture | undefined;
  /** What was told last of why it does not open. */
  problem: ProblemMessage | undefined;
  waitTicks: number;
  nextWaitTicks: number;
}

/** The work of the capture process: sessions on all interfaces, observations to the sink, statistics every second. */
export class CaptureWork {
  readonly #pcap: PcapModule;
  readonly #order: CaptureOrder;
  readonly #sink: CaptureSink;
  readonly #clock: Clock;
  readonly #onWornOut: () => void;
  readonly #counters = new Counters<CaptureCounter>();
  readonly #frameTime: FrameTime;
  readonly #writer = new ObservationWriter((batch) => this.#add(batch));
  readonly #observer: Observer;
  readonly #states: readonly InterfaceState[];
  /** Sessions that were closed: the native module must not have them collected while the event loop lives. */
  readonly #retired: InterfaceCapture[] = [];
  #gathered: Uint8Array[] = [];
  #turnPlanned = false;
  #openings = 0;
  #allOpen = false;

  /** `onWornOut` is called when only a new process can go on. */
  constructor(pcap: PcapModule, order: CaptureOrder, sink: CaptureSink, times: CaptureTimes, onWornOut: () => void) {
    this.#pcap = pcap;
    this.#order = order;
    this.#sink = sink;
    this.#clock = times.clock;
    this.#onWornOut = onWornOut;
    this.#frameTime = new FrameTime(times.clock, times.wall);
    const { insideNetworks, syns = false } = order;
    this.#observer = new Observer(this.#counters, this.#writer, { insideNetworks, syns });
    this.#states = order.interfaces.map((name) => ({
      name,
      capture: undefined,
      problem: undefined,
      waitTicks: 0,
      nextWaitTicks: 1,
    }));
  }

  /** Opens the interfaces and goes on until the process ends. */
  start(): void {
    this.#openAll();
    every(this.#clock, TICK_MS, () => this.#tick());
  }

  /** Tells the sink how things stand, for one who has not heard what was told before. */
  sayAll(): void {
    for (const { problem } of this.#states) if (problem !== undefined) this.#sink.message(problem);
    if (this.#allOpen) this.#sink.message({ kind: 'ready' });
    this.#sendStatistics();
  }

  #tick(): void {
    for (const { capture } of this.#states) capture?.tick();
    this.#frameTime.refresh();
    this.#observer.passTime(this.#clock.nowMs());
    // A turn that has begun may have read responses, and not yet their queries.
    if (!this.#turnPlanned) this.#flush();
    this.#openAll();
    this.#sendStatistics();
  }

  #openAll(): void {
    for (const state of this.#states) {
      if (state.capture !== undefined || state.waitTicks-- > 0) continue;
      this.#open(state);
    }
    const allOpen = this.#states.every(({ capture }) => capture !== undefined);
    if (allOpen && !this.#allOpen) this.#sink.message({ kind: 'ready' });
    this.#allOpen = allOpen;
  }

  #open(state: InterfaceState): void {
    const failure = interfaceExists(state.name) ? this.#tryOpen(state) : 'no such interface';
    if (failure === undefined) {
      state.problem = undefined;
      state.nextWaitTicks = 1;
      return;
    }
    state.waitTicks = state.nextWaitTicks - 1;
    state.nextWaitTicks = Math.min(state.nextWaitTicks * 2, MAX_RETRY_TICKS);
    if (failure === state.problem?.reason) return;
    state.problem = { kind: 'problem', interface: state.name, reason: failure, remedy: remedyFor(failure) };
    this.#sink.message(state.problem);
  }

  #tryOpen(state: InterfaceState): string | undefined {
    if (++this.#openings > MAX_OPENINGS) this.#onWornOut();
    const capture: InterfaceCapture = new InterfaceCapture(this.#pcap, state.name, this.#order, {
      observer: this.#observer,
      onActivity: () => this.#finishTurnSoon(),
      timeOf: (stampMs) => this.#frameTime.of(stampMs),
      // The hook runs inside the native module, which must have returned before the session is closed.
      onLost: () => setImmediate(() => this.#retire(state, capture)),
    });
    try {
      capture.open();
      state.capture = capture;
      return undefined;
    } catch (error) {
      this.#retire(state, capture);
      return error instanceof Error ? error.message : String(error);
    }
  }

  #retire(state: InterfaceState, capture: InterfaceCapture): void {
    if (this.#retired.includes(capture)) return;
    capture.close();
    this.#retired.push(capture);
    if (state.capture !== capture) return;
    state.capture = undefined;
    state.waitTicks = 0;
    this.#openAll();
  }

  #add(batch: Uint8Array): void {
    this.#gathered.push(batch);
    if (this.#gathered.length >= MAX_BATCHES_PER_TURN) this.#send();
  }

  #finishTurnSoon(): void {
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    this.#frameTime.refresh();
    setImmediate(() => {
      for (const { capture } of this.#states) capture?.finishTurn();
      // Reading on has brought activity of its own, which this turn has seen to.
      this.#turnPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    this.#writer.flush();
    this.#send();
  }

  #send(): void {
    const gathered = this.#gathered;
    this.#gathered = [];
    for (const batch of inOrderOfTime(gathered)) this.#sink.batch(batch);
  }

  #sendStatistics(): void {
    const open = this.#states.filter(({ capture }) => capture !== undefined);
    const captures = [...this.#retired, ...open.map(({ capture }) => capture!)];
    const figures = captures.map((capture) => capture.figures);
    this.#sink.message({
      kind: 'statistics',
      openInterfaces: open.map(({ name }) => name),
      receivedByKernel: figures.reduce((sum, { received }) => sum + received, 0),
      droppedByKernel: figures.reduce((sum, { dropped }) => sum + dropped, 0),
      droppedByBackpressure: this.#sink.dropped,
      counters: this.#counters.snapshot(),
    });
  }
}

/** Whether this network namespace has the interface; asking libpcap for a missing one would cost memory each time. */
function interfaceExists(name: string): boolean {
  const lines = readFileSync('/proc/self/net/dev', 'utf8').split('\n');
  return lines.some((line) => line.trimStart().startsWith(`${name}:`));
}

/** What the operator can do about a text of libpcap's. */
function remedyFor(reason: string): string {
  if (/no such (interface|device)/i.test(reason)) return 'check its name; it is opened as soon as it appears';
  if (/permission|permitted/i.test(reason)) {
    return 'capturing needs CAP_NET_RAW: start as root, or give the capability to the service';
  }
  if (/not up|is down/i.test(reason)) return 'set it up with "ip link set NAME up"; it is opened as soon as it is up';
  if (/link type/i.test(reason)) return 'name an Ethernet interface';
  return 'see the reason; opening is tried again';
}
