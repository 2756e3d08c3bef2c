import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteQueryLog } from '../../src/storage/query-log/sqlite-query-log.ts';
import { appendEntries } from './append-entries.ts';
import { ENTRY_DAY_MS, entryNames, randomNumbers } from './many-entries.ts';

const LOOKUPS = 3000;
const SEED = 7;
const HOUR_MS = 3_600_000;
const WINDOWS_MS = [HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS];
/** As many as `gluewall log search` shows at first. */
const PAGE = 100;

/**
 * Milliseconds of look-ups by name within an hour, six hours and a day, in a log of one day with `rows` entries; that is built in
 * `folder` where it is missing, which takes some minutes, and stays.
 */
export async function timeLookups(folder: string, rows: number, say: (line: string) => void) {
  const home = join(folder, `querylog-${rows}`);
  // Written when it is all there: what was broken off is built anew.
  const mark = `${home}.built`;
  const isBuilt = existsSync(mark);
  if (!isBuilt) rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  const store = openSqliteQueryLog(home);
  try {
    if (!isBuilt) {
      say(`building a day of ${rows} entries in ${home}`);
      await appendEntries(store, rows, (done) => say(`${done} entries`));
      writeFileSync(mark, '');
    }
    const names = entryNames();
    const random = randomNumbers(SEED);
    const tookMs: number[] = [];
    let found = 0;
    for (let lookup = 0; lookup < LOOKUPS; lookup++) {
      const windowMs = WINDOWS_MS[lookup % WINDOWS_MS.length]!;
      const sinceMs = ENTRY_DAY_MS + random(24 * HOUR_MS - windowMs + 1);
      const name = names[random(10) === 0 ? random(100) : random(names.length)]!;
      const startedAtMs = performance.now();
      const page = await store.search({ name, sinceMs, untilMs: sinceMs + windowMs, limit: PAGE });
      tookMs.push(performance.now() - startedAtMs);
      found += page.entries.length;
    }
    if (found === 0) throw new Error('nothing was found');
    tookMs.sort((a, b) => a - b);
    return { p50Ms: tookMs[Math.floor(LOOKUPS * 0.5)]!, p99Ms: tookMs[Math.floor(LOOKUPS * 0.99)]! };
  } finally {
    await store.close();
  }
}
