/** `store`: the store itself, beside what it is asked for: how it is, its tables, and moving to another. */
import type { Command } from 'commander';
import { DEFAULT_CONFIG_FILE } from '../ask.ts';

export interface StoreCommandOptions {
  readonly config?: string;
  readonly store?: string;
  readonly socket?: string;
  readonly json?: true;
}

const PLACES = 'A store is the file of a SQLite store or mysql://USER@HOST:PORT/DATABASE.';
const PASSWORD = 'A password stands in store.password_file or in the environment variable GLUEWALL_STORE_PASSWORD.';

export function addStoreCommands(program: Command): void {
  const store = program.command('store').description('where history, rules and events are kept');
  storeCommand(store, 'status', 'what the store is and how much it holds', [
    'gluewall store status',
    'gluewall store status --store mysql://gluewall@127.0.0.1/gluewall --json',
  ])
    .option('--socket <path>', 'control socket of a running gluewall, whose figures are shown with it')
    .action(async (options: StoreCommandOptions) => (await import('../store.ts')).showStore(options));
  storeCommand(store, 'migrate', 'bring the tables of the store to the newest version', [
    'gluewall store migrate --config /etc/gluewall.yaml',
  ]).action(async (options: StoreCommandOptions) => (await import('../store.ts')).migrateStore(options));
  storeCommand(store, 'copy <from> <to>', 'copy all that a store holds into another; may be done again', [
    'gluewall store copy /var/lib/gluewall/gluewall.db mysql://gluewall@127.0.0.1/gluewall',
    'gluewall store copy mysql://gluewall@127.0.0.1/gluewall /var/lib/gluewall/gluewall.db',
  ]).action(async (from: string, to: string, options: StoreCommandOptions) =>
    (await import('../store.ts')).copyStores(from, to, options),
  );
}

function storeCommand(parent: Command, usage: string, description: string, examples: readonly string[]): Command {
  const command = parent
    .command(usage)
    .description(description)
    .option('--config <file>', `configuration (default ./${DEFAULT_CONFIG_FILE})`);
  // What is copied is named by its arguments.
  if (!usage.startsWith('copy')) command.option('--store <place>', 'another store than that of the configuration');
  return command
    .option('--json', 'answer as JSON')
    .addHelpText('after', `\n${PLACES} ${PASSWORD}\n\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`);
}
