import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditLog } from '../../../../src/traceback/audit/audit-log.ts';
import { MAX_LINE_OCTETS } from '../../../../src/traceback/audit/audit-record.ts';
import { openToAppend } from '../../../../src/traceback/audit/open-audit-file.ts';
import { verifyAudit } from '../../../../src/traceback/audit/verify-audit.ts';
import { auditEntry, linesOf } from '../../../support/audit-entries.ts';
import { RecordingLog } from '../../../support/recording-log.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

let folder: string;
let path: string;
let log: RecordingLog;
const opened: AuditLog[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-audit-'));
  path = join(folder, 'node', 'audit.jsonl');
  log = new RecordingLog();
});

afterEach(async () => {
  for (const one of opened.splice(0)) await one.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function started(parts: { partBytes?: number; open?: typeof openToAppend } = {}): Promise<AuditLog> {
  const audit = new AuditLog(path, { clock: new VirtualClock(), log, ...parts });
  opened.push(audit);
  await audit.start();
  return audit;
}

async function fill(audit: AuditLog, count: number, first = 1): Promise<void> {
  for (let number = first; number < first + count; number++) await audit.append(auditEntry(number));
}

describe('AuditLog', () => {
  it('writes a line for each entry, with number, time and hash, that only its owner may read', async () => {
    const audit = await started();
    await fill(audit, 3);
    const records = linesOf(path).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(records[1]).toMatchObject({ at: '2026-01-15T12:00:00.000Z', entry: auditEntry(2) });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'node')).mode & 0o777).toBe(0o700);
    expect(await verifyAudit(path)).toMatchObject({ records: 3, parts: 1, fault: undefined, head: audit.head });
  });

  it('keeps the order of what comes at once, and all of it is there when anybody is told', async () => {
    const audit = await started();
    const seen: number[] = [];
    const all = Array.from({ length: 1000 }, async (_, index) => {
      await audit.append(auditEntry(index));
      seen.push(index);
      if (index % 100 === 0) expect(linesOf(path).length).toBeGreaterThan(index);
    });
    await Promise.all(all);
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    const names = linesOf(path).map((line) => (JSON.parse(line) as { entry: { name: string } }).entry.name);
    expect(names).toEqual(Array.from({ length: 1000 }, (_, index) => `w${index}.example.org`));
  });

  it('goes on with the chain after a restart, and says the head to be kept elsewhere', async () => {
    const first = await started();
    await fill(first, 2);
    await first.stop();
    await first.stop();
    await fill(await started(), 2, 3);
    expect(await verifyAudit(path)).toMatchObject({ records: 4, fault: undefined });
    const head = (JSON.parse(linesOf(path)[1]!) as { hash: string }).hash;
    expect(log.lines).toContain(`info: the audit log ends with 2:${head}`);
    expect(log.lines).toContain(`info: the audit log goes on from 2:${head}`);
  });

  it('is written by one process at a time', async () => {
    const first = await started();
    await expect(started()).rejects.toMatchObject({
      code: 'audit-file',
      message: expect.stringMatching(/another process writes/),
    });
    await fill(first, 1);
    await first.stop();
    await fill(await started(), 1, 2);
  });

  it('refuses what comes behind its end', async () => {
    const audit = await started();
    await audit.stop();
    await expect(audit.append(auditEntry(1))).rejects.toMatchObject({ type: 'busy' });
    expect(audit.figures).toMatchObject({ records: 0, unwritten: 1 });
  });

  it('follows no link, and takes no folder for a file', async () => {
    mkdirSync(join(folder, 'node'));
    writeFileSync(join(folder, 'other'), '');
    symlinkSync(join(folder, 'other'), path);
    await expect(started()).rejects.toMatchObject({ code: 'audit-file', message: expect.stringMatching(/ELOOP/) });
    rmSync(path);
    mkdirSync(path);
    await expect(started()).rejects.toMatchObject({ code: 'audit-file' });
    expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('');
  });

  it('closes a file that others may read to them', async () => {
    mkdirSync(join(folder, 'node'));
    writeFileSync(path, '', { mode: 0o644 });
    await started();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('refuses an entry that is longer than a line may be, and only that one', async () => {
    const audit = await started();
    const long = audit.append(auditEntry(1, { name: 'x'.repeat(MAX_LINE_OCTETS) }));
    const short = audit.append(auditEntry(2));
    await expect(long).rejects.toMatchObject({ type: 'internal' });
    await short;
    expect(await verifyAudit(path)).toMatchObject({ records: 1, fault: undefined });
  });

  it('takes names and reasons with line ends, quotes and odd characters', async () => {
    const audit = await started();
    const odd = '"}\n{"number":9,"hash":"\u2028\ud800\u0000 é';
    await audit.append(auditEntry(1, { name: odd, override: odd, peer: undefined, from: '192.0.2.1' }));
    await fill(audit, 1, 2);
    expect(linesOf(path)).toHaveLength(2);
    expect(await verifyAudit(path)).toMatchObject({ records: 2, fault: undefined });
  });
});

describe('a crash', () => {
  it.each([1, 40, 200])('leaves %d octets of a line: they are set aside, said and recorded', async (octets) => {
    const first = await started();
    await fill(first, 3);
    await first.stop();
    const line = linesOf(path)[2]!;
    appendFileSync(path, line.slice(0, octets));
    const audit = await started();
    const cut = `${path}.cut-4`;
    expect(readFileSync(cut, 'utf8')).toBe(line.slice(0, octets));
    expect(statSync(cut).mode & 0o777).toBe(0o600);
    expect(log.lines).toContainEqual(expect.stringMatching(/^warn: .*cut off by a crash/));
    await fill(audit, 1, 4);
    expect(linesOf(path)[3]).toContain(`its ${octets} octets are in ${cut}`);
    expect(await verifyAudit(path)).toMatchObject({ records: 5, fault: undefined });
  });

  it('may come again at the same record: nothing that was set aside is lost', async () => {
    const first = await started();
    await fill(first, 1);
    await first.stop();
    writeFileSync(`${path}.cut-2`, 'of the crash before');
    appendFileSync(path, '{"num');
    await started();
    expect(readFileSync(`${path}.cut-2`, 'utf8')).toBe('of the crash before');
    expect(readFileSync(`${path}.cut-2-2`, 'utf8')).toBe('{"num');
  });

  it('may take the end of the last line alone', async () => {
    const first = await started();
    await fill(first, 2);
    await first.stop();
    truncateSync(path, statSync(path).size - 1);
    await fill(await started(), 1, 3);
    expect(await verifyAudit(path)).toMatchObject({ records: 3, fault: undefined });
  });

  it('is told from a record that was changed: the log is not gone on with', async () => {
    const first = await started();
    await fill(first, 3);
    await first.stop();
    writeFileSync(path, readFileSync(path, 'utf8').replace('w2.example', 'w9.example'));
    await expect(started()).rejects.toMatchObject({
      code: 'audit-file',
      message: expect.stringMatching(/record 2 .*was changed/),
    });
    expect(existsSync(`${path}.cut-2`)).toBe(false);
  });
});

describe('parts', () => {
  it('are filled one after the other, and the chain goes on over them and over restarts', async () => {
    for (let round = 0; round < 4; round++) {
      const audit = await started({ partBytes: 2000 });
      await fill(audit, 10, 10 * round);
      await audit.stop();
    }
    const parts = readdirSync(join(folder, 'node')).filter((name) => /^audit\.jsonl\.\d+$/.test(name));
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) expect(statSync(join(folder, 'node', part)).size).toBeLessThanOrEqual(2000);
    expect(await verifyAudit(path)).toMatchObject({ records: 40, parts: parts.length + 1, fault: undefined });
  });

  it('go on when a crash came between the end of one and the begin of the next', async () => {
    const first = await started({ partBytes: 2000 });
    await fill(first, 9);
    await first.stop();
    const parts = readdirSync(join(folder, 'node')).filter((name) => /^audit\.jsonl\.\d+$/.test(name));
    renameSync(path, `${path}.${parts.length + 1}`);
    await fill(await started({ partBytes: 2000 }), 1, 10);
    expect(await verifyAudit(path)).toMatchObject({ records: 10, fault: undefined });
  });

  it('are read right while they are written to and filled', async () => {
    const audit = await started({ partBytes: 2000 });
    let isDone = false;
    const writing = fill(audit, 300).then(() => {
      isDone = true;
    });
    let looks = 0;
    for (; !isDone; looks++) {
      const kept = audit.head;
      const { fault, head } = await verifyAudit(path, kept);
      expect(fault?.isCut === true ? undefined : fault).toBeUndefined();
      expect(head.number).toBeGreaterThanOrEqual(kept.number);
    }
    await writing;
    expect(looks).toBeGreaterThan(3);
    expect(await verifyAudit(path)).toMatchObject({ records: 300, fault: undefined });
  });

  it('are not gone on with when the last line of the last one is no record', async () => {
    mkdirSync(join(folder, 'node'));
    for (const text of ['', '\n', 'nonsense\n', '{"number":1}', `${'x'.repeat(2_000_000)}\n`]) {
      writeFileSync(`${path}.1`, text);
      await expect(started()).rejects.toMatchObject({
        code: 'audit-file',
        message: expect.stringMatching(/its last line is no record/),
      });
    }
  });
});

