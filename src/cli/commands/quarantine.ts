/** `quarantine`: a host that may not send for a while. */
import type { Command } from 'commander';
import { parseDuration } from '../../config/fields.ts';
import { parseAddress } from '../../core/address.ts';
import { GluewallError } from '../../core/errors.ts';
import { parseMac } from '../../core/mac-address.ts';
import { type BegunQuarantine, MAX_QUARANTINE_MS, type QuarantineView } from '../../services/quarantine-services.ts';
import { currentUser, reasonArgument } from '../arguments.ts';
import { type AskOptions, ask, askingCommand, askList } from '../ask.ts';

interface StartOptions extends AskOptions {
  readonly for: string;
  readonly all?: true;
  readonly remediation?: string;
  readonly reason: string;
}

interface EndOptions extends AskOptions {
  readonly all?: true;
}

export function addQuarantineCommands(program: Command): void {
  const quarantine = program.command('quarantine').description('keep a host from sending for a while');
  askingCommand(
    quarantine,
    'start',
    'drop the DNS of a host on all switches, also to trusted resolvers, or all that it sends',
    [
      'gluewall quarantine start 192.0.2.31 --for 4h --reason "asks for Feederbot names"',
      'gluewall quarantine start 52:54:00:12:34:56 --all --remediation 192.0.2.80 --for 2h --reason "scans port 445"',
    ],
  )
    .argument('<host>', 'its IP address, or its MAC address whatever its addresses are')
    .requiredOption('--for <duration>', 'how long, 1s to 18h, such as 4h; the switches end it by themselves')
    .option('--all', 'all that it sends, but DHCP and neighbour discovery (default: DNS, ports 53 and 853)')
    .option('--remediation <address>', 'with --all: where it may still send, such as a page that says what to do')
    .requiredOption('--reason <text>', 'why; logged as an alarm')
    .action((host: string, { for: length, all, remediation, reason, ...options }: StartOptions) => {
      if (remediation !== undefined && all !== true)
        throw new GluewallError(
          'usage',
          '--remediation goes with --all: without it only the DNS of the host is dropped',
        );
      return ask<BegunQuarantine>(
        options,
        {
          operation: 'quarantine',
          host: hostArgument(host),
          scope: all === true ? 'all' : 'dns',
          ...(remediation === undefined ? {} : { remediation: addressArgument(remediation) }),
          forMs: lengthArgument(length),
          reason: reasonArgument(reason),
          owner: currentUser(),
        },
        (view) => [describe(view), ...withoutSwitch(view), `undo: gluewall quarantine end ${view.host}`],
      );
    });
  askingCommand(quarantine, 'end', 'let a host send again at once', [
    'gluewall quarantine end 192.0.2.31',
    'gluewall quarantine end --all',
  ])
    .argument('[host]', 'its IP address or MAC address, as `quarantine list` has it')
    .option('--all', 'all hosts')
    .action((host: string | undefined, { all, ...options }: EndOptions) => {
      if ((host === undefined) !== (all === true)) throw new GluewallError('usage', 'name a host, or say --all');
      return ask<{ readonly ended: readonly QuarantineView[] }>(
        options,
        { operation: 'quarantine end', ...(host === undefined ? {} : { host: hostArgument(host) }) },
        ({ ended }) =>
          ended.length === 0
            ? ['it was not in quarantine (gluewall quarantine list)']
            : ended.map((view) => `ended: ${describe(view)}`),
        ({ ended }) => ended.length > 0,
      );
    });
  askingCommand(quarantine, 'list', 'which hosts are in quarantine, until when and why', [
    'gluewall quarantine list',
    'gluewall quarantine list --json',
  ]).action((options: AskOptions) =>
    askList<QuarantineView>(
      options,
      { operation: 'quarantine list' },
      (view) => [describe(view)],
      'no host is in quarantine',
    ),
  );
}

function withoutSwitch({ switches }: BegunQuarantine): string[] {
  return switches > 0 ? [] : ['no switch is connected: nothing is dropped until one is (gluewall switch list)'];
}

function describe({ host, scope, remediation, until, owner, reason }: QuarantineView): string {
  const what = scope === 'dns' ? 'its DNS' : `all but ${remediation ?? 'DHCP and neighbour discovery'}`;
  return `quarantine of ${host} (${what}) until ${until}${owner === '' ? '' : `, by ${owner}`}: ${reason}`;
}

function hostArgument(text: string): string {
  if (parseAddress(text) !== undefined || parseMac(text) !== undefined) return text;
  throw new GluewallError('usage', `"${text}" is neither an IP address nor a MAC address`);
}

function addressArgument(text: string): string {
  if (parseAddress(text) !== undefined) return text;
  throw new GluewallError('usage', `"${text}" is no IPv4 or IPv6 address`);
}

function lengthArgument(text: string): number {
  const lengthMs = parseDuration(text);
  if (lengthMs !== undefined && lengthMs >= 1000 && lengthMs <= MAX_QUARANTINE_MS) return lengthMs;
  throw new GluewallError('usage', `"${text}" is no length of a quarantine: want 1s to 18h, such as 4h`);
}
