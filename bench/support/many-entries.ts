/** Entries of a query log as large as is wanted, the same for the same seed: as packed batches and as lines of BIND. */
import type { Ipv4Address } from '../../src/core/address.ts';
import { type Name, parseName } from '../../src/dns/name.ts';
import type { LogEntry } from '../../src/querylog/log-entry.ts';

export const ENTRY_DAY_MS = Date.UTC(2026, 10, 20);
const DAY_MS = 86_400_000;
const CLIENTS = 5000;
const NAMES = 200_000;
/** Every tenth query is for one of these, as much of the traffic is for few names. */
const POPULAR = 100;
/** No octet is 0, 30 or 31: databases are given the same addresses as text with such separators. */
const SERVER = ((198 << 24) | (51 << 16) | (100 << 8) | 53) as Ipv4Address;

/** Numbers that look random, from 0 to below `end` (a linear congruence, its upper bits). */
export function randomNumbers(seed: number): (end: number) => number {
  let state = seed >>> 0;
  return (end) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
}

/** All names that entries have, by their number. */
export function entryNames(): readonly Name[] {
  return Array.from({ length: NAMES }, (_, index) => parseName(entryNameText(index))!);
}

export function entryNameText(index: number): string {
  return `host${index}.example${index % 997}.com`;
}

function clientAddress(index: number): Ipv4Address {
  return ((198 << 24) | (18 << 16) | ((100 + Math.floor(index / 100)) << 8) | (100 + (index % 100))) as Ipv4Address;
}

/** `count` entries of one day, evenly spread over it and in order of time. */
export function* manyEntries(count: number, seed: number): Generator<LogEntry, void> {
  const names = entryNames();
  const random = randomNumbers(seed);
  for (let index = 0; index < count; index++) {
    yield {
      atMs: ENTRY_DAY_MS + Math.floor((index / count) * DAY_MS),
      name: names[random(10) === 0 ? random(POPULAR) : random(NAMES)]!,
      type: random(3) === 0 ? 28 : 1,
      class: 1,
      client: clientAddress(random(CLIENTS)),
      clientPort: 1024 + random(60_000),
      server: SERVER,
      role: 'recursive',
      responseCode: undefined,
      answers: [],
      mark: undefined,
    };
  }
}

/** `count` lines as BIND 9.18 writes them, in pieces of some hundred kilobytes. */
export function* manyBindLines(count: number, seed: number): Generator<string, void> {
  const random = randomNumbers(seed);
  let piece: string[] = [];
  for (let index = 0; index < count; index++) {
    const at = new Date(ENTRY_DAY_MS + Math.floor((index / count) * DAY_MS)).toISOString();
    const time = `20-Nov-2026 ${at.slice(11, 23)}`;
    const name = entryNameText(random(10) === 0 ? random(POPULAR) : random(NAMES));
    const client = `198.18.${random(20)}.${random(250)}#${1024 + random(60_000)}`;
    const type = random(3) === 0 ? 'AAAA' : 'A';
    const tag = (0x7f2c04000000 + random(1 << 24)).toString(16);
    piece.push(
      `${time} queries: info: client @0x${tag} ${client} (${name}): query: ${name} IN ${type} +E(0)K (192.0.2.53)\n`,
    );
    if (piece.length === 4096) {
      yield piece.join('');
      piece = [];
    }
  }
  yield piece.join('');
}
