/** A gate against a model of its switch: whatever happens, and however late, both have the same flows. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ClientScope, DropScope, FlowScope } from '../../../src/controller/flow-scope.ts';
import { cookieOf, type Flow } from '../../../src/controller/pipeline.ts';
import { readVerdictFlow, type VerdictFlow } from '../../../src/controller/verdict-flows.ts';
import type { Address } from '../../../src/core/address.ts';
import { FlowAllowance } from '../../../src/firewall/allow-book.ts';
import type { Datapath } from '../../../src/firewall/datapath.ts';
import { Gate } from '../../../src/firewall/gate.ts';
import { addressOf } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const ALLOW_FLOWS = 4;
const ALL_SWITCHES = 6;
const DROP_FLOWS = 6;
const DROP_SECONDS = 10;
const REST_MS = 1000;
const server = (n: number) => addressOf(`203.0.113.${n}`);
const client = (n: number) => addressOf(`192.0.2.${n}`);

/** A verdict's flow without its time. */
type Saying = VerdictFlow extends infer V ? (V extends VerdictFlow ? Omit<V, 'secondsLeft'> : never) : never;

const textOf = (scope: object) => JSON.stringify(Object.entries(scope).sort());
const keyOf = (says: Saying) => `${says.kind} ${textOf(says.kind === 'bypass' ? { group: says.group } : says.scope)}`;

function sayingOf(flow: Flow): Saying {
  const counters = { durationSec: 0, durationNsec: 0, packetCount: 0n, byteCount: 0n };
  const { hardTimeoutSeconds: hardTimeout, rule, ...parts } = flow;
  const stats = { ...parts, ...counters, cookie: cookieOf(1, rule), flags: 0, idleTimeout: 0, hardTimeout };
  const { secondsLeft: _secondsLeft, ...says } = readVerdictFlow(stats)!;
  return says as Saying;
}

/** Keeps each flow until its hard timeout. */
class ModelSwitch implements Datapath {
  readonly #clock: VirtualClock;
  readonly #flows = new Map<string, { readonly says: Saying; readonly endsAtMs: number }>();
  /** Of the allow flows taken away since this was emptied. */
  readonly removed: FlowScope[] = [];

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  get flows(): readonly { readonly says: Saying; readonly endsAtMs: number }[] {
    for (const [key, { endsAtMs }] of this.#flows) if (endsAtMs <= this.#clock.nowMs()) this.#flows.delete(key);
    return [...this.#flows.values()];
  }

  addAllow(scope: FlowScope, seconds: number): void {
    this.#add({ kind: 'allow', scope }, seconds);
  }

  removeAllow(scope: FlowScope): void {
    this.removed.push(scope);
    this.#remove({ kind: 'allow', scope });
  }

  addDrop(scope: DropScope, seconds: number): void {
    this.#add({ kind: 'drop', scope }, seconds);
  }

  removeDrop(scope: DropScope): void {
    this.#remove({ kind: 'drop', scope });
  }

  addClientDrop(scope: ClientScope, seconds: number): void {
    this.#add({ kind: 'dropClient', scope }, seconds);
  }

  removeClientDrop(scope: ClientScope): void {
    this.#remove({ kind: 'dropClient', scope });
  }

  addBypass(group: number | undefined, seconds: number): void {
    this.#add({ kind: 'bypass', group }, seconds);
  }

  removeBypass(group: number | undefined): void {
    this.#remove({ kind: 'bypass', group });
  }

  release(): void {
    throw new Error('a gate releases nothing by itself');
  }

  answer(): void {
    throw new Error('nor does it answer');
  }

  /** As reconciliation leaves it: what is there and desired, and ends at about that time, stays as it is. */
  reconcile(desired: readonly Flow[], slackMs: number): void {
    const wanted = new Map(desired.map((flow) => [keyOf(sayingOf(flow)), flow]));
    for (const key of this.#flows.keys()) if (!wanted.has(key)) this.#flows.delete(key);
    for (const [key, flow] of wanted)
      if (!this.#endsAlike(key, flow, slackMs)) this.#add(sayingOf(flow), flow.hardTimeoutSeconds);
  }

  #endsAlike(key: string, { hardTimeoutSeconds }: Flow, slackMs: number): boolean {
    const held = this.#flows.get(key);
    const endsAtMs = this.#clock.nowMs() + hardTimeoutSeconds * 1000;
    return held !== undefined && Math.abs(held.endsAtMs - endsAtMs) <= slackMs;
  }

  #add(says: Saying, seconds: number): void {
    // A hard timeout of 0 would be for good.
    expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= 65_535, `${keyOf(says)} ${seconds}s`).toBe(true);
    this.#flows.set(keyOf(says), { says, endsAtMs: this.#clock.nowMs() + seconds * 1000 });
  }

  #remove(says: Saying): void {
    // What has ended may have been forgotten before.
    this.#flows.delete(keyOf(says));
  }
}

