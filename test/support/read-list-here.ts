import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReadListFile } from '../../src/packs/list-reader.ts';
import { addBatch, readList, unreadList } from '../../src/packs/read-list.ts';

/** Does what readListInThread does, without a thread. */
export const readListHere: ReadListFile = async (order, book, signal) => {
  const octets = readFileSync(order.file);
  if (octets.length > order.maxBytes) return unreadList('is larger');
  const batches = readList(octets, order);
  for (;;) {
    const step = batches.next();
    if (step.done === true) return step.value;
    addBatch(step.value, book);
    await nextTurn();
    if (signal.aborted) return unreadList('was not read to its end');
  }
};
