import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../../src/storage/migrations.ts';
import { openSqliteDatabase, SqliteDatabase } from '../../../src/storage/sqlite-database.ts';
import { eventOf, packed, tripleOf } from '../../support/store-rows.ts';
import { triplesOf } from './store-contract.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-file-'));
  file = join(folder, 'store.db');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = () => openSqliteDatabase(file, { events: 1000 });
const names = () => readdirSync(folder).sort();
const coded = (code: string) => expect.objectContaining({ name: 'GluewallError', code });

/** A store with some hundred rows in `file`, closed. */
function fill(): Buffer {
  const { database } = open();
  database.saveTriples(packed(Array.from({ length: 200 }, (_, number) => tripleOf(number))));
  database.saveEvents(Array.from({ length: 100 }, (_, number) => eventOf(number)));
  database.close();
  return readFileSync(file);
}

/** Opens the file, uses it and closes it; `refused:CODE`, `set aside` or `opened`. */
function tryAll(): string {
  let opened: ReturnType<typeof open>;
  try {
    opened = open();
  } catch (error) {
    return `refused:${(error as { code?: string }).code}`;
  }
  const { database, setAside } = opened;
  if (setAside !== undefined) expect(existsSync(setAside)).toBe(true);
  try {
    triplesOf(database, 0);
    database.saveTriples(packed([tripleOf(999)]));
    database.eventsAfter(undefined, { limit: 5 });
  } catch (error) {
    expect((error as { code?: string }).code).toMatch(/^store-(?:corrupt|read|write)$/);
  }
  database.close();
  return setAside === undefined ? 'opened' : 'set aside';
}

describe('a new store', () => {
  it('is made with its folders, for its user alone', () => {
    file = join(folder, 'a', 'b', 'store.db');
    const { database, setAside } = open();
    database.saveTriples(packed([tripleOf(1)]));
    expect(setAside).toBeUndefined();
    expect(statSync(join(folder, 'a', 'b')).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(join(folder, 'a', 'b'))) {
      expect(statSync(join(folder, 'a', 'b', name)).mode & 0o777, name).toBe(0o600);
    }
    expect(readdirSync(join(folder, 'a', 'b')).sort()).toEqual(['store.db', 'store.db-wal']);
    database.close();
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['store.db']);
  });

  it('is made in an empty file', () => {
    writeFileSync(file, '', { mode: 0o644 });
    const { database, setAside } = open();
    expect(setAside).toBeUndefined();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    database.close();
  });

  it('is made in an empty database', () => {
    new Sqlite(file).exec('VACUUM').close();
    expect(tryAll()).toBe('opened');
  });
});

describe('a file that is no store', () => {
  it('is refused when it is a database of another program', () => {
    new Sqlite(file).exec("CREATE TABLE mine (x); INSERT INTO mine VALUES ('y')").close();
    const before = readFileSync(file);
    expect(open).toThrow(coded('store-foreign'));
    expect(readFileSync(file)).toEqual(before);
    expect(names()).toEqual(['store.db']);
  });

  it('is refused when it is one whose last changes are in its journal, and both stay as they are', () => {
    const other = new Sqlite(join(folder, 'other.db'));
    other.pragma('journal_mode = WAL');
    other.exec('CREATE TABLE mine (x)');
    copyFileSync(join(folder, 'other.db'), file);
    copyFileSync(join(folder, 'other.db-wal'), `${file}-wal`);
    other.close();
    const before = [readFileSync(file), readFileSync(`${file}-wal`)];
    expect(open).toThrow(coded('store-foreign'));
    expect([readFileSync(file), readFileSync(`${file}-wal`)]).toEqual(before);
  });

  it('is refused when another program has it open', () => {
    const other = new Sqlite(file);
    other.exec('CREATE TABLE mine (x); BEGIN EXCLUSIVE');
    expect(open).toThrow(coded('store-busy'));
    other.exec('COMMIT');
    other.close();
  });

  it('is refused when it was written by a newer version', () => {
    fill();
    new Sqlite(file).exec("INSERT INTO schema_version VALUES (99, 'later')").close();
    const before = readFileSync(file);
    expect(open).toThrow(coded('store-newer'));
    expect(open).toThrow(`version 99, this gluewall knows up to ${MIGRATIONS.length}`);
    expect(readFileSync(file)).toEqual(before);
  });

  it('is refused when it is a folder or a device', () => {
    mkdirSync(file);
    expect(open).toThrow(coded('store-foreign'));
    file = '/dev/null';
    expect(open).toThrow(coded('store-foreign'));
  });

  it('is refused when it is a pipe, without waiting for its other end', () => {
    execFileSync('mkfifo', [file]);
    expect(open).toThrow(coded('store-foreign'));
  });

  it('is refused when its folder is a file', () => {
    writeFileSync(join(folder, 'plain'), '');
    file = join(folder, 'plain', 'store.db');
    expect(open).toThrow(coded('store-open'));
    file = '/proc/gluewall/store/store.db';
    expect(open).toThrow(coded('store-open'));
    file = join(folder, 'n'.repeat(300));
    expect(open).toThrow(coded('store-open'));
  });
});

describe('a link', () => {
  it('is followed to the store', () => {
    fill();
    const target = file;
    file = join(folder, 'link.db');
    symlinkSync(target, file);
    const { database } = open();
    expect(triplesOf(database, 0)).toHaveLength(200);
    database.close();
  });

  it('is refused when it leads nowhere or round in a circle', () => {
    symlinkSync(join(folder, 'missing'), file);
    expect(open).toThrow(coded('store-open'));
    expect(names()).toEqual(['store.db']);
    file = join(folder, 'circle');
    symlinkSync(file, file);
    expect(open).toThrow(coded('store-open'));
  });

  it('stays when what it leads to is damaged', () => {
    writeFileSync(join(folder, 'target.db'), 'x'.repeat(5000));
    symlinkSync(join(folder, 'target.db'), file);
    expect(open().setAside).toMatch(/target\.db\.corrupt-/);
    expect(names().filter((name) => !name.includes('corrupt'))).toContain('store.db');
  });
});

