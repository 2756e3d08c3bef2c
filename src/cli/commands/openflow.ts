/** `openflow`: OpenFlow messages for people. */
import type { Command } from 'commander';
import { messageToJson } from '../../openflow/message-to-json.ts';
import { describeMessage, WHOLE_MESSAGE } from '../../openflow/print.ts';
import { OPENFLOW_VERSION } from '../../openflow/schema/constants.ts';
import { EXIT } from '../exit-codes.ts';
import { type StreamMessage, streamMessages } from '../openflow-messages.ts';
import { openOctets } from '../openflow-octets.ts';
import { printJson, printLines } from '../output.ts';
import { complain } from '../stderr-log.ts';

interface DecodeOptions {
  readonly json?: true;
}

export function addOpenflowCommands(program: Command): void {
  const examples = [
    'gluewall openflow decode 0402000800000001',
    "gluewall openflow decode '04:00:00:10:00:00:00:01 00:01:00:08:00:00:00:12' --json",
    "printf '\\4\\2\\0\\10\\0\\0\\0\\1' > messages.bin && gluewall openflow decode messages.bin",
    'echo 0402000800000001 | gluewall openflow decode -',
  ];
  program
    .command('openflow')
    .description('OpenFlow 1.3 messages for people')
    .command('decode <file-or-hex>')
    .description(
      'print OpenFlow 1.3 messages, one a line: where it starts, its type, its xid, its fields. Takes a file of raw ' +
        'messages one after the other or of hexadecimal text, such text itself, or - for standard input; what cannot ' +
        'be read is told on standard error, and the others are shown',
    )
    .option('--json', 'one JSON object a line; 64-bit numbers as decimal text, octets as hexadecimal text')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`)
    .action(decode);
}

async function decode(argument: string, options: DecodeOptions): Promise<void> {
  const { name, chunks } = await openOctets(argument);
  let read = 0;
  let unread = 0;
  for await (const found of streamMessages(chunks)) {
    if ('error' in found) {
      unread++;
      complain(problem(found));
    } else {
      read++;
    }
    if (options.json === true) await printJson(toJson(found));
    else if ('message' in found) await printLines([line(found)]);
  }
  if (read + unread === 0) complain(`${name}: no OpenFlow message is in it`);
  process.exitCode = read > 0 && unread === 0 ? EXIT.done : EXIT.refused;
}

type Readable = Extract<StreamMessage, { readonly message: unknown }>;
type Unreadable = Extract<StreamMessage, { readonly error: unknown }>;

function line({ offset, version, message }: Readable): string {
  const other = version === OPENFLOW_VERSION ? '' : ` (of version 0x${version.toString(16).padStart(2, '0')})`;
  return `${offset}: ${describeMessage(message, WHOLE_MESSAGE)}${other}`;
}

function problem({ offset, error }: Unreadable): string {
  const { typeName, codeName, path, detail } = error;
  return `message at octet ${offset}: ${typeName} ${codeName} at octet ${offset + error.offset}, ${path}: ${detail}`;
}

function toJson(found: StreamMessage): object {
  if ('message' in found) return { ...found, message: messageToJson(found.message) };
  const { typeName, codeName, offset, path, detail } = found.error;
  const error = { type: typeName, code: codeName, offset: found.offset + offset, path, detail };
  return { offset: found.offset, error };
}
