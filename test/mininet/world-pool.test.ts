import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { until } from '../../mininet/until.ts';
import { describeIf } from '../support/describe-if.ts';

/** In each of two worlds: an interface of one name, and a process that nobody ends. */
const FILE = `
import { execFileSync, spawn } from 'node:child_process';
import { expect, it } from 'vitest';
it('has a world of its own', async () => {
  execFileSync('ip', ['link', 'add', 'left', 'type', 'veth', 'peer', 'name', 'right']);
  expect(execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' }).trim().split('\\n')).toHaveLength(3);
  spawn('sleep', ['SECONDS'], { detached: true, stdio: 'inherit' }).unref();
  process.stdout.write('written in the world\\n');
  if (process.env.STAYS === '1') await new Promise(() => setInterval(() => {}, 1000));
}, 60_000);
`;

/** Each test runs a vitest of its own over two made-up test files. */
describeIf(['root', 'namespaces'], 'test files in worlds', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(repositoryPath('node_modules', '.worlds-'));
    const pool = JSON.stringify(repositoryPath('test', 'support', 'world-pool.ts'));
    const config = `import { worldPool } from ${pool};\nexport default { test: { pool: worldPool, maxWorkers: 2 } };\n`;
    writeFileSync(join(folder, 'worlds.config.ts'), config);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** `seconds`: how long the processes that are left behind would live, by which they are told. */
  function start(seconds: string, env: NodeJS.ProcessEnv = {}): { child: ChildProcess; output: () => string } {
    for (const name of ['a', 'b']) writeFileSync(join(folder, `${name}.test.ts`), FILE.replace('SECONDS', seconds));
    const args = [repositoryPath('node_modules', 'vitest', 'vitest.mjs'), 'run', '--root', folder];
    const { NODE_ENV: _, VITEST: __, ...clean } = process.env;
    const child = spawn(process.execPath, [...args, '--config', 'worlds.config.ts'], { env: { ...clean, ...env } });
    let output = '';
    const keep = (text: Buffer) => {
      output += text;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    return { child, output: () => output };
  }

  const living = (seconds: string) =>
    execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).split(`sleep ${seconds}\n`).length - 1;

  it('have the same names side by side, are heard, and leave no process', async () => {
    const { child, output } = start('96.241');
    const status = await new Promise((resolve) => child.once('close', resolve));
    expect(output()).toMatch(/Tests .*2 passed/);
    expect(output().split('written in the world\n')).toHaveLength(3);
    expect(status).toBe(0);
    expect(living('96.241')).toBe(0);
  });

  it('end with the run that is killed', async () => {
    const { child } = start('96.242', { STAYS: '1' });
    await until('both worlds are there', 30_000, () => living('96.242') === 2 || undefined);
    child.kill('SIGKILL');
    await until('they are gone', 10_000, () => living('96.242') === 0 || undefined);
  });
});
