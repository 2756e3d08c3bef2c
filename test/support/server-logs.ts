/** Query logs of real servers: those of this repository, and those beside it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharedFolder } from '../conditions.ts';

/** Octets of a log that a server of Debian 12 wrote for these tests. */
export function serverLog(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, '../vectors/dnslog/servers', name));
}

/** Octets of a log of `../shared/data/dnslog`; a test that reads one says that it needs `shared`. */
export function sharedLog(name: string): Buffer {
  return readFileSync(join(sharedFolder, 'data/dnslog', name));
}

/** The lines of a log, without their ends. */
export function linesOf(log: Buffer): Buffer[] {
  const lines = log.toString('latin1').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => Buffer.from(line, 'latin1'));
}
