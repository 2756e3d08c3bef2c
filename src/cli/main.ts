#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { loadConfig } from '../config/load.ts';
import { askControl } from '../control/control-client.ts';
import type { ControlRequest } from '../control/protocol.ts';
import { parseAddress } from '../core/address.ts';
import { GluewallError } from '../core/errors.ts';
import type { ChangeView, CheckView, LookupView, StatusView } from '../services/services.ts';
import { printChange, printCheck, printLookup, printStatus } from './print.ts';
import { DEFAULT_CONFIG_FILE, run } from './run.ts';
import { defaultSocketPath } from './socket-path.ts';

/** Exit codes: done; refused or not found; usage or configuration. */
const EXIT = { done: 0, refused: 1, usage: 2 } as const;

const USAGE_CODES = ['usage', 'config', 'root-hints'];

interface AskOptions {
  readonly config?: string;
  readonly socket?: string;
  readonly json?: true;
}

function createProgram(): Command {
  const program = new Command('gluewall')
    .description('Inline DNS firewall for Open vSwitch: a DNS query may leave only to a name server learned first.')
    .version(packageVersion())
    .showHelpAfterError('(gluewall --help lists the commands)')
    .exitOverride();
  program
    .command('run')
    .description('run the controller in the foreground')
    .option('--config <file>', `configuration (default ./${DEFAULT_CONFIG_FILE})`)
    .option('--socket <path>', 'control socket, instead of control.socket')
    .addHelpText('after', '\nExample:\n  gluewall run --config /etc/gluewall.yaml')
    .action(run);
  askCommand(program, 'status', 'figures of the running controller', 'gluewall status --json').action(
    (options: AskOptions) => ask<StatusView>(options, { operation: 'status' }, printStatus),
  );
  askCommand(program, 'lookup <address>', 'what the history knows of an address', 'gluewall lookup 192.0.2.53').action(
    (address: string, options: AskOptions) =>
      ask<LookupView>(options, { operation: 'lookup', address: checked(address) }, printLookup, ({ known }) => known),
  );
  askCommand(
    program,
    'check <address>',
    'whether a query to an address would pass',
    'gluewall check 192.0.2.53',
  ).action((address: string, options: AskOptions) =>
    ask<CheckView>(
      options,
      { operation: 'check', address: checked(address) },
      printCheck,
      ({ verdict }) => verdict === 'allow',
    ),
  );
  const allow = program.command('allow').description('change the allow-list of the running controller');
  for (const verb of ['add', 'remove'] as const) {
    askCommand(allow, `${verb} <address>`, `${verb} an address`, `gluewall allow ${verb} 192.0.2.53`).action(
      (address: string, options: AskOptions) =>
        ask<ChangeView>(
          options,
          { operation: `allow ${verb}`, address: checked(address) },
          printChange,
          ({ outcome }) => outcome !== 'full' && outcome !== 'absent',
        ),
    );
  }
  return program;
}

/** From package.json, three folders above the compiled file. */
function packageVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

function askCommand(parent: Command, usage: string, description: string, example: string): Command {
  return parent
    .command(usage)
    .description(description)
    .option('--config <file>', `configuration that names the control socket (default ./${DEFAULT_CONFIG_FILE})`)
    .option('--socket <path>', 'control socket of the running controller')
    .option('--json', 'answer as JSON')
    .addHelpText('after', `\nExample:\n  ${example}`);
}

/** Asks the running controller, prints the answer, and sets the exit code by `isGood`. */
async function ask<V>(
  options: AskOptions,
  request: ControlRequest,
  print: (view: V) => string,
  isGood: (view: V) => boolean = () => true,
): Promise<void> {
  const view = (await askControl(socketPath(options), request)) as V;
  process.stdout.write(`${options.json === true ? JSON.stringify(view) : print(view)}\n`);
  process.exitCode = isGood(view) ? EXIT.done : EXIT.refused;
}

function socketPath({ socket, config }: AskOptions): string {
  if (socket !== undefined) return socket;
  const file = config ?? DEFAULT_CONFIG_FILE;
  const configured = config !== undefined || existsSync(file) ? loadConfig(file).control.socket : undefined;
  return configured ?? defaultSocketPath();
}

function checked(address: string): string {
  if (parseAddress(address) !== undefined) return address;
  throw new GluewallError('usage', `"${address}" is no IPv4 or IPv6 address, such as 192.0.2.53 or 2001:db8::53`);
}

async function main(): Promise<void> {
  // The reader of a pipe may have had enough, as `head` has.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  try {
    await createProgram().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exit(error.exitCode === 0 ? EXIT.done : EXIT.usage);
    }
    if (!(error instanceof GluewallError)) throw error;
    process.stderr.write(error.message.replace(/^/gm, 'gluewall: ').concat('\n'));
    process.exit(USAGE_CODES.includes(error.code) ? EXIT.usage : EXIT.refused);
  }
}

await main();
