import { type ProgramResult, runProgram } from '../../mininet/child.ts';
import { repositoryPath } from '../../mininet/repository-path.ts';

/** Runs the built command line in an environment, such as that of an Open vSwitch of our own, to its end. */
export function gluewall(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<ProgramResult> {
  const program = repositoryPath('dist', 'src', 'cli', 'main.js');
  return runProgram(process.execPath, [program, ...args], { ...env, NO_COLOR: '1' });
}
