import { type Address, formatAddress } from '../../src/core/address.ts';
import type { Datapath } from '../../src/firewall/gate.ts';

/** Writes down, one line a call, what a gate does to its switch. */
export class RecordingDatapath implements Datapath {
  #calls: string[] = [];

  /** The calls since it was last asked. */
  take(): string[] {
    const calls = this.#calls;
    this.#calls = [];
    return calls;
  }

  addAllow(destination: Address, hardTimeoutSeconds: number): void {
    this.#calls.push(`add allow ${formatAddress(destination)} ${hardTimeoutSeconds}s`);
  }

  removeAllow(destination: Address): void {
    this.#calls.push(`remove allow ${formatAddress(destination)}`);
  }

  addDrop(client: Address, destination: Address, hardTimeoutSeconds: number): void {
    this.#calls.push(`add drop ${formatAddress(client)} > ${formatAddress(destination)} ${hardTimeoutSeconds}s`);
  }

  removeDrop(client: Address, destination: Address): void {
    this.#calls.push(`remove drop ${formatAddress(client)} > ${formatAddress(destination)}`);
  }

  addClientDrop(client: Address, hardTimeoutSeconds: number): void {
    this.#calls.push(`add drop ${formatAddress(client)} > all ${hardTimeoutSeconds}s`);
  }

  release(inPort: number, frame: Buffer, frameStart: number, frameEnd: number): void {
    this.#calls.push(`release port ${inPort} ${frame.toString('latin1', frameStart, frameEnd)}`);
  }
}
