import type { EventLine } from '../../correlation/events/event-line.ts';
import { TimeHeap } from '../../correlation/events/time-heap.ts';
import type { EventFile } from './event-file.ts';

/** Lines that wait for earlier ones: a file that is out of order by less comes out in order. */
const MAX_WAITING = 100_000;
/** Where files are far apart in time, so many more wait, and then they go as they are. */
const MAX_BETWEEN_FILES = 2 * MAX_WAITING;

interface Reading {
  readonly portions: AsyncGenerator<readonly EventLine[], void>;
  /** The time of its last line so far. */
  lastMs: number;
}

/** The lines of several files as one, in order of time, some at a time. Rejects as EventFile does. */
export async function* orderedLines(files: readonly EventFile[]): AsyncGenerator<readonly EventLine[], void> {
  try {
    yield* merged(files);
  } finally {
    for (const file of files) await file.close();
  }
}

async function* merged(files: readonly EventFile[]): AsyncGenerator<readonly EventLine[], void> {
  const heap = new TimeHeap<EventLine>();
  const readings: Reading[] = files.map((file) => ({ portions: file.portions(), lastMs: Number.NEGATIVE_INFINITY }));
  while (readings.length > 0) {
    const last = readings.reduce((one, other) => (other.lastMs < one.lastMs ? other : one));
    const step = await last.portions.next();
    if (step.done === true) {
      readings.splice(readings.indexOf(last), 1);
      continue;
    }
    for (const line of step.value) heap.add(line);
    last.lastMs = step.value.at(-1)?.atMs ?? last.lastMs;
    const readMs = readings.reduce((least, { lastMs }) => Math.min(least, lastMs), Number.POSITIVE_INFINITY);
    const ready: EventLine[] = [];
    while ((heap.size > MAX_WAITING && heap.firstMs <= readMs) || heap.size > MAX_BETWEEN_FILES)
      ready.push(heap.take()!);
    yield ready;
  }
  while (heap.size > 0) yield takeSome(heap);
}

function takeSome(heap: TimeHeap<EventLine>): readonly EventLine[] {
  const lines: EventLine[] = [];
  while (heap.size > 0 && lines.length < MAX_WAITING) lines.push(heap.take()!);
  return lines;
}
