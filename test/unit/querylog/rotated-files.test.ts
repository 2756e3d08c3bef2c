import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nextRotated, rotatedFiles } from '../../../src/querylog/rotated-files.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-rotated-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function found(base: string, names: readonly string[]): Promise<string[]> {
  for (const name of names) writeFileSync(join(folder, name), '');
  return (await rotatedFiles(join(folder, base))).map(
    ({ path, isPacked }) => `${basename(path)}${isPacked ? ' packed' : ''}`,
  );
}

describe('rotatedFiles', () => {
  it('finds those with numbers, the newest first', async () => {
    const names = ['q.log', 'q.log.10', 'q.log.9', 'q.log.0', 'q.log.2.gz', 'q.log.x', 'qx.log.1', 'other'];
    expect(await found('q.log', names)).toEqual(['q.log.0', 'q.log.2.gz packed', 'q.log.9', 'q.log.10']);
  });

  it('finds those with dates, by whatever habit, the newest first', async () => {
    const dates = ['q.log-20261119', 'q.log-20261121', 'q-20261120.log', 'q.log.20261118101112', 'q.log-2026-11-17_10'];
    const others = ['q.log', 'q-backup.log', 'q.log-old', 'q.log.bak', 'q-1.txt', 'q-20261120.log.zst'];
    expect(await found('q.log', [...dates, ...others])).toEqual([
      'q.log-20261121',
      'q-20261120.log',
      'q-20261120.log.zst packed',
      'q.log-20261119',
      'q.log.20261118101112',
      'q.log-2026-11-17_10',
    ]);
  });

  it('finds those of a name without an ending, and nothing where there is no folder', async () => {
    expect(await found('queries', ['queries', 'queries.1', 'queries-20261120', 'queriesx.1', 'querie.1'])).toEqual([
      'queries.1',
      'queries-20261120',
    ]);
    expect(await rotatedFiles(join(folder, 'none', 'queries'))).toEqual([]);
  });

  it('says which is next, within one habit', async () => {
    await found('q.log', ['q.log.1', 'q.log.2', 'q.log.3', 'q.log-20261120', 'q.log-20261121']);
    const files = await rotatedFiles(join(folder, 'q.log'));
    const next = (name: string) => basename(nextRotated(files, join(folder, name))?.path ?? 'none');
    expect(['q.log.3', 'q.log.2', 'q.log.1'].map(next)).toEqual(['q.log.2', 'q.log.1', 'none']);
    expect(['q.log-20261120', 'q.log-20261121', 'q.log-1'].map(next)).toEqual(['q.log-20261121', 'none', 'none']);
  });
});
