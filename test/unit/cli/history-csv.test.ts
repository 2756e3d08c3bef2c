import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { composeCsvHeader, composeCsvRow, csvRows } from '../../../src/cli/history-csv.ts';
import { problemOf, rowDefaults } from '../../../src/cli/history-rows.ts';
import type { TripleView } from '../../../src/services/triple-view.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 12);
const NOW = '2026-11-21T12:00:00.000Z';
const TRIPLE: TripleView = {
  zone: 'example.org',
  nameServer: '\\=ns.example.org',
  address: '192.0.2.1',
  origin: 'learned',
  trust: 'referral',
  glue: 'sibling',
  sightings: 3,
  teachers: ['198.51.100.1', '2001:db8::1'],
  firstSeen: NOW,
  lastSeen: NOW,
  expires: '2026-11-21T13:00:00.000Z',
  taughtBy: {
    server: '198.51.100.1',
    queryName: 'www.example.org',
    queryId: 7,
    queryTime: null,
    responseTime: NOW,
    nsTtlSeconds: 3600,
    glueTtlSeconds: 60,
  },
};

async function read(text: string): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const { row } of csvRows(Readable.from([Buffer.from(text)]), 16_384, rowDefaults(NOW_MS, 86_400_000))) {
    rows.push(row);
  }
  return rows;
}

describe('CSV of a history', () => {
  it('is read back as it was', async () => {
    const { origin: _, ...row } = TRIPLE;
    const imported = { ...row, glue: 'none', sightings: 1, teachers: [], taughtBy: null };
    const text = [TRIPLE, { ...TRIPLE, ...imported }].map(composeCsvRow).join('');
    const rows = await read(composeCsvHeader() + text);
    expect(rows).toEqual([row, { ...imported, teachers: undefined }]);
    for (const one of rows) expect(problemOf(one, NOW_MS)).toBeUndefined();
  });

  it('is enough with zone, name server and address: seen now, for as long as is said, unverified', async () => {
    const rows = await read('zone,nameServer,address\nexample.org,ns.example.org,192.0.2.1\n');
    expect(rows).toEqual([
      {
        zone: 'example.org',
        nameServer: 'ns.example.org',
        address: '192.0.2.1',
        trust: 'unverified',
        firstSeen: NOW,
        lastSeen: NOW,
        expires: '2026-11-22T12:00:00.000Z',
        taughtBy: null,
      },
    ]);
    expect(problemOf(rows[0], NOW_MS)).toBeUndefined();
  });

  it('of an earlier version has two kinds of trust, and no sightings', async () => {
    const header = 'zone,nameServer,address,trust,firstSeen,lastSeen,expires,taughtBy';
    const [row] = await read(`${header}\nexample.org,ns.example.org,192.0.2.1,high,${NOW},${NOW},${NOW},\n`);
    expect(problemOf(row, NOW_MS)).toBeUndefined();
  });

  it.each([
    ['no name server', 'zone,address\nexample.org,192.0.2.1', 'nameServer'],
    ['a time that is none', `zone,nameServer,address,lastSeen\na,b,192.0.2.1,today`, 'firstSeen'],
    ['a bad count', `zone,nameServer,address,sightings\na,b,192.0.2.1,many`, 'sightings'],
    ['teachers that are no addresses', `zone,nameServer,address,teachers\na,b,192.0.2.1,x y`, 'teachers'],
  ])('with %s is refused', async (_, text, said) => {
    expect(problemOf((await read(`${text}\n`))[0], NOW_MS)).toContain(said);
  });
});
