import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NumberedRow, problemOf, rowDefaults } from '../../../src/cli/history-rows.ts';
import { type CofCounts, cofRows, composeCof } from '../../../src/cli/passive-dns.ts';
import { type TripleView, tripleRow } from '../../../src/services/triple-view.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 12);
const DAY_MS = 86_400_000;
const DEFAULTS = rowDefaults(NOW_MS, DAY_MS);
const atSeconds = (seconds: number) => new Date(seconds * 1000).toISOString();
const SEEN = NOW_MS / 1000 - 100;

function triple(fields: Partial<TripleView> = {}): TripleView {
  return {
    zone: 'example.org',
    nameServer: 'ns.example.org',
    address: '192.0.2.1',
    origin: 'learned',
    trust: 'referral',
    glue: 'in-domain',
    sightings: 3,
    teachers: [],
    firstSeen: atSeconds(SEEN - 50),
    lastSeen: atSeconds(SEEN),
    expires: atSeconds(SEEN + 3600),
    taughtBy: null,
    ...fields,
  };
}

async function* each<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

async function compose(triples: readonly TripleView[]): Promise<Record<string, unknown>[]> {
  let text = '';
  for await (const part of composeCof(each(triples))) text += part;
  const lines = text.split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => JSON.parse(line));
}

async function read(objects: Iterable<unknown>, maxRecords?: number) {
  const counts: CofCounts = { others: 0, noRoom: 0, noAddress: 0 };
  const numbered = function* (): Generator<NumberedRow> {
    let line = 0;
    for (const row of objects) yield { line: ++line, row };
  };
  const rows: Record<string, unknown>[] = [];
  const problems: string[] = [];
  for await (const { line, row, problem } of cofRows(each(numbered()), DEFAULTS, counts, maxRecords)) {
    if (problem === undefined) rows.push(row as Record<string, unknown>);
    else problems.push(`${line}: ${problem}`);
  }
  return { rows, problems, counts };
}

const ns = (fields: object = {}) => ({
  rrname: 'example.org.',
  rrtype: 'NS',
  rdata: 'ns.example.org.',
  time_first: SEEN - 50,
  time_last: SEEN,
  ...fields,
});
const a = (fields: object = {}) => ({ ...ns(), rrname: 'ns.example.org', rrtype: 'A', rdata: '192.0.2.1', ...fields });

describe('composeCof', () => {
  it('writes the NS record once for the addresses that follow one another', async () => {
    const later = { firstSeen: atSeconds(SEEN - 40), lastSeen: atSeconds(SEEN + 10), sightings: 1 };
    const lines = await compose([
      triple(),
      triple({ address: '2001:db8::1', ...later }),
      triple({ nameServer: 'ns2.example.org' }),
    ]);
    const own = { x_gluewall_trust: 'referral', x_gluewall_expires: SEEN + 3600 };
    const times = { time_first: SEEN - 50, time_last: SEEN, count: 3 };
    expect(lines.slice(0, 3)).toEqual([
      { rrname: 'example.org', rrtype: 'NS', rdata: 'ns.example.org', ...times, time_last: SEEN + 10, ...own },
      { rrname: 'ns.example.org', rrtype: 'A', rdata: '192.0.2.1', ...times, ...own },
      {
        rrname: 'ns.example.org',
        rrtype: 'AAAA',
        rdata: '2001:db8::1',
        time_first: SEEN - 40,
        time_last: SEEN + 10,
        count: 1,
        ...own,
      },
    ]);
    expect(lines.slice(3).map(({ rrname, rrtype, rdata }) => [rrname, rrtype, rdata])).toEqual([
      ['example.org', 'NS', 'ns2.example.org'],
      ['ns2.example.org', 'A', '192.0.2.1'],
    ]);
  });

  it('has the mandatory fields of the draft in every line, times as whole seconds', async () => {
    const lines = await compose([triple({ firstSeen: '2026-11-20T10:00:00.999Z' })]);
    expect(lines.length).toBe(2);
    for (const line of lines) {
      expect(line).toMatchObject({ rrname: expect.any(String), rrtype: expect.any(String), rdata: expect.any(String) });
      expect(line.time_first).toBe(Date.UTC(2026, 10, 20, 10) / 1000);
      expect(Number.isInteger(line.time_last)).toBe(true);
    }
  });

  it('writes nothing of nothing', async () => {
    expect(await compose([])).toEqual([]);
  });

  it('puts a bounded number together', async () => {
    const lines = await compose(
      Array.from({ length: 600 }, (_, index) => triple({ address: `192.0.2.${index % 250}` })),
    );
    expect(lines.filter(({ rrtype }) => rrtype === 'NS').length).toBe(3);
    expect(lines.length).toBe(603);
  });

  it('is read back to the same triples, to the second', async () => {
    const name = fc.constantFrom('example.org', 'example.net', 'ns.example.org', '.', 'a\\.b.example');
    const view = fc.record({
      zone: name,
      nameServer: name,
      address: fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1'),
      trust: fc.constantFrom('unverified', 'incidental', 'referral', 'authoritative'),
      sightings: fc.integer({ min: 1, max: 9 }),
      first: fc.nat({ max: 1000 }),
      last: fc.nat({ max: 1000 }),
      expires: fc.nat({ max: 1000 }),
    });
    // One server has one address record, whatever zone it is of: what is said of it is the same then.
    const keys = fc.uniqueArray(view, { maxLength: 12, selector: ({ nameServer }) => nameServer });
    await fc.assert(
      fc.asyncProperty(keys, async (views) => {
        const triples = views.map(({ first, last, expires, ...fields }) => {
          const firstSeen = atSeconds(SEEN - 2000 + first);
          return triple({
            ...fields,
            firstSeen,
            lastSeen: atSeconds(SEEN + last),
            expires: atSeconds(SEEN + 5000 + expires),
          });
        });
        const { rows, problems } = await read(await compose(triples));
        expect(problems).toEqual([]);
        const bare = triples.map(({ origin, glue, teachers, ...row }) => row);
        expect(new Set(rows.map((row) => JSON.stringify(sorted(row))))).toEqual(
          new Set(bare.map((row) => JSON.stringify(sorted(row)))),
        );
      }),
    );
  });
});