interface Use {
  /** Undefined: never, it was made in advance. */
  readonly atMs: number | undefined;
  readonly count: bigint;
}

/** One gate on its switch, a second one that takes of the same allowance, and what the verdicts say. */
class Rig {
  readonly clock = new VirtualClock();
  readonly table = new ModelSwitch(this.clock);
  readonly #untilMs = new Map<string, number>();
  /** By how much ends may differ: reconciliation leaves alone what ends at about the time. */
  #slackMs = 0;
  /** When each standing allow flow was last used, and its counter when that was last read. */
  readonly #uses = new Map<string, Use>();
  gate: Gate;
  neighbour: Gate;

  constructor() {
    [this.gate, this.neighbour] = this.#start();
  }

  readonly untilMs = (scope: FlowScope): number | undefined => {
    const untilMs = this.#untilMs.get(textOf(scope));
    return untilMs !== undefined && untilMs > this.clock.nowMs() ? untilMs : undefined;
  };

  /** Queries of this scope are allowed for so long, or longer. */
  learn(scope: FlowScope, forMs: number): void {
    const key = textOf(scope);
    this.#untilMs.set(key, Math.max(this.clock.nowMs() + forMs, this.#untilMs.get(key) ?? 0));
    this.gate.unblock(scope.destination);
  }

