/** `check`: what would become of a query. */
import { type Command, Option } from 'commander';
import { GluewallError } from '../../core/errors.ts';
import { parseMac } from '../../core/mac-address.ts';
import { parseRecordType } from '../../dns/registry.ts';
import type { CheckView } from '../../services/explain-verdict.ts';
import { addressArgument, nameArgument } from '../arguments.ts';
import { type AskOptions, ask, askingCommand } from '../ask.ts';
import { printCheck } from '../print.ts';

interface CheckOptions extends AskOptions {
  readonly client?: string;
  readonly mac?: string;
  readonly port?: string;
  readonly name?: string;
  readonly type?: string;
  readonly rd?: true;
  readonly protocol?: 'udp' | 'tcp';
}

export function addCheckCommand(program: Command): void {
  askingCommand(program, 'check <address>', 'whether a query to an address would pass, and why', [
    'gluewall check 192.0.2.53',
    'gluewall check 203.0.113.66 --client 192.0.2.10 --name www.example.com',
    'gluewall check 203.0.113.66 --port s1-eth3 --name www.example.com --type TXT --rd',
  ])
    .option('--client <address>', 'who would ask')
    .option('--mac <address>', 'from which MAC address')
    .option('--port <port>', 'by which port of a switch, its name or OpenFlow number')
    .option('--name <name>', 'the name that would be asked for')
    .option('--type <type>', 'the RR type that would be asked for (default: A)')
    .option('--rd', 'with RD set, as a client asks its resolver')
    .addOption(new Option('--protocol <protocol>', 'over what (default: udp)').choices(['udp', 'tcp']))
    .action((address: string, { client, mac, port, name, type, rd, protocol, ...options }: CheckOptions) =>
      ask<CheckView>(
        options,
        {
          operation: 'check',
          destination: addressArgument(address),
          ...(client === undefined ? {} : { client: addressArgument(client) }),
          ...(mac === undefined ? {} : { mac: macArgument(mac) }),
          ...(port === undefined ? {} : { port }),
          ...(name === undefined ? {} : { queryName: nameArgument(name) }),
          ...(type === undefined ? {} : { queryType: typeArgument(type) }),
          ...(rd === undefined ? {} : { recursionDesired: rd }),
          ...(protocol === undefined ? {} : { protocol }),
        },
        printCheck,
        ({ verdict }) => verdict === 'allow',
      ),
    );
}

function macArgument(text: string): string {
  if (parseMac(text) !== undefined) return text;
  throw new GluewallError('usage', `"${text}" is no MAC address, such as 02:00:00:00:00:01`);
}

function typeArgument(text: string): string {
  if (parseRecordType(text) !== undefined) return text;
  throw new GluewallError('usage', `"${text}" is no RR type, such as A, TXT or TYPE65280`);
}
