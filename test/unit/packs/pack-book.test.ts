import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseAddress } from '../../../src/core/address.ts';
import type { Log } from '../../../src/core/log.ts';
import { canonicalName, parseName } from '../../../src/dns/name.ts';
import { PackBook, type PackSettings } from '../../../src/packs/pack-book.ts';
import type { ListOptions } from '../../../src/packs/threat-list.ts';
import { readListHere } from '../../support/read-list-here.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const root = mkdtempSync(join(tmpdir(), 'gluewall-packs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const packText = (...entries: readonly string[]) =>
  `about A pack\n[One]\nsource https://one.example/\nchecked 2026-11-21\n${entries.join('\n')}\n`;

let folder: string;
let book: PackBook;
let clock: VirtualClock;
let errors: string[];
let changes: string[];

const log = {
  debug() {},
  info() {},
  warn() {},
  error: (_fields: object, message: string) => void errors.push(message),
} satisfies Log;

beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
  mkdirSync(join(folder, 'bundled'));
  mkdirSync(join(folder, 'own'));
  clock = new VirtualClock();
  errors = [];
  changes = [];
  write('bundled/known.pack', packText('192.0.2.53', 'known.example'));
});

afterEach(() => book.stop());

const write = (path: string, text: string) => writeFileSync(join(folder, path), text);

const listOf = (name: string, more: Partial<ListOptions> = {}): ListOptions => ({
  name,
  from: join(folder, `${name}.txt`),
  format: 'plain',
  refreshMs: 3_600_000,
  isBroad: false,
  caFile: undefined,
  authorizationFile: undefined,
  ...more,
});

const settings = (lists: readonly ListOptions[] = []): PackSettings => ({
  bundledFolder: join(folder, 'bundled'),
  ownFolder: join(folder, 'own'),
  stateFolder: join(folder, 'state'),
  lists,
  limits: { maxBytes: 1_000_000, maxEntries: 1000, maxBadPercent: 5, leastPercent: 50, timeMs: 60_000 },
  guard: { trustedResolvers: [], insideNetworks: [] },
});

async function open(given = settings()): Promise<PackBook> {
  book = new PackBook(clock, log, given, readListHere, () => 0.5);
  book.subscribe((name) => changes.push(name));
  await book.load();
  return book;
}

