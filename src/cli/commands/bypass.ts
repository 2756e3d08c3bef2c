/** `bypass`: the panic button. */
import type { Command } from 'commander';
import { parseDuration } from '../../config/fields.ts';
import { GluewallError } from '../../core/errors.ts';
import { type BypassView, MAX_BYPASS_MS } from '../../services/bypass-services.ts';
import { currentUser, reasonArgument } from '../arguments.ts';
import { type AskOptions, ask, askingCommand, askList } from '../ask.ts';

interface BypassOptions extends AskOptions {
  readonly for: string;
  readonly group?: string;
  readonly reason: string;
}

interface EndOptions extends AskOptions {
  readonly group?: string;
}

export function addBypassCommands(program: Command): void {
  const bypass = program.command('bypass').description('let queries pass unjudged for a while: the panic button');
  askingCommand(
    bypass,
    'start',
    'from now on, until its time is over, also when gluewall is gone; the word may be left out',
    [
      'gluewall bypass start --for 10m --reason "mail is down, ticket 4711"',
      'gluewall bypass start --for 1h --group printers --reason "new firmware"',
    ],
    { isDefault: true },
  )
    .requiredOption('--for <duration>', 'how long, 1s to 18h, such as 10m; the switches end it by themselves')
    .option('--group <name>', 'only clients of this group (default: all)')
    .requiredOption('--reason <text>', 'why; logged as an alarm')
    .action(({ for: length, group, reason, ...options }: BypassOptions) =>
      ask<BypassView>(
        options,
        {
          operation: 'bypass',
          ...(group === undefined ? {} : { group }),
          forMs: lengthArgument(length),
          reason: reasonArgument(reason),
          owner: currentUser(),
        },
        (view) => [describe(view), 'queries are not judged meanwhile, and still told (gluewall events)'],
      ),
    );
  askingCommand(bypass, 'end', 'judge again at once', ['gluewall bypass end', 'gluewall bypass end --group printers'])
    .option('--group <name>', 'the group it was begun for (default: the one for all)')
    .action(({ group, ...options }: EndOptions) =>
      ask<{ readonly ended: BypassView | null }>(
        options,
        { operation: 'bypass end', ...(group === undefined ? {} : { group }) },
        ({ ended }) => [ended === null ? 'there was none (gluewall bypass list)' : `ended: ${describe(ended)}`],
        ({ ended }) => ended !== null,
      ),
    );
  askingCommand(bypass, 'list', 'what is bypassed now', ['gluewall bypass list', 'gluewall bypass list --json']).action(
    (options: AskOptions) =>
      askList<BypassView>(options, { operation: 'bypass list' }, (view) => [describe(view)], 'nothing is bypassed'),
  );
}

function describe({ group, until, owner, reason }: BypassView): string {
  const whom = group === null ? 'all clients' : `group ${group}`;
  return `bypass of ${whom} until ${until}${owner === '' ? '' : `, by ${owner}`}: ${reason}`;
}

function lengthArgument(text: string): number {
  const lengthMs = parseDuration(text);
  if (lengthMs !== undefined && lengthMs >= 1000 && lengthMs <= MAX_BYPASS_MS) return lengthMs;
  throw new GluewallError('usage', `"${text}" is no length of a bypass: want 1s to 18h, such as 10m`);
}
