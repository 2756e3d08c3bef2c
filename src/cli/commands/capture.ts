import type { Command } from 'commander';
import { DEFAULT_CONFIG_FILE } from '../ask.ts';
import type { CaptureOptions } from '../capture.ts';

export function addCaptureCommand(program: Command): void {
  program
    .command('capture')
    .description('capture in the foreground for a gluewall that listens for it (capture.listen)')
    .option('--config <file>', `configuration (default ./${DEFAULT_CONFIG_FILE})`)
    .option('--to <place>', 'unix socket, or HOST:PORT by TLS, instead of capture.listen')
    .addHelpText(
      'after',
      '\nExamples:\n  gluewall capture --config /etc/gluewall.yaml\n  gluewall capture --to controller.example:6654',
    )
    .action(async (options: CaptureOptions) => (await import('../capture.ts')).capture(options));
}
