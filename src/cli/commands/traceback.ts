/** `traceback`: from a victim of packets with made-up sources to the host that sent them, by DNS logs. */
import type { Command } from 'commander';
import { addCaseCommands } from './traceback-cases.ts';
import { addModelCommand } from './traceback-model.ts';
import { addSimulateCommand } from './traceback-simulate.ts';
import { addVerifyCommand } from './traceback-verify.ts';

export function addTracebackCommands(program: Command): void {
  const traceback = program
    .command('traceback')
    .description(
      'from a victim of packets with made-up sources to the host that sent them, by the logs of DNS servers',
    );
  addCaseCommands(traceback);
  addModelCommand(traceback);
  addSimulateCommand(traceback);
  addVerifyCommand(traceback);
}
