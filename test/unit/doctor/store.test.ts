import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holderOf, readStoreFacts, type StoreFacts } from '../../../src/doctor/store-facts.ts';
import { storeFindings } from '../../../src/doctor/store-findings.ts';

const OURS = 0x476c576c;
let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-doctor-'));
  file = join(directory, 'gluewall.db');
});
afterEach(() => rmSync(directory, { recursive: true }));

function makeStore(applicationId = OURS, rows = 100): void {
  const connection = new Sqlite(file);
  connection.pragma('journal_mode = WAL');
  connection.pragma(`application_id = ${applicationId}`);
  connection.exec('CREATE TABLE t (a TEXT)');
  const insert = connection.prepare('INSERT INTO t VALUES (?)');
  for (let row = 0; row < rows; row++) insert.run('x'.repeat(1000));
  connection.close();
}

describe('readStoreFacts', () => {
  it('sees a sound store, and leaves its folder as it is', () => {
    makeStore();
    const before = readdirSync(directory);
    const facts = readStoreFacts(file, OURS);
    expect(facts).toMatchObject({
      file,
      sizeBytes: statSync(file).size,
      accessProblem: undefined,
      holder: undefined,
      check: { kind: 'sound' },
    });
    expect(facts.freeBytes).toBeGreaterThan(0);
    expect(readdirSync(directory)).toEqual(before);
    expect(
      readdirSync(tmpdir()).filter((name) => name.startsWith('gluewall-doctor-') && join(tmpdir(), name) !== directory),
    ).toEqual([]);
  });

  it('sees a damaged one, a cut one, and what is no database', () => {
    makeStore();
    const octets = new Uint8Array(statSync(file).size).fill(0xff);
    writeFileSync(file, octets.subarray(0, 20_000), { flag: 'r+' });
    expect(readStoreFacts(file, OURS).check).toMatchObject({ kind: 'damaged' });
    writeFileSync(file, 'this is a text and no database, and it is long enough to be one'.repeat(100));
    expect(readStoreFacts(file, OURS).check).toMatchObject({ kind: 'damaged' });
  });

  it('sees a database of another program, and an empty file', () => {
    makeStore(7);
    expect(readStoreFacts(file, OURS).check).toEqual({ kind: 'foreign' });
    writeFileSync(file, '');
    expect(readStoreFacts(file, OURS).check).toEqual({ kind: 'sound' });
  });

  it('there is none yet', () => {
    const deep = join(directory, 'a', 'b', 'gluewall.db');
    const facts = readStoreFacts(deep, OURS);
    expect(facts).toMatchObject({ sizeBytes: undefined, accessProblem: undefined, check: { kind: 'unknown' } });
    expect(facts.freeBytes).toBeGreaterThan(0);
  });

  it('a folder, or a file where a folder should be, is a problem and no throw', () => {
    mkdirSync(file);
    expect(readStoreFacts(file, OURS).check.kind).toBe('unknown');
    writeFileSync(join(directory, 'plain'), '');
    expect(readStoreFacts(join(directory, 'plain', 'x.db'), OURS).accessProblem).toContain('plain');
  });

  it('sees who has it open', async () => {
    makeStore();
    const script = `const s = new (require('better-sqlite3'))(process.argv[1]); s.pragma('locking_mode = EXCLUSIVE'); s.exec('BEGIN EXCLUSIVE; COMMIT'); console.log('locked'); setInterval(() => {}, 1000)`;
    const child = spawn(process.execPath, ['-e', script, file], { cwd: join(import.meta.dirname, '../../..') });
    try {
      await new Promise((resolve) => child.stdout.once('data', resolve));
      expect(readStoreFacts(file, OURS)).toMatchObject({ holder: child.pid, check: { kind: 'unknown' } });
    } finally {
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
    }
    expect(readStoreFacts(file, OURS).holder).toBeUndefined();
  });
});

describe('holderOf', () => {
  const LOCKS = `1: FLOCK  ADVISORY  WRITE 111 08:01:42 0 EOF
2: POSIX  ADVISORY  READ 222 fd:0a:4711 1073741826 1073742335
2: -> POSIX  ADVISORY  WRITE 333 fd:0a:4712 0 EOF
3: OFDLCK ADVISORY  READ -1 00:22:99 0 0
nonsense`;

  it.each([
    [0x801, 42, 111],
    [0xfd0a, 4711, 222],
    [0xfd0a, 4712, 333],
    [0x22, 99, 0],
    [0xfd0a, 42, undefined],
    [0x801, 4711, undefined],
  ])('device %i, inode %i', (dev, ino, expected) => {
    expect(holderOf({ dev, ino }, LOCKS)).toBe(expected);
  });

  it('knows devices with a large minor', () => {
    expect(holderOf({ dev: 0x100822 + 0, ino: 5 }, '1: POSIX  ADVISORY  READ 9 08:122:5 0 EOF')).toBe(9);
  });
});

describe('storeFindings', () => {
  const GOOD: StoreFacts = {
    file: '/var/lib/gluewall/gluewall.db',
    sizeBytes: 1e6,
    accessProblem: undefined,
    freeBytes: 1e12,
    holder: undefined,
    check: { kind: 'sound' },
  };
  const find = (check: string, changes: Partial<StoreFacts>, isRunning = false) =>
    storeFindings({ ...GOOD, ...changes }, isRunning).find((finding) => finding.check === check)!;

  it('a good one is good in all', () => {
    expect(storeFindings(GOOD, false).map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
    expect(storeFindings({ ...GOOD, holder: 7 }, true).map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
  });

  it.each([
    ['store-access', { accessProblem: '/x (EACCES)' }, false],
    ['store-room', { freeBytes: 1000 }, false],
    ['store-room', { freeBytes: undefined }, null],
    ['store-holder', { holder: 7 }, false],
    ['store-holder', { holder: 0 }, false],
    ['store-check', { check: { kind: 'damaged', problem: 'page 3' } as const }, false],
    ['store-check', { check: { kind: 'foreign' } as const }, false],
    ['store-check', { check: { kind: 'unknown', reason: 'too large' } as const }, null],
  ])('%s: %o', (check, changes, ok) => {
    const finding = find(check, changes);
    expect(finding.ok).toBe(ok);
    if (ok === false) expect(finding.remedy).toBeTruthy();
  });

  it('one that does not exist is none to complain of', () => {
    expect(find('store', { sizeBytes: undefined })).toMatchObject({ ok: true });
    expect(find('store-access', { sizeBytes: undefined }).message).toBe('this user may make it');
  });

  it('a gluewall that has another store open', () => {
    expect(find('store-holder', {}, true)).toMatchObject({ ok: null, remedy: expect.stringContaining('--config') });
  });

  it('in memory it is forgotten', () => {
    expect(storeFindings(undefined, true)).toEqual([expect.objectContaining({ ok: null })]);
  });
});
