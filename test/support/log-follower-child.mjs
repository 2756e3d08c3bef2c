/** A process that follows a BIND query log into a query log in SQLite until it is killed; it says `reading` when it begins. */
import { pathToFileURL } from 'node:url';

const [, , built = '', folder = '', file = ''] = process.argv;
const load = (/** @type {string} */ path) => import(new URL(path, pathToFileURL(`${built}/`)).href);
const { openSqliteQueryLog } = await load('storage/query-log/sqlite-query-log.js');
const { FileFollower } = await load('querylog/file-follower.js');
const { systemClock } = await load('core/clock.js');
const { silentLog } = await load('core/log.js');

const source = {
  path: file,
  name: 'ns1',
  format: undefined,
  zone: 'UTC',
  server: undefined,
  client: (/** @type {unknown} */ address) => address,
  keepsSamples: true,
};
new FileFollower(source, openSqliteQueryLog(folder), systemClock, silentLog).start();
process.stdout.write('reading\n');
// The clock's timers keep no process alive.
setInterval(() => {}, 1000);