describe('a damaged store', () => {
  it('that is no database is set aside only under the name of one', () => {
    file = join(folder, 'passwords');
    writeFileSync(file, 'precious'.repeat(100));
    expect(open).toThrow(coded('store-foreign'));
    expect(readFileSync(file, 'utf8')).toBe('precious'.repeat(100));
    expect(names()).toEqual(['passwords']);
  });

  it('is set aside with its journal, and a new one takes its place', () => {
    const octets = Buffer.alloc(20_000, 0x5a);
    writeFileSync(file, octets);
    writeFileSync(`${file}-wal`, 'old journal');
    const { database, setAside } = open();
    expect(setAside).toMatch(/store\.db\.corrupt-\d{4}-\d\d-\d\dT\d{6}\.\d{3}Z$/);
    expect(readFileSync(setAside!)).toEqual(octets);
    expect(readFileSync(`${setAside}-wal`, 'utf8')).toBe('old journal');
    expect(triplesOf(database, 0)).toEqual([]);
    database.saveTriples(packed([tripleOf(1)]));
    database.close();
    expect(open().setAside).toBeUndefined();
  });

  it('is set aside when its tables are not ours any more', () => {
    fill();
    new Sqlite(file).exec('DROP TABLE events').close();
    expect(tryAll()).toBe('set aside');
    rmSync(file);
    fill();
    new Sqlite(file).exec('DELETE FROM schema_version').close();
    expect(tryAll()).toBe('set aside');
  });

  it('never hangs or throws anything else, wherever it is cut', () => {
    const octets = fill();
    const seen: Record<string, number> = {};
    // A file of one octet is an empty one to SQLite: some file systems need it.
    const cuts = [
      ...Array(20).keys(),
      ...Array.from({ length: 60 }, (_, index) => Math.floor((octets.length * index) / 60)),
    ];
    for (const cut of cuts) {
      writeFileSync(file, octets);
      truncateSync(file, cut);
      const outcome = tryAll();
      seen[outcome] = (seen[outcome] ?? 0) + 1;
      expect(outcome, `cut at ${cut}`).toBe(cut <= 1 ? 'opened' : 'set aside');
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
    }
    expect(seen['set aside']).toBeGreaterThan(50);
  });

  it('never hangs or throws anything else, whichever octet is changed', { timeout: 30_000 }, () => {
    const octets = fill();
    const seen: Record<string, number> = {};
    const offsets = [
      ...Array(100).keys(),
      ...Array.from({ length: 200 }, (_, index) => (index * 7919 + 100) % octets.length),
    ];
    for (const offset of offsets) {
      const changed = Buffer.from(octets);
      changed[offset]! ^= 0xff;
      writeFileSync(file, changed);
      const outcome = tryAll();
      seen[outcome] = (seen[outcome] ?? 0) + 1;
      expect(outcome, `octet ${offset}`).toMatch(/^(?:opened|set aside|refused:store-(?:foreign|newer|readonly))$/);
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
    }
    expect(Object.keys(seen)).toEqual(expect.arrayContaining(['opened', 'set aside']));
  });

  it('never hangs or throws anything else, whichever page is lost', () => {
    const octets = fill();
    for (let start = 0; start < octets.length; start += 4096) {
      for (const filler of [0, 0xff]) {
        const changed = Buffer.from(octets);
        changed.fill(filler, start, start + 4096);
        writeFileSync(file, changed);
        const outcome = tryAll();
        expect(outcome, `page at ${start}`).toMatch(/^(?:opened|set aside)$/);
        rmSync(folder, { recursive: true });
        mkdirSync(folder);
      }
    }
  });

  it('is taken as far as its journal is whole', () => {
    const { database } = open();
    database.saveTriples(packed([tripleOf(1)]));
    database.saveTriples(packed([tripleOf(2)]));
    const octets = [readFileSync(file), readFileSync(`${file}-wal`)] as const;
    database.close();
    const counts = new Set<number>();
    for (let cut = 0; cut < octets[1].length; cut += 1999) {
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
      writeFileSync(file, octets[0]);
      writeFileSync(`${file}-wal`, octets[1].subarray(0, cut));
      const { database: again } = open();
      counts.add(triplesOf(again, 0).length);
      again.close();
    }
    expect([...counts].sort()).toEqual([0, 1]);
  });

  it('says so when the damage is found later', () => {
    const { database } = open();
    database.saveTriples(packed(Array.from({ length: 5000 }, (_, number) => tripleOf(number))));
    database.close();
    const size = statSync(file).size;
    // With a cache so small, pages are read from the file again.
    const connection = new Sqlite(file);
    connection.pragma('cache_size = 5');
    const again = new SqliteDatabase(connection, file, { events: 10 });
    const octets = readFileSync(file);
    octets.fill(0xee, 8192 * 8);
    writeFileSync(file, octets);
    const readOn = () => triplesOf(again, 0);
    expect(size).toBeGreaterThan(4096 * 20);
    expect(readOn).toThrow(coded('store-corrupt'));
    expect(readOn).toThrow(/is damaged .*: stop gluewall, move .*store\.db/);
    again.close();
  });
});

describe('a store without rights', () => {
  it('is made private again', () => {
    fill();
    chmodSync(file, 0o666);
    open().database.close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