const address = (text: string) => parseAddress(text)!;
const name = (text: string) => canonicalName(parseName(text)!);
const sizeOf = (packName: string) => book.get(packName)?.book.size;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('packs', () => {
  it('of both folders are there by name', async () => {
    write('own/site.pack', packText('198.51.100.0/24'));
    await open();
    expect(book.get('known')?.hasDestination(address('192.0.2.53'))).toBe(true);
    expect(book.get('known')?.hasName(name('a.known.example'))).toBe(true);
    expect(book.get('site')?.hasDestination(address('198.51.100.7'))).toBe(true);
    expect(book.get('nothing')).toBeUndefined();
    expect(book.packs()).toMatchObject([
      { name: 'known', origin: 'bundled', about: 'A pack', checked: '2026-11-21', counts: { addresses: 1, names: 1 } },
      { name: 'site', origin: 'site', counts: { networks: 1 } },
    ]);
    expect(changes).toEqual(['known', 'site']);
  });

  it('with a bad line are refused as a whole when they are new', async () => {
    write('own/site.pack', packText('198.51.100.7', '198.51.100.256'));
    await open();
    expect(book.get('site')).toBeUndefined();
    expect(book.problems()).toEqual([
      `${join(folder, 'own/site.pack')}:6: "198.51.100.256" is no IPv4 address: write four numbers up to 255`,
    ]);
    expect(errors).toHaveLength(1);
    expect(sizeOf('known')).toBe(2);
  });

  it('that were good stay as they were when a line turns bad, and change when it is mended', async () => {
    write('own/site.pack', packText('198.51.100.7'));
    await open();
    const before = book.get('site');
    write('own/site.pack', packText('198.51.100.7', '198.51.100.8', 'a..b'));
    await book.reload();
    expect(book.get('site')).toBe(before);
    expect(book.problems()).toHaveLength(1);
    write('own/site.pack', packText('198.51.100.7', '198.51.100.8'));
    await book.reload();
    expect(sizeOf('site')).toBe(2);
    expect(book.problems()).toEqual([]);
    expect(changes).toEqual(['known', 'site', 'site']);
  });

  it('that are the same are not told as changed', async () => {
    await open();
    const before = book.get('known');
    await book.reload();
    expect(book.get('known')).toBe(before);
    expect(changes).toEqual(['known']);
  });

  it('that are gone are gone, and told', async () => {
    write('own/site.pack', packText('198.51.100.7'));
    await open();
    rmSync(join(folder, 'own/site.pack'));
    await book.reload();
    expect(book.get('site')).toBeUndefined();
    expect(changes).toEqual(['known', 'site', 'site']);
  });

  it('of a folder that cannot be read any more stay', async () => {
    write('own/site.pack', packText('198.51.100.7'));
    await open();
    rmSync(join(folder, 'own'), { recursive: true });
    await book.reload();
    expect(sizeOf('site')).toBe(1);
    expect(book.problems()).toEqual([
      `${join(folder, 'own')}: cannot be read (ENOENT); name a folder of packs that gluewall may read, or none (packs.folder)`,
    ]);
    await book.reload({ ...settings(), ownFolder: undefined });
    expect(book.get('site')).toBeUndefined();
  });

  it('may not have the name of another, nor none', async () => {
    write('own/known.pack', packText('198.51.100.7'));
    write('own/no name.pack', packText('198.51.100.7'));
    write('own/listed.pack', packText('198.51.100.7'));
    write('own/README', 'not looked at');
    await open(settings([listOf('listed')]));
    expect(book.get('known')?.hasDestination(address('192.0.2.53'))).toBe(true);
    expect(book.problems()).toEqual([
      expect.stringContaining('no name.pack: a pack is named by'),
      expect.stringContaining('known.pack: another pack or list has this name'),
      expect.stringContaining('listed.pack: another pack or list has this name'),
    ]);
  });

  it('that are no text or too large are refused', async () => {
    writeFileSync(join(folder, 'own/octets.pack'), Buffer.from([0xff, 0xfe, 0x00]));
    writeFileSync(join(folder, 'own/large.pack'), Buffer.alloc(4 * 1024 * 1024 + 1, '#'));
    mkdirSync(join(folder, 'own/folder.pack'));
    execFileSync('mkfifo', [join(folder, 'own/pipe.pack')]);
    await open();
    expect(book.problems()).toEqual([
      expect.stringContaining('folder.pack: is no file'),
      expect.stringContaining('large.pack: larger than'),
      expect.stringContaining('octets.pack: is no UTF-8 text'),
      expect.stringContaining('pipe.pack: is no file'),
    ]);
  });
});

