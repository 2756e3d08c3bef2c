import type { StatisticsMessage } from './protocol.ts';

/** What was captured, as totals. */
export interface CaptureTotals {
  /** Observations that came here to be learned from. */
  readonly observations: number;
  readonly receivedByKernel: number;
  readonly droppedByKernel: number;
  readonly droppedByBackpressure: number;
  /** What became of the frames; names in `CaptureCounter`. */
  readonly counters: Readonly<Record<string, number>>;
}

/** One capture process, ours or one that connects to us. */
export interface SourceFigures extends CaptureTotals {
  /** `this host`, or what it says of itself. */
  readonly name: string;
  readonly isConnected: boolean;
  readonly interfaces: readonly string[];
  readonly openInterfaces: readonly string[];
}

export interface CaptureStatistics extends CaptureTotals {
  readonly openInterfaces: readonly string[];
  /** How often our own process was started again. */
  readonly restarts: number;
  readonly sources: readonly SourceFigures[];
}

export const NO_TOTALS: CaptureTotals = {
  observations: 0,
  receivedByKernel: 0,
  droppedByKernel: 0,
  droppedByBackpressure: 0,
  counters: {},
};

/** Of one process: its last statistics, and how many observations have come. */
export function totalsOf(statistics: StatisticsMessage | undefined, observations: number): CaptureTotals {
  if (statistics === undefined) return { ...NO_TOTALS, observations };
  const { receivedByKernel, droppedByKernel, droppedByBackpressure, counters } = statistics;
  return { observations, receivedByKernel, droppedByKernel, droppedByBackpressure, counters };
}

/** The most names of counters in a sum; those of one process are fewer. */
const MAX_COUNTERS = 1024;

export function addTotals(a: CaptureTotals, b: CaptureTotals): CaptureTotals {
  const counters = new Map(Object.entries(a.counters));
  for (const [name, count] of Object.entries(b.counters)) {
    if (counters.has(name) || counters.size < MAX_COUNTERS) counters.set(name, (counters.get(name) ?? 0) + count);
  }
  return {
    observations: a.observations + b.observations,
    receivedByKernel: a.receivedByKernel + b.receivedByKernel,
    droppedByKernel: a.droppedByKernel + b.droppedByKernel,
    droppedByBackpressure: a.droppedByBackpressure + b.droppedByBackpressure,
    counters: Object.fromEntries(counters),
  };
}
