import { type Address, formatAddress } from '../../core/address.ts';

/** The SYNs of a host, by what is known of the DNS answers that the same host got. */
export interface HostRow {
  readonly host: string;
  readonly answers: number;
  readonly syns: number;
  /** To an address that an answer had named within the window; within the TTL of an answer, but not within the window. */
  readonly withinWindow: number;
  readonly withinTtl: number;
  /** To an address that no answer had named, or none whose TTL had not passed. */
  readonly unexplained: number;
}

interface Counts {
  readonly host: Address;
  answers: number;
  syns: number;
  withinWindow: number;
  withinTtl: number;
}

/** Counts SYNs by the host that sent them, each of which has a number: of `most` hosts, two million at the most; of others how many came. */
export class HostSyns {
  readonly #most: number;
  readonly #numbers = new Map<Address, number>();
  /** By number. */
  readonly #hosts: Counts[] = [];
  #leftOut = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Answers and SYNs of hosts that found no room. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Counts an answer to a host; returns its number. */
  answer(host: Address): number | undefined {
    const number = this.numberOf(host);
    if (number !== undefined) this.#hosts[number]!.answers++;
    return number;
  }

  /** Counts a SYN of the host of this number. */
  syn(number: number, how: 'within-window' | 'within-ttl' | 'unexplained'): void {
    const counts = this.#hosts[number]!;
    counts.syns++;
    if (how === 'within-window') counts.withinWindow++;
    if (how === 'within-ttl') counts.withinTtl++;
  }

  /** Hosts that sent SYNs, and how many of them got a DNS answer, of any kind. */
  extent(): { readonly senders: number; readonly answered: number } {
    let senders = 0;
    let answered = 0;
    for (const { syns, answers } of this.#hosts) {
      if (syns === 0) continue;
      senders++;
      if (answers > 0) answered++;
    }
    return { senders, answered };
  }

  /** The `most` hosts with the most SYNs that no answer explains. */
  top(most: number): readonly HostRow[] {
    const rows = this.#hosts.map((counts) => {
      return { ...counts, unexplained: counts.syns - counts.withinWindow - counts.withinTtl };
    });
    return rows
      .filter(({ syns }) => syns > 0)
      .sort((a, b) => b.unexplained - a.unexplained || b.syns - a.syns)
      .slice(0, most)
      .map((row) => ({ ...row, host: formatAddress(row.host) }));
  }

  /** Undefined, and counted, where the host found no room. */
  numberOf(host: Address): number | undefined {
    const known = this.#numbers.get(host);
    if (known !== undefined) return known;
    if (this.#hosts.length >= this.#most) {
      this.#leftOut++;
      return undefined;
    }
    const number = this.#hosts.length;
    this.#hosts.push({ host, answers: 0, syns: 0, withinWindow: 0, withinTtl: 0 });
    this.#numbers.set(host, number);
    return number;
  }
}