describe('lists', () => {
  it('are fetched from the start on and denied', async () => {
    write('bad.txt', 'evil.example\n192.0.2.7\n');
    await open(settings([listOf('bad')]));
    expect(sizeOf('bad')).toBe(0);
    book.start();
    await vi.waitFor(() => expect(sizeOf('bad')).toBe(2));
    expect(book.get('bad')?.hasName(name('www.evil.example'))).toBe(true);
    expect(changes.filter((change) => change === 'bad').length).toBeGreaterThan(0);
  });

  it('are fetched when asked, alone or all', async () => {
    write('bad.txt', 'evil.example\n');
    await open(settings([listOf('bad'), listOf('worse')]));
    const outcomes = await all(book.refresh(undefined, false));
    expect(outcomes).toEqual([
      { name: 'bad', error: undefined, entries: 1 },
      { name: 'worse', error: expect.stringContaining('is not there'), entries: 0 },
    ]);
    write('worse.txt', 'worse.example\n');
    expect(await all(book.refresh('worse', false))).toEqual([{ name: 'worse', error: undefined, entries: 1 }]);
    await expect(all(book.refresh('known', false))).rejects.toThrow('known is a pack from a file');
    await expect(all(book.refresh('none', false))).rejects.toThrow('there is no list none');
  });

  it('go on over a reload that does not touch them', async () => {
    write('bad.txt', 'evil.example\n');
    await open(settings([listOf('bad')]));
    await all(book.refresh('bad', false));
    const before = book.get('bad');
    await book.reload(settings([listOf('bad')]));
    expect(book.get('bad')).toBe(before);
  });

  it('end, begin and change with a reload, from their copies', async () => {
    write('bad.txt', 'evil.example\n');
    write('new.txt', 'new.example\n');
    await open(settings([listOf('bad')]));
    book.start();
    await vi.waitFor(() => expect(sizeOf('bad')).toBe(1));
    await book.reload(settings([listOf('bad', { refreshMs: 60_000 }), listOf('new')]));
    expect(sizeOf('bad')).toBe(1);
    await vi.waitFor(() => expect(sizeOf('new')).toBe(1));
    await book.reload(settings([listOf('new')]));
    expect(book.get('bad')).toBeUndefined();
    expect(book.lists().map(({ name }) => name)).toEqual(['new']);
  });

  it('of another guard are sifted anew', async () => {
    write('bad.txt', 'evil.example\n192.0.2.7\n192.0.2.8\n');
    await open(settings([listOf('bad')]));
    await all(book.refresh('bad', false));
    expect(sizeOf('bad')).toBe(3);
    const guard = { trustedResolvers: [address('192.0.2.7')], insideNetworks: [] };
    await book.reload({ ...settings([listOf('bad')]), guard });
    expect(sizeOf('bad')).toBe(2);
    expect(errors.join()).toContain('192.0.2.7 is a trusted resolver');
  });

  it('are read one at a time', async () => {
    let reading = 0;
    let most = 0;
    const read = async (...order: Parameters<typeof readListHere>) => {
      most = Math.max(most, ++reading);
      const summary = await readListHere(...order);
      reading--;
      return summary;
    };
    const lists = ['a', 'b', 'c'].map((one) => listOf(one));
    for (const { name } of lists) write(`${name}.txt`, 'evil.example\n');
    book = new PackBook(clock, log, settings(lists), read);
    await book.load();
    book.start();
    await vi.waitFor(() => expect(lists.map(({ name }) => sizeOf(name))).toEqual([1, 1, 1]));
    expect(most).toBe(1);
  });

  it('with large copies do not hold up the start for long, and come into force behind it', async () => {
    write('bad.txt', 'evil.example\n');
    await open(settings([listOf('bad')]));
    await all(book.refresh('bad', false));
    await book.stop();
    let goOn = () => {};
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    book = new PackBook(clock, log, settings([listOf('bad')]), async (...order) => {
      await gate;
      return readListHere(...order);
    });
    let isLoaded = false;
    const loading = book.load().then(() => {
      isLoaded = true;
    });
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
    expect(isLoaded).toBe(false);
    clock.advance(10_000);
    await loading;
    expect(sizeOf('bad')).toBe(0);
    book.start();
    goOn();
    await vi.waitFor(() => expect(sizeOf('bad')).toBe(1));
  });

  it('that a reload brings while the book stops end, too', async () => {
    write('bad.txt', 'evil.example\n');
    await open();
    const reloading = book.reload(settings([listOf('bad')]));
    await book.stop();
    await reloading;
    expect(clock.pendingTimers).toBe(0);
  });

  it('stop with the book, twice', async () => {
    write('bad.txt', 'evil.example\n');
    await open(settings([listOf('bad')]));
    book.start();
    await book.stop();
    await book.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});
