/** The messages between the capture process and its parent, over the IPC channel of `child_process.fork`. */
import type { Network } from '../core/address.ts';
import type { DnsObservation } from '../dns/observation.ts';

/**
 * How the capture tells what leaves from what comes in. `port`: from the interface, which is an outside port (or the
 * uplink of the host). `networks`: from the source address, for a mirror port.
 */
export type DirectionMode = 'port' | 'networks';

/** Parent to child, once, first of all: what to capture. */
export interface CaptureOrder {
  readonly kind: 'capture';
  readonly interfaces: readonly string[];
  readonly direction: DirectionMode;
  /** Read in mode `networks` only. */
  readonly insideNetworks: readonly Network[];
}

/** Every interface is open. Sent again when one was lost and has come back. */
export interface ReadyMessage {
  readonly kind: 'ready';
}

/** An interface does not open, or was lost. The child goes on trying; each new reason is told once. */
export interface ErrorMessage {
  readonly kind: 'error';
  readonly interface: string;
  readonly reason: string;
  /** What the operator can do about it. */
  readonly remedy: string;
}

export interface ObservationsMessage {
  readonly kind: 'observations';
  readonly observations: readonly DnsObservation[];
}

/** Sent every second. All figures are totals since the child began. */
export interface StatisticsMessage {
  readonly kind: 'statistics';
  /** Names of the interfaces that are open now. */
  readonly openInterfaces: readonly string[];
  /** Packets that libpcap handed over or lost for want of room in its buffer. */
  readonly receivedByKernel: number;
  readonly droppedByKernel: number;
  /** Observations that were dropped because the parent did not read. */
  readonly droppedByBackpressure: number;
  /** The observer's counters; names in `CaptureCounter`. */
  readonly counters: Readonly<Record<string, number>>;
}

/** Child to parent. */
export type CaptureMessage = ReadyMessage | ErrorMessage | ObservationsMessage | StatisticsMessage;
