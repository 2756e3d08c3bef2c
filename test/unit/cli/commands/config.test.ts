import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addConfigCommands } from '../../../../src/cli/commands/config.ts';
import { composeYaml } from '../../../../src/config/compose.ts';
import { parseConfig } from '../../../../src/config/load.ts';
import { GluewallError } from '../../../../src/core/errors.ts';
import { runCommand } from '../../../support/run-command.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-config-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function fileWith(text: string): string {
  const file = join(directory, 'gluewall.yaml');
  writeFileSync(file, text);
  return file;
}

const config = (...args: string[]) => runCommand(addConfigCommands, 'config', ...args);
const WHOLE = 'inside: {networks: [192.0.2.0/24]}\noutside: {ports: [eth0]}\ntrusted_resolvers: [192.0.2.53]\n';

describe('config check', () => {
  it('says what a good one would do', async () => {
    const file = fileWith(WHOLE);
    const { stdout, exitCode, error } = await config('check', file);
    expect(error).toBeUndefined();
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`${file} is fine\n  monitor: every query passes`);
    expect(stdout).not.toContain('warning');
  });

  it('warns of what may not be meant', async () => {
    const { stdout, exitCode } = await config('check', fileWith('mode: monitor'));
    expect(exitCode).toBe(0);
    expect(stdout).toContain('warning: nothing is judged: inside.networks or outside.ports is empty\n');
  });

  it('warns of what only run would see', async () => {
    const { stdout } = await config('check', fileWith(`${WHOLE}history: {size: 1}`));
    expect(stdout).toContain('warning: history.size is too small for the root hints and the seed\n');
  });

  it('refuses with place and suggestion', async () => {
    const file = fileWith('mode: enforced\ntrusted_resolver: []\n');
    const { error } = await config('check', file);
    expect(error).toMatchObject({
      code: 'config',
      message: `${file}:1:7: mode: want one of: monitor, enforce; did you mean "enforce"?\n${file}:2:1: unknown key "trusted_resolver"; did you mean "trusted_resolvers"?`,
    });
  });

  it('tells mistakes as JSON, too', async () => {
    const file = fileWith('mode: enforced\n');
    const { stdout, exitCode } = await config('check', file, '--json');
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      file,
      ok: false,
      mistakes: [{ line: 1, column: 7, message: 'mode: want one of: monitor, enforce; did you mean "enforce"?' }],
    });
    expect(JSON.parse((await config('check', fileWith(WHOLE), '--json')).stdout)).toMatchObject({
      ok: true,
      warnings: [],
    });
    expect(JSON.parse((await config('check', '/nowhere.yaml', '--json')).stdout)).toMatchObject({ ok: false });
  });

  it.each([
    ['a file that is not there', '/nowhere.yaml', 'cannot be read (ENOENT)'],
    ['a folder', '/', 'cannot be read (EISDIR)'],
    ['a device without end', '/dev/zero', 'larger than'],
  ])('refuses %s', async (_what, file, said) => {
    const { error } = await config('check', file);
    expect(error).toBeInstanceOf(GluewallError);
    expect((error as GluewallError).message).toContain(said);
  });

  it('refuses root hints that run would refuse', async () => {
    writeFileSync(join(directory, 'hints'), 'nonsense\n');
    const { error } = await config('check', fileWith('root_hints: hints'));
    expect(error).toMatchObject({ code: 'root-hints' });
    expect((await config('check', fileWith('root_hints: absent'))).error).toMatchObject({ code: 'config' });
  });

  it('reads the key that clients are anonymised with, as run does', async () => {
    const file = fileWith('querylog: {anonymise: {key_file: key}}');
    expect((await config('check', file)).error).toMatchObject({ code: 'querylog-key' });
    writeFileSync(join(directory, 'key'), 'a5'.repeat(32), { mode: 0o644 });
    expect((await config('check', file)).stdout).toContain('may be read by others than its owner (mode 0644)');
  });

  it('warns of a log to follow that is no file', async () => {
    const { stdout } = await config('check', fileWith('querylog: {sources: [{name: ns1, file: /dev/zero}]}'));
    expect(stdout).toContain('/dev/zero of ns1 is no file that can be followed');
  });
});

describe('config show', () => {
  it('prints YAML that reads back to the same, with nothing left open', async () => {
    const file = fileWith(`${WHOLE}root_hints: hints\n`);
    const { stdout } = await config('show', file);
    const read = parseConfig(stdout, 'shown');
    expect(read).toMatchObject({
      teach: 'resolvers',
      capture: { interfaces: ['eth0'] },
      root_hints: join(directory, 'hints'),
      hold: { time: 50 },
    });
    expect(read.store.file).toMatch(/gluewall\.db$/);
    expect(composeYaml(read)).toBe(stdout);
    expect((await config('show', fileWith(stdout))).stdout).toBe(stdout);
  });

  it('prints the same as JSON', async () => {
    const file = fileWith(WHOLE);
    const { stdout } = await config('show', file, '--json');
    expect(parseConfig(stdout, 'shown')).toEqual(parseConfig((await config('show', file)).stdout, 'shown'));
  });

  it('a port name that is too long for an interface does not stand in the way', async () => {
    const { stdout } = await config('show', fileWith('outside: {ports: [patch-to-the-border]}'));
    expect(parseConfig(stdout, 'shown').capture.interfaces).toBeUndefined();
  });
});

it('config schema prints the published schema', async () => {
  const { stdout } = await config('schema');
  expect(JSON.parse(stdout)).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
});
