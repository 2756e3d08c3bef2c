import type { Address } from '../../src/core/address.ts';
import { parseAddress, parseNetwork } from '../../src/core/address.ts';
import type { Site } from '../../src/correlation/correlation-options.ts';
import { type FreshGroup, groupHosts } from '../../src/correlation/groups/group-hosts.ts';
import { PairTable } from '../../src/correlation/groups/pair-table.ts';
import type { HostEvent } from '../../src/correlation/host-event.ts';
import { addressOf, nameOf } from './observations.ts';

const START_MS = Date.UTC(2026, 0, 15, 12);
const RESOLVER = parseAddress('192.0.2.53')!;
export const SITE: Site = {
  insideNetworks: [parseNetwork('198.18.0.0/15')!],
  trustedResolvers: [RESOLVER],
  mailServers: [parseAddress('192.0.2.25')!],
};

/** Host numbers, their addresses and pairs, for tests of groups. Host 1 is 198.18.0.1. */
export class BotNet {
  readonly pairs: PairTable;
  readonly scores = new Map<number, number>();

  constructor(most = { pairs: 200_000, hosts: 10_000 }) {
    this.pairs = new PairTable(most, SITE);
  }

  address(host: number): Address {
    return addressOf(`198.18.${host >> 8}.${host & 255}`);
  }

  suspect(score: number, ...hosts: number[]): void {
    for (const host of hosts) this.scores.set(host, score);
  }

  /** Asks the resolver for a name, gets an address, and connects to it where a port is given. */
  visit(host: number, name: string, server: string, port = 443, atSeconds = 0): void {
    this.ask(host, name, atSeconds, server);
    this.connect(host, server, port, atSeconds);
  }

  ask(host: number, name: string, atSeconds = 0, ...addresses: string[]): void {
    const common = { host: this.address(host), mac: undefined, atMs: START_MS + atSeconds * 1000 };
    const question = { ...common, server: RESOLVER, isDirect: false, name: nameOf(name), type: 1 };
    this.take(host, { ...question, kind: 'query', recursionDesired: true });
    const answers = { addresses: addresses.map(addressOf), ttlSeconds: 300 };
    this.take(host, { ...question, kind: 'answer', responseCode: addresses.length === 0 ? 3 : 0, ...answers });
  }

  connect(host: number, server: string, port: number, atSeconds = 0, isAnswered = true): void {
    const common = { host: this.address(host), mac: undefined, atMs: START_MS + atSeconds * 1000, hostPort: 50_000 };
    this.take(host, { ...common, kind: 'syn', destination: addressOf(server), port });
    if (isAnswered) this.take(host, { ...common, kind: 'syn-ack', destination: addressOf(server), port });
  }

  /** Comes to a server by its name at one interval for some hours. */
  beacon(host: number, name: string, server: string, periodSeconds = 600, port = 8080): void {
    for (let beat = 0; beat < 12; beat++) this.visit(host, name, server, port, beat * periodSeconds + (host % 60));
  }

  /** Asks a server directly for TXT records; the gate blocks it. */
  askDirectly(host: number, server: string, type = 16, count = 10): void {
    for (let query = 0; query < count; query++) {
      this.take(host, {
        kind: 'verdict',
        atMs: START_MS + query * 60_000,
        host: this.address(host),
        mac: undefined,
        server: addressOf(server),
        name: nameOf(`q${query}-${host}.example`),
        type,
        verdict: 'block',
        reason: 'unknown',
        packets: 1,
      });
    }
  }

  take(host: number, event: HostEvent): void {
    this.pairs.observe(host, event);
  }

  groups(order: (hosts: number[]) => number[] = (hosts) => hosts): readonly FreshGroup[] {
    const suspects = order([...this.scores.keys()]).map((host) => ({ host, score: this.scores.get(host)! }));
    const running = groupHosts(this.pairs, suspects, this, START_MS + 86_400_000);
    for (;;) {
      const turn = running.next();
      if (turn.done === true) return turn.value;
    }
  }

  /** The groups as lists of host numbers. */
  members(): readonly (readonly number[])[] {
    const numberOf = new Map([...this.scores.keys()].map((host) => [this.address(host), host]));
    return this.groups().map(({ hosts }) => hosts.map(({ host }) => numberOf.get(host)!).sort((a, b) => a - b));
  }
}
