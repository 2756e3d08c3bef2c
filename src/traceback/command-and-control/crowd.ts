import type { Address } from '../../core/address.ts';
import { DAY_MS } from '../../core/clock.ts';
import type { LogEntry } from '../../querylog/log-entry.ts';
import type { LogReader } from './log-reader.ts';

/** Clients that are remembered, to know how many there are. */
const MAX_CLIENTS = 100_000;
/** Times of the day that are looked into for clients, and entries of each. */
const SAMPLES = 8;
const SAMPLE_ENTRIES = 1250;
/** Halvings of a day, to find where the log begins: to some minutes. */
const BEGIN_STEPS = 9;

/** The other clients of a source, and the time over which they are watched. */
export class Crowd {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly slotMs: number;
  readonly #hosts: ReadonlySet<Address>;
  readonly #clients = new Set<Address>();
  readonly #leastClients: number;

  /** `leastClients`: that the source serves so many, as is known from elsewhere. */
  constructor(
    hosts: ReadonlySet<Address>,
    time: { readonly sinceMs: number; readonly untilMs: number; readonly slotMs: number },
    leastClients: number,
  ) {
    this.sinceMs = time.sinceMs;
    this.untilMs = time.untilMs;
    this.slotMs = time.slotMs;
    this.#hosts = hosts;
    this.#leastClients = leastClients;
  }

  /** Other clients, as far as is known. */
  get size(): number {
    return Math.max(this.#clients.size, this.#leastClients - this.#hosts.size);
  }

  /** Who asked, if it is one of the others. */
  meet({ client, role }: Pick<LogEntry, 'client' | 'role'>): Address | undefined {
    // Who asks an authoritative server is no client but another server.
    if (client === undefined || role === 'authoritative' || this.#hosts.has(client)) return undefined;
    if (this.#clients.size < MAX_CLIENTS) this.#clients.add(client);
    return client;
  }

  /** Meets some at each time of the day. */
  async lookAround(reader: LogReader): Promise<void> {
    const step = (this.untilMs - this.sinceMs) / SAMPLES;
    for (let sample = 0; sample < SAMPLES; sample++) {
      const sinceMs = this.sinceMs + sample * step;
      await reader.read({ sinceMs, untilMs: sinceMs + step }, SAMPLE_ENTRIES, (entry) => this.meet(entry));
    }
  }
}

/** Where the day before `beforeMs` begins, or the log, where that is younger: to a few minutes, and rather too early. */
export async function logSince(reader: LogReader, beforeMs: number): Promise<number> {
  let sinceMs = beforeMs - DAY_MS;
  if (await hasEntry(reader, { untilMs: sinceMs })) return sinceMs;
  for (let span = DAY_MS / 2, step = 0; step < BEGIN_STEPS; step++, span /= 2) {
    if (!(await hasEntry(reader, { sinceMs, untilMs: sinceMs + span }))) sinceMs += span;
  }
  return sinceMs;
}

async function hasEntry(reader: LogReader, time: { readonly sinceMs?: number; readonly untilMs: number }) {
  let isFound = false;
  await reader.read(time, 1, () => {
    isFound = true;
  });
  return isFound;
}
