/** A process that writes an audit log until it is killed; it prints the number of each entry that it was told is kept. */
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [, , built = '', file = '', first = '0'] = process.argv;
const load = (/** @type {string} */ path) => import(new URL(path, pathToFileURL(`${built}/`)).href);
const { AuditLog } = await load('traceback/audit/audit-log.js');
const { systemClock } = await load('core/clock.js');
const { silentLog } = await load('core/log.js');
const AT_ONCE = 20;

const audit = new AuditLog(file, { clock: systemClock, log: silentLog, partBytes: 20_000 });
await audit.start();
let number = Number(first);

async function write() {
  for (;;) {
    const entry = number++;
    await audit.append({
      kind: 'traceback',
      peer: 'node.example.net',
      request: undefined,
      case: undefined,
      name: `w${entry}.example.org`,
      decision: 'granted',
      hosts: Array.from({ length: entry % 50 }, (_, index) => `192.0.2.${index}`),
    });
    writeSync(1, `${entry}\n`);
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, write));
