import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { skippedName } from '../../conditions.ts';

const repository = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** Each test runs a vitest of its own over one made-up test file. */
describe('the summary reporter', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(repository, 'node_modules', '.summary-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function run(body: string, env: NodeJS.ProcessEnv = {}) {
    writeFileSync(join(folder, 'a.test.ts'), `import { describe, expect, it } from 'vitest';\n${body}\n`);
    const args = [join(repository, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--root', folder];
    args.push('--config', 'none.config.ts', '--reporter', join(repository, 'test', 'support', 'summary-reporter.ts'));
    writeFileSync(join(folder, 'none.config.ts'), 'export default {};\n');
    const { NODE_ENV: _, VITEST: __, GLUEWALL_NO_SKIPS: ___, ...clean } = process.env;
    const { status, stdout } = spawnSync(process.execPath, args, { env: { ...clean, ...env }, encoding: 'utf8' });
    return { status, stdout, lastLine: stdout.slice(0, -1).split('\n').at(-1), endsWithLine: stdout.endsWith('\n') };
  }

  const passing = "it('holds', () => expect(1).toBe(1));";
  const failing = "it('fails', () => expect(1).toBe(2));";
  const skippedFor = (reason: string) => `describe('part', () => it.skip('${skippedName(reason)}', () => {}));`;

  it('ends with the counts', () => {
    const { status, lastLine, endsWithLine } = run(passing + skippedFor('no Open vSwitch'));
    expect([status, lastLine, endsWithLine]).toEqual([0, '1 passed, 0 failed, 1 skipped', true]);
  });

  it('names each skipped part with its reason', () => {
    expect(run(passing + skippedFor('not root')).stdout).toContain('SKIPPED: a.test.ts > part > skipped: not root\n');
  });

  it.each([
    ['a test that fails', passing + failing, '1 passed, 1 failed, 0 skipped'],
    ['a file that cannot be loaded', "throw new Error('broken');", '0 passed, 1 failed, 0 skipped'],
    [
      'an error outside of a test',
      `${passing} setTimeout(() => { throw new Error('late'); }, 0);
      it('waits', () => new Promise((resolve) => setTimeout(resolve, 100)));`,
      '2 passed, 1 failed, 0 skipped',
    ],
    ['nothing but skipped tests', skippedFor('not root'), '0 passed, 0 failed, 1 skipped'],
    ['no test at all', '', '0 passed, 1 failed, 0 skipped'],
  ])('is a failure: %s', (_, body, closing) => {
    const { status, lastLine } = run(body);
    expect([status, lastLine]).toEqual([1, closing]);
  });

  it('refuses a skip without a true reason when no skip is allowed', () => {
    const strict = { GLUEWALL_NO_SKIPS: '1' };
    expect(run(passing, strict).status).toBe(0);
    for (const body of [skippedFor('too slow'), "it.skip('later', () => {});"]) {
      const { status, stdout } = run(passing + body, strict);
      expect(status).toBe(1);
      expect(stdout).toContain('NOT ALLOWED TO SKIP HERE');
    }
  });
});
