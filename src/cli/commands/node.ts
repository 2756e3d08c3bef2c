/** `node`: a traceback node without a gate. */
import type { Command } from 'commander';
import { DEFAULT_CONFIG_FILE } from '../ask.ts';
import type { RunNodeOptions } from '../node/run-node.ts';

export function addNodeCommand(program: Command): void {
  program
    .command('node')
    .description(
      'run a traceback node in the foreground: the logs of DNS servers, and peers who ask; no gate, no capture (`gluewall run` has a node, too, where one is configured)',
    )
    .option('--config <file>', `configuration (default ./${DEFAULT_CONFIG_FILE})`)
    .option('--socket <path>', 'control socket, instead of control.socket')
    .addHelpText('after', '\nExamples:\n  gluewall node --config /etc/gluewall/gluewall.yaml')
    .action(async (options: RunNodeOptions) => {
      const { runNode } = await import('../node/run-node.ts');
      await runNode(options, program.version());
    });
}
