import { describe, expect, it } from 'vitest';
import { packEntryPrinter, printPack, printRefresh } from '../../../src/cli/print-packs.ts';
import type { PackView } from '../../../src/services/pack-services.ts';

const LIST: PackView = {
  name: 'botnets',
  kind: 'list',
  about: null,
  from: 'https://lists.example/botnets',
  format: 'rpz',
  checked: '2026-11-21T12:00:00.000Z',
  fetched: '2026-11-21T09:00:00.000Z',
  etag: '"one"',
  ageSeconds: 3 * 3600 + 59,
  error: null,
  failures: 0,
  refused: 0,
  bad: 0,
  leftOut: 0,
  unused: {},
  addresses: 1,
  networks: 0,
  names: 20,
  enabled: [{ rule: 'conf-1', as: 'deny', clients: null }],
};

describe('a threat list', () => {
  it('is told with its size, its age and the rule that denies it', () => {
    expect(printPack(LIST)).toEqual([
      'botnets  list, rpz  1 address, 20 names  fetched 2026-11-21T09:00:00.000Z (3 h ago)  enabled: deny (rule conf-1)',
      '  https://lists.example/botnets',
    ]);
  });

  it('is told with all that went wrong', () => {
    const view = {
      ...LIST,
      addresses: 0,
      names: 0,
      ageSeconds: null,
      fetched: null,
      error: 'it hangs',
      bad: 3,
      leftOut: 2,
    };
    expect(printPack(view)).toEqual([
      'botnets  list, rpz  empty  never fetched  enabled: deny (rule conf-1)',
      '  https://lists.example/botnets',
      '  3 of its entries cannot be read',
      '  2 of its entries are left out: they must not be denied',
      '  the last attempt to fetch it failed: it hangs',
    ]);
  });
});

it('a pack is told with the day on which it was checked, and whom it is enabled for', () => {
  const enabled = [
    { rule: 'a', as: 'allow' as const, clients: 'group:guests' },
    { rule: 'b', as: 'deny' as const, clients: null },
  ];
  const pack: PackView = {
    ...LIST,
    kind: 'bundled',
    about: 'Servers',
    from: null,
    fetched: null,
    networks: 2,
    checked: '2026-11-20',
    ageSeconds: 90_000,
    enabled,
  };
  expect(printPack(pack)).toEqual([
    'botnets  bundled  1 address, 2 networks, 20 names  checked 2026-11-20 (1 d ago)  enabled: allow from group:guests (rule a), deny (rule b)',
    '  Servers',
  ]);
  expect(printPack({ ...pack, enabled: [], ageSeconds: 59 })[0]).toContain('(59 s ago)  not enabled');
});

it('a file that is no pack is told', () => {
  expect(printPack({ problem: 'x.pack:7: bad' })).toEqual(['problem: x.pack:7: bad']);
});

it('entries of a pack come below their sources, those of a list alone', () => {
  const print = packEntryPrinter();
  const of = (entry: string, title: string | null) => ({
    entry,
    isException: false,
    title,
    sources: ['s1', 's2'],
    checked: '2026-11-21',
  });
  expect([of('a', 'One'), of('b', 'One'), of('c', 'Two')].flatMap(print)).toEqual([
    'One',
    '  source s1',
    '  source s2',
    '  checked 2026-11-21',
    '  a',
    '  b',
    'Two',
    '  source s1',
    '  source s2',
    '  checked 2026-11-21',
    '  c',
  ]);
  expect(packEntryPrinter()({ ...of('=d', null), isException: true })).toEqual(['not =d']);
});

it('what became of fetching is told', () => {
  expect(printRefresh({ name: 'a', entries: 1, error: null })).toEqual(['a is up to date: 1 entry']);
  expect(printRefresh({ name: 'a', entries: 2, error: null })).toEqual(['a is up to date: 2 entries']);
  expect(printRefresh({ name: 'a', entries: 2, error: 'x' })).toEqual(['a could not be fetched: x']);
});
