import type { Address } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import type { Gate } from './gate.ts';
import type { Permissions } from './permissions.ts';

/** How often, and how many addresses each time: what one response teaches must not become ten thousand flows in one turn. */
const ROUND_MS = 20;
const PER_ROUND = 16;
/** Addresses that wait; one more is asked for when somebody asks it. */
const MAX_WAITING = 65_536;

/** Makes flows for what has been learned before anybody asks, on the gates that are proactive. */
export class Foresight {
  readonly #clock: Clock;
  readonly #permissions: Permissions;
  readonly #gates: () => Iterable<Gate>;
  readonly #waiting = new Set<Address>();
  #isRunning = false;

  constructor(clock: Clock, permissions: Permissions, gates: () => Iterable<Gate>) {
    this.#clock = clock;
    this.#permissions = permissions;
    this.#gates = gates;
  }

  /** The address has become known. */
  learned(address: Address): void {
    if (this.#waiting.size >= MAX_WAITING || ![...this.#gates()].some((gate) => gate.isProactive)) return;
    this.#waiting.add(address);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#clock.after(0, () => this.#run());
  }

  #run(): void {
    let left = PER_ROUND;
    for (const address of this.#waiting) {
      if (left-- === 0) break;
      this.#waiting.delete(address);
      for (const gate of this.#gates()) if (gate.isProactive) this.#anticipate(gate, address);
    }
    this.#isRunning = this.#waiting.size > 0;
    if (this.#isRunning) this.#clock.after(ROUND_MS, () => this.#run());
  }

  #anticipate(gate: Gate, address: Address): void {
    for (const { scope, untilMs } of this.#permissions.foreseen(gate.datapathId, address))
      gate.anticipate(scope, untilMs);
  }
}
