/** What a search of every store finds: the same as the model, whatever is asked. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { addressFromOctets, formatAddress, networkAround, parseAddress } from '../../../../src/core/address.ts';
import { canonicalName, formatName, parentName, parseName, ROOT } from '../../../../src/dns/name.ts';
import type { VerdictEvent } from '../../../../src/events/verdict-event.ts';
import { ENTRY_STATES, SEVERITIES } from '../../../../src/inbox/entry.ts';
import type { ListedEntry, RowPage, RowPlace } from '../../../../src/inbox/inbox-store.ts';
import type { NameValue, Search, SearchTerm } from '../../../../src/inbox/search.ts';
import { EVERYTHING } from '../../../../src/inbox/search.ts';
import type { Store, StoreOptions } from '../../../../src/storage/store.ts';
import { anyTerm } from '../../../support/any-search.ts';
import { entryMatches, eventMatches } from '../../../support/search-model.ts';
import { anyVerdictEvent, verdictEvent } from '../../../support/verdict-events.ts';

const NOW = Date.UTC(2026, 10, 22, 8);
const MAPPED = addressFromOctets(Buffer.from('00000000000000000000ffffc0000242', 'hex'))!;

/** What a search may trip over, and any others. */
const events: readonly VerdictEvent[] = [
  verdictEvent({ client: MAPPED }),
  verdictEvent({ client: parseAddress('192.0.2.66')!, clientName: 'Printer-1.office.example' }),
  verdictEvent({ client: parseAddress('0.0.0.0')!, clientName: '100%_sure!' }),
  verdictEvent({ client: parseAddress('255.255.255.255')!, clientName: 'printer' }),
  verdictEvent({ client: parseAddress('2001:db8::1')!, queryName: undefined, queryType: undefined, transport: 'tcp' }),
  verdictEvent({ queryName: ROOT, recursionDesired: true }),
  verdictEvent({ queryName: parseName('WWW.Evil.test')!, recursionDesired: false, enforced: false }),
  verdictEvent({ queryName: parseName('a\\.evil.test')!, verdict: 'allow', reason: 'history' }),
  verdictEvent({ queryName: parseName('\\000\\"\\\\.evil.test')!, reason: 'denyRule', ruleId: 'r-1' }),
  verdictEvent({ queryName: parseName(`${'x'.repeat(63)}.test`)!, reason: 'denyPack', group: 'office' }),
  ...fc.sample(anyVerdictEvent, { numRuns: 60, seed: 20 }),
].map((event, index) => ({
  ...event,
  atMs: NOW - index * 60_000,
  // What the model knows by the rules of ASCII alone.
  clientName: event.clientName?.replace(/[^ -~]/g, '?'),
  message: event.message.replace(/[^ -~]/g, '?'),
}));

async function readAll<T>(step: (before: RowPlace | undefined) => Promise<RowPage<T>>): Promise<readonly T[]> {
  const rows: T[] = [];
  let before: RowPlace | undefined;
  do {
    const page: RowPage<T> = await step(before);
    rows.push(...page.rows);
    before = page.next;
  } while (before !== undefined);
  return rows;
}

/** Values that are in the rows: others find nothing. */
const anyHeld = fc.constantFrom(...events);
const anyNetwork = fc
  .tuple(anyHeld, fc.constantFrom('client', 'destination'), fc.integer({ min: 0, max: 128 }), fc.boolean())
  .map(([event, field, length, isWhole]) => {
    const address = formatAddress(event[field]);
    if (isWhole) return { field, anyOf: [{ address, prefixLength: undefined }] };
    const prefixLength = address.includes(':') ? length : length % 33;
    return {
      field,
      anyOf: [{ address: formatAddress(networkAround(`${address}/${prefixLength}`)!.base), prefixLength }],
    };
  });
const anyName = fc.tuple(anyHeld, fc.integer({ min: 0, max: 3 })).map(([{ queryName }, up]) => {
  if (queryName === undefined) return { field: 'name', anyOf: [{ name: '', match: 'none' }] };
  let zone = canonicalName(queryName);
  for (let step = 0; step < up; step++) zone = parentName(zone);
  const match: NameValue['match'] = up === 0 ? 'exactly' : 'below';
  return { field: 'name', anyOf: [{ name: formatName(zone), match }] };
});
const anyText = fc.tuple(anyHeld, fc.nat(), fc.integer({ min: 1, max: 8 })).map(([event, from, length]) => {
  const text = event.queryName === undefined ? event.message : formatName(event.queryName);
  const start = from % text.length;
  return { field: 'text', anyOf: [text.slice(start, start + length).toUpperCase()] };
});
const anyCalled = fc.constantFrom(
  'printer',
  'PRINTER-1',
  'printer*',
  '*office*',
  '*%*',
  '*!',
  '100%_sure!',
  '*',
  '?*',
  'nobody',
);
const anyWord = anyHeld.chain((event) =>
  fc.constantFrom(
    { field: 'group', anyOf: [event.group] },
    { field: 'rule', anyOf: [event.ruleId ?? 'r-1'] },
    { field: 'switch', anyOf: [event.datapathId] },
    { field: 'reason', anyOf: [event.reason] },
    { field: 'type', anyOf: [event.queryType ?? 1, 28] },
    { field: 'mac', anyOf: [event.clientMac ?? 0] },
    { field: 'switch-port', anyOf: [event.inPort] },
    { field: 'rd', anyOf: [event.recursionDesired ?? true] },
  ),
);
const heldTerm: fc.Arbitrary<SearchTerm> = fc
  .tuple(
    fc.boolean(),
    fc.oneof(
      anyNetwork,
      anyName,
      anyText,
      anyWord,
      anyCalled.map((text) => ({ field: 'client-name', anyOf: [text] })),
    ),
  )
  .map(([isNegated, meaning]) => ({ isNegated, ...meaning }) as SearchTerm);
