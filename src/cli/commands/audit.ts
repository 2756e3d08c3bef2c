/** `audit`: the log of what this node was asked by others, and asked of them. */
import type { Command } from 'commander';
import { DEFAULT_CONFIG_FILE } from '../ask.ts';

export interface AuditVerifyOptions {
  readonly config?: string;
  readonly head?: string;
  readonly from?: string;
  readonly json?: true;
}

export interface AuditListOptions {
  readonly config?: string;
  readonly since?: string;
  readonly peer?: string;
  readonly case?: string;
  readonly json?: true;
}

export function addAuditCommands(program: Command): void {
  const audit = program
    .command('audit')
    .description('every request of traceback that was made of this node or by it, granted or refused');
  auditCommand(audit, 'verify [file]', 'whether the audit log is as it was written, and which record is not', [
    'gluewall audit verify',
    'gluewall audit verify /var/lib/gluewall/node/audit.jsonl --json',
  ])
    .option('--head <number:hash>', 'a last record that was kept elsewhere: it must be there, as it was')
    .option('--from <number:hash>', 'the last record of the parts that were put away: the others must go on from it')
    .action(async (file: string | undefined, options: AuditVerifyOptions) =>
      (await import('../traceback/show-audit.ts')).verifyAuditLog(file, options),
    );
  auditCommand(audit, 'list [file]', 'the records of the audit log, oldest first', [
    'gluewall audit list --since 1d',
    'gluewall audit list --peer node.example.net --json',
  ])
    .option('--since <time>', 'how long ago, such as 1h, or a time with its zone')
    .option('--peer <name>', 'only what this peer asked; here: what was asked here')
    .option('--case <id>', 'only of this case')
    .action(async (file: string | undefined, options: AuditListOptions) =>
      (await import('../traceback/show-audit.ts')).listAuditLog(file, options),
    );
}

function auditCommand(parent: Command, usage: string, description: string, examples: readonly string[]): Command {
  return parent
    .command(usage)
    .description(description)
    .option('--config <file>', `configuration, for node.folder with the log (default ./${DEFAULT_CONFIG_FILE})`)
    .option('--json', 'answer as JSON')
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`);
}
