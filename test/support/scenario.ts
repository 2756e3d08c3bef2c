/**
 * Scenarios as text on virtual time. One step a line: a time, a command, its words; `#` begins a comment. Times count
 * from the start of the scenario and never run backwards.
 *
 *     0s     refer org 198.51.100.2 172800         the root refers the resolver to a server of org
 *     0s     refer example.org 203.0.113.53 300    as does the server of org, the parent, to one of example.org
 *     1s     query 192.0.2.10 203.0.113.53 a.example.org => asks     what the switch does with it; #ID and tcp may follow
 *     1s     released 1                            packet_outs so far
 *     1s     flows allow 203.0.113.53 299s         all flows on the switch, `;` between them, or `none`
 *     1s     says 203.0.113.53 is registered glueA record and pass        events since the last `says`, or `nothing`
 *     1s     counts released 1                     a counter of the firewall
 *     1s     held 0                                packets held now
 *     1s     learned 1 lessons                     a counter of the learner
 *     1s     allow add 203.0.113.9                 and `allow remove`
 *     1s     rule deny to=203.0.113.9 zone=a.org   as a command adds it, with other keys of a match as they are; or `allow`
 *     1s     unrule deny to=203.0.113.9 zone=a.org takes it out again
 *     1s     bypass lab 10s                        of a group, or of `all`; `judge lab` ends it
 *     1s     away | back                           the switch loses its connection, and has it again
 */

import * as dnsPacket from 'dns-packet';
import { expect } from 'vitest';
import { Observer } from '../../src/capture/observe.ts';
import { Counters } from '../../src/core/counters.ts';
import { silentLog } from '../../src/core/log.ts';
import { ObservationWriter } from '../../src/dns/observation-writer.ts';
import { EventFeed } from '../../src/events/event-feed.ts';
import type { VerdictEvent } from '../../src/events/verdict-event.ts';
import { FlowAllowance } from '../../src/firewall/allow-book.ts';
import { AllowedSampler } from '../../src/firewall/allowed-sampler.ts';
import { Firewall } from '../../src/firewall/firewall.ts';
import { Gate, type GateOptions } from '../../src/firewall/gate.ts';
import type { HoldOptions } from '../../src/firewall/hold-book.ts';
import { Learner } from '../../src/nsdb/learner.ts';
import { NsHistory } from '../../src/nsdb/ns-history.ts';
import { keepRootHints } from '../../src/nsdb/root-hints.ts';
import type { TeachingMode } from '../../src/nsdb/rules/facts.ts';
import type { ClientGroup } from '../../src/policy/client-group.ts';
import type { PackSource } from '../../src/policy/pack.ts';
import type { PolicyBook } from '../../src/policy/policy-book.ts';
import type { Rule } from '../../src/policy/rule.ts';
import type { WrittenMatch } from '../../src/policy/rule-text.ts';
import { composeQuery, type Packet } from './dns-messages.ts';
import { FakeDatapath, type Fate } from './fake-datapath.ts';
import { composeFrame, type FrameFields } from './frames.ts';
import { historyOptions, learnerOptions } from './learning.ts';
import { addressOf, nameOf } from './observations.ts';
import { DEFAULT_GROUP, policiesOn, ruleOf } from './policies.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface WorldOptions {
  readonly teach?: TeachingMode;
  readonly hold?: Partial<HoldOptions>;
  readonly gate?: Partial<GateOptions>;
  readonly monitor?: boolean;
  /** Destinations that the configuration allows. */
  readonly allow?: readonly string[];
  readonly rules?: readonly Rule[];
  /** Beside the default group. */
  readonly groups?: readonly ClientGroup[];
  readonly packs?: PackSource;
}

const RESOLVER = '192.0.2.2';
const RESOLVER6 = '2001:db8::2';
const ROOT_SERVER = '198.51.100.1';
const ROOT_SERVER6 = '2001:db8:1::1';
const TICK_MS = 500;

/** Everything from packet_in and captured frame to verdict and event, around one fake switch. */
export class World {
  readonly clock = new VirtualClock();
  readonly history = new NsHistory(this.clock, historyOptions({ ttlFloorSeconds: 1 }));
  readonly events: VerdictEvent[] = [];
  readonly policies: PolicyBook;
  readonly learner: Learner;
  readonly firewall: Firewall;
  readonly gate: Gate;
  readonly switch: FakeDatapath;
  readonly startMs = this.clock.nowMs();
  readonly #captured = new Counters<never>();
  readonly #observed = new ObservationWriter((batch) => this.learner.take(batch));
  readonly #observer = new Observer(this.#captured, this.#observed);
  /** The server of each zone that the scenario has referred to. */
  readonly #servers = new Map([['.', ROOT_SERVER]]);
  #nextId = 1000;
  #told = 0;

