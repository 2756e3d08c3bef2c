/** `event`: one event as it is on record, and its packet. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { resultOf } from '../../control/answer.ts';
import { GluewallError } from '../../core/errors.ts';
import type { EventView, PacketFileView } from '../../services/event-services.ts';
import { type AskOptions, answerTo, ask, askingCommand } from '../ask.ts';
import { printJson, printLines } from '../output.ts';

export function addEventCommand(program: Command): void {
  const event = program.command('event').description('one event of the inbox, and its packet');
  askingCommand(event, 'show <id>', 'why it was blocked, what it asked, and what the switch has dropped since', [
    'gluewall event show 4711',
    'gluewall event show 4711 --json',
  ]).action(async (id: string, options: AskOptions) => {
    const { printEventView } = await import('../print-event.ts');
    await ask<EventView>(options, { operation: 'event show', event: idArgument(id) }, printEventView);
  });
  askingCommand(event, 'packet <id>', 'the frame of a blocked query as it came in, as a capture file', [
    'gluewall event packet 4711 --output query.pcap',
  ])
    .requiredOption('--output <file>', 'where to; one that is there is replaced')
    .action((id: string, options: PacketOptions) => savePacket(idArgument(id), options));
}

interface PacketOptions extends AskOptions {
  readonly output: string;
}

async function savePacket(event: number, { output, ...options }: PacketOptions): Promise<void> {
  const { base64 } = (await resultOf(answerTo(options, { operation: 'event packet', event }))) as PacketFileView;
  const octets = Buffer.from(base64, 'base64');
  try {
    writeFileSync(output, octets, { mode: 0o600 });
  } catch (cause) {
    throw new GluewallError('packet-file', `${output}: cannot be written (${(cause as Error).message})`, { cause });
  }
  if (options.json === true) await printJson({ file: output, octets: octets.length });
  else await printLines([`${output}: one frame, ${octets.length} octets`]);
}

function idArgument(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new GluewallError('usage', `"${text}" is no event: want its number, such as 4711`);
}
