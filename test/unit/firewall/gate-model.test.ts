/** A gate against a model of its switch: whatever happens, and however late, both have the same flows. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Flow } from '../../../src/controller/pipeline.ts';
import type { VerdictFlow } from '../../../src/controller/verdict-flows.ts';
import { type Address, formatAddress } from '../../../src/core/address.ts';
import { FlowAllowance } from '../../../src/firewall/allow-book.ts';
import { type Datapath, Gate } from '../../../src/firewall/gate.ts';
import { addressOf } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const ALLOW_FLOWS = 4;
const ALL_SWITCHES = 6;
const DROP_FLOWS = 6;
const DROP_SECONDS = 10;
const REST_MS = 1000;
const server = (n: number) => addressOf(`203.0.113.${n}`);
const client = (n: number) => addressOf(`192.0.2.${n}`);

type Saying =
  | { readonly kind: 'allow'; readonly destination: Address }
  | { readonly kind: 'drop'; readonly client: Address; readonly destination: Address }
  | { readonly kind: 'dropClient'; readonly client: Address };

const keyOf = (says: Saying) =>
  [
    says.kind,
    'client' in says ? formatAddress(says.client) : '*',
    'destination' in says ? formatAddress(says.destination) : '*',
  ].join(' ');

function sayingOf({ match }: Flow): Saying {
  const address = (field: string) =>
    (match.find((oxm) => oxm.field === field) as { readonly value: Address } | undefined)?.value;
  const source = address('ipv4_src');
  const destination = address('ipv4_dst');
  if (source === undefined) return { kind: 'allow', destination: destination! };
  return destination === undefined
    ? { kind: 'dropClient', client: source }
    : { kind: 'drop', client: source, destination };
}

/** Keeps each flow until its hard timeout. */
class ModelSwitch implements Datapath {
  readonly #clock: VirtualClock;
  readonly #flows = new Map<string, { readonly says: Saying; readonly endsAtMs: number }>();
  /** Destinations of the allow flows taken away since this was emptied. */
  readonly removed: Address[] = [];

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  get flows(): readonly { readonly says: Saying; readonly endsAtMs: number }[] {
    for (const [key, { endsAtMs }] of this.#flows) if (endsAtMs <= this.#clock.nowMs()) this.#flows.delete(key);
    return [...this.#flows.values()];
  }

  get keys(): string[] {
    return this.flows.map(({ says }) => keyOf(says)).sort();
  }

  addAllow(destination: Address, seconds: number): void {
    this.#add({ kind: 'allow', destination }, seconds);
  }

  removeAllow(destination: Address): void {
    this.removed.push(destination);
    this.#flows.delete(keyOf({ kind: 'allow', destination }));
  }

  addDrop(source: Address, destination: Address, seconds: number): void {
    this.#add({ kind: 'drop', client: source, destination }, seconds);
  }

  removeDrop(source: Address, destination: Address): void {
    this.#flows.delete(keyOf({ kind: 'drop', client: source, destination }));
  }

  addClientDrop(source: Address, seconds: number): void {
    this.#add({ kind: 'dropClient', client: source }, seconds);
  }

  release(): void {
    throw new Error('a gate releases nothing by itself');
  }

  /** As reconciliation leaves it: what is there and desired stays as it is. */
  reconcile(desired: readonly Flow[]): void {
    const wanted = new Map(desired.map((flow) => [keyOf(sayingOf(flow)), flow]));
    for (const key of this.#flows.keys()) if (!wanted.has(key)) this.#flows.delete(key);
    for (const flow of wanted.values()) this.#add(sayingOf(flow), flow.hardTimeoutSeconds);
  }

  #add(says: Saying, seconds: number): void {
    // A hard timeout of 0 would be for good.
    expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= 65_535, `${keyOf(says)} ${seconds}s`).toBe(true);
    this.#flows.set(keyOf(says), { says, endsAtMs: this.#clock.nowMs() + seconds * 1000 });
  }
}

/** One gate on its switch, a second one that takes of the same allowance, and what the verdicts say. */
class Rig {
  readonly clock = new VirtualClock();
  readonly table = new ModelSwitch(this.clock);
  readonly #untilMs = new Map<Address, number>();
  /** When each standing allow flow was last used, and its counter when that was last read. */
  readonly #uses = new Map<Address, { atMs: number; count: bigint }>();
  gate: Gate;
  neighbour: Gate;

  constructor() {
    [this.gate, this.neighbour] = this.#start();
  }

  readonly untilMs = (destination: Address): number | undefined => {
    const untilMs = this.#untilMs.get(destination);
    return untilMs !== undefined && untilMs > this.clock.nowMs() ? untilMs : undefined;
  };