  constructor(options: WorldOptions = {}) {
    const { clock, history } = this;
    keepRootHints(
      history,
      [ROOT_SERVER, ROOT_SERVER6].map((text) => ({
        nameServer: nameOf('a.root-servers.net'),
        address: addressOf(text),
      })),
    );
    const allowed = (options.allow ?? []).map((to) => ruleOf('allow', { to }, { origin: 'configuration' }));
    this.policies = policiesOn(clock, history, [...allowed, ...(options.rules ?? [])], options.groups, options.packs);
    this.learner = new Learner(
      clock,
      history,
      learnerOptions({
        teach: options.teach ?? 'resolvers',
        trustedResolvers: new Set([RESOLVER, RESOLVER6].map(addressOf)),
      }),
    );
    const feed = new EventFeed<VerdictEvent>(clock, { size: 1000, perRound: 1000, roundMs: 0 }, (event) =>
      this.events.push(event),
    );
    const hold = { timeMs: 50, packets: 100, bytes: 100_000, ...options.hold };
    this.firewall = new Firewall({
      clock,
      log: silentLog,
      history,
      policies: this.policies,
      modeOf: ({ mode }) => (options.monitor === true ? 'monitor' : mode),
      feed,
      sampler: new AllowedSampler(clock, 600_000),
      hold,
      openings: { connections: 100, bytes: 100_000, timeMs: 5000 },
      onLeft: () => undefined,
      onSeen: () => undefined,
    });
    const budgets = {
      allowFlows: 100,
      allowance: new FlowAllowance(Number.POSITIVE_INFINITY),
      dropFlowSeconds: 10,
      dropFlowsPerClient: 2,
      dropFlows: 100,
      install: 'reactive' as const,
    };
    this.gate = new Gate('000000000000002a', clock, { ...budgets, ...options.gate });
    this.firewall.addGate(this.gate, 4);
    this.switch = new FakeDatapath(clock, this.firewall, this.gate);
    this.switch.isObserving = options.monitor ?? false;
    this.switch.groupOf = (view) =>
      this.policies.groups.groupOf({
        address: view.source,
        mac: view.link?.sourceMac,
        inPort: this.switch.inPort,
        portName: undefined,
      }).id;
    this.switch.observes = (id) => this.policies.groups.numbered(id)?.mode === 'monitor';
    this.gate.connect(this.switch, !this.switch.isObserving);
    this.#tick();
  }

  #tick(): void {
    this.firewall.tick();
    this.clock.after(TICK_MS, () => this.#tick());
  }

