/** `reload`: takes a changed configuration up. */
import type { Command } from 'commander';
import type { ReloadView } from '../../services/reload-view.ts';
import { type AskOptions, ask, askingCommand } from '../ask.ts';

interface ReloadOptions extends AskOptions {
  readonly dryRun?: true;
}

/** Items of one key that are shown. */
const MAX_SHOWN = 50;

export function addReloadCommand(program: Command): void {
  askingCommand(program, 'reload', 'have the running gluewall read its configuration again', [
    'gluewall reload --dry-run',
    'gluewall reload',
    'gluewall reload --json',
  ])
    .option(
      '--dry-run',
      'only show what would change; a saved file is taken up by itself within 4 s, so check a copy: `gluewall config check`',
    )
    .action(({ dryRun, ...options }: ReloadOptions) =>
      ask<ReloadView>(options, { operation: 'reload', isTrial: dryRun === true }, printReload),
    );
}

function printReload({ file, outcome, differences, warnings }: ReloadView): string[] {
  const but = differences.some(({ isLive }) => !isLive) ? ', but for what takes a restart' : '';
  const said = {
    applied: `${file} is in force${but}`,
    unchanged: `${file} says what is in force already`,
    trial: `${file} is good, and would change this; it is taken up by itself within seconds${but}`,
  };
  const keys = differences.flatMap(({ path, removed, added, isLive }) => [
    `${path}${isLive ? '' : ' (takes a restart)'}`,
    ...shown('-', removed),
    ...shown('+', added),
  ]);
  return [...warnings.map((warning) => `warning: ${warning}`), ...keys, said[outcome]];
}

function shown(sign: string, items: readonly string[]): string[] {
  const lines = items.slice(0, MAX_SHOWN).map((item) => `  ${sign} ${item}`);
  return items.length > MAX_SHOWN ? [...lines, `  ${sign} and ${items.length - MAX_SHOWN} more`] : lines;
}
