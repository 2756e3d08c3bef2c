import { spawnSync } from 'node:child_process';
import { repositoryPath } from '../../mininet/repository-path.ts';

export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `gluewall ARGS…` as it is built, with `directory` as the current one and `input` on standard input. */
export function runGluewall(directory: string, args: readonly string[], input = ''): CommandResult {
  const main = repositoryPath('dist', 'src', 'cli', 'main.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: directory,
    encoding: 'utf8',
    input,
    timeout: 30_000,
    maxBuffer: 256 * 1024 * 1024,
  });
  return { status, stdout, stderr };
}
