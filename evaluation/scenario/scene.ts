/** Where a scenario plays: who is there, what may leave, and what of it is seen. */
import { type Address, type Network, networkContains, parseAddress, parseNetwork } from '../../src/core/address.ts';
import type { Name } from '../../src/dns/name.ts';
import { RCODE, RECORD_TYPE } from '../../src/dns/registry.ts';
import type { VerdictReason } from '../../src/policy/verdict.ts';
import type { Random } from '../../src/simulation/random.ts';
import type { Internet, Service } from './internet.ts';
import type { Simulation } from './simulation.ts';

/**
 * What is seen beside the border: the packets between clients and resolvers (`client side`), the resolvers' log (`log`), that without
 * answers (`query log`), or nothing more (`border`).
 */
export const VIEWS = ['client side', 'log', 'query log', 'border'] as const;
export type View = (typeof VIEWS)[number];

export interface SceneOptions {
  readonly startMs: number;
  readonly endMs: number;
  readonly view: View;
  readonly gate: 'none' | 'monitor' | 'enforce';
  /** Share of events that nobody saw. */
  readonly loss: number;
}

export interface Host {
  readonly kind: string;
  readonly isInfected: boolean;
  /** Id of its group of bots. */
  readonly group: string | undefined;
  readonly mac: number;
  /** The last is the one it has. */
  readonly addresses: Address[];
  /** When what it asked for expires, by name. */
  readonly cache: Map<Name, { readonly addresses: readonly Address[]; readonly untilMs: number }>;
  /** It is switched on from, until. */
  onMs: number;
  offMs: number;
}

export interface Question {
  readonly server: Address;
  readonly name: Name;
  readonly type: number;
  readonly isRecursive: boolean;
}

export interface Answer {
  readonly responseCode: number;
  readonly addresses: readonly Address[];
  readonly ttlSeconds: number;
}

export const EMPTY: Answer = { responseCode: RCODE.NOERROR, addresses: [], ttlSeconds: 60 };
export const NO_SUCH_NAME: Answer = { responseCode: RCODE.NXDOMAIN, addresses: [], ttlSeconds: 60 };

const INSIDE = ['198.18.0.0/16', '203.0.113.0/24'].map((text) => parseNetwork(text)!);

export class Scene {
  readonly inside: readonly Network[] = INSIDE;
  readonly resolvers: readonly Address[] = ['198.18.0.53', '198.18.0.54'].map((text) => parseAddress(text)!);
  readonly mailServer: Address = parseAddress('203.0.113.25')!;
  readonly options: SceneOptions;
  readonly internet: Internet;
  readonly hosts: Host[] = [];
  readonly #simulation: Simulation;
  readonly #random: Random;
  /** What the gate has learned of. */
  readonly #learned = new Set<Address>();
  #usedAddresses = 0;

  constructor(options: SceneOptions, internet: Internet, simulation: Simulation, random: Random) {
    this.options = options;
    this.internet = internet;
    this.#simulation = simulation;
    this.#random = random;
    for (const address of internet.rootServers) this.#learned.add(address);
    for (const { servers, isLearned } of internet.operators) {
      if (isLearned) for (const server of servers) this.#learned.add(server);
    }
  }

  learn(address: Address): void {
    this.#learned.add(address);
  }

  addHost(kind: string, address = this.#nextAddress(), group?: string): Host {
    const { startMs, endMs } = this.options;
    const mac = 0x02_00_00_00_00_00 + this.hosts.length + 1;
    const rest = { cache: new Map(), onMs: startMs, offMs: endMs };
    const host: Host = { kind, isInfected: group !== undefined, group, mac, addresses: [address], ...rest };
    this.hosts.push(host);
    return host;
  }

