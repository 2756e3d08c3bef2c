import type { Argument, Command, Option } from 'commander';

/** What may stand after an option, or as an argument: one of some words (none: anything), or the name of a file. */
export type Values = readonly string[] | 'file';

export interface OptionNode {
  /** As typed: `-h`, `--json`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** Undefined where the option stands alone. */
  readonly values: Values | undefined;
}

/** One command, and what may be typed after it. */
export interface CommandNode {
  /** The commands that lead here, each with a space in front; empty for the program. */
  readonly place: string;
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionNode[];
  /** Of its arguments; undefined where nothing is known of them. */
  readonly values: Values | undefined;
  readonly commands: readonly CommandNode[];
}

/** The program and all commands below it as commander shows them in its help, a parent before its children. */
export function commandNodes(program: Command): readonly CommandNode[] {
  return flatten(nodeOf(program, ''));
}

function nodeOf(command: Command, place: string): CommandNode {
  const help = command.createHelp();
  return {
    place,
    name: command.name(),
    description: command.description(),
    options: help.visibleOptions(command).map(optionNode),
    values: valuesOf(command.registeredArguments),
    commands: help.visibleCommands(command).map((child) => nodeOf(child, `${place} ${child.name()}`)),
  };
}

function optionNode(option: Option): OptionNode {
  const { short, long, description, required, optional, argChoices } = option;
  const flags = [short, long].filter((flag) => flag !== undefined);
  const isFile = /[<[].*(file|path|folder)/i.test(option.flags);
  return { flags, description, values: required || optional ? (argChoices ?? (isFile ? 'file' : [])) : undefined };
}

function valuesOf(declared: readonly Argument[]): Values | undefined {
  const choices = declared.flatMap(({ argChoices }) => argChoices ?? []);
  if (choices.length > 0) return choices;
  return declared.some((argument) => /file/i.test(argument.name())) ? 'file' : undefined;
}

function flatten(node: CommandNode): readonly CommandNode[] {
  return [node, ...node.commands.flatMap(flatten)];
}

/** A place and a word after it, as the scripts compare them. */
export interface ValuedOption {
  readonly key: string;
  readonly values: Values;
}

export function valuedOptions(nodes: readonly CommandNode[]): readonly ValuedOption[] {
  return nodes.flatMap(({ place, options }) =>
    options.flatMap(({ flags, values }) =>
      values === undefined ? [] : flags.map((flag) => ({ key: `${place} ${flag}`, values })),
    ),
  );
}

/** Text in single quotes for bash and zsh; control characters have no place in a script. */
export function quoteForShell(text: string): string {
  return `'${text.replace(/\p{Cc}/gu, ' ').replaceAll("'", "'\\''")}'`;
}
