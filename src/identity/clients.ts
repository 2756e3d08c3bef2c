import type { Address, Network } from '../core/address.ts';
import { type Clock, every } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { createAskPtr } from './ask-ptr.ts';
import { ClientDirectory } from './client-directory.ts';
import type { ClientIdentity } from './client-identity.ts';
import { LeaseBook } from './lease-book.ts';
import { ReverseNames } from './reverse-names.ts';

export interface ClientsOptions {
  readonly insideNetworks: readonly Network[];
  /** Lease files; none: names come from the reverse zone alone. */
  readonly leases: readonly string[];
  readonly leaseCheckMs: number;
  /** Undefined: nobody is asked. */
  readonly resolver: { readonly host: string; readonly port: number } | undefined;
  readonly resolverTimeoutMs: number;
  readonly queries: number;
  readonly waiting: number;
  readonly nameLifeMs: number;
  readonly noNameLifeMs: number;
  /** Addresses held, leases of each file, and names of the reverse zone. */
  readonly size: number;
  readonly addressesPerDevice: number;
  readonly keepMs: number;
}

/** Every number counts since the start, but `addresses`, `devices`, `ports`, `held` and `waiting`: those are of now. */
export interface ClientFigures {
  readonly seen: Readonly<Record<string, number>>;
  readonly leases: Readonly<Record<string, number>>;
  readonly reverseNames: Readonly<Record<string, number>>;
}

const EXPIRE_MS = 60_000;
const NO_RESOLVER = { ask: async () => [], stop: () => undefined };

/** Who the clients are: seen by the switches, named by leases and the reverse zone. */
export class Clients {
  readonly directory: ClientDirectory;
  readonly #leases: LeaseBook;
  readonly #reverse: ReverseNames | undefined;
  readonly #stopAsking: () => void;
  readonly #clock: Clock;
  #cancelTimers: readonly (() => void)[] = [];

  constructor(options: ClientsOptions, clock: Clock, log: Log) {
    const { resolver, resolverTimeoutMs: timeoutMs, size } = options;
    this.#clock = clock;
    this.#leases = new LeaseBook({ files: options.leases, checkMs: options.leaseCheckMs, maxLeases: size }, clock, log);
    const { ask, stop } = resolver === undefined ? NO_RESOLVER : createAskPtr({ ...resolver, timeoutMs });
    this.#stopAsking = stop;
    this.#reverse = resolver === undefined ? undefined : new ReverseNames(reverseOptions(options), ask, clock, log);
    const names = {
      leaseOf: (address: Address) => this.#leases.leaseOf(address),
      namedLeaseOfMac: (mac: number) => this.#leases.namedLeaseOfMac(mac),
      reverseNameOf: (address: Address) => this.#reverse?.nameOf(address),
    };
    this.directory = new ClientDirectory(
      { size, addressesPerDevice: options.addressesPerDevice, keepMs: options.keepMs },
      names,
      clock,
      log,
    );
  }

  /** Reads the lease files and watches them. Never rejects. */
  async start(): Promise<void> {
    await this.#leases.start();
    this.#cancelTimers = [every(this.#clock, EXPIRE_MS, () => this.#expire())];
  }

  /** Safe twice. */
  async stop(): Promise<void> {
    for (const cancel of this.#cancelTimers) cancel();
    this.#cancelTimers = [];
    this.#reverse?.stop();
    this.#stopAsking();
    this.directory.stop();
    await this.#leases.stop();
  }

  /** An event tells of the address: its name may be asked for. Never waits. */
  cameUp(address: Address): void {
    this.#reverse?.want(address);
  }

  describe(address: Address): ClientIdentity | undefined {
    return this.directory.describe(address);
  }

  figures(): ClientFigures {
    const { size: addresses, devices, ports, counters } = this.directory;
    return {
      seen: { addresses, devices, ports, ...counters.snapshot() },
      leases: { held: this.#leases.size, ...this.#leases.counters.snapshot() },
      reverseNames: { waiting: this.#reverse?.waiting ?? 0, ...this.#reverse?.counters.snapshot() },
    };
  }

  #expire(): void {
    const isDone = this.directory.expire(this.#clock.nowMs());
    if (!isDone) this.#clock.after(0, () => this.#expire());
  }
}

function reverseOptions(options: ClientsOptions) {
  const { insideNetworks, nameLifeMs: lifeMs, noNameLifeMs, queries: inFlight, waiting, size } = options;
  return { insideNetworks, lifeMs, noNameLifeMs, inFlight, waiting, size };
}
