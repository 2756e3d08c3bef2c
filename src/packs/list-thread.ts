/** The thread of readListInThread: reads one list and ends. */

import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { ListReport } from './list-thread-protocol.ts';
import { type ListSummary, type ReadOrder, readList, unreadList } from './read-list.ts';

const port = parentPort;
if (port === null) throw new Error('this file is run as a thread by list-reader.ts');
const order = workerData as ReadOrder;

async function read(send: (report: ListReport) => void, taken: () => Promise<unknown>): Promise<ListSummary> {
  const octets = readAtMost(order.file, order.maxBytes);
  if (octets === undefined) return unreadList(`is larger than ${order.maxBytes} octets (packs.bytes)`);
  const batches = readList(octets, order);
  for (;;) {
    const step = batches.next();
    if (step.done === true) return step.value;
    const isTaken = taken();
    send({ kind: 'batch', batch: step.value });
    await isTaken;
  }
}

/** Undefined when there is more. */
function readAtMost(file: string, maxBytes: number): Buffer | undefined {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size > maxBytes) return undefined;
    const octets = Buffer.allocUnsafe(size);
    let length = 0;
    while (length < size) {
      const count = readSync(descriptor, octets, length, size - length, null);
      if (count === 0) break;
      length += count;
    }
    return octets.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

const summary = await read(
  (report) => port.postMessage(report),
  () => once(port, 'message'),
);
port.postMessage({ kind: 'done', summary } satisfies ListReport);
