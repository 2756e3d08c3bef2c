import type { Address } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';

const WINDOW_MS = 60_000;
/** Clients counted at once; beyond it the one that was counted first is forgotten. */
const MAX_CLIENTS = 65_536;

interface Window {
  readonly beganAtMs: number;
  count: number;
}

/** How many new triples each client has brought in the minute that began with its first. */
export class ClientQuota {
  readonly #clock: TimeSource;
  readonly #perMinute: number;
  readonly #windows = new Map<Address, Window>();

  /** `perMinute` 0: as many as there are. */
  constructor(clock: TimeSource, perMinute: number) {
    this.#clock = clock;
    this.#perMinute = perMinute;
  }

  hasRoom(client: Address): boolean {
    const window = this.#perMinute === 0 ? undefined : this.#windows.get(client);
    if (window === undefined || window.count < this.#perMinute) return true;
    return this.#clock.nowMs() - window.beganAtMs >= WINDOW_MS;
  }

  charge(client: Address, count: number): void {
    if (this.#perMinute === 0 || count === 0) return;
    const nowMs = this.#clock.nowMs();
    const window = this.#windows.get(client);
    if (window !== undefined && nowMs - window.beganAtMs < WINDOW_MS) {
      window.count += count;
      return;
    }
    this.#windows.delete(client);
    if (this.#windows.size >= MAX_CLIENTS)
      for (const oldest of this.#windows.keys()) {
        this.#windows.delete(oldest);
        break;
      }
    this.#windows.set(client, { beganAtMs: nowMs, count });
  }
}
