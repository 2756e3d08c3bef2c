import { Command } from 'commander';
import { printable } from '../core/printable.ts';

/** Adds commands to a program. */
type Add = (program: Command) => void;

/**
 * What there is, in the order of the help: the words that call it, and the file that has it. A file is read only when it is called
 * for: most of the time that a command takes is spent on reading code.
 */
export const COMMANDS: readonly { readonly words: readonly string[]; readonly load: () => Promise<Add> }[] = [
  { words: ['run'], load: async () => (await import('./commands/run.ts')).addRunCommand },
  { words: ['node'], load: async () => (await import('./commands/node.ts')).addNodeCommand },
  { words: ['capture'], load: async () => (await import('./commands/capture.ts')).addCaptureCommand },
  { words: ['lookup', 'history'], load: async () => (await import('./commands/history.ts')).addHistoryCommands },
  { words: ['check'], load: async () => (await import('./commands/check.ts')).addCheckCommand },
  { words: ['allow'], load: async () => (await import('./commands/allow.ts')).addAllowCommands },
  { words: ['rule'], load: async () => (await import('./commands/rule.ts')).addRuleCommands },
  { words: ['report'], load: async () => (await import('./commands/report.ts')).addReportCommands },
  { words: ['pack'], load: async () => (await import('./commands/pack.ts')).addPackCommands },
  { words: ['bypass'], load: async () => (await import('./commands/bypass.ts')).addBypassCommands },
  { words: ['quarantine'], load: async () => (await import('./commands/quarantine.ts')).addQuarantineCommands },
  { words: ['picture'], load: async () => (await import('./commands/picture.ts')).addPictureCommands },
  { words: ['rpz'], load: async () => (await import('./commands/rpz.ts')).addRpzCommands },
  { words: ['reload'], load: async () => (await import('./commands/reload.ts')).addReloadCommand },
  { words: ['events', 'status'], load: async () => (await import('./commands/events.ts')).addEventCommands },
  { words: ['event'], load: async () => (await import('./commands/event.ts')).addEventCommand },
  { words: ['findings'], load: async () => (await import('./commands/findings.ts')).addFindingCommands },
  { words: ['inbox'], load: async () => (await import('./commands/inbox.ts')).addInboxCommands },
  { words: ['bots'], load: async () => (await import('./commands/bots.ts')).addBotCommands },
  { words: ['host'], load: async () => (await import('./commands/host.ts')).addHostCommands },
  { words: ['clients'], load: async () => (await import('./commands/clients.ts')).addClientCommands },
  { words: ['learn'], load: async () => (await import('./commands/learn.ts')).addLearnCommand },
  { words: ['log'], load: async () => (await import('./commands/log.ts')).addLogCommands },
  { words: ['store'], load: async () => (await import('./commands/store.ts')).addStoreCommands },
  { words: ['switch'], load: async () => (await import('./commands/switch.ts')).addSwitchCommands },
  { words: ['traceback'], load: async () => (await import('./commands/traceback.ts')).addTracebackCommands },
  { words: ['console'], load: async () => (await import('./commands/console.ts')).addConsoleCommands },
  { words: ['user'], load: async () => (await import('./commands/user.ts')).addUserCommands },
  { words: ['token'], load: async () => (await import('./commands/token.ts')).addTokenCommands },
  { words: ['changes'], load: async () => (await import('./commands/changes.ts')).addChangesCommand },
  { words: ['audit'], load: async () => (await import('./commands/audit.ts')).addAuditCommands },
  { words: ['openflow'], load: async () => (await import('./commands/openflow.ts')).addOpenflowCommands },
  { words: ['pki'], load: async () => (await import('./commands/pki.ts')).addPkiCommands },
  { words: ['config'], load: async () => (await import('./commands/config.ts')).addConfigCommands },
  { words: ['doctor'], load: async () => (await import('./commands/doctor.ts')).addDoctorCommand },
  { words: ['completion'], load: async () => (await import('./commands/completion.ts')).addCompletionCommand },
];

/** It reads all the others. */
const READS_ALL = 'completion';

/**
 * The commands, as commander has them: those that `word`, the first argument, calls, and all where it is left out or calls none.
 * Parsing throws instead of ending the process.
 */
export async function createProgram(version: string, word?: string): Promise<Command> {
  const program = new Command('gluewall')
    .description('Inline DNS firewall for Open vSwitch: a DNS query may leave only to a name server learned first.')
    .version(version)
    .showHelpAfterError('(gluewall --help lists the commands; --help behind a command, its options)')
    .exitOverride()
    // It quotes what was typed, and a shell types the names of files.
    .configureOutput({ writeErr: (text) => process.stderr.write(text.split('\n').map(printable).join('\n')) });
  const called = COMMANDS.filter(({ words }) => word !== undefined && word !== READS_ALL && words.includes(word));
  for (const { load } of called.length > 0 ? called : COMMANDS) (await load())(program);
  return program;
}
