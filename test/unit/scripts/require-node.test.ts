import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'scripts', 'require-node.mjs');

/** Runs requireNode in a process that says it is another Node. */
function runAs(version: string) {
  const program = `
    Object.defineProperty(process, 'versions', { value: { node: '${version}' } });
    (await import('${script}')).requireNode();
    console.log('goes on');`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
}

it.each(['20.19.0', '20.20.2', '22.0.0', '24.1.0'])('goes on with Node %s', (version) => {
  expect(runAs(version)).toMatchObject({ status: 0, stdout: 'goes on\n', stderr: '' });
});

it.each(['14.13.1', '18.20.0', '20.18.3'])('ends with one clear line on Node %s', (version) => {
  const { status, stdout, stderr } = runAs(version);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(new RegExp(`^gluewall needs Node >= 20\\.19; this is Node ${version}[^\\n]*\\n$`));
});