const sorted = (row: object) => Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));

describe('cofRows', () => {
  it('joins NS and address records, whatever their order', async () => {
    const records = [ns(), a(), a({ rrtype: 'AAAA', rdata: '2001:DB8::1' })];
    const common = {
      zone: 'example.org',
      nameServer: 'ns.example.org',
      trust: 'unverified',
      sightings: 1,
      taughtBy: null,
    };
    const times = { firstSeen: atSeconds(SEEN - 50), lastSeen: atSeconds(SEEN), expires: atSeconds(SEEN + 86_400) };
    const wanted = ['192.0.2.1', '2001:db8::1'].map((address) => ({ ...common, ...times, address }));
    expect((await read(records)).rows).toEqual(wanted);
    const turned = (await read(records.toReversed())).rows;
    expect(turned).toEqual(wanted.toReversed());
    for (const row of turned) {
      expect(problemOf(row, NOW_MS)).toBeUndefined();
      expect(tripleRow.parse(row)).toMatchObject({ origin: 'learned', lesson: undefined });
    }
  });

  it('takes rdata that is a list, types by number, times as text, names in upper case, and times of zones', async () => {
    const { rows, problems } = await read([
      ns({
        rrname: 'EXAMPLE.org',
        rrtype: 2,
        rdata: ['NS.example.org', 'ns2.example.org'],
        time_first: `${SEEN - 50}`,
      }),
      a({ rrtype: 'TYPE1', rdata: ['192.0.2.1', '192.0.2.2'], count: '7', time_last: undefined, zone_time_last: SEEN }),
      a({ rrname: 'ns2.example.org', rrtype: '28', rdata: '2001:db8::2' }),
    ]);
    expect(problems).toEqual([]);
    expect(rows.map(({ zone, nameServer, address }) => [zone, nameServer, address])).toEqual([
      ['example.org', 'ns.example.org', '192.0.2.1'],
      ['example.org', 'ns.example.org', '192.0.2.2'],
      ['example.org', 'ns2.example.org', '2001:db8::2'],
    ]);
  });

  it('believes a triple as far as the record that is believed less, while both hold', async () => {
    const said = { x_gluewall_trust: 'authoritative', x_gluewall_expires: SEEN + 60 };
    const { rows } = await read([
      ns({ x_gluewall_trust: 'referral', x_gluewall_expires: SEEN + 50, count: 2 }),
      a({ ...said, time_first: SEEN - 10, count: 9 }),
    ]);
    expect(rows).toMatchObject([
      { trust: 'referral', sightings: 2, firstSeen: atSeconds(SEEN - 10), expires: atSeconds(SEEN + 50) },
    ]);
    expect((await read([ns(), a(said)])).rows).toMatchObject([
      { trust: 'unverified', expires: atSeconds(SEEN + 86_400) },
    ]);
  });

  it('puts lines of one record together', async () => {
    const { rows } = await read([ns(), a(), ns({ time_first: SEEN - 90, time_last: SEEN - 60 }), a({ count: 5 })]);
    expect(rows).toMatchObject([{ firstSeen: atSeconds(SEEN - 50), lastSeen: atSeconds(SEEN), sightings: 1 }]);
  });

  it('records of other times than each other still make a row that can be', async () => {
    const { rows } = await read([ns({ time_first: 1000, time_last: 2000 }), a({ time_first: 5000, time_last: 6000 })]);
    expect(rows).toMatchObject([{ firstSeen: atSeconds(2000), lastSeen: atSeconds(2000) }]);
    expect(problemOf(rows[0], NOW_MS)).toBeUndefined();
  });

  it('counts what it passes over', async () => {
    const { rows, counts } = await read([ns(), a({ rrtype: 'MX', rdata: '10 mx.example.org' }), a({ rrtype: '65' })]);
    expect({ rows, counts }).toEqual({ rows: [], counts: { others: 2, noRoom: 0, noAddress: 1 } });
  });

  it.each([
    ['no JSON', undefined, 'no JSON'],
    ['no object', 7, 'expected object'],
    ['no rrname', { ...ns(), rrname: undefined }, 'rrname'],
    ['a bad name', ns({ rrname: 'a..b' }), 'rrname: "a..b"'],
    ['a bad server', ns({ rdata: 'a..b' }), 'rdata: "a..b" is no domain name'],
    ['a bad address', a({ rdata: '192.0.2.300' }), 'rdata: "192.0.2.300" is no address of type A'],
    ['an address of the other family', a({ rdata: '2001:db8::1' }), 'type A'],
    ['times the wrong way round', ns({ time_first: SEEN + 1 }), 'time_last: is before time_first'],
    ['no time', ns({ time_first: undefined }), 'time_first: is missing'],
    ['a negative time', ns({ time_first: -1 }), 'time_first'],
    ['a broken time', ns({ time_last: SEEN + 0.5 }), 'time_last'],
    ['a time beyond all', ns({ time_last: 1e13 }), 'time_last'],
    ['a trust that is none', ns({ x_gluewall_trust: 'high' }), 'x_gluewall_trust'],
    ['too much rdata', ns({ rdata: new Array(1001).fill('a') }), 'rdata'],
  ])('tells the line of what has %s', async (_, line, said) => {
    const { problems } = await read([ns(), line]);
    expect(problems).toEqual([expect.stringMatching(/^2: /)]);
    expect(problems[0]).toContain(said);
  });

  it('holds a bounded number of records', async () => {
    const many = Array.from({ length: 110 }, (_, index) => ns({ rrname: `z${index}.example` }));
    const { rows, counts } = await read([a(), ...many, many[0]], 100);
    expect(counts.noRoom).toBe(11);
    expect(rows.length).toBe(99);
  });
});

describe('problemOf', () => {
  const row = (fields: object) => problemOf({ ...triple(), ...fields }, NOW_MS);
  it.each([
    [{}, undefined],
    [{ lastSeen: atSeconds(SEEN - 51) }, 'lastSeen: is before firstSeen'],
    [{ lastSeen: atSeconds(SEEN + 90_000) }, 'lastSeen: is in the future'],
    [{ expires: atSeconds(SEEN + 31 * 86_400) }, 'expires: is more than 30 days after lastSeen'],
    [{ firstSeen: '1969-12-31T23:59:59Z' }, 'firstSeen: "1969-12-31T23:59:59Z" is no time since 1970'],
    [{ trust: 'low' }, undefined],
    [{ trust: 'high' }, undefined],
  ])('of %o: %s', (fields, said) => {
    expect(row(fields)).toBe(said);
  });

  it('knows what is no row', () => {
    expect(problemOf(undefined, NOW_MS)).toBe('no JSON');
    expect(problemOf({ ...triple(), trust: 'complete' }, NOW_MS)).toContain('trust');
  });
});
