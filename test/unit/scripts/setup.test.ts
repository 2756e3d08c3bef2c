import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const scripts = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'scripts');

/** Set-up in a made-up checkout, whose compiler and npm only note that they ran. */
describe('setUp', () => {
  let checkout: string;

  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(checkout, path)), { recursive: true });
    writeFileSync(join(checkout, path), text, { mode });
  };
  const calls = () => (existsSync(join(checkout, 'calls')) ? readFileSync(join(checkout, 'calls'), 'utf8') : '');

  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'gluewall-setup-'));
    cpSync(scripts, join(checkout, 'scripts'), { recursive: true });
    write('package-lock.json', '{}');
    write('src/a.ts', 'export const a = 1;');
    write('node_modules/.gluewall-lock', lockHash('{}'));
    write('node_modules/.bin/tsc', '#!/bin/sh\necho tsc "$@" >> calls\nmkdir -p dist\n', 0o755);
    write('node_modules/.bin/vite', '#!/bin/sh\necho vite "$@" >> calls\n', 0o755);
    write('npm/npm', '#!/bin/sh\necho npm "$@" >> calls\necho npm talks\nmkdir -p node_modules\n', 0o755);
  });
  afterEach(() => rmSync(checkout, { recursive: true, force: true }));

  function lockHash(content: string): string {
    return createHash('sha256').update(`package-lock.json\0${content.length}\0${content}`).digest('hex');
  }

  function setUp(purpose: 'run' | 'check') {
    const program = `import { setUp } from './scripts/setup.mjs'; await setUp({ for: '${purpose}' });`;
    const { npm_execpath: _, ...clean } = process.env;
    const env = { ...clean, PATH: `${join(checkout, 'npm')}:${process.env.PATH}` };
    const options = { cwd: checkout, env, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], options);
    const said = stderr.split('\n').filter((line) => line !== '' && !/this is not Debian|not root/.test(line));
    return { status, stdout, said };
  }

  it('builds what was never built, and does nothing twice', () => {
    expect(setUp('run')).toEqual({ status: 0, stdout: '', said: ['gluewall: building'] });
    expect(setUp('run')).toEqual({ status: 0, stdout: '', said: [] });
    expect(calls()).toBe('tsc -p tsconfig.build.json\nvite build --config page/vite.config.ts\n');
  });

  it('builds again when a source changed, came or went, and keeps nothing old', () => {
    setUp('run');
    write('dist/old.js', '');
    for (const change of [
      () => write('src/a.ts', 'export const a = 2;'),
      () => write('mininet/b.ts', ''),
      () => rmSync(join(checkout, 'mininet/b.ts')),
      () => write('tsconfig.build.json', '{}'),
      () => write('page/index.html', '<!doctype html>'),
      () => write('page/src/b.tsx', ''),
      () => write('page/src/b.css', ''),
    ]) {
      change();
      expect(setUp('run').said).toEqual(['gluewall: building']);
    }
    expect(existsSync(join(checkout, 'dist/old.js'))).toBe(false);
  });

  it('does not build for the checks', () => {
    expect(setUp('check')).toEqual({ status: 0, stdout: '', said: [] });
    expect(calls()).toBe('');
  });

  it('installs npm packages when they are of another lock file', () => {
    write('package-lock.json', '{ }');
    expect(setUp('check')).toEqual({ status: 0, stdout: '', said: ['gluewall: installing npm packages'] });
    expect(setUp('check').said).toEqual([]);
    expect(calls()).toBe('npm ci --no-audit --no-fund\n');
  });

  it('shows the output of a step that failed, and tries it again the next time', () => {
    write('node_modules/.bin/tsc', '#!/bin/sh\necho a type is wrong; exit 2\n', 0o755);
    const failed = ['gluewall: building', 'a type is wrong', 'gluewall: the build failed (see above)'];
    expect(setUp('run')).toEqual({ status: 1, stdout: '', said: failed });
    expect(setUp('run').said).toEqual(failed);
  });
});
