import { type Address, formatAddress, type Network, networkContains } from '../core/address.ts';
import { BoundedQueue } from '../core/bounded-queue.ts';
import type { Clock } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import type { Log } from '../core/log.ts';
import { PacedLog } from '../core/paced-log.ts';
import type { AskPtr } from './ask-ptr.ts';
import { hostnameFrom } from './hostname.ts';

export interface ReverseNamesOptions {
  /** No address outside them is asked for. */
  readonly insideNetworks: readonly Network[];
  /** How long a name counts, and how long it counts that there is none. */
  readonly lifeMs: number;
  readonly noNameLifeMs: number;
  /** Questions under way at once, and those that wait. */
  readonly inFlight: number;
  readonly waiting: number;
  /** Addresses whose names are held. */
  readonly size: number;
}

interface Entry {
  name: string | undefined;
  /** Infinity while it is being asked for. */
  untilMs: number;
}

type ReverseCounter = 'asked' | 'found' | 'no name' | 'failed' | 'no room to ask';

/** Names from the reverse zone, asked for beside the path of packets and held in memory. */
export class ReverseNames {
  readonly counters = new Counters<ReverseCounter>();
  readonly #options: ReverseNamesOptions;
  readonly #ask: AskPtr;
  readonly #clock: Clock;
  readonly #failedLog: PacedLog;
  /** The one asked for longest ago comes first. */
  readonly #entries = new Map<Address, Entry>();
  readonly #queue: BoundedQueue<Address>;
  #underWay = 0;
  #isStopped = false;

  constructor(options: ReverseNamesOptions, ask: AskPtr, clock: Clock, log: Log) {
    this.#options = options;
    this.#ask = ask;
    this.#clock = clock;
    this.#failedLog = new PacedLog(clock, log, 'warn');
    this.#queue = new BoundedQueue(options.waiting);
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** The name of an address as far as it is held; that of an old answer until there is a new one. */
  nameOf(address: Address): string | undefined {
    return this.#entries.get(address)?.name;
  }

  /** The address has come up: its name is asked for, unless that is known or the address is not inside. Never waits. */
  want(address: Address): void {
    const entry = this.#entries.get(address);
    if (this.#isStopped || (entry !== undefined && entry.untilMs > this.#clock.nowMs())) return;
    if (!this.#options.insideNetworks.some((network) => networkContains(network, address))) return;
    if (!this.#queue.push(address)) {
      this.counters.add('no room to ask');
      return;
    }
    this.#hold(address, { name: entry?.name, untilMs: Number.POSITIVE_INFINITY });
    this.#askNext();
  }

  /** Safe twice. */
  stop(): void {
    this.#isStopped = true;
    this.#failedLog.stop();
  }

  #askNext(): void {
    while (this.#underWay < this.#options.inFlight && !this.#isStopped) {
      const address = this.#queue.shift();
      if (address === undefined) return;
      this.#underWay++;
      this.counters.add('asked');
      void this.#askFor(address).finally(() => {
        this.#underWay--;
        this.#askNext();
      });
    }
  }

  async #askFor(address: Address): Promise<void> {
    const { lifeMs, noNameLifeMs } = this.#options;
    try {
      const [answer] = await this.#ask(address);
      const name = answer === undefined ? undefined : hostnameFrom(Buffer.from(answer, 'utf8').toString('latin1'));
      this.counters.add(name === undefined ? 'no name' : 'found');
      this.#hold(address, { name, untilMs: this.#clock.nowMs() + (name === undefined ? noNameLifeMs : lifeMs) });
    } catch (cause) {
      if (this.#isStopped) return;
      this.counters.add('failed');
      const { code, message } = cause as NodeJS.ErrnoException;
      const remedy = 'look at clients.resolver, or leave it out';
      const fields = { address: formatAddress(address), code };
      this.#failedLog.say(fields, `the name of a client cannot be asked for (${code ?? message}): ${remedy}`);
      this.#hold(address, { name: this.nameOf(address), untilMs: this.#clock.nowMs() + noNameLifeMs });
    }
  }

  /** The one asked for longest ago makes room. */
  #hold(address: Address, entry: Entry): void {
    this.#entries.delete(address);
    this.#entries.set(address, entry);
    if (this.#entries.size <= this.#options.size) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
