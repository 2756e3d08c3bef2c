/** `clients`: who they are. */
import type { Command } from 'commander';
import { MAX_CLIENT_NAME_CHARACTERS } from '../../control/request-fields.ts';
import { parseAddress } from '../../core/address.ts';
import { GluewallError } from '../../core/errors.ts';
import { parseMac } from '../../core/mac-address.ts';
import type { ClientAddressView, ClientView } from '../../services/client-view.ts';
import { type AskOptions, answerTo, askingCommand } from '../ask.ts';
import { EXIT } from '../exit-codes.ts';
import { printJsonArray, printLines } from '../output.ts';

export function addClientCommands(program: Command): void {
  askingCommand(
    program,
    'clients [target]',
    'who sends: names, MAC addresses, switch ports; of an address, a MAC address or a name',
    [
      'gluewall clients',
      'gluewall clients 192.0.2.10',
      'gluewall clients 02:00:00:00:00:01 --json',
      'gluewall clients printer',
    ],
  ).action(showClients);
}

async function showClients(target: string | undefined, options: AskOptions): Promise<void> {
  const request = {
    operation: 'clients',
    target: target === undefined ? undefined : clientArgument(target),
  } as const;
  const items = answerTo(options, request);
  let count = 0;
  if (options.json === true) {
    count = await printJsonArray(items);
  } else {
    for await (const item of items) {
      count++;
      await printLines(printClient(item as ClientView));
    }
    if (count === 0) await printLines([target === undefined ? 'no client was seen yet' : 'no such client is known']);
  }
  process.exitCode = count === 0 && target !== undefined ? EXIT.refused : EXIT.done;
}

function clientArgument(text: string): string {
  const isName = text.length <= MAX_CLIENT_NAME_CHARACTERS && text.trim() !== '';
  if (parseAddress(text) !== undefined || parseMac(text) !== undefined || isName) return text;
  throw new GluewallError('usage', `a client is an IP address, a MAC address such as 02:00:00:00:00:01, or a name`);
}

/** A line for the device, and one for each of its addresses. */
export function printClient(view: ClientView): string[] {
  const { name, nameSource, mac, port, behindRouter, seen, addresses } = view;
  const named = name === null ? 'no name' : `${name} (${nameSource})`;
  const link = mac === null ? '' : `  ${behindRouter ? 'behind router ' : ''}${mac}`;
  const place = view.switch === null ? '' : `  switch ${view.switch} port ${port}`;
  const never = seen.length === 0 ? [`  ${addresses.join(' ')}  never seen`] : [];
  return [`${named}${link}${place}`, ...seen.map(printSeen), ...never];
}

function printSeen({ address, vlan, firstSeen, lastSeen, moved, leasedTo }: ClientAddressView): string {
  const tag = vlan === null ? '' : `  VLAN ${vlan}`;
  const times = moved !== null && moved.times > 1 ? `, ${moved.times} times in all` : '';
  const before = moved === null ? '' : `  had ${moved.from} until ${moved.at}${times}`;
  const lease = leasedTo === null ? '' : `  leased to ${leasedTo}`;
  return `  ${address}${tag}  first seen ${firstSeen}  last seen ${lastSeen}${before}${lease}`;
}
