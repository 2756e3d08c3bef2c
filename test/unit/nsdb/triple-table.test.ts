import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TripleTable } from '../../../src/nsdb/triple-table.ts';
import { addressOf, nameOf } from '../../support/observations.ts';

const NAMES = ['example.org', 'example.com', 'ns.example.org', 'ns.example.com'].map(nameOf);
const ADDRESSES = ['203.0.113.1', '203.0.113.2', '2001:db8::1'].map(addressOf);

/** The rows of one of the table's lists. */
function listed(first: number, next: (row: number) => number): number[] {
  const rows: number[] = [];
  for (let row = first; row !== 0 && rows.length < 1000; row = next(row)) rows.push(row);
  return rows;
}

function setUp(maxRows = 10) {
  const table = new TripleTable(maxRows);
  const insert = (zone: string, nameServer: string, address?: string) => {
    const id = address === undefined ? 0 : table.addresses.intern(addressOf(address));
    return table.insert(table.names.internName(nameOf(zone)), table.names.internName(nameOf(nameServer)), id);
  };
  return { table, insert };
}

describe('TripleTable', () => {
  it('a new row has the three numbers, and nothing else yet', () => {
    const { table, insert } = setUp();
    const row = insert('example.org', 'ns.example.org', '203.0.113.1');
    expect(table.names.nameOf(table.zone(row))).toBe(nameOf('example.org'));
    expect(table.names.nameOf(table.nameServer(row))).toBe(nameOf('ns.example.org'));
    expect(table.addresses.addressOf(table.address(row))).toBe(addressOf('203.0.113.1'));
    expect([table.firstSeenMs(row), table.lastSeenMs(row), table.expiresMs(row), table.responseMs(row)]).toEqual([
      0, 0, 0, 0,
    ]);
    expect([table.state(row), table.sightings(row), table.teacher(row), table.queryName(row)]).toEqual([0, 0, 0, 0]);
    expect(table.queryMs(row)).toBeNaN();
    expect(table.has(row)).toBe(true);
    expect(table.lastRow).toBe(row);
  });

  it('keeps what is set, each field for itself, numbers of 32 bits among them', () => {
    const { table, insert } = setUp();
    const row = insert('example.org', 'ns.example.org', '203.0.113.1');
    const other = insert('example.org', 'ns.example.org', '203.0.113.2');
    const query = table.names.internName(nameOf('www.example.org'));
    table.setFirstSeenMs(row, 1.5);
    table.setLastSeenMs(row, 2.5);
    table.setExpiresMs(row, Number.POSITIVE_INFINITY);
    table.setState(row, 255);
    table.setSightings(row, 2 ** 40);
    table.setTtls(row, 2 ** 32 - 1, 2 ** 31);
    table.setExchange(row, 1_700_000_000_000.25, 1_700_000_000_000.125, 0xffff, query);
    expect([table.firstSeenMs(row), table.lastSeenMs(row), table.expiresMs(row)]).toEqual([1.5, 2.5, Infinity]);
    expect([table.state(row), table.sightings(row)]).toEqual([255, 2 ** 32 - 1]);
    expect([table.nsTtlSeconds(row), table.glueTtlSeconds(row)]).toEqual([2 ** 32 - 1, 2 ** 31]);
    expect([table.responseMs(row), table.queryMs(row)]).toEqual([1_700_000_000_000.25, 1_700_000_000_000.125]);
    expect([table.queryId(row), table.queryName(row)]).toEqual([0xffff, query]);
    expect([table.firstSeenMs(other), table.expiresMs(other), table.state(other), table.queryId(other)]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it.each([
    ['none', Number.NaN],
    ['one behind the response', 1001],
    ['one of an hour ago', 1000 - 3_600_000],
  ])('has no time of a query where there was %s', (_what, queryMs) => {
    const { table, insert } = setUp();
    const row = insert('example.org', 'ns.example.org', '203.0.113.1');
    table.setExchange(row, 1000, queryMs, 1, table.names.internName(nameOf('a')));
    expect(table.queryMs(row)).toBeNaN();
  });

  it('names the two newest teachers, each once, and holds on to their addresses', () => {
    const { table, insert } = setUp();
    const row = insert('example.org', 'ns.example.org', '203.0.113.1');
    const [a, b, c] = ['198.51.100.1', '198.51.100.2', '198.51.100.3'].map((text) =>
      table.addresses.intern(addressOf(text)),
    ) as [number, number, number];
    const teachers = () => [table.teacher(row), table.otherTeacher(row)];
    table.addTeacher(row, 0);
    expect(teachers()).toEqual([0, 0]);
    table.addTeacher(row, a);
    table.addTeacher(row, a);
    expect(teachers()).toEqual([a, 0]);
    table.addTeacher(row, b);
    table.addTeacher(row, a);
    expect(teachers()).toEqual([a, b]);
    table.addTeacher(row, c);
    expect(teachers()).toEqual([c, a]);
    expect(table.addresses.find(addressOf('198.51.100.2'))).toBe(0);
    table.remove(row);
    expect(table.addresses.size).toBe(0);
    expect(table.names.size).toBe(0);
  });

  it('lets go of the name of an exchange when another takes its place', () => {
    const { table, insert } = setUp();
    const row = insert('example.org', 'ns.example.org', '203.0.113.1');
    for (const text of ['a.example', 'b.example', 'b.example', 'example.org'])
      table.setExchange(row, 1000, 990, 1, table.names.internName(nameOf(text)));
    expect(table.names.findName(nameOf('a.example'))).toBe(0);
    expect(table.names.findName(nameOf('b.example'))).toBe(0);
    expect(table.names.size).toBe(2);
  });

  it('a row that was taken out is not there, has no state left, and its number comes again', () => {
    const { table, insert } = setUp(2);
    const row = insert('example.org', 'ns.example.org', '203.0.113.1');
    insert('example.com', 'ns.example.com');
    expect(insert('.', '.')).toBe(0);
    table.setState(row, 255);
    table.remove(row);
    expect(table.has(row)).toBe(false);
    expect(table.state(row)).toBe(0);
    expect(insert('.', '.')).toBe(row);
  });

  it('finds a row of address and zone that holds, whatever its name server', () => {
    const { table, insert } = setUp();
    const over = insert('example.org', 'ns.example.org', '203.0.113.1');
    const address = table.address(over);
    const zone = table.zone(over);
    table.setExpiresMs(over, 1000);
    expect(table.findServed(address, zone, 999)).toBe(over);
    expect(table.findServed(address, zone, 1000)).toBe(0);
    const other = insert('example.org', 'ns.example.com', '203.0.113.1');
    table.setExpiresMs(other, 2000);
    expect(table.findServed(address, zone, 1000)).toBe(other);
    expect(table.findServed(address, table.nameServer(over), 0)).toBe(0);
  });

  it('behaves as a list of triples, whatever is put in and taken out', () => {
    const place = fc.record({
      isRemoval: fc.boolean(),
      zone: fc.nat({ max: NAMES.length - 1 }),
      nameServer: fc.nat({ max: NAMES.length - 1 }),
      address: fc.nat({ max: ADDRESSES.length }),
    });
    fc.assert(
      fc.property(fc.array(place, { maxLength: 120 }), (steps) => {
        const most = 12;
        const table = new TripleTable(most);
        const model = new Map<string, number>();
        for (const { isRemoval, zone, nameServer, address } of steps) {
          const key = `${zone} ${nameServer} ${address}`;
          const held = model.get(key);
          if (held !== undefined && isRemoval) {
            table.remove(held);
            model.delete(key);
          }
          if (held !== undefined || isRemoval) continue;
          const zoneId = table.names.internName(NAMES[zone]!);
          const serverId = table.names.internName(NAMES[nameServer]!);
          const addressId = address === ADDRESSES.length ? 0 : table.addresses.intern(ADDRESSES[address]!);
          expect(table.find(zoneId, serverId, addressId)).toBe(0);
          const row = table.insert(zoneId, serverId, addressId);
          if (model.size >= most) {
            expect(row).toBe(0);
            for (const id of [zoneId, serverId]) table.names.drop(id);
            table.addresses.drop(addressId);
          } else {
            expect([...model.values()]).not.toContain(row);
            model.set(key, row);
          }
        }
        expectAs(table, model);
      }),
      { numRuns: 300 },
    );
  });
});

function expectAs(table: TripleTable, model: ReadonlyMap<string, number>): void {
  const keys = [...model].map(([key, row]) => ({ row, key: key.split(' ').map(Number) as [number, number, number] }));
  const rowsWith = (field: number, value: number) =>
    keys.flatMap(({ key, row }) => (key[field] === value ? [row] : [])).sort();
  expect(table.size).toBe(model.size);
  const { names, addresses } = table;
  for (const { row, key } of keys) {
    const address = key[2] === ADDRESSES.length ? 0 : addresses.find(ADDRESSES[key[2]]!);
    expect(table.find(names.findName(NAMES[key[0]]!), names.findName(NAMES[key[1]]!), address)).toBe(row);
  }
  for (const [index, name] of NAMES.entries()) {
    const id = names.findName(name);
    const zoneRows = id === 0 ? [] : listed(names.zoneRows(id), (row) => table.nextOfZone(row));
    const serverRows = id === 0 ? [] : listed(names.serverRows(id), (row) => table.nextOfServer(row));
    expect(zoneRows.sort()).toEqual(rowsWith(0, index));
    expect(serverRows.sort()).toEqual(rowsWith(1, index));
    expect(id === 0 ? 0 : names.zoneCount(id)).toBe(zoneRows.length);
    expect(id === 0).toBe(zoneRows.length + serverRows.length === 0);
  }
  for (const [index, address] of ADDRESSES.entries()) {
    const id = addresses.find(address);
    const rows = id === 0 ? [] : listed(addresses.rows(id), (row) => table.nextOfAddress(row));
    expect(rows.sort()).toEqual(rowsWith(2, index));
    const zones = new Set(keys.filter(({ key }) => key[2] === index).map(({ key }) => key[0]));
    expect(id === 0 ? 0 : addresses.zoneCount(id)).toBe(zones.size);
  }
}
