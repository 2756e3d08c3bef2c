/** `host`: what one host does. */
import type { Command } from 'commander';
import { parseAddress } from '../../core/address.ts';
import { GluewallError } from '../../core/errors.ts';
import type { HostView } from '../../services/host-view.ts';
import { type AskOptions, ask, askingCommand } from '../ask.ts';

export function addHostCommands(program: Command): void {
  const host = program.command('host').description('what a host of the inside does');
  askingCommand(host, 'show <address>', 'what speaks against a host, line by line, and what is not seen of it', [
    'gluewall host show 192.0.2.66',
    'gluewall host show 192.0.2.66 --json',
  ])
    .addHelpText('after', '\nEnds with 1 when nothing was seen of it.')
    .action(showHost);
}

async function showHost(text: string, options: AskOptions): Promise<void> {
  if (parseAddress(text) === undefined) {
    throw new GluewallError('usage', `${text} is no IP address; \`gluewall clients NAME\` says which a client has`);
  }
  const { printHost } = await import('../behaviour/print-host.ts');
  await ask<HostView>(options, { operation: 'host show', host: text }, printHost, ({ hosts }) => hosts.length > 0);
}
