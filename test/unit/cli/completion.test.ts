import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addAllowCommands } from '../../../src/cli/commands/allow.ts';
import { addCompletionCommand } from '../../../src/cli/commands/completion.ts';
import { addConfigCommands } from '../../../src/cli/commands/config.ts';
import { addHistoryCommands } from '../../../src/cli/commands/history.ts';
import { completionScript, SHELLS } from '../../../src/cli/completion.ts';
import { describeIf } from '../../support/describe-if.ts';
import { runCommand } from '../../support/run-command.ts';

function sample(): Command {
  const program = new Command('gluewall').version('1');
  const allow = program.command('allow').description("the operator's list");
  allow
    .command('add <address>')
    .description('add: one')
    .option('--reason <text>')
    .option('-j, --json', "it's `JSON` $(x)");
  allow.command('remove <address>').description('remove');
  program
    .command('learn <file...>')
    .description('learn')
    .addOption(new Option('--teach <mode>', 'who teaches').choices(['matched', 'resolvers', 'chain']));
  program.command('secret', { hidden: true });
  addCompletionCommand(program);
  return program;
}

/** Commands as they are, as far as they can be had without the compiled program. */
function real(): Command {
  const program = new Command('gluewall');
  for (const add of [addAllowCommands, addConfigCommands, addHistoryCommands, addCompletionCommand]) add(program);
  return program;
}

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-completion-'));
  writeFileSync(join(directory, 'one capture.pcap'), '');
  writeFileSync(join(directory, 'other.yaml'), '');
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What bash would offer after `words`, the last of which is being typed. */
function offers(words: readonly string[], program = sample()): string[] {
  const script = join(directory, 'completion.bash');
  writeFileSync(script, completionScript('bash', program));
  const program_ = `set -u; source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gluewall; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const args = ['--norc', '--noprofile', '-c', program_, 'bash', script, 'gluewall', ...words];
  const { stdout, stderr, status } = spawnSync('bash', args, { cwd: directory, encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

describe('in bash', () => {
  it.each([
    [[''], ['--help', '--version', '-V', '-h', 'allow', 'completion', 'help', 'learn']],
    [['a'], ['allow']],
    [
      ['allow', ''],
      ['--help', '-h', 'add', 'help', 'remove'],
    ],
    [['allow', 'r'], ['remove']],
    [
      ['allow', 'add', '--'],
      ['--help', '--json', '--reason'],
    ],
    [['allow', 'add', '192.0.2.1', '--j'], ['--json']],
    [
      ['learn', '--teach', ''],
      ['chain', 'matched', 'resolvers'],
    ],
    [['learn', '--teach', 'm'], ['matched']],
    [
      ['learn', '--teach', '='],
      ['chain', 'matched', 'resolvers'],
    ],
    [['learn', '--teach', '=', 'r'], ['resolvers']],
    [['learn', '--teach', '=', 'chain', '--te'], ['--teach']],
    [
      ['learn', '--teach', 'matched', 'o'],
      ['one capture.pcap', 'other.yaml'],
    ],
    [
      ['learn', '--'],
      ['--help', '--teach'],
    ],
    [['allow', 'add', '--reason', 'remove', '--j'], ['--json']],
    [['allow', 'add', '--reason', ''], []],
    [
      ['completion', ''],
      ['--help', '-h', 'bash', 'fish', 'zsh'],
    ],
    [['completion', 'f'], ['fish']],
    [['nonsense', 'a'], ['allow']],
    [['allow', 'add', "$(touch x); 'y", '--r'], ['--reason']],
  ])('gluewall %j', (words, expected) => {
    expect(offers(words)).toEqual([...expected].sort());
  });

  it('offers what gluewall has', () => {
    const program = real();
    expect(offers(['hist'], program)).toEqual(['history']);
    expect(offers(['allow', ''], program)).toEqual(expect.arrayContaining(['add', 'list', 'remove']));
    expect(offers(['allow', 'list', '--j'], program)).toEqual(['--json']);
    expect(offers(['allow', 'list', '--config', 'oth'], program)).toEqual(['other.yaml']);
  });

  it('runs with nounset, and defines nothing else', () => {
    const check =
      'before=$(compgen -A function); source "$1"; comm -13 <(sort <<<"$before") <(compgen -A function | sort)';
    const script = join(directory, 'defines.bash');
    writeFileSync(script, completionScript('bash', sample()));
    const { stdout } = spawnSync('bash', ['--norc', '-uc', check, 'bash', script], { encoding: 'utf8' });
    expect(stdout.trim().split('\n')).toEqual(['_gluewall', '_gluewall_files', '_gluewall_words']);
  });
});

describe.each(['zsh', 'fish'] as const)('in %s', (shell) => {
  it('names every command, option and choice, and quotes what they say', () => {
    const script = completionScript(shell, sample());
    for (const word of ['allow', 'remove', 'reason', 'json', 'matched', 'resolvers', 'chain'])
      expect(script).toContain(word);
    expect(script).not.toContain('secret');
    expect(script).toContain(shell === 'zsh' ? `'--json:it'\\''s \`JSON\` $(x)'` : `-d 'it\\'s \`JSON\` $(x)'`);
  });

  describeIf([shell], 'the shell itself', () => {
    it('takes the script', () => {
      const script = join(directory, `completion.${shell}`);
      for (const program of [sample(), real()]) {
        writeFileSync(script, completionScript(shell, program));
        const { status, stderr } = spawnSync(shell, ['--no-config', '-n', script].slice(shell === 'zsh' ? 1 : 0), {
          encoding: 'utf8',
        });
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      }
    });
  });
});

describe('gluewall completion', () => {
  it.each(SHELLS)('prints the script for %s', async (shell) => {
    const { stdout } = await runCommand(addCompletionCommand, 'completion', shell);
    expect(stdout).toContain('completion of gluewall');
  });

  it('refuses other shells', async () => {
    const quiet = (program: Command) => {
      program.configureOutput({ writeErr: () => {} });
      addCompletionCommand(program);
    };
    expect((await runCommand(quiet, 'completion', 'csh')).error).toMatchObject({ code: 'commander.invalidArgument' });
  });
});
