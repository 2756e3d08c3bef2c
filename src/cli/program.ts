import { Command } from 'commander';
import { printable } from '../core/printable.ts';
import { addAllowCommands } from './commands/allow.ts';
import { addAuditCommands } from './commands/audit.ts';
import { addBotCommands } from './commands/bots.ts';
import { addBypassCommands } from './commands/bypass.ts';
import { addCaptureCommand } from './commands/capture.ts';
import { addChangesCommand } from './commands/changes.ts';
import { addCheckCommand } from './commands/check.ts';
import { addClientCommands } from './commands/clients.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addConfigCommands } from './commands/config.ts';
import { addConsoleCommands } from './commands/console.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEventCommand } from './commands/event.ts';
import { addEventCommands } from './commands/events.ts';
import { addFindingCommands } from './commands/findings.ts';
import { addHistoryCommands } from './commands/history.ts';
import { addHostCommands } from './commands/host.ts';
import { addInboxCommands } from './commands/inbox.ts';
import { addLearnCommand } from './commands/learn.ts';
import { addLogCommands } from './commands/log.ts';
import { addNodeCommand } from './commands/node.ts';
import { addOpenflowCommands } from './commands/openflow.ts';
import { addPackCommands } from './commands/pack.ts';
import { addPictureCommands } from './commands/picture.ts';
import { addPkiCommands } from './commands/pki.ts';
import { addQuarantineCommands } from './commands/quarantine.ts';
import { addReloadCommand } from './commands/reload.ts';
import { addReportCommands } from './commands/report.ts';
import { addRpzCommands } from './commands/rpz.ts';
import { addRuleCommands } from './commands/rule.ts';
import { addRunCommand } from './commands/run.ts';
import { addStoreCommands } from './commands/store.ts';
import { addSwitchCommands } from './commands/switch.ts';
import { addTokenCommands } from './commands/token.ts';
import { addTracebackCommands } from './commands/traceback.ts';
import { addUserCommands } from './commands/user.ts';

/** All commands, as commander has them. Parsing throws instead of ending the process. */
export function createProgram(version: string): Command {
  const program = new Command('gluewall')
    .description('Inline DNS firewall for Open vSwitch: a DNS query may leave only to a name server learned first.')
    .version(version)
    .showHelpAfterError('(gluewall --help lists the commands; --help behind a command, its options)')
    .exitOverride()
    // It quotes what was typed, and a shell types the names of files.
    .configureOutput({ writeErr: (text) => process.stderr.write(text.split('\n').map(printable).join('\n')) });
  addRunCommand(program);
  addNodeCommand(program);
  addCaptureCommand(program);
  addHistoryCommands(program);
  addCheckCommand(program);
  addAllowCommands(program);
  addRuleCommands(program);
  addReportCommands(program);
  addPackCommands(program);
  addBypassCommands(program);
  addQuarantineCommands(program);
  addPictureCommands(program);
  addRpzCommands(program);
  addReloadCommand(program);
  addEventCommands(program);
  addEventCommand(program);
  addFindingCommands(program);
  addInboxCommands(program);
  addBotCommands(program);
  addHostCommands(program);
  addClientCommands(program);
  addLearnCommand(program);
  addLogCommands(program);
  addStoreCommands(program);
  addSwitchCommands(program);
  addTracebackCommands(program);
  addConsoleCommands(program);
  addUserCommands(program);
  addTokenCommands(program);
  addChangesCommand(program);
  addAuditCommands(program);
  addOpenflowCommands(program);
  addPkiCommands(program);
  addConfigCommands(program);
  addDoctorCommand(program);
  addCompletionCommand(program);
  return program;
}
