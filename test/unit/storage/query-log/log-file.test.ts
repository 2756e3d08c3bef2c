import { chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { makeLogFolder } from '../../../../src/storage/query-log/log-file.ts';
import { describeIf } from '../../../support/describe-if.ts';

/** Called when a folder has been made, and before anything else happens to it. */
const made = vi.hoisted(() => ({ call: (_folder: string) => {} }));
vi.mock('node:fs', async (load) => {
  const fs = await load<typeof import('node:fs')>();
  const mkdir = (folder: string, options: object) => {
    fs.mkdirSync(folder, options);
    made.call(folder);
  };
  return { ...fs, mkdirSync: mkdir };
});

const root = mkdtempSync(join(tmpdir(), 'gluewall-log-file-'));
const OWNER = 65_534;
afterAll(() => rmSync(root, { recursive: true, force: true }));

describeIf(['root'], 'a folder of the query log that root makes in another’s folder', () => {
  it('is not given away where it has been replaced by a link', () => {
    const [victim, home] = [join(root, 'victim'), join(root, 'home')];
    for (const folder of [victim, home]) mkdirSync(folder);
    chownSync(home, OWNER, OWNER);
    const folder = join(home, 'querylog');
    made.call = (path) => {
      renameSync(path, `${path}.away`);
      symlinkSync(victim, path);
    };
    expect(() => makeLogFolder(folder)).toThrow(/ENOTDIR|ELOOP/);
    expect(statSync(victim)).toMatchObject({ uid: 0, gid: 0 });
  });
});
