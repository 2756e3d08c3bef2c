/**
 * A process that uses a store until it is killed: `FILE` of the store and the `NUMBER` to begin with. It saves batches of
 * triples and events that carry the batch's number, and says each number once its batch is saved; `open` when it has
 * the store, or the code of the error.
 */
import { pathToFileURL } from 'node:url';

const [, , built = '', file = '', first = '0', mode = 'write'] = process.argv;
const load = (/** @type {string} */ path) => import(new URL(path, pathToFileURL(`${built}/`)).href);
const { openSqliteStore } = await load('storage/sqlite-store.js');
const { TripleBatchWriter } = await load('nsdb/triple-batch.js');
const { parseName } = await load('dns/name.js');

/** @param {string | number} word */
const say = (word) => process.stdout.write(`${word}\n`);
const ROWS = 20;

/** @param {number} batch */
function triples(batch) {
  return Array.from({ length: ROWS }, (_, row) => ({
    zone: parseName(`batch${batch}.example`),
    nameServer: parseName(`row${row}.example`),
    address: (198 << 24) | (18 << 16) | row,
    origin: 'learned',
    trust: 'referral',
    glue: 'none',
    sightings: 1,
    teachers: [],
    firstSeenAtMs: 1,
    lastSeenAtMs: 2,
    expiresAtMs: Number.POSITIVE_INFINITY,
    lesson: undefined,
  }));
}

/** @param {number} batch */
function packed(batch) {
  const writer = new TripleBatchWriter();
  for (const triple of triples(batch)) writer.add(triple);
  return writer.take();
}

/** @param {number} batch */
function events(batch) {
  return Array.from({ length: ROWS }, (_, row) => ({
    atMs: batch,
    datapathId: '1',
    inPort: row,
    client: 1,
    clientPort: 1,
    clientMac: undefined,
    clientName: undefined,
    group: 'default',
    destination: 2,
    transport: 'udp',
    queryName: undefined,
    queryType: undefined,
    recursionDesired: undefined,
    verdict: 'block',
    reason: 'unknown',
    ruleId: undefined,
    scope: ['destination'],
    alarm: undefined,
    hint: undefined,
    packetsAtLeast: 1,
    enforced: true,
    heldMs: 0,
    message: `batch ${batch}`,
    packet: undefined,
  }));
}

try {
  const { store } = await openSqliteStore(file, { events: 1_000_000 });
  say('open');
  if (mode === 'hold') setInterval(() => {}, 1000);
  else if (mode === 'leave') await store.saveTriples(packed(Number(first)));
  else {
    for (let batch = Number(first); ; batch++) {
      await Promise.all([store.saveTriples(packed(batch)), store.saveEvents(events(batch))]);
      say(batch);
    }
  }
} catch (error) {
  say(/** @type {{ code: string }} */ (error).code);
}
