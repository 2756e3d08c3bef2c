/** The options by which a command says what a rule is about. */
import type { Command } from 'commander';
import { GluewallError } from '../core/errors.ts';
import { composeMatch, parseMatch, type WrittenMatch } from '../policy/rule-text.ts';
import { reasonArgument } from './arguments.ts';

/** What a query must be, as it was typed. */
export interface MatchOptions {
  readonly from?: string;
  readonly to?: string;
  readonly zone?: string;
  readonly type?: readonly string[];
  readonly protocol?: 'udp' | 'tcp';
}

const OPTION_OF: Readonly<Record<keyof WrittenMatch, string>> = {
  from: '--from',
  to: '--to',
  zone: '--zone',
  types: '--type',
  protocol: '--protocol',
};

/** The options of a match but for the destination, which may be an argument. */
export function matchOptions(command: Command): Command {
  return command
    .option('--from <clients>', 'only of an address, a network, mac:ADDRESS, port:NAME or group:NAME')
    .option('--zone <name>', 'only names at or below this one')
    .option('--type <types>', 'only these RR types, such as A,TXT', (text: string) => text.split(','))
    .addOption(command.createOption('--protocol <protocol>', 'only over this').choices(['udp', 'tcp']));
}

/** The match in its usual form. Throws GluewallError `usage`. */
export function matchArgument({ from, to, zone, type, protocol }: MatchOptions): WrittenMatch {
  const match = parseMatch({ from, to, zone, types: type, protocol });
  if ('problem' in match) throw new GluewallError('usage', `${OPTION_OF[match.key]}: ${match.problem}`);
  if (Object.keys(match).length > 0) return composeMatch(match);
  throw new GluewallError('usage', 'say which queries: with --from, --to, --zone, --type or --protocol');
}

export interface GivenReason {
  readonly reason: string;
  readonly expires?: string;
}

/** The options that say why, and for how long. */
export function reasonOptions(command: Command): Command {
  return command
    .requiredOption('--reason <text>', 'why; shown with the rule', reasonArgument)
    .option('--expires <duration>', 'how long it holds, such as 8h (default: until it is removed)');
}
