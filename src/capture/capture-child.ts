import { readFileSync } from 'node:fs';
import { Counters } from '../core/counters.ts';
import type { DnsObservation } from '../dns/observation.ts';
import { InterfaceCapture } from './interface-capture.ts';
import { type CaptureCounter, Observer } from './observe.ts';
import type { PcapModule } from './pcap-binding.ts';
import type { CaptureMessage, CaptureOrder } from './protocol.ts';

const MAX_BATCH = 512;
/** A flood can keep libpcap from returning to the event loop; observations go out then without being put in order. */
const MAX_OBSERVATIONS_PER_TURN = 8192;
/** Records of observations on their way to the parent; each has a name or two of at most 255 octets. */
const MAX_RECORDS_IN_FLIGHT = 262_144;
const TICK_MS = 1000;
const MAX_RETRY_TICKS = 10;
/** A closed session of libpcap leaves memory behind that only the end of the process gives back. */
const MAX_OPENINGS = 1000;

/** The way to the parent. `sent` is called once the message has left this process. */
export type SendMessage = (message: CaptureMessage, sent?: () => void) => void;

/** One interface of the order: open, or waiting for its next try. */
interface InterfaceState {
  readonly name: string;
  capture: InterfaceCapture | undefined;
  lastReason: string;
  waitTicks: number;
  nextWaitTicks: number;
}

/** The work of the capture process: sessions on all interfaces, observations to the parent, statistics every second. */
export class CaptureChild {
  readonly #pcap: PcapModule;
  readonly #order: CaptureOrder;
  readonly #send: SendMessage;
  readonly #onWornOut: () => void;
  readonly #counters = new Counters<CaptureCounter>();
  readonly #observer: Observer;
  readonly #states: readonly InterfaceState[];
  /** Sessions that were closed: the native module must not have them collected while the event loop lives. */
  readonly #retired: InterfaceCapture[] = [];
  #gathered: DnsObservation[] = [];
  #turnPlanned = false;
  #recordsInFlight = 0;
  #droppedByBackpressure = 0;
  #openings = 0;
  #allOpen = false;

  /** `onWornOut` is called when only a new process can go on. */
  constructor(pcap: PcapModule, order: CaptureOrder, send: SendMessage, onWornOut: () => void) {
    this.#pcap = pcap;
    this.#order = order;
    this.#send = send;
    this.#onWornOut = onWornOut;
    const options = { insideNetworks: order.insideNetworks };
    this.#observer = new Observer(this.#counters, (observation) => this.#add(observation), options);
    this.#states = order.interfaces.map((name) => ({
      name,
      capture: undefined,
      lastReason: '',
      waitTicks: 0,
      nextWaitTicks: 1,
    }));
  }

  /** Opens the interfaces and goes on until the process ends. */
  start(): void {
    this.#openAll();
    setInterval(() => this.#tick(), TICK_MS);
  }

  #tick(): void {
    for (const { capture } of this.#states) capture?.tick();
    // The kernel stamps frames by the wall clock.
    this.#observer.passTime(Date.now());
    this.#flush();
    this.#openAll();
    this.#sendStatistics();
  }

  #openAll(): void {
    for (const state of this.#states) {
      if (state.capture !== undefined || state.waitTicks-- > 0) continue;
      this.#open(state);
    }
    const allOpen = this.#states.every(({ capture }) => capture !== undefined);
    if (allOpen && !this.#allOpen) this.#send({ kind: 'ready' });
    this.#allOpen = allOpen;
  }

  #open(state: InterfaceState): void {
    const failure = interfaceExists(state.name) ? this.#tryOpen(state) : 'no such interface';
    if (failure === undefined) {
      state.lastReason = '';
      state.nextWaitTicks = 1;
      return;
    }
    state.waitTicks = state.nextWaitTicks - 1;
    state.nextWaitTicks = Math.min(state.nextWaitTicks * 2, MAX_RETRY_TICKS);
    if (failure === state.lastReason) return;
    state.lastReason = failure;
    this.#send({ kind: 'error', interface: state.name, reason: failure, remedy: remedyFor(failure) });
  }

  #tryOpen(state: InterfaceState): string | undefined {
    if (++this.#openings > MAX_OPENINGS) this.#onWornOut();
    const capture: InterfaceCapture = new InterfaceCapture(this.#pcap, state.name, this.#order.direction, {
      observer: this.#observer,
      onActivity: () => this.#finishTurnSoon(),
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

  #add(observation: DnsObservation): void {
    this.#gathered.push(observation);
    if (this.#gathered.length >= MAX_OBSERVATIONS_PER_TURN) this.#flush();
  }

  #finishTurnSoon(): void {
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    setImmediate(() => {
      for (const { capture } of this.#states) capture?.finishTurn();
      // Reading on has brought activity of its own, which this turn has seen to.
      this.#turnPlanned = false;
      this.#gathered.sort((a, b) => a.atMs - b.atMs);
      this.#flush();
    });
  }

  #flush(): void {
    const gathered = this.#gathered;
    this.#gathered = [];
    for (let start = 0; start < gathered.length; start += MAX_BATCH) {
      this.#sendBatch(gathered.slice(start, start + MAX_BATCH));
    }
  }

  #sendBatch(observations: readonly DnsObservation[]): void {
    const records = observations.reduce((sum, observation) => sum + recordsOf(observation), 0);
    if (this.#recordsInFlight + records > MAX_RECORDS_IN_FLIGHT && this.#recordsInFlight > 0) {
      this.#droppedByBackpressure += observations.length;
      return;
    }
    this.#recordsInFlight += records;
    this.#send({ kind: 'observations', observations }, () => {
      this.#recordsInFlight -= records;
    });
  }

  #sendStatistics(): void {
    const open = this.#states.filter(({ capture }) => capture !== undefined);
    const captures = [...this.#retired, ...open.map(({ capture }) => capture!)];
    const figures = captures.map((capture) => capture.figures);
    this.#send({
      kind: 'statistics',
      openInterfaces: open.map(({ name }) => name),
      receivedByKernel: figures.reduce((sum, { received }) => sum + received, 0),
      droppedByKernel: figures.reduce((sum, { dropped }) => sum + dropped, 0),
      droppedByBackpressure: this.#droppedByBackpressure,
      counters: this.#counters.snapshot(),
    });
  }
}

/** The question counts as one. */
function recordsOf(observation: DnsObservation): number {
  if (observation.kind === 'query') return 1;
  const { nameServers, answers, additional } = observation;
  return 1 + nameServers.length + answers.length + additional.length;
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
