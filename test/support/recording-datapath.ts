import type { ClientScope, DropScope, FlowScope } from '../../src/controller/flow-scope.ts';
import { formatAddress } from '../../src/core/address.ts';
import { formatMac } from '../../src/core/mac-address.ts';
import type { Datapath } from '../../src/firewall/datapath.ts';

/** What a scope matches on beside client and destination: empty where there is nothing, else with a blank in front. */
export function showNarrowing({ group, inPort, mac, ipProtocol, clientPort }: Partial<FlowScope>): string {
  const parts = {
    group,
    port: inPort,
    mac: mac === undefined ? undefined : formatMac(mac),
    protocol: ipProtocol,
    from: clientPort,
  };
  return Object.entries(parts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name} ${value}`)
    .join('');
}

/** Writes down, one line a call, what a gate does to its switch. */
export class RecordingDatapath implements Datapath {
  #calls: string[] = [];

  /** The calls since it was last asked. */
  take(): string[] {
    const calls = this.#calls;
    this.#calls = [];
    return calls;
  }

  addAllow(scope: FlowScope, hardTimeoutSeconds: number): void {
    this.#calls.push(`add allow ${showAllow(scope)} ${hardTimeoutSeconds}s`);
  }

  removeAllow(scope: FlowScope): void {
    this.#calls.push(`remove allow ${showAllow(scope)}`);
  }

  addDrop(scope: DropScope, hardTimeoutSeconds: number): void {
    this.#calls.push(`add drop ${showDrop(scope)} ${hardTimeoutSeconds}s`);
  }

  removeDrop(scope: DropScope): void {
    this.#calls.push(`remove drop ${showDrop(scope)}`);
  }

  addClientDrop(scope: ClientScope, hardTimeoutSeconds: number): void {
    this.#calls.push(`add drop ${showDrop(scope)} ${hardTimeoutSeconds}s`);
  }

  removeClientDrop(scope: ClientScope): void {
    this.#calls.push(`remove drop ${showDrop(scope)}`);
  }

  addBypass(group: number | undefined, hardTimeoutSeconds: number): void {
    this.#calls.push(`add bypass ${group ?? 'all'} ${hardTimeoutSeconds}s`);
  }

  removeBypass(group: number | undefined): void {
    this.#calls.push(`remove bypass ${group ?? 'all'}`);
  }

  release(inPort: number, frame: Buffer, frameStart: number, frameEnd: number): void {
    this.#calls.push(`release port ${inPort} ${frame.toString('latin1', frameStart, frameEnd)}`);
  }

  answer(inPort: number, frame: Buffer): void {
    this.#calls.push(`answer port ${inPort} ${frame.toString('latin1')}`);
  }
}

function showAllow(scope: FlowScope): string {
  const client = scope.client === undefined ? '' : `${formatAddress(scope.client)} > `;
  return `${client}${formatAddress(scope.destination)}${showNarrowing(scope)}`;
}

function showDrop(scope: DropScope | (ClientScope & { readonly destination?: never })): string {
  const { client, destination } = scope;
  const to = destination === undefined ? 'all' : formatAddress(destination);
  return `${formatAddress(client)} > ${to}${showNarrowing(scope)}`;
}