  /** The history knows the destination for so long, or longer. */
  learn(destination: Address, forMs: number): void {
    const untilMs = Math.max(this.clock.nowMs() + forMs, this.#untilMs.get(destination) ?? 0);
    this.#untilMs.set(destination, untilMs);
    this.gate.unblock(destination);
  }

  /** Learned, and asked for. */
  allow(destination: Address, forMs: number): void {
    const nowMs = this.clock.nowMs();
    this.learn(destination, forMs);
    const made = this.gate.counters.get('allow flows');
    this.#noteEnded();
    this.table.removed.length = 0;
    this.gate.allow(destination, this.#untilMs.get(destination)!);
    this.#expectOldestEvicted(nowMs);
    if (this.gate.counters.get('allow flows') > made) this.#uses.set(destination, { atMs: nowMs, count: 0n });
  }

  forbid(destination: Address): void {
    this.#untilMs.delete(destination);
    this.gate.disallow(destination);
  }

  used(destination: Address, count: bigint): void {
    this.gate.used(destination, count);
    const use = this.#uses.get(destination);
    if (use !== undefined && use.count !== count) this.#uses.set(destination, { atMs: this.clock.nowMs(), count });
  }

  block(source: Address, destination: Address): void {
    if (this.untilMs(destination) === undefined) this.gate.block(source, destination);
  }

  /** gluewall is started again: the history is there, the switch has its flows, all else is gone. */
  restart(): void {
    [this.gate, this.neighbour] = this.#start();
    const nowMs = this.clock.nowMs();
    const present = this.table.flows.map(
      ({ says, endsAtMs }): VerdictFlow => ({ ...says, secondsLeft: Math.ceil((endsAtMs - nowMs) / 1000) }),
    );
    this.gate.adopt(present, this.untilMs);
    this.table.reconcile(this.gate.desiredFlows());
    this.#uses.clear();
    for (const { says } of this.table.flows)
      if (says.kind === 'allow') this.#uses.set(says.destination, { atMs: nowMs, count: 0n });
  }

  expectInStep(): void {
    expect(this.gate.desiredFlows().map(sayingOf).map(keyOf).sort()).toEqual(this.table.keys);
    expect(this.gate.allowFlowCount).toBeLessThanOrEqual(ALLOW_FLOWS);
    expect(this.gate.dropFlowCount).toBeLessThanOrEqual(DROP_FLOWS);
    expect(this.gate.allowFlowCount + this.neighbour.allowFlowCount).toBeLessThanOrEqual(ALL_SWITCHES);
    for (const { says, endsAtMs } of this.table.flows) {
      if (says.kind !== 'allow') continue;
      expect(this.#untilMs.get(says.destination), 'a flow outlives its verdict').toBeGreaterThanOrEqual(endsAtMs);
    }
  }

  #start(): [Gate, Gate] {
    const options = {
      allowFlows: ALLOW_FLOWS,
      allowance: new FlowAllowance(ALL_SWITCHES),
      dropFlowSeconds: DROP_SECONDS,
      dropFlowsPerClient: 2,
      dropFlows: DROP_FLOWS,
    };
    const gate = new Gate('000000000000002a', this.clock, options);
    const neighbour = new Gate('000000000000002b', this.clock, options);
    gate.connect(this.table, true);
    neighbour.connect(new ModelSwitch(this.clock), true);
    return [gate, neighbour];
  }

  /** Flows that the gate has seen the end of are used no more. */
  #noteEnded(): void {
    for (const destination of this.#uses.keys()) {
      const stands = this.table.flows.some(({ says }) => says.kind === 'allow' && says.destination === destination);
      if (!stands) this.#uses.delete(destination);
    }
  }

  #expectOldestEvicted(nowMs: number): void {
    for (const destination of this.table.removed) {
      const use = this.#uses.get(destination);
      // It had ended, and only its place was taken.
      if (use === undefined) continue;
      expect(nowMs - use.atMs, 'used just now').toBeGreaterThanOrEqual(REST_MS);
      expect(use.atMs, 'used longest ago').toBe(Math.min(...[...this.#uses.values()].map(({ atMs }) => atMs)));
    }
  }
}

const n = fc.integer({ min: 1, max: 9 });
const step: fc.Arbitrary<(rig: Rig) => void> = fc.oneof(
  {
    weight: 18,
    arbitrary: fc.tuple(n, fc.integer({ min: 0, max: 30_000 })).map(
      ([one, ms]) =>
        (rig: Rig) =>
          rig.allow(server(one), ms),
    ),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(n, fc.integer({ min: 0, max: 30_000 })).map(
      ([one, ms]) =>
        (rig: Rig) =>
          rig.learn(server(one), ms),
    ),
  },
  { weight: 2, arbitrary: n.map((one) => (rig: Rig) => rig.forbid(server(one))) },
  {
    weight: 16,
    arbitrary: fc.tuple(n, fc.bigInt({ min: 0n, max: 4n })).map(
      ([one, count]) =>
        (rig: Rig) =>
          rig.used(server(one), count),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(n, n).map(
      ([from, to]) =>
        (rig: Rig) =>
          rig.block(client(from), server(to)),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('allow' as const, 'drop' as const).map((kind) => (rig: Rig) => {
      rig.gate.tableFull(kind);
    }),
  },
  {
    weight: 8,
    arbitrary: fc.integer({ min: 0, max: 6000 }).map((ms) => (rig: Rig) => rig.clock.advance(ms)),
  },
  { weight: 10, arbitrary: fc.constant((rig: Rig) => rig.gate.tick(rig.untilMs)) },
  {
    weight: 3,
    arbitrary: n.map((one) => (rig: Rig) => rig.neighbour.allow(server(one), rig.clock.nowMs() + 5000)),
  },
  { weight: 2, arbitrary: fc.constant((rig: Rig) => rig.restart()) },
);

it('Gate: it and its switch agree on flows and ends, within all budgets, whenever it is ticked', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const rig = new Rig();
      for (const act of steps) {
        act(rig);
        rig.expectInStep();
      }
    }),
    { numRuns: 300 },
  );
});
