/** The store of a large site, as months of blocked queries leave it. */
import { randomBytes } from 'node:crypto';
import { type Address, readIpv4 } from '../../src/core/address.ts';
import { type Name, parseName } from '../../src/dns/name.ts';
import type { VerdictEvent } from '../../src/events/verdict-event.ts';
import { TripleBatchWriter } from '../../src/nsdb/triple-batch.ts';
import { openSqliteStore } from '../../src/storage/sqlite-store.ts';
import { manyTriples } from './many-triples.ts';

const CLIENTS = 5000;
const DESTINATIONS = 20_000;
const ZONES = 30_000;
/** What one client asks for again and again: pairs of a destination and a name. */
const HABITS_PER_CLIENT = 24;
const BATCH_EVENTS = 2000;
const BATCH_TRIPLES = 2000;
const DAYS = 30;
const DAY_MS = 86_400_000;
const TYPES = [1, 28, 16, 2, 15] as const;
const FRAME_BYTES = 90;

export interface ConsoleStoreSize {
  readonly events: number;
  readonly triples: number;
}

/** One of what a client asks for. */
interface Habit {
  readonly destination: Address;
  readonly queryName: Name;
  readonly queryType: number;
}

/** Writes the store, its events spread evenly over the days before `nowMs`. Says its progress in tenths. */
export async function writeConsoleStore(
  file: string,
  { events, triples }: ConsoleStoreSize,
  nowMs: number,
  say: (line: string) => void,
): Promise<void> {
  const { store } = await openSqliteStore(file, { events });
  const random = randomFrom(1);
  const habits = Array.from({ length: CLIENTS }, () =>
    Array.from({ length: HABITS_PER_CLIENT }, () => habitOf(random)),
  );
  const fromMs = nowMs - DAYS * DAY_MS;
  const stepMs = (DAYS * DAY_MS) / events;
  for (let done = 0; done < events; done += BATCH_EVENTS) {
    const count = Math.min(BATCH_EVENTS, events - done);
    await store.saveEvents(
      Array.from({ length: count }, (_, index) => eventOf(fromMs + (done + index) * stepMs, habits, random)),
    );
    const tenth = Math.floor(events / 10 / BATCH_EVENTS) * BATCH_EVENTS;
    if (tenth > 0 && done % tenth === 0) say(`${done.toLocaleString('en')} events written`);
  }
  await writeTriples(store, triples, nowMs);
  await store.close();
}

async function writeTriples(
  store: Awaited<ReturnType<typeof openSqliteStore>>['store'],
  count: number,
  nowMs: number,
): Promise<void> {
  let writer = new TripleBatchWriter();
  for (const triple of manyTriples(count, nowMs, { count: 0, atMs: nowMs })) {
    writer.add(triple);
    if (writer.size < BATCH_TRIPLES) continue;
    await store.saveTriples(writer.take());
    writer = new TripleBatchWriter();
  }
  if (writer.size > 0) await store.saveTriples(writer.take());
}

/** Half of what is asked is blocked or would have been; what a client asks for follows its habits, few of them often. */
function eventOf(atMs: number, habits: readonly (readonly Habit[])[], random: () => number): VerdictEvent {
  const client = Math.floor(random() * random() * CLIENTS);
  const { destination, queryName, queryType } = habits[client]![Math.floor(random() * random() * HABITS_PER_CLIENT)]!;
  const isBlocked = random() < 0.5;
  return {
    atMs,
    datapathId: `000000000000000${1 + (client % 4)}`,
    inPort: 1 + (client % 48),
    client: ipv4(0x0a000000 + client),
    clientPort: 1024 + Math.floor(random() * 60_000),
    clientMac: 0x020000000000 + client,
    clientName: client % 3 === 0 ? `desk-${client}.office.example` : undefined,
    group: client % 5 === 0 ? 'laboratory' : 'default',
    destination,
    transport: client % 20 === 0 ? 'tcp' : 'udp',
    queryName,
    queryType,
    verdict: isBlocked ? 'block' : 'allow',
    reason: isBlocked ? (client % 7 === 0 ? 'tooYoung' : 'unknown') : 'history',
    ruleId: undefined,
    scope: ['destination', 'group'],
    alarm: undefined,
    hint: undefined,
    packetsAtLeast: 1,
    enforced: client % 10 !== 0,
    heldMs: 50,
    message: isBlocked ? 'is unknown and block' : 'is registered and pass',
    recursionDesired: client % 6 === 0,
    packet: isBlocked ? randomBytes(FRAME_BYTES) : undefined,
  };
}

function habitOf(random: () => number): Habit {
  const zone = Math.floor(random() * random() * ZONES);
  return {
    destination: ipv4(0xcb007100 + Math.floor(random() * DESTINATIONS)),
    queryName: parseName(`host${Math.floor(random() * 4)}.zone${zone}.example`)!,
    queryType: TYPES[Math.floor(random() * TYPES.length)]!,
  };
}

function ipv4(number: number): Address {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(number >>> 0);
  return readIpv4(octets, 0);
}

/** Numbers from 0 to 1, the same for the same seed (a linear congruential generator of 32 bits). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
