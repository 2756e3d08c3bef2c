/**
 * A process that brings one source into the query log of a MariaDB database until it is killed: with `BUILT` code, `ACCESS` as
 * JSON, and the name of the `SOURCE`. It begins where the log says that the source was left; entries are as many seconds behind
 * `FIRST_MS` as their place in the source says. It says how far it is after each batch.
 */
import { pathToFileURL } from 'node:url';

const [, , built = '', access = '', source = '', firstMs = ''] = process.argv;
const load = (/** @type {string} */ path) => import(new URL(path, pathToFileURL(`${built}/`)).href);
const { openMariadbQueryLog } = await load('storage/query-log/mariadb-query-log.js');
const { EntryBatchWriter } = await load('querylog/entry-batch.js');
const { parseName } = await load('dns/name.js');

const name = parseName('www.example.com');
const ENTRIES = 500;

/** @param {number} place */
const entryAt = (place) => ({
  atMs: Number(firstMs) + place * 1000,
  name,
  type: 1,
  class: 1,
  client: 1,
  clientPort: undefined,
  server: undefined,
  role: undefined,
  responseCode: 0,
  answers: [place],
  mark: undefined,
});

const store = openMariadbQueryLog(JSON.parse(access));
let from = await store.position(source);
let offset = from?.offset ?? 0;
process.stdout.write(`${offset}\n`);
for (;;) {
  const writer = new EntryBatchWriter();
  for (let place = offset; place < offset + ENTRIES; place++) writer.add(entryAt(place));
  offset += ENTRIES;
  const position = { fingerprint: 'f', offset, state: '' };
  await store.append({ source, entries: writer.take(), from, position, quarantined: [] });
  from = position;
  process.stdout.write(`${offset}\n`);
}
