/**
 * What the capture process and the one that learns tell each other, beside batches of observations. capture-wire.ts says how it
 * travels.
 */
import type { Network } from '../core/address.ts';

/**
 * How the capture tells what leaves from what comes in. `port`: from the interface, which is an outside port (or the
 * uplink of the host). `networks`: from the source address, for a mirror port. `messages`: from the message itself, where clients
 * and their resolver are both of the inside.
 */
export type DirectionMode = 'port' | 'networks' | 'messages';

/** To a capture process that we started, once, first of all: what to capture. One of its own has its own configuration. */
export interface CaptureOrder {
  readonly kind: 'capture';
  readonly interfaces: readonly string[];
  readonly direction: DirectionMode;
  /** Read in mode `networks` only. */
  readonly insideNetworks: readonly Network[];
  /** Also what begins and accepts TCP connections. */
  readonly syns?: boolean | undefined;
}

/** The first message of a capture process: who it is, and on which interfaces it is to capture. */
export interface HelloMessage {
  readonly kind: 'hello';
  /** Of its host. */
  readonly name: string;
  readonly interfaces: readonly string[];
}

/** Every interface is open. Sent again when one was lost and has come back. */
export interface ReadyMessage {
  readonly kind: 'ready';
}

/** An interface does not open, or was lost. The capture goes on trying; each new reason is told once. */
export interface ProblemMessage {
  readonly kind: 'problem';
  readonly interface: string;
  readonly reason: string;
  /** What the operator can do about it. */
  readonly remedy: string;
}

/** Sent every second. All figures are totals since the process began. */
export interface StatisticsMessage {
  readonly kind: 'statistics';
  /** Names of the interfaces that are open now. */
  readonly openInterfaces: readonly string[];
  /** Packets that libpcap handed over or lost for want of room in its buffer. */
  readonly receivedByKernel: number;
  readonly droppedByKernel: number;
  /** Observations that were dropped because nobody was there to read them, or did not. */
  readonly droppedByBackpressure: number;
  /** The observer's counters; names in `CaptureCounter`. */
  readonly counters: Readonly<Record<string, number>>;
}

/** From the capture. */
export type CaptureMessage = HelloMessage | ReadyMessage | ProblemMessage | StatisticsMessage;
