import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Case } from '../../../../src/traceback/cases/case.ts';
import { CaseFiles } from '../../../../src/traceback/cases/case-files.ts';
import { numbered } from '../../../support/audit-entries.ts';
import { endedCase } from '../../../support/ended-case.ts';
import { RecordingLog } from '../../../support/recording-log.ts';

let folder: string;
let log: RecordingLog;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'gluewall-case-files-')), 'cases');
  log = new RecordingLog();
});

afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

async function started(maxCases?: number): Promise<CaseFiles> {
  const files = new CaseFiles(folder, log, maxCases);
  await files.start();
  return files;
}

function caseOf(number: number, parts: Partial<Case> = {}): Case {
  const openedAt = new Date(Date.UTC(2026, 10, 20) + number * 1000).toISOString();
  return { ...endedCase(), id: numbered(number), openedAt, ...parts };
}

describe('CaseFiles', () => {
  it('keeps what was saved last, over restarts', async () => {
    const files = await started();
    await files.save(caseOf(1, { detail: 'first' }));
    await files.save(caseOf(1, { detail: 'then' }));
    for (const each of [files, await started()]) {
      expect(await each.read(numbered(1))).toEqual(caseOf(1, { detail: 'then' }));
      expect(each.list()).toHaveLength(1);
    }
  });

  it('keeps as many gaps as three answers have', async () => {
    const files = await started();
    const gaps = Array.from({ length: 3 * 2048 }, (_, index) => ({ reason: 'late' as const, detail: String(index) }));
    await files.save(caseOf(1, { gaps }));
    expect((await files.read(numbered(1)))?.gaps).toHaveLength(3 * 2048);
    expect(log.lines).toEqual([]);
  });

  it('keeps a case without the part that could not be read again, and says so', async () => {
    const files = await started();
    const gap = { reason: 'late' as const, detail: 'x'.repeat(501) };
    await files.save(caseOf(1, { gaps: [gap], detail: 'y'.repeat(2001), isComplete: true }));
    expect(await files.read(numbered(1))).toEqual(
      caseOf(1, { gaps: [], detail: 'what it ended with could not be kept', isComplete: false }),
    );
    expect(log.lines).toEqual([`error: case ${numbered(1)} is kept without detail, gaps: a mistake of gluewall`]);
  });

  it('lets the oldest closed ones go first, then the oldest that have ended, and none that is worked on', async () => {
    const files = await started(3);
    await files.save(caseOf(1, { outcome: undefined, step: 'confirm' }));
    await files.save(caseOf(2));
    await files.save(caseOf(3, { state: 'closed' }));
    await files.save(caseOf(4, { state: 'closed' }));
    const numbers = () => files.list().map(({ id }) => Number(id.slice(-2)));
    expect(numbers()).toEqual([4, 2, 1]);
    await files.save(caseOf(5));
    expect(numbers()).toEqual([5, 2, 1]);
    await files.save(caseOf(6));
    expect(numbers()).toEqual([6, 5, 1]);
    expect(readdirSync(folder).sort()).toEqual([1, 5, 6].map((number) => `${numbered(number)}.json`));
    expect((await started(2)).list().map(({ id }) => Number(id.slice(-2)))).toEqual([6, 1]);
  });

  it('removes what a crash left half, and leaves files of others alone', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, `${numbered(1)}.part`), '{"version":1');
    writeFileSync(join(folder, 'notes.txt'), 'ours');
    expect((await started()).list()).toEqual([]);
    expect(readdirSync(folder)).toEqual(['notes.txt']);
  });

  it('sets a damaged file aside, says so, and goes on with the others', async () => {
    const whole = await started();
    await whole.save(caseOf(1));
    await whole.save(caseOf(2));
    const text = readFileSync(join(folder, `${numbered(1)}.json`), 'utf8');
    const damaged = [
      '',
      'null',
      '[]',
      text.slice(0, -20),
      text.replace('"version":1', '"version":2'),
      text.replace('"hosts named"', '"it was Bob"'),
      // Of another case.
      text.replace(numbered(1), numbered(9)),
    ];
    for (const each of damaged) {
      writeFileSync(join(folder, `${numbered(1)}.json`), each);
      const files = await started();
      expect(files.list().map(({ id }) => id)).toEqual([numbered(2)]);
      expect(readFileSync(join(folder, `${numbered(1)}.json.damaged`), 'utf8')).toBe(each);
    }
    expect(log.lines.filter((line) => /^warn: .*is damaged/.test(line))).toHaveLength(damaged.length);
  });

  it('finds every truncation out', async () => {
    const whole = await started();
    await whole.save(caseOf(1));
    const text = readFileSync(join(folder, `${numbered(1)}.json`), 'utf8').trimEnd();
    for (let length = 0; length < text.length; length += 7) {
      writeFileSync(join(folder, `${numbered(1)}.json`), text.slice(0, length));
      expect(await whole.read(numbered(1)), `cut at ${length}`).toBeUndefined();
      await whole.save(caseOf(1));
    }
  });

  it('follows no link', async () => {
    const files = await started();
    await files.save(caseOf(1));
    const elsewhere = join(folder, '..', 'elsewhere.json');
    writeFileSync(elsewhere, readFileSync(join(folder, `${numbered(1)}.json`)));
    rmSync(join(folder, `${numbered(1)}.json`));
    symlinkSync(elsewhere, join(folder, `${numbered(1)}.json`));
    expect(await files.read(numbered(1))).toBeUndefined();
  });

  it('tells when the disk does not do it', async () => {
    mkdirSync(join(folder, '..'), { recursive: true });
    writeFileSync(folder, 'no folder');
    await expect(started()).rejects.toMatchObject({
      code: 'case-file',
      message: expect.stringMatching(/cannot be read/),
    });
  });
});
