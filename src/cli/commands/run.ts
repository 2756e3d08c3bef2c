import type { Command } from 'commander';
import { DEFAULT_CONFIG_FILE } from '../ask.ts';
import type { RunOptions } from '../run.ts';

export function addRunCommand(program: Command): void {
  program
    .command('run')
    .description('run the controller in the foreground')
    .option('--config <file>', `configuration (default ./${DEFAULT_CONFIG_FILE})`)
    .option('--socket <path>', 'control socket, instead of control.socket')
    .option(
      '--store <place>',
      'mysql://USER@HOST:PORT/DATABASE, the file of a SQLite store, or memory; instead of store',
    )
    .option('--console <host:port>', 'where the console is reached, instead of console.listen')
    .option('--strict', 'exit with 2 when the store is damaged or cannot be had, instead of starting without it')
    .addHelpText(
      'after',
      '\nExamples:\n  gluewall run --config /etc/gluewall.yaml\n  GLUEWALL_STORE_PASSWORD=... gluewall run --store mysql://gluewall@127.0.0.1/gluewall',
    )
    .action(async (options: RunOptions) => {
      // Loading all that runs takes longer than most other commands.
      const { run } = await import('../run.ts');
      await run(options, program.version());
    });
}