  /** A direct query comes in at the switch. */
  query(client: string, server: string, name: string, fields: FrameFields & { readonly id?: number } = {}): Fate {
    const isSyn = fields.transport === 'tcp';
    const payload = isSyn ? Buffer.alloc(0) : composeQuery(name, fields.id ?? this.#nextId++);
    const frame = composeFrame(payload, {
      source: client,
      destination: server,
      ...(isSyn ? { tcpFlags: 2 } : {}),
      ...fields,
    });
    return this.switch.receive(frame);
  }

  /** Other groups beside the default one are in force, as after a reload. */
  regroup(groups: readonly ClientGroup[]): void {
    const hasDefault = groups.some(({ id }) => id === DEFAULT_GROUP.id);
    this.policies.regroup(hasDefault ? groups : [...groups, DEFAULT_GROUP]);
    this.gate.connect(
      this.switch,
      this.policies.groups.groups.some(({ mode }) => mode === 'enforce'),
    );
    this.clock.advance(0);
  }

  /** The capture on the outside sees a frame. */
  capture(direction: 'outbound' | 'inbound', frame: Buffer): void {
    this.#observer.observe(frame, 0, frame.length, this.clock.nowMs(), direction);
    this.#observed.flush();
  }

  /** The capture sees a client's query and at once its response with these sections. */
  exchange(server: string, name: string, sections: Packet, client = server.includes(':') ? RESOLVER6 : RESOLVER): void {
    const id = this.#nextId++;
    this.capture('outbound', composeFrame(composeQuery(name, id), { source: client, destination: server }));
    this.respond(server, name, sections, client, id);
  }

  /** The capture sees a response. */
  respond(server: string, name: string, sections: Packet, client: string, id: number): void {
    const response = dnsPacket.encode({ type: 'response', id, questions: [{ name, type: 'A' }], ...sections });
    const ports = { sourcePort: 53, destinationPort: 40_000 };
    this.capture('inbound', composeFrame(response, { source: server, destination: client, ...ports }));
  }

  /** A resolver is referred to a server of `zone` by the server of the closest zone above that the scenario knows. */
  refer(zone: string, address: string, ttlSeconds: number, client?: string): void {
    this.exchange(this.#serverAbove(zone), `www.${zone}`, referral(zone, address, ttlSeconds), client);
    this.#servers.set(zone, address);
  }

  #serverAbove(zone: string): string {
    for (let labels = zone.split('.').slice(1); labels.length > 0; labels = labels.slice(1)) {
      const server = this.#servers.get(labels.join('.'));
      if (server !== undefined) return server;
    }
    return ROOT_SERVER;
  }

  /** The operator's sentences since it was last asked. */
  said(): string[] {
    this.clock.advance(0);
    const sentences = this.events.slice(this.#told).map(({ message }) => message);
    this.#told = this.events.length;
    return sentences;
  }
}

/** A referral's sections, with glue of the family of the address. */
export function referral(zone: string, address: string, ttl: number): Packet {
  const nameServer = zone === '.' ? 'ns.root' : `ns.${zone}`;
  return {
    authorities: [{ name: zone, type: 'NS', ttl, data: nameServer }],
    additionals: [{ name: nameServer, type: address.includes(':') ? 'AAAA' : 'A', ttl, data: address }],
  };
}

/** Plays the steps of a scenario, and returns the world as they left it. */
export function play(text: string, options: WorldOptions = {}): World {
  const world = new World(options);
  const lines = text.split('\n').map((line) => line.replace(/\s#\s.*|^\s*#.*/, '').trim());
  for (const line of lines.filter((each) => each !== '')) {
    const [time = '', command = '', ...words] = line.split(/\s+/);
    const waitMs = world.startMs + timeOf(time) - world.clock.nowMs();
    if (waitMs < 0) throw new Error(`time runs backwards: ${line}`);
    world.clock.advance(waitMs);
    const step = COMMANDS[command];
    if (step === undefined) throw new Error(`no such command: ${line}`);
    step(world, words, line);
  }
  return world;
}

type Step = (world: World, words: readonly string[], line: string) => void;

const COMMANDS: Readonly<Record<string, Step>> = {
  refer: (world, [zone, address, ttl]) => world.refer(zone!, address!, Number(ttl)),
  query(world, [client, server, name, ...rest], line) {
    const id = rest.find((word) => word.startsWith('#'))?.slice(1);
    const fate = world.query(client!, server!, name!, {
      transport: rest.includes('tcp') ? 'tcp' : 'udp',
      ...(id === undefined ? {} : { id: Number(id) }),
    });
    expect(fate, line).toBe(rest.at(-1));
  },
  released(world, [count], line) {
    world.clock.advance(0);
    expect(world.switch.released.length, line).toBe(Number(count));
  },
  flows(world, words, line) {
    world.clock.advance(0);
    expect(world.switch.flows(), line).toEqual(listOf(words, 'none').sort());
  },
  says: (world, words, line) => expect(world.said(), line).toEqual(listOf(words, 'nothing')),
  held: (world, [count], line) => expect(world.firewall.held.packets, line).toBe(Number(count)),
  counts(world, words, line) {
    const counter = words.slice(0, -1).join(' ');
    expect(world.firewall.counters.snapshot()[counter] ?? 0, line).toBe(Number(words.at(-1)));
  },
  learned(world, [count, ...counter], line) {
    expect(world.learner.counters.snapshot()[counter.join(' ')] ?? 0, line).toBe(Number(count));
  },
  allow(world, [verb, address], line) {
    const { rules } = world.policies;
    const wanted = ruleOf('allow', { to: address! });
    const held = rules.find(wanted.action, wanted.match)?.rule;
    const outcome = verb === 'add' ? rules.add(wanted).outcome : rules.remove(held?.id ?? '');
    expect(outcome, line).toBe(verb === 'add' ? 'added' : 'removed');
  },
  rule(world, [action, ...match], line) {
    expect(world.policies.rules.add(ruleOf(actionOf(action), matchOf(match))).outcome, line).toBe('added');
  },
  unrule(world, [action, ...match], line) {
    const { rules } = world.policies;
    const wanted = ruleOf(actionOf(action), matchOf(match));
    expect(rules.remove(rules.find(wanted.action, wanted.match)?.rule.id ?? ''), line).toBe('removed');
  },
  bypass: (world, [name, length]) => world.gate.bypass(groupNamed(world, name), world.clock.nowMs() + timeOf(length!)),
  judge: (world, [name]) => world.gate.endBypass(groupNamed(world, name)),
  away: (world) => world.gate.disconnect(),
  back: (world) => world.gate.connect(world.switch, !world.switch.isObserving),
};

function actionOf(text: string | undefined): 'allow' | 'deny' {
  if (text !== 'allow' && text !== 'deny') throw new Error(`no such action: ${text}`);
  return text;
}

function matchOf(words: readonly string[]): WrittenMatch {
  const given = Object.fromEntries(words.map((word) => word.split('=', 2)));
  return given.types === undefined ? given : { ...given, types: given.types.split(',') };
}

function groupNamed(world: World, name: string | undefined): number | undefined {
  if (name === 'all') return undefined;
  const group = world.policies.groups.get(name ?? '');
  if (group === undefined) throw new Error(`no such group: ${name}`);
  return group.id;
}

function listOf(words: readonly string[], empty: string): string[] {
  const text = words.join(' ');
  return text === empty ? [] : text.split('; ');
}

function timeOf(text: string): number {
  const [, amount, unit] = /^([\d.]+)(ms|s)$/.exec(text) ?? [];
  if (amount === undefined) throw new Error(`no time: ${text}`);
  return Math.round(Number(amount) * (unit === 'ms' ? 1 : 1000));
}
