/**
 * A process that appends to the query log in a folder until it is killed. Each batch has entries of two days that carry its
 * number as their type, and leaves the number as its position. Says `open`, and each number once its batch is kept; or the code
 * of the error.
 */
import { pathToFileURL } from 'node:url';

const [, , built = '', folder = '', source = '', first = '0'] = process.argv;
const load = (/** @type {string} */ path) => import(new URL(path, pathToFileURL(`${built}/`)).href);
const { openSqliteQueryLog } = await load('storage/query-log/sqlite-query-log.js');
const { EntryBatchWriter } = await load('querylog/entry-batch.js');
const { parseName } = await load('dns/name.js');

/** @param {string | number} word */
const say = (word) => process.stdout.write(`${word}\n`);
const ROWS = 40;
const NOON_MS = Date.UTC(2026, 0, 15, 12);
const DAY_MS = 86_400_000;

/** @param {number} batch */
function entries(batch) {
  const writer = new EntryBatchWriter();
  for (let row = 0; row < ROWS; row++) {
    writer.add({
      atMs: NOON_MS + (row % 2) * DAY_MS + batch,
      name: parseName(`row${row}.${source}.example`),
      type: batch,
      class: 1,
      client: row,
      clientPort: undefined,
      server: undefined,
      role: undefined,
      responseCode: undefined,
      answers: [row],
      mark: undefined,
    });
  }
  return writer.take();
}

try {
  const store = openSqliteQueryLog(folder);
  say('open');
  for (let batch = Number(first); ; batch++) {
    const position = { fingerprint: '', offset: batch, state: '' };
    const from = await store.position(source);
    await store.append({ source, entries: entries(batch), position, from, quarantined: [] });
    say(batch);
  }
} catch (error) {
  say(/** @type {{ code: string }} */ (error).code);
}
