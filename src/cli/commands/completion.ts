import { Argument, type Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion.ts';
import { printLines } from '../output.ts';

const EXAMPLES = `
Examples:
  source <(gluewall completion bash)
  gluewall completion bash > /etc/bash_completion.d/gluewall
  gluewall completion zsh > "\${fpath[1]}/_gluewall"
  gluewall completion fish > ~/.config/fish/completions/gluewall.fish`;

/** `completion`: to be added last, or not; it looks at all commands of the program when it is called. */
export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'for which shell').choices(SHELLS))
    .addHelpText('after', EXAMPLES)
    .action((shell: Shell) => printLines(completionScript(shell, program).trimEnd().split('\n')));
}