const inboxTerm: fc.Arbitrary<SearchTerm> = fc.oneof(
  fc.record({
    field: fc.constant('severity' as const),
    isNegated: fc.boolean(),
    anyOf: fc.subarray([...SEVERITIES], { minLength: 1 }),
  }),
  fc.record({
    field: fc.constant('state' as const),
    isNegated: fc.boolean(),
    anyOf: fc.subarray([...ENTRY_STATES], { minLength: 1 }),
  }),
);
const anyTime = fc.option(fc.integer({ min: NOW - 80 * 60_000, max: NOW + 60_000 }), { nil: undefined });

function searchOf(term: fc.Arbitrary<SearchTerm>): fc.Arbitrary<Search> {
  return fc.record({ terms: fc.array(term, { maxLength: 3 }), sinceMs: anyTime, untilMs: anyTime });
}

/** `runs` is how many searches are made of events, and as many of entries; `open` closes what it opens. */
export function describeSearches(name: string, open: (options: StoreOptions) => Promise<Store>, runs: number): void {
  describe(name, () => {
    let store: Store;
    let entries: readonly ListedEntry[];

    beforeAll(async () => {
      store = await open({ events: 1000 });
      await store.saveEvents(events);
      const all = await readAll((before) => store.findEntries({ search: EVERYTHING, before, limit: 500 }, NOW));
      const some = all.filter((_, index) => index % 3 > 0);
      await store.changeEntries(
        some.map(({ id }, index) => ({
          id,
          state: ENTRY_STATES[index % 3]!,
          untilMs: undefined,
          ifStateChange: undefined,
        })),
        'ann',
        NOW,
      );
      entries = await readAll((before) => store.findEntries({ search: EVERYTHING, before, limit: 500 }, NOW));
    });

    it('finds the events that the model finds', async () => {
      let found = 0;
      await fc.assert(
        fc.asyncProperty(searchOf(fc.oneof(heldTerm, anyTerm)), async (search) => {
          const rows = await readAll((before) => store.findKeptEvents({ search, before, limit: 20 }));
          const wanted = events.filter((event) => eventMatches(search, event));
          expect(rows.map(({ event }) => event.atMs)).toEqual(wanted.map(({ atMs }) => atMs));
          if (search.terms.length > 0) found += rows.length;
        }),
        { numRuns: runs },
      );
      expect(found).toBeGreaterThan(runs);
    });

    it('finds the entries that the model finds', async () => {
      expect(entries.length).toBeGreaterThan(20);
      await fc.assert(
        fc.asyncProperty(searchOf(fc.oneof(heldTerm, anyTerm, inboxTerm)), async (search) => {
          const rows = await readAll((before) => store.findEntries({ search, before, limit: 20 }, NOW));
          const wanted = entries.filter((entry) => entryMatches(search, entry));
          expect(rows.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id));
        }),
        { numRuns: runs },
      );
    });

    it('takes any characters, and finds a name by itself', async () => {
      const clientName = 'Bücher-😀.office';
      await store.saveEvents([verdictEvent({ atMs: NOW + 1, clientName })]);
      const find = async (term: Omit<SearchTerm, 'isNegated'>) => {
        const search = { ...EVERYTHING, terms: [{ isNegated: false, ...term } as SearchTerm] };
        const entries = await store.findEntries({ search, before: undefined, limit: 20 }, NOW);
        const found = await store.findKeptEvents({ search, before: undefined, limit: 20 });
        return [entries.rows.length, found.rows.length];
      };
      const odd = 'ü\\%_!😀\u202e';
      for (const field of ['group', 'rule', 'switch', 'text', 'client-name', 'reason'] as const) {
        expect(await find({ field, anyOf: [odd] }), field).toEqual([0, 0]);
      }
      expect(await find({ field: 'client-name', anyOf: [clientName] })).toEqual([1, 1]);
      expect(await find({ field: 'client-name', anyOf: ['*cher-😀'] })).toEqual([0, 0]);
      expect(await find({ field: 'client-name', anyOf: ['B*cher-😀*'] })).toEqual([1, 1]);
      expect(await find({ field: 'text', anyOf: ['cher-😀'] })).toEqual([1, 1]);
    });
  });
}