  /** Gives a host another address, which nobody had before. */
  readdress(host: Host): void {
    host.addresses.push(this.#nextAddress());
  }

  /** Asks the resolver of the site for a service, unless the answer is still known; its addresses, none where it had none. */
  resolve(host: Host, atMs: number, service: Service): readonly Address[] {
    const held = host.cache.get(service.name);
    if (held !== undefined && held.untilMs > atMs) return held.addresses;
    const addresses = service.addressesAt(atMs);
    // Resolvers give what is left of a TTL.
    const ttlSeconds = Math.max(1, Math.ceil(service.ttlSeconds * (1 - this.#random.next())));
    this.look(host, atMs, service.name, RECORD_TYPE.A, { responseCode: RCODE.NOERROR, addresses, ttlSeconds });
    host.cache.set(service.name, { addresses, untilMs: atMs + ttlSeconds * 1000 });
    return addresses;
  }

  /** As `resolve`, then connects. */
  visit(host: Host, atMs: number, service: Service, port = service.port): void {
    const addresses = this.resolve(host, atMs, service);
    const address = addresses[this.#random.below(Math.min(2, addresses.length))];
    if (address !== undefined) this.connect(host, atMs + 2 + this.#random.below(250), address, port);
  }

  /** Asks the resolver of the site. */
  look(host: Host, atMs: number, name: Name, type: number, answer: Answer): void {
    const { view } = this.options;
    if (view === 'border' || this.#isMissed()) return;
    const isPacket = view === 'client side';
    const isAnswerSeen = view !== 'query log' && !this.#isMissed();
    this.#simulation.see({
      event: 'dns',
      atMs: Math.floor(atMs),
      mac: isPacket ? host.mac : undefined,
      client: host.addresses.at(-1)!,
      server: this.resolvers[0],
      name,
      type,
      responseCode: isAnswerSeen ? answer.responseCode : undefined,
      answers: isAnswerSeen ? answer.addresses : [],
      ttlSeconds: isPacket && isAnswerSeen && answer.addresses.length > 0 ? answer.ttlSeconds : undefined,
      recursionDesired: isPacket ? true : undefined,
    });
  }

  /** Asks a server outside, past the resolvers; undefined: it was not let through. */
  askDirectly(host: Host, atMs: number, question: Question, answer: Answer): Answer | undefined {
    const { gate, view } = this.options;
    const { server, name, type, isRecursive } = question;
    const isAllowed = this.#learned.has(server) && !isRecursive;
    const isThrough = gate !== 'enforce' || isAllowed;
    const mac = gate !== 'none' || view === 'client side' ? host.mac : undefined;
    const common = { atMs: Math.floor(atMs), mac, client: host.addresses.at(-1)!, server, name, type };
    if (gate !== 'none' && !this.#isMissed()) {
      const verdict = isAllowed ? 'allow' : 'block';
      this.#simulation.see({
        event: 'verdict',
        ...common,
        verdict,
        reason: this.#reason(server, isAllowed),
        packets: 1,
      });
    }
    if ((isThrough || view === 'client side') && !this.#isMissed()) {
      const isAnswered = isThrough && !this.#isMissed();
      this.#simulation.see({
        event: 'dns',
        ...common,
        responseCode: isAnswered ? answer.responseCode : undefined,
        answers: isAnswered ? answer.addresses : [],
        ttlSeconds: isAnswered && answer.addresses.length > 0 ? answer.ttlSeconds : undefined,
        recursionDesired: isRecursive,
      });
    }
    return isThrough ? answer : undefined;
  }

  /** Begins a TCP connection; one that stays within the site is not seen at its border. */
  connect(host: Host, atMs: number, destination: Address, port: number, isAnswered = this.#random.chance(0.98)): void {
    const { view } = this.options;
    const staysInside = this.inside.some((network) => networkContains(network, destination));
    if ((staysInside && view !== 'client side') || this.#isMissed()) return;
    this.#simulation.see({
      event: 'syn',
      atMs: Math.floor(atMs),
      mac: view === 'client side' ? host.mac : undefined,
      source: host.addresses.at(-1)!,
      sourcePort: 1024 + this.#random.below(64_512),
      destination,
      port,
      isAnswered: isAnswered && !this.#isMissed(),
    });
  }

  #reason(server: Address, isAllowed: boolean): VerdictReason {
    if (!isAllowed) return this.#learned.has(server) ? 'recursionDesired' : 'unknown';
    return this.internet.rootServers.includes(server) ? 'rootHints' : 'history';
  }

  #isMissed(): boolean {
    return this.options.loss > 0 && this.#random.chance(this.options.loss);
  }

  #nextAddress(): Address {
    const number = 256 + this.#usedAddresses++;
    return parseAddress(`198.18.${1 + Math.floor(number / 250)}.${1 + (number % 250)}`)!;
  }
}