/** A disk that fails as it is told to. */
class FailingDisk {
  failure: 'none' | 'write' | 'part' | 'sync' | 'truncate' | 'open' = 'none';

  readonly open = async (file: string): Promise<FileHandle> => {
    if (this.failure === 'open') throw this.#error();
    const handle = await openToAppend(file);
    const write = handle.write.bind(handle) as FileHandle['write'];
    const datasync = handle.datasync.bind(handle);
    const truncate = handle.truncate.bind(handle);
    handle.write = (async (octets: Buffer, offset: number) => {
      if (this.failure === 'write' || this.failure === 'truncate') throw this.#error();
      if (this.failure !== 'part') return write(octets, offset);
      this.failure = 'write';
      return write(octets.subarray(0, 50), offset);
    }) as FileHandle['write'];
    handle.datasync = async () => {
      await datasync();
      if (this.failure === 'sync') throw this.#error();
    };
    handle.truncate = async (length) => {
      if (this.failure === 'truncate') throw this.#error();
      await truncate(length);
    };
    return handle;
  };

  #error(): Error {
    return Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  }
}

describe('a full disk', () => {
  it.each(['write', 'part', 'sync', 'truncate'] as const)(
    'that fails at "%s" refuses requests until it takes them again, and the log says how many',
    async (failure) => {
      const disk = new FailingDisk();
      const audit = await started({ open: disk.open });
      await fill(audit, 2);
      disk.failure = failure;
      await expect(audit.append(auditEntry(3))).rejects.toMatchObject({ type: 'busy', retryAfterMs: 1000 });
      await expect(audit.append(auditEntry(4))).rejects.toMatchObject({ type: 'busy' });
      expect(audit.head.number).toBe(2);
      disk.failure = 'none';
      await fill(audit, 1, 5);
      expect(linesOf(path)[2]).toContain('2 records before this could not be written: what they are of was refused');
      expect(linesOf(path)[3]).toContain('w5.example.org');
      expect(await verifyAudit(path)).toMatchObject({ records: 4, fault: undefined });
      expect(audit.figures).toEqual({ records: 4, unwritten: 2, waiting: 0 });
      const told = log.lines.filter((line) => /cannot be written|written again/.test(line));
      expect(told).toEqual([
        expect.stringMatching(/^error: .*requests are refused/),
        expect.stringMatching(/^info: .*written again/),
      ]);
    },
  );

  it('between two parts leaves no gap', async () => {
    const disk = new FailingDisk();
    const audit = await started({ open: disk.open, partBytes: 1000 });
    await fill(audit, 2);
    disk.failure = 'open';
    let refused = 0;
    for (let number = 3; number < 6; number++) {
      await audit.append(auditEntry(number)).catch(() => refused++);
    }
    expect(refused).toBeGreaterThan(0);
    disk.failure = 'none';
    await fill(audit, 4, 6);
    expect(await verifyAudit(path)).toMatchObject({ fault: undefined, head: audit.head });
  });
});

describe('a file that somebody else meddles with', () => {
  it('is not written to where it was moved away', async () => {
    const audit = await started();
    await fill(audit, 1);
    renameSync(path, `${path}.moved`);
    await expect(audit.append(auditEntry(2))).rejects.toMatchObject({ type: 'busy' });
    writeFileSync(path, '');
    await expect(audit.append(auditEntry(2))).rejects.toMatchObject({ type: 'busy' });
    renameSync(`${path}.moved`, path);
    await fill(audit, 1, 3);
    expect(await verifyAudit(path)).toMatchObject({ records: 3, fault: undefined });
  });

  it('is not written to where it was changed in length', async () => {
    const audit = await started();
    await fill(audit, 2);
    const { size } = statSync(path);
    appendFileSync(path, 'x');
    await expect(audit.append(auditEntry(2))).rejects.toMatchObject({ type: 'busy' });
    truncateSync(path, size);
    await fill(audit, 1, 3);
    expect(await verifyAudit(path)).toMatchObject({ records: 4, fault: undefined });
  });
});
