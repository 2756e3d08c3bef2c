/** `report`: what is to be known before something is changed. */
import type { Command } from 'commander';
import type { RolloutItem, RolloutRow, RolloutSummary } from '../../services/report-rollout.ts';
import { earlierArgument } from '../arguments.ts';
import { type AskOptions, answerTo, askingCommand } from '../ask.ts';
import { EXIT } from '../exit-codes.ts';
import { printJson, printLines } from '../output.ts';
import { printRolloutRow, printRolloutSummary } from '../print-rollout.ts';
import { ProgressBar } from '../progress-bar.ts';
import { addBackscatterCommand } from './report-backscatter.ts';
import { addDnsTcpCommand } from './report-dns-tcp.ts';
import { addHostsCommand } from './report-hosts.ts';

interface RolloutOptions extends AskOptions {
  readonly since: string;
  readonly group?: string;
}

const DEFAULT_SINCE = '7d';

export function addReportCommands(program: Command): void {
  const report = program.command('report').description('what is to be known before something is changed');
  askingCommand(
    report,
    'rollout',
    'what enforcement would have hit while a network was monitored, the most frequent first, each with the command that would allow it',
    ['gluewall report rollout', 'gluewall report rollout --group office --since 14d', 'gluewall report rollout --json'],
  )
    .option('--since <time>', 'how long ago, such as 7d, or a time with its zone', DEFAULT_SINCE)
    .option('--group <name>', 'only clients of this group')
    .addHelpText('after', '\nEnds with 1 while the list is not short enough to enforce.')
    .action(showRollout);
  addDnsTcpCommand(report);
  addHostsCommand(report);
  addBackscatterCommand(report);
}

async function showRollout(options: RolloutOptions): Promise<void> {
  const { group } = options;
  const since = earlierArgument(options.since, Date.now());
  const items = answerTo(options, { operation: 'report rollout', since, group });
  const rows: RolloutRow[] = [];
  const progress = new ProgressBar('events {bar} {percentage} %', 1);
  let summary: RolloutSummary;
  try {
    for (;;) {
      const next = await items.next();
      if (next.done === true) {
        summary = next.value as RolloutSummary;
        break;
      }
      const item = next.value as RolloutItem;
      if ('progress' in item) {
        progress.report(item.progress, `events: ${Math.floor(item.progress * 100)} % read`);
        continue;
      }
      progress.stop();
      if (options.json === true) rows.push(item.row);
      else await printLines(printRolloutRow(item.row));
    }
  } finally {
    progress.stop();
  }
  if (options.json === true) await printJson({ ...summary, rows });
  else await printLines(printRolloutSummary(summary));
  process.exitCode = summary.isShortEnough ? EXIT.done : EXIT.refused;
}
