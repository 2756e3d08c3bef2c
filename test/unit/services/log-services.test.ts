import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/address.ts';
import { parseName } from '../../../src/dns/name.ts';
import { EntryBatchWriter } from '../../../src/querylog/entry-batch.ts';
import type { LogEntry } from '../../../src/querylog/log-entry.ts';
import { emptyFigures, type SourceFigures } from '../../../src/querylog/source-figures.ts';
import { type AskedLog, type LogSearch, logServices, type SearchSummary } from '../../../src/services/log-services.ts';
import { type EntryView, parseLogPlace } from '../../../src/services/log-view.ts';
import { MemoryQueryLog } from '../../../src/storage/query-log/memory-query-log.ts';
import { addressOf } from '../../support/observations.ts';

const START_MS = Date.UTC(2026, 10, 21, 10);

const entryOf = (number: number, fields: Partial<LogEntry> = {}): LogEntry => ({
  atMs: START_MS + number,
  name: parseName(`h${number}.example`)!,
  type: 1,
  class: 1,
  client: addressOf('192.0.2.1'),
  clientPort: 53_000,
  server: undefined,
  role: undefined,
  responseCode: undefined,
  answers: [],
  mark: undefined,
  ...fields,
});

async function logOf(
  entries: readonly LogEntry[],
  figures: readonly SourceFigures[] | null = null,
  onSearch: (signal: AbortSignal | undefined) => void = () => {},
) {
  const store = new MemoryQueryLog(100_000);
  const batch = new EntryBatchWriter();
  for (const entry of entries) batch.add(entry);
  await store.append({ source: 'ns1', entries: batch.take(), position: undefined, quarantined: [] });
  const asked: AskedLog = {
    search: (question, signal) => {
      onSearch(signal);
      return store.search(question);
    },
    coverage: (gapMs) => store.coverage(gapMs),
    quarantined: (source) => store.quarantined(source),
    trim: async () => ({ days: 0, entries: 0 }),
    sourceFigures: async () => figures,
    clientInLog: (client) => ((client as number) + 1) as Address,
  };
  return logServices(asked);
}

async function searched(services: ReturnType<typeof logServices>, search: LogSearch) {
  const found: EntryView[] = [];
  const answer = services.search(search);
  for (;;) {
    const step = await answer.next();
    if (step.done === true) return { found, summary: step.value as SearchSummary };
    found.push(step.value);
  }
}

describe('search', () => {
  it('gives pages that together are all, once, whatever their size', async () => {
    const services = await logOf(Array.from({ length: 2500 }, (_, number) => entryOf(number)));
    for (const limit of [1000, 999, 2500, 5000]) {
      const names: string[] = [];
      let after: LogSearch['after'];
      do {
        const { found, summary } = await searched(services, { limit, after });
        expect(found.length).toBe(summary.count);
        names.push(...found.map(({ name }) => name));
        after = summary.next === null ? undefined : parseLogPlace(summary.next)!;
      } while (after !== undefined);
      expect(names).toEqual(Array.from({ length: 2500 }, (_, index) => `h${2499 - index}.example`));
    }
  });

  it('looks no further for somebody who is gone', async () => {
    const gone = new AbortController();
    const signals: (AbortSignal | undefined)[] = [];
    const services = await logOf([entryOf(0)], null, (signal) => signals.push(signal));
    await services.search({ limit: 1 }, gone.signal).next();
    expect(signals).toEqual([gone.signal]);
  });

  it('asks for the client as the log has it, or for a pseudonym as it is', async () => {
    const services = await logOf([entryOf(0), entryOf(1, { client: addressOf('192.0.2.2') })]);
    const client = addressOf('192.0.2.1');
    const nameOfFirst = async (search: object) => (await searched(services, { limit: 5, ...search })).found[0]?.name;
    expect(await nameOfFirst({ client })).toBe('h1.example');
    expect(await nameOfFirst({ pseudonym: client })).toBe('h0.example');
  });

  it('shows numbers without a name as numbers', async () => {
    const services = await logOf([
      entryOf(0, { type: 65_280, class: 77, responseCode: 3841, role: 'forwarded', mark: 'blocked' }),
    ]);
    const { found } = await searched(services, { limit: 1 });
    expect(found).toMatchObject([
      { type: 'TYPE65280', class: 'CLASS77', responseCode: 'RCODE3841', role: 'forwarded', mark: 'blocked' },
    ]);
  });
});

it('sources tells what is kept and what is read, of sources of either', async () => {
  const read = { ...emptyFigures('ns2', 'bind'), records: 3, refused: { 'no such time': 3 }, behindMs: 12.5 };
  const services = await logOf([entryOf(0), entryOf(3_600_000)], [read]);
  const views = [];
  for await (const view of services.sources(600_000)) views.push(view);
  expect(views).toMatchObject([
    {
      source: 'ns1',
      entries: 2,
      first: '2026-11-21T10:00:00.000Z',
      gaps: [{ to: '2026-11-21T11:00:00.000Z' }],
      reading: null,
    },
    { source: 'ns2', entries: 0, first: null, reading: { format: 'bind', records: 3, behindMs: 13, last: null } },
  ]);
});

it('without a log each is refused', async () => {
  const services = logServices(undefined);
  expect(() => services.search({ limit: 1 })).toThrow(expect.objectContaining({ code: 'not-running' }));
  expect(() => services.trim()).toThrow(expect.objectContaining({ code: 'not-running' }));
});
