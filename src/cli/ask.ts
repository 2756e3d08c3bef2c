/** How commands get their answers: from the running gluewall, or from its store when it does not run. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { type ConfigWithWarnings, defaultConfig, loadConfigWithWarnings } from '../config/load.ts';
import { type Answer, resultOf } from '../control/answer.ts';
import { askControl, isAnswering } from '../control/control-client.ts';
import type { ControlRequest } from '../control/protocol.ts';
import { GluewallError } from '../core/errors.ts';
import { EXIT } from './exit-codes.ts';
import { printJson, printJsonArray, printLines } from './output.ts';
import { defaultSocketPath } from './socket-path.ts';
import { stderrLog } from './stderr-log.ts';

export const DEFAULT_CONFIG_FILE = 'gluewall.yaml';

export interface AskOptions {
  readonly config?: string;
  readonly socket?: string;
  /** The console of a gluewall elsewhere, instead of a socket; the other two say how it is asked. */
  readonly server?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly json?: true;
}

/** A command that asks: with the options they share, and examples in its help. `isDefault`: its name may be left out. */
export function askingCommand(
  parent: Command,
  usage: string,
  description: string,
  examples: readonly string[],
  { isDefault = false }: { readonly isDefault?: boolean } = {},
): Command {
  return parent
    .command(usage, { isDefault })
    .description(description)
    .option('--config <file>', `configuration, for its socket and store (default ./${DEFAULT_CONFIG_FILE})`)
    .option('--socket <path>', 'control socket of a running gluewall; its store is not asked then')
    .option('--server <url>', 'console of a gluewall elsewhere, such as https://console.example:8453 (docs/api.md)')
    .option('--token-file <file>', 'with --server: the token, in a file of yours alone (default: GLUEWALL_TOKEN)')
    .option('--ca <file>', 'with --server: PEM of who signed its certificate')
    .option('--json', 'answer as JSON')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`);
}

export interface ConfigSource extends ConfigWithWarnings {
  /** The file it is from, or would be. */
  readonly file: string;
}

/** The configuration a command works with: the file named, the one in this folder, or all defaults. */
export function configOf(options: { readonly config?: string }): ConfigSource {
  const file = options.config ?? DEFAULT_CONFIG_FILE;
  const isThere = options.config !== undefined || existsSync(file);
  return {
    ...(isThere ? loadConfigWithWarnings(file) : { config: defaultConfig(), warnings: [], isEmpty: true }),
    file,
  };
}

/** Where requests go: one gluewall, running or resting. */
export interface Door {
  ask(request: ControlRequest, signal?: AbortSignal): Answer;
  /** Writes out what was changed. */
  close(): Promise<void>;
}

/** The running gluewall; when none answers and no socket was named, its store. */
export async function openDoor(options: AskOptions): Promise<Door> {
  const running = await openRunning(options);
  if (running !== undefined) return running;
  const { RestingGluewall } = await import('./resting.ts');
  return new RestingGluewall(configOf(options).config, stderrLog);
}

/** The running gluewall, or that of the socket that was named; undefined when none answers. */
export async function openRunning(options: AskOptions): Promise<Door | undefined> {
  if (hasServer(options)) return new (await import('./remote-door.ts')).RemoteDoor(options, process.env);
  // A configuration that is being edited, and is not good yet, must not keep anybody from a socket that he names.
  if (options.socket !== undefined) return doorTo(options.socket);
  const socket = socketOf(options);
  return (await isAnswering(socket)) ? doorTo(socket) : undefined;
}

/** Throws GluewallError `usage` of options that do not go together. */
function hasServer(options: AskOptions): options is AskOptions & { readonly server: string } {
  const { server, socket, tokenFile, ca } = options;
  if (server !== undefined && socket !== undefined) {
    throw new GluewallError('usage', '--server and --socket name two gluewalls: give one of them');
  }
  if (server === undefined && (tokenFile ?? ca) !== undefined) {
    throw new GluewallError('usage', '--token-file and --ca go with --server URL');
  }
  return server !== undefined;
}

/** A file with a mistake must not keep anybody from the panic button without a word on how to press it. */
function socketOf(options: AskOptions): string {
  try {
    return configOf(options).config.control.socket ?? defaultSocketPath();
  } catch (error) {
    if (!(error instanceof GluewallError) || error.code !== 'config') throw error;
    const remedy =
      'a gluewall that runs can be asked all the same: --socket PATH (control.socket of its configuration)';
    throw new GluewallError('config', `${error.message}\n${remedy}`, { cause: error });
  }
}

function doorTo(socket: string): Door {
  return { ask: (request, signal) => askControl(socket, request, signal), close: async () => {} };
}

/** The answer to one request. Throws GluewallError as `askControl` and RestingGluewall do. */
export async function* answerTo(options: AskOptions, request: ControlRequest, signal?: AbortSignal): Answer {
  const door = await openDoor(options);
  try {
    return yield* door.ask(request, signal);
  } finally {
    await door.close();
  }
}

/** Asks, prints the result, and sets the exit code by `isGood`. */
export async function ask<V>(
  options: AskOptions,
  request: ControlRequest,
  print: (view: V) => readonly string[],
  isGood: (view: V) => boolean = () => true,
): Promise<void> {
  const view = (await resultOf(answerTo(options, request))) as V;
  if (options.json === true) await printJson(view);
  else await printLines(print(view));
  process.exitCode = isGood(view) ? EXIT.done : EXIT.refused;
}

/** Asks for a list and prints its items as they come; `none` is said when there are none. */
export async function askList<V>(
  options: AskOptions,
  request: ControlRequest,
  print: (item: V) => readonly string[],
  none: string,
): Promise<void> {
  await printItems(options, answerTo(options, request), print, none);
}

/** Prints items as they come; `none` is said when there are none. */
export async function printItems<V>(
  options: Pick<AskOptions, 'json'>,
  items: AsyncIterable<unknown>,
  print: (item: V) => readonly string[],
  none: string,
): Promise<void> {
  if (options.json === true) {
    await printJsonArray(items);
    return;
  }
  let count = 0;
  for await (const item of items) {
    count++;
    await printLines(print(item as V));
  }
  if (count === 0) await printLines([none]);
}
