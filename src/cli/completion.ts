import type { Command } from 'commander';
import { bashCompletion } from './bash-completion.ts';
import { commandNodes } from './command-tree.ts';
import { fishCompletion } from './fish-completion.ts';
import { zshCompletion } from './zsh-completion.ts';

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

export type Shell = keyof typeof SCRIPTS;
export const SHELLS = Object.keys(SCRIPTS) as readonly Shell[];

/** The script with which a shell completes commands, options, their choices and files. */
export function completionScript(shell: Shell, program: Command): string {
  return SCRIPTS[shell](program.name(), commandNodes(program));
}