  /** Learned, and asked for. */
  allow(scope: FlowScope, forMs: number): void {
    const nowMs = this.clock.nowMs();
    this.learn(scope, forMs);
    const key = textOf(scope);
    const made = this.gate.counters.get('allow flows');
    this.#noteEnded();
    this.table.removed.length = 0;
    this.gate.allow(scope, this.#untilMs.get(key)!);
    this.#expectOldestEvicted(nowMs);
    const held = this.#uses.get(key);
    if (this.gate.counters.get('allow flows') > made) this.#uses.set(key, { atMs: nowMs, count: 0n });
    else if (held !== undefined && held.atMs === undefined) this.#uses.set(key, { ...held, atMs: nowMs });
  }

  /** Learned, and not asked for: never at the cost of another. */
  anticipate(scope: FlowScope, forMs: number): void {
    this.learn(scope, forMs);
    const made = this.gate.counters.get('allow flows in advance');
    this.table.removed.length = 0;
    this.gate.anticipate(scope, this.#untilMs.get(textOf(scope))!);
    expect(this.table.removed).toEqual([]);
    if (this.gate.counters.get('allow flows in advance') > made)
      this.#uses.set(textOf(scope), { atMs: undefined, count: 0n });
  }

  /** The history has lost the address. */
  forbid(destination: Address): void {
    for (const key of this.#untilMs.keys())
      if (key.includes(JSON.stringify(['destination', destination]))) this.#untilMs.delete(key);
    for (const scope of this.gate.scopesTo(destination)) this.gate.disallowScope(scope);
  }

  forbidScope(scope: FlowScope): void {
    this.#untilMs.delete(textOf(scope));
    this.gate.disallowScope(scope);
  }

  /** Rules have changed: of each verdict a number says whether it holds, for how long, or no more. */
  changeRules(changes: readonly number[]): void {
    const nowMs = this.clock.nowMs();
    for (const [index, key] of [...this.#untilMs.keys()].entries()) {
      const change = changes[index % changes.length]!;
      if (change === 0) this.#untilMs.delete(key);
      else if (change === 1) this.#untilMs.set(key, nowMs + 2500);
    }
    while (!this.gate.review(this.untilMs));
    for (const { says } of this.table.flows) {
      expect(says.kind, 'a client may be allowed something now').not.toBe('dropClient');
      if (says.kind === 'drop') expect(this.untilMs(says.scope)).toBeUndefined();
    }
  }

  used(scope: FlowScope, count: bigint): void {
    this.gate.used(scope, count);
    const use = this.#uses.get(textOf(scope));
    if (use !== undefined && use.count !== count) this.#uses.set(textOf(scope), { atMs: this.clock.nowMs(), count });
  }

  block(scope: DropScope, mayDropAll: boolean): void {
    const dropped = this.gate.counters.get('client drop flows');
    if (this.untilMs(scope) === undefined) this.gate.block(scope, mayDropAll);
    if (!mayDropAll) expect(this.gate.counters.get('client drop flows')).toBe(dropped);
  }

  /** gluewall is started again: the history is there, the switch has its flows, all else is gone. */
  restart(): void {
    [this.gate, this.neighbour] = this.#start();
    const nowMs = this.clock.nowMs();
    const present = this.table.flows.map(
      ({ says, endsAtMs }) => ({ ...says, secondsLeft: Math.ceil((endsAtMs - nowMs) / 1000) }) as VerdictFlow,
    );
    const found = this.gate.adopt(present, this.untilMs);
    expect(found).toHaveLength(present.filter(({ kind }) => kind === 'bypass').length);
    // What the new gate took over counts whole seconds from now.
    this.#slackMs = 0;
    this.table.reconcile(this.gate.desiredFlows(), this.#slackMs);
    this.#uses.clear();
    for (const { says } of this.table.flows)
      if (says.kind === 'allow') this.#uses.set(textOf(says.scope), { atMs: nowMs, count: 0n });
  }

  /** The switch loses its connection while some of what is desired changes, and comes back. */
  reconnect(meanwhile: (rig: Rig) => void, ms: number): void {
    const lost = new ModelSwitch(this.clock);
    this.gate.connect(lost, true);
    this.gate.disconnect();
    meanwhile(this);
    this.clock.advance(ms);
    this.gate.tick(this.untilMs);
    expect(lost.flows).toEqual([]);
    this.gate.connect(this.table, true);
    this.gate.adopt(
      this.table.flows.map(({ says, endsAtMs }) => {
        return { ...says, secondsLeft: Math.ceil((endsAtMs - this.clock.nowMs()) / 1000) } as VerdictFlow;
      }),
      this.untilMs,
    );
    this.#slackMs = 3000;
    this.table.reconcile(this.gate.desiredFlows(), 2000);
    this.#noteEnded();
    for (const { says } of this.table.flows) {
      if (says.kind === 'allow' && !this.#uses.has(textOf(says.scope)))
        this.#uses.set(textOf(says.scope), { atMs: this.clock.nowMs(), count: 0n });
    }
  }

  expectInStep(): void {
    const nowMs = this.clock.nowMs();
    const desired = this.gate.desiredFlows().map((flow) => ({
      key: keyOf(sayingOf(flow)),
      leftMs: flow.hardTimeoutSeconds * 1000,
    }));
    const standing = this.table.flows.map(({ says, endsAtMs }) => ({ key: keyOf(says), leftMs: endsAtMs - nowMs }));
    const slackMs = this.#slackMs;
    const missing = (from: readonly { key: string; leftMs: number }[], others: readonly { key: string }[]) =>
      from.filter(({ key, leftMs }) => leftMs > slackMs && !others.some((other) => other.key === key));
    expect(missing(desired, standing), 'desired, and not there').toEqual([]);
    expect(missing(standing, desired), 'there, and not desired').toEqual([]);
    expect(this.gate.allowFlowCount).toBeLessThanOrEqual(ALLOW_FLOWS);
    expect(this.gate.dropFlowCount).toBeLessThanOrEqual(DROP_FLOWS);
    expect(this.gate.allowFlowCount + this.neighbour.allowFlowCount).toBeLessThanOrEqual(ALL_SWITCHES);
    for (const { says, endsAtMs } of this.table.flows) {
      if (says.kind !== 'allow') continue;
      const untilMs = this.#untilMs.get(textOf(says.scope));
      expect(untilMs, 'a flow outlives its verdict').toBeGreaterThanOrEqual(endsAtMs - slackMs);
    }
  }

  #start(): [Gate, Gate] {
    const options = {
      allowFlows: ALLOW_FLOWS,
      allowance: new FlowAllowance(ALL_SWITCHES),
      dropFlowSeconds: DROP_SECONDS,
      dropFlowsPerClient: 2,
      dropFlows: DROP_FLOWS,
      install: 'proactive' as const,
    };
    const gate = new Gate('000000000000002a', this.clock, options);
    const neighbour = new Gate('000000000000002b', this.clock, options);
    gate.connect(this.table, true);
    neighbour.connect(new ModelSwitch(this.clock), true);
    return [gate, neighbour];
  }

  /** Flows that the gate has seen the end of are used no more. */
  #noteEnded(): void {
    const standing = new Set(
      this.table.flows.flatMap(({ says }) => (says.kind === 'allow' ? [textOf(says.scope)] : [])),
    );
    for (const key of this.#uses.keys()) if (!standing.has(key)) this.#uses.delete(key);
  }

  #expectOldestEvicted(nowMs: number): void {
    // A flow that the table has let go may stand in the gate's books for a moment more.
    if (this.#slackMs > 0) return;
    for (const scope of this.table.removed) {
      const use = this.#uses.get(textOf(scope));
      // It had ended, and only its place was taken.
      if (use === undefined || use.atMs === undefined) continue;
      expect(nowMs - use.atMs, 'used just now').toBeGreaterThanOrEqual(REST_MS);
      const instants = [...this.#uses.values()].map(({ atMs }) => atMs ?? Number.NEGATIVE_INFINITY);
      expect(use.atMs, 'used longest ago, and none was made in advance').toBe(Math.min(...instants));
    }
  }
}

const n = fc.integer({ min: 1, max: 9 });
const ms = fc.integer({ min: 0, max: 30_000 });
const narrowing = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        group: fc.constantFrom(1, 2),
        inPort: fc.constantFrom(1, 2),
        mac: fc.constantFrom(1, 2),
        ipProtocol: fc.constantFrom(6, 17),
      },
      { requiredKeys: [] },
    ),
  },
  { weight: 1, arbitrary: n.map((one) => ({ client: client(one), ipProtocol: 6, clientPort: 40_000 })) },
);
const scope: fc.Arbitrary<FlowScope> = fc
  .tuple(n, narrowing)
  .map(([one, narrow]) => ({ destination: server(one), ...narrow }));
const dropScope: fc.Arbitrary<DropScope> = fc.tuple(scope, n).map(([one, from]) => ({ client: client(from), ...one }));
const group = fc.constantFrom(undefined, 1, 2);

type Step = (rig: Rig) => void;
const change: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: n.map((one) => (rig: Rig) => rig.forbid(server(one))) },
  { weight: 2, arbitrary: scope.map((one) => (rig: Rig) => rig.forbidScope(one)) },
  {
    weight: 2,
    arbitrary: fc.tuple(scope, ms).map(
      ([one, forMs]) =>
        (rig: Rig) =>
          rig.learn(one, forMs),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(dropScope, fc.boolean()).map(
      ([one, mayDropAll]) =>
        (rig: Rig) =>
          rig.block(one, mayDropAll),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(group, ms).map(
      ([one, forMs]) =>
        (rig: Rig) =>
          rig.gate.bypass(one, rig.clock.nowMs() + forMs),
    ),
  },
  { weight: 1, arbitrary: group.map((one) => (rig: Rig) => rig.gate.endBypass(one)) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 18,
    arbitrary: fc.tuple(scope, ms).map(
      ([one, forMs]) =>
        (rig: Rig) =>
          rig.allow(one, forMs),
    ),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(scope, ms).map(
      ([one, forMs]) =>
        (rig: Rig) =>
          rig.anticipate(one, forMs),
    ),
  },
  { weight: 12, arbitrary: change },
  {
    weight: 16,
    arbitrary: fc.tuple(scope, fc.bigInt({ min: 0n, max: 4n })).map(
      ([one, count]) =>
        (rig: Rig) =>
          rig.used(one, count),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('allow' as const, 'drop' as const).map((kind) => (rig: Rig) => {
      rig.gate.tableFull(kind);
    }),
  },
  {
    weight: 2,
    arbitrary: fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }).map((changes) => (rig: Rig) => {
      rig.changeRules(changes);
    }),
  },
  {
    weight: 8,
    arbitrary: fc.integer({ min: 0, max: 6000 }).map((forMs) => (rig: Rig) => rig.clock.advance(forMs)),
  },
  { weight: 10, arbitrary: fc.constant((rig: Rig) => rig.gate.tick(rig.untilMs)) },
  {
    weight: 3,
    arbitrary: scope.map((one) => (rig: Rig) => rig.neighbour.allow(one, rig.clock.nowMs() + 5000)),
  },
  { weight: 2, arbitrary: fc.constant((rig: Rig) => rig.restart()) },
  {
    weight: 2,
    arbitrary: fc.tuple(change, fc.integer({ min: 0, max: 3000 })).map(
      ([meanwhile, forMs]) =>
        (rig: Rig) =>
          rig.reconnect(meanwhile, forMs),
    ),
  },
);

it('Gate: it and its switch agree on flows and ends, within all budgets, whenever it is ticked', {
  timeout: 60_000,
}, () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const rig = new Rig();
      for (const act of steps) {
        act(rig);
        rig.expectInStep();
      }
    }),
    { numRuns: 100 },
  );
});
