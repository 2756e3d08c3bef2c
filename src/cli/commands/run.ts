import type { Command } from 'commander';
import { DEFAULT_CONFIG_FILE } from '../ask.ts';
import { run } from '../run.ts';

export function addRunCommand(program: Command): void {
  program
    .command('run')
    .description('run the controller in the foreground')
    .option('--config <file>', `configuration (default ./${DEFAULT_CONFIG_FILE})`)
    .option('--socket <path>', 'control socket, instead of control.socket')
    .addHelpText('after', '\nExample:\n  gluewall run --config /etc/gluewall.yaml')
    .action(run);
}
