import type { Address } from '../core/address.ts';
import { DAY_MS, type TimeSource } from '../core/clock.ts';
import type { Span } from './inspect-log.ts';
import { type SearchedLog, visitEntries } from './log-entries.ts';
import { RecentResults } from './recent-results.ts';
import type { Registry } from './registry.ts';

/** The day before a window is looked at in periods of this length, which begin at multiples of it. */
const PERIOD_MS = 2 * 3_600_000;
const PERIODS = DAY_MS / PERIOD_MS;
/** Entries of a period that are looked at. */
const MAX_SAMPLED = 250;
/** The beginning of a log is found so precisely. */
const PRECISION_MS = 10_000;
const MAX_HALVINGS = 16;
const MAX_PERIODS_HELD = 512;
const KEEP_MS = 600_000;

/** What the log says of the day before a window, whatever was asked for. */
export interface Census {
  /** The times that the log covers, oldest first. */
  readonly covered: readonly Span[];
  /** Clients that ask: those of the samples, and about as many as these let expect beside where they are not all. */
  readonly clients: number;
}

/** The newest entries of a period. */
interface Sample {
  /** How often each client is in it. */
  readonly clients: ReadonlyMap<Address, number>;
  /** The time of the first of them; undefined: there is none. */
  readonly oldestAtMs: number | undefined;
  /** Whether the period has more. */
  readonly isCut: boolean;
}

/** Counts clients and covered time by samples, so that a log of any size costs the same. */
export class LogCensus {
  readonly #log: SearchedLog;
  readonly #registry: Registry;
  readonly #samples: RecentResults<Sample>;

  constructor(log: SearchedLog, registry: Registry, clock: TimeSource) {
    this.#log = log;
    this.#registry = registry;
    this.#samples = new RecentResults(MAX_PERIODS_HELD, KEEP_MS, clock);
  }

  /** Of the day before `toMs`. Rejects as the log does, and with the reason of `signal`. */
  async before(toMs: number, signal: AbortSignal): Promise<Census> {
    const last = Math.floor(toMs / PERIOD_MS);
    const covered: Span[] = [];
    const counts = new Map<Address, number>();
    // What lies before the first period is not known; it is taken for covered when the period has an entry.
    let isCovered = true;
    let isCut = false;
    for (let period = last - PERIODS; period <= last; period++) {
      const span = { fromMs: period * PERIOD_MS, toMs: Math.min((period + 1) * PERIOD_MS, toMs) };
      // The last has not ended before the window: only where nothing lies before it is it worth a look.
      if (span.toMs <= span.fromMs) break;
      if (period === last && isCovered) {
        extend(covered, span);
        break;
      }
      const sample = await this.#samples.get(keyOf(span), () => this.#takeSample(span, signal), signal);
      for (const [client, count] of sample.clients) counts.set(client, (counts.get(client) ?? 0) + count);
      isCut ||= sample.isCut;
      const isEmpty = sample.oldestAtMs === undefined;
      if (!isEmpty) {
        const fromMs: number = isCovered ? span.fromMs : await this.#firstAt(span, sample, signal);
        extend(covered, { fromMs, toMs: span.toMs });
      }
      // Old logs may be imported at any time: where there was nothing, and where the log began, there may be more then.
      if (!isCovered || isEmpty) this.#samples.forget(keyOf(span));
      isCovered = !isEmpty;
    }
    return { covered: since(covered, toMs - DAY_MS), clients: isCut ? expectedClients(counts) : counts.size };
  }

  async #takeSample({ fromMs, toMs }: Span, signal: AbortSignal): Promise<Sample> {
    const clients = new Map<Address, number>();
    let oldestAtMs: number | undefined;
    const question = { sinceMs: fromMs, untilMs: toMs };
    const isCut = await visitEntries(this.#log, question, MAX_SAMPLED, signal, ({ client, atMs }) => {
      oldestAtMs = atMs;
      if (client === undefined || this.#registry.partyOf(client)?.kind !== 'client') return undefined;
      clients.set(client, (clients.get(client) ?? 0) + 1);
      return undefined;
    });
    return { clients, oldestAtMs, isCut };
  }

  /** About when the first entry of a period was asked, of which there is one. */
  async #firstAt({ fromMs }: Span, { oldestAtMs, isCut }: Sample, signal: AbortSignal): Promise<number> {
    return isCut ? this.#findFirst(fromMs, oldestAtMs!, signal) : oldestAtMs!;
  }

  /** By halves; there is an entry at `knownAtMs`. */
  async #findFirst(fromMs: number, knownAtMs: number, signal: AbortSignal): Promise<number> {
    let emptyUntilMs = fromMs;
    let firstAtMs = knownAtMs;
    for (let halving = 0; halving < MAX_HALVINGS && firstAtMs - emptyUntilMs > PRECISION_MS; halving++) {
      const untilMs = (emptyUntilMs + firstAtMs) / 2;
      let foundAtMs: number | undefined;
      await visitEntries(this.#log, { sinceMs: emptyUntilMs, untilMs }, 1, signal, ({ atMs }) => {
        foundAtMs = atMs;
        return undefined;
      });
      if (foundAtMs === undefined) emptyUntilMs = untilMs;
      else firstAtMs = foundAtMs;
    }
    return firstAtMs;
  }
}

function keyOf({ fromMs, toMs }: Span): string {
  return `${fromMs} ${toMs}`;
}

/** Adds a span that begins at the end of the last one or later. */
function extend(spans: Span[], { fromMs, toMs }: Span): void {
  const before = spans.at(-1);
  if (before?.toMs !== fromMs) spans.push({ fromMs, toMs });
  else spans[spans.length - 1] = { fromMs: before.fromMs, toMs };
}

function since(spans: readonly Span[], sinceMs: number): readonly Span[] {
  return spans.flatMap(({ fromMs, toMs }) => (toMs > sinceMs ? [{ fromMs: Math.max(fromMs, sinceMs), toMs }] : []));
}

/**
 * How many there are, from a sample: those seen, and for those not seen the estimate of Chao (1984) from who was seen once
 * and who twice.
 */
function expectedClients(counts: ReadonlyMap<Address, number>): number {
  let once = 0;
  let twice = 0;
  for (const count of counts.values()) {
    if (count === 1) once++;
    if (count === 2) twice++;
  }
  return Math.round(counts.size + (once * (once - 1)) / (2 * (twice + 1)));
}
