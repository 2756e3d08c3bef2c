import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';

const PROGRAM = await createProgram('');

/** One command that does something, as its users type it. */
export interface DocumentedCommand {
  /** Such as `gluewall allow add`. */
  readonly name: string;
  readonly about: string;
  /** What --help prints. */
  readonly help: string;
  /** The lines below `Examples:`, without their indent. */
  readonly examples: readonly string[];
}

/** Every command of the command line that is no mere group of others. */
export function documentedCommands(): DocumentedCommand[] {
  return leavesOf(PROGRAM, []).map(([path, command]) => {
    const help = helpOf(command);
    const examples = help.split(/^Examples?:\n/m)[1] ?? '';
    return {
      name: path.join(' '),
      about: command.description(),
      help,
      examples: examples.split('\n').flatMap((line) => (/^ {2}\S/.test(line) ? [line.trim()] : [])),
    };
  });
}

function leavesOf(command: Command, above: readonly string[]): [readonly string[], Command][] {
  const path = [...above, command.name()];
  const children = command.commands.filter((child) => child.name() !== 'help');
  return children.length === 0 ? [[path, command]] : children.flatMap((child) => leavesOf(child, path));
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => 110,
  });
  command.outputHelp();
  return text.trimEnd();
}

/** docs/command-line.md, made from the commands. */
export function renderCommands(): string {
  const commands = documentedCommands().map(({ name, help }) => `## ${name}\n\n\`\`\`text\n${help}\n\`\`\`\n`);
  return `# Command line

What each command's \`--help\` says; this page is made from it by \`npm run docs\`. While gluewall runs, commands ask it over
its control socket (\`control.socket\`, mode 0600); when it does not, they ask its store. \`--json\` prints one JSON document;
\`events\` and \`openflow decode\` print one object a line. Times are ISO 8601 with zone and milliseconds. Exit codes: 0 done, 1 refused, not found
or not whole, 2 usage or configuration. Colour appears on terminals only, and never with \`NO_COLOR\`.

${commands.join('\n')}`;
}
