import { EntryBatchWriter } from '../../src/querylog/entry-batch.ts';
import type { QueryLogStore } from '../../src/querylog/query-log-store.ts';
import { manyEntries } from './many-entries.ts';

const SEED = 1;
const BATCH_ENTRIES = 16_384;
const SAID_EVERY = 5_000_000;

/** Appends entries batch by batch, as a source does; says how long the store took for them, milliseconds. */
export async function appendEntries(
  store: Pick<QueryLogStore, 'append'>,
  rows: number,
  say: (done: number) => void = () => undefined,
): Promise<number> {
  const writer = new EntryBatchWriter();
  let tookMs = 0;
  let done = 0;
  const append = async () => {
    const count = writer.count;
    const entries = writer.take();
    const from = done === 0 ? undefined : { fingerprint: 'made', offset: done };
    const position = { fingerprint: 'made', offset: done + count, state: '' };
    const startedAtMs = performance.now();
    await store.append({ source: 'bench', entries, from, position, quarantined: [] });
    tookMs += performance.now() - startedAtMs;
    done += count;
    if (Math.floor(done / SAID_EVERY) > Math.floor((done - count) / SAID_EVERY)) say(done);
  };
  for (const entry of manyEntries(rows, SEED)) {
    writer.add(entry);
    if (writer.count === BATCH_ENTRIES) await append();
  }
  if (writer.count > 0) await append();
  return tookMs;
}
