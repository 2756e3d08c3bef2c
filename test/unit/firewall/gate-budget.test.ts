import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowFlow, dropClientFlow, dropFlow, type VerdictFlow } from '../../../src/controller/verdict-flows.ts';
import { type Address, formatAddress } from '../../../src/core/address.ts';
import { FlowAllowance } from '../../../src/firewall/allow-book.ts';
import { Gate, type GateOptions } from '../../../src/firewall/gate.ts';
import { addressOf } from '../../support/observations.ts';
import { RecordingDatapath } from '../../support/recording-datapath.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const BOT = addressOf('192.0.2.66');
const FOREVER = Number.POSITIVE_INFINITY;
const server = (n: number) => addressOf(`203.0.113.${n}`);

function setUp(options: Partial<GateOptions> = {}) {
  const clock = new VirtualClock();
  const budgets = {
    allowFlows: 3,
    allowance: new FlowAllowance(Number.POSITIVE_INFINITY),
    dropFlowSeconds: 10,
    dropFlowsPerClient: 100,
    dropFlows: 100,
    install: 'reactive' as const,
    ...options,
  };
  const gate = new Gate('000000000000002a', clock, budgets);
  const datapath = new RecordingDatapath();
  gate.connect(datapath, true);
  return { clock, gate, datapath };
}

const desired = (gate: Gate) =>
  gate.desiredFlows().map(({ match }) => formatAddress((match.at(-1) as { value: Address }).value));

describe('Gate: the budget of allow flows', () => {
  it('is kept by giving up the flow used longest ago', () => {
    const { clock, gate, datapath } = setUp();
    for (const n of [1, 2, 3]) gate.allow({ destination: server(n) }, FOREVER);
    clock.advance(1000);
    gate.used({ destination: server(1) }, 5n);
    datapath.take();
    gate.allow({ destination: server(4) }, FOREVER);
    expect(datapath.take()).toEqual(['remove allow 203.0.113.2', 'add allow 203.0.113.4 65535s']);
    expect(gate.counters.get('allow flows evicted')).toBe(1);
    expect(desired(gate)).toEqual(['203.0.113.3', '203.0.113.1', '203.0.113.4']);
  });

  it('takes a counter that stands still for no use, and one that has grown or begun anew for one', () => {
    const { clock, gate, datapath } = setUp();
    for (const n of [1, 2, 3]) gate.allow({ destination: server(n) }, FOREVER);
    for (const n of [1, 2, 3]) gate.used({ destination: server(n) }, 7n);
    clock.advance(5000);
    gate.used({ destination: server(1) }, 7n);
    gate.used({ destination: server(2) }, 8n);
    gate.used({ destination: server(3) }, 2n);
    gate.used({ destination: server(9) }, 2n);
    datapath.take();
    for (const n of [4, 5]) gate.allow({ destination: server(n) }, FOREVER);
    expect(datapath.take()).toEqual(['remove allow 203.0.113.1', 'add allow 203.0.113.4 65535s']);
    expect(gate.counters.get('allow budget reached')).toBe(1);
  });

  it('gives up no flow used in this second: a table too small would do nothing else', () => {
    const { clock, gate } = setUp();
    for (const n of [1, 2, 3]) gate.allow({ destination: server(n) }, FOREVER);
    clock.advance(999);
    gate.allow({ destination: server(4) }, FOREVER);
    expect(gate.counters.get('allow budget reached')).toBe(1);
    clock.advance(1);
    gate.allow({ destination: server(4) }, FOREVER);
    expect(gate.counters.get('allow flows evicted')).toBe(1);
  });

  it('does not take a renewal for a use', () => {
    const { clock, gate, datapath } = setUp();
    gate.allow({ destination: server(1) }, clock.nowMs() + 5000);
    for (const n of [2, 3]) gate.allow({ destination: server(n) }, FOREVER);
    clock.advance(4500);
    gate.tick(() => FOREVER);
    datapath.take();
    gate.allow({ destination: server(4) }, FOREVER);
    expect(datapath.take()[0]).toBe('remove allow 203.0.113.1');
  });

  it('does not take the counter that a renewed flow keeps for a use', () => {
    const { clock, gate, datapath } = setUp();
    const untilMs = clock.nowMs() + 10_000;
    gate.allow({ destination: server(1) }, untilMs);
    gate.used({ destination: server(1) }, 7n);
    clock.advance(1000);
    for (const n of [2, 3]) gate.allow({ destination: server(n) }, FOREVER);
    clock.advance(8000);
    gate.tick(() => FOREVER);
    gate.used({ destination: server(1) }, 7n);
    datapath.take();
    gate.allow({ destination: server(4) }, FOREVER);
    expect(datapath.take()[0]).toBe('remove allow 203.0.113.1');
  });

  it('of all switches is given back by a gate that is closed, and taken no more', () => {
    const allowance = new FlowAllowance(4);
    const { gate } = setUp({ allowance, allowFlows: 10 });
    for (const n of [1, 2]) gate.allow({ destination: server(n) }, FOREVER);
    gate.close();
    gate.allow({ destination: server(3) }, FOREVER);
    const { gate: other } = setUp({ allowance, allowFlows: 10 });
    for (const n of [1, 2, 3, 4, 5]) other.allow({ destination: server(n) }, FOREVER);
    expect(other.allowFlowCount).toBe(4);
  });

  it('wants to know the use of flows when four fifths of it are taken', () => {
    const { gate } = setUp({ allowFlows: 10 });
    for (let n = 1; n <= 7; n++) gate.allow({ destination: server(n) }, FOREVER);
    expect(gate.wantsUse).toBe(false);
    gate.allow({ destination: server(8) }, FOREVER);
    expect(gate.wantsUse).toBe(true);
  });

  it('of all switches together holds too: each gives up its own, and one that goes gives back', () => {
    const allowance = new FlowAllowance(4);
    const one = setUp({ allowance });
    const other = setUp({ allowance });
    for (const n of [1, 2, 3]) one.gate.allow({ destination: server(n) }, FOREVER);
    for (const n of [1, 2]) other.gate.allow({ destination: server(n) }, FOREVER);
    expect([one.gate.allowFlowCount, other.gate.allowFlowCount]).toEqual([3, 1]);
    expect(one.gate.wantsUse).toBe(true);
    other.clock.advance(1000);
    other.gate.allow({ destination: server(5) }, FOREVER);
    expect(desired(other.gate)).toEqual(['203.0.113.5']);
    one.gate.close();
    for (const n of [6, 7]) other.gate.allow({ destination: server(n) }, FOREVER);
    expect(other.gate.allowFlowCount).toBe(3);
    other.gate.disallowScope({ destination: server(6) });
    expect(allowance.isSpent).toBe(false);
  });

  it('of all switches is given back by a switch that is away, as its flows end', () => {
    const allowance = new FlowAllowance(2);
    const away = setUp({ allowance });
    const there = setUp({ allowance });
    const untilMs = away.clock.nowMs() + 60_000;
    for (const n of [1, 2]) away.gate.allow({ destination: server(n) }, untilMs);
    away.gate.disconnect();
    for (let second = 0; second < 120; second++) {
      away.clock.advance(1000);
      away.gate.tick(() => FOREVER);
    }
    there.gate.allow({ destination: server(1) }, FOREVER);
    expect(there.gate.allowFlowCount).toBe(1);
  });

  it('of 0 makes no flow', () => {
    const { gate, datapath } = setUp({ allowFlows: 0 });
    gate.allow({ destination: server(1) }, FOREVER);
    expect(datapath.take()).toEqual([]);
  });

  it('holds whatever happens, and the switch has what the gate desires', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('allow' as const),
        n: fc.integer({ min: 1, max: 12 }),
        seconds: fc.integer({ min: 2, max: 60 }),
      }),
      fc.record({ kind: fc.constant('disallow' as const), n: fc.integer({ min: 1, max: 12 }) }),
      fc.record({
        kind: fc.constant('used' as const),
        n: fc.integer({ min: 1, max: 12 }),
        count: fc.bigInt({ min: 0n, max: 4n }),
      }),
      fc.record({ kind: fc.constant('full' as const) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 3000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { clock, gate, datapath } = setUp({ allowFlows: 5 });
        const standing = new Map<string, number>();
        const untilMs = new Map<Address, number>();
        for (const one of steps) {
          if (one.kind === 'allow') {
            untilMs.set(server(one.n), clock.nowMs() + one.seconds * 1000);
            gate.allow({ destination: server(one.n) }, untilMs.get(server(one.n))!);
          } else if (one.kind === 'disallow') gate.disallowScope({ destination: server(one.n) });
          else if (one.kind === 'used') gate.used({ destination: server(one.n) }, one.count);
          else if (one.kind === 'full') gate.tableFull('allow');
          else clock.advance(one.ms);
          gate.tick(({ destination }) => untilMs.get(destination));
          for (const call of datapath.take()) {
            const [verb, , address, seconds] = call.split(' ');
            if (verb === 'add') standing.set(address!, clock.nowMs() + Number.parseInt(seconds!, 10) * 1000);
            else standing.delete(address!);
          }
          for (const [address, endMs] of standing) if (endMs <= clock.nowMs()) standing.delete(address);
          expect(gate.allowFlowCount).toBeLessThanOrEqual(5);
          expect(desired(gate).sort()).toEqual([...standing.keys()].sort());
        }
      }),
    );
  });
});

describe('Gate: a switch whose table is full', () => {
  it('keeps nine tenths, used last, and says so once while flows on their way are refused', () => {
    const { clock, gate } = setUp({ allowFlows: 100 });
    for (let n = 1; n <= 20; n++) gate.allow({ destination: server(n) }, FOREVER);
    expect([1, 2, 3].map(() => gate.tableFull('allow'))).toEqual(['first', 'known', 'known']);
    expect(gate.allowFlowCount).toBe(18);
    clock.advance(1000);
    expect(gate.tableFull('allow')).toBe('lowered');
    expect(gate.allowFlowCount).toBe(16);
    gate.allow({ destination: server(30) }, FOREVER);
    expect(gate.allowFlowCount).toBe(16);
  });

  it('takes no more drop flows than it has taken, and gives up no allow flow for them', () => {
    const { gate } = setUp();
    gate.allow({ destination: server(1) }, FOREVER);
    for (let n = 1; n <= 10; n++) gate.block({ client: BOT, destination: server(100 + n) }, true);
    expect(gate.tableFull('drop')).toBe('first');
    gate.block({ client: BOT, destination: server(200) }, true);
    expect(gate.counters.get('drop budget reached')).toBe(1);
    expect(gate.allowFlowCount).toBe(1);
  });

  it('says so of each kind by itself', () => {
    const { gate } = setUp();
    gate.block({ client: BOT, destination: server(1) }, true);
    expect(gate.tableFull('drop')).toBe('first');
    gate.allow({ destination: server(2) }, FOREVER);
    expect(gate.tableFull('allow')).toBe('lowered');
  });

  it('is tried in full again on its next connection, and not on this one', () => {
    const { clock, gate, datapath } = setUp();
    for (const n of [1, 2, 3]) gate.allow({ destination: server(n) }, FOREVER);
    gate.tableFull('allow');
    gate.connect(datapath, true);
    expect(gate.tableFull('allow')).toBe('known');
    gate.disconnect();
    gate.connect(new RecordingDatapath(), true);
    clock.advance(1000);
    for (const n of [4, 5, 6]) gate.allow({ destination: server(n) }, FOREVER);
    expect(gate.allowFlowCount).toBe(3);
    expect(gate.tableFull('allow')).toBe('first');
  });
});

describe('Gate: flows of an earlier run', () => {
  const allow = (n: number, secondsLeft: number): VerdictFlow => ({
    kind: 'allow',
    scope: { destination: server(n) },
    secondsLeft,
  });
  const drop = (n: number, secondsLeft: number): VerdictFlow => ({
    kind: 'drop',
    scope: { client: BOT, destination: server(n) },
    secondsLeft,
  });

  it('are taken over with the time they have left, where the verdict is still the same', () => {
    const { clock, gate, datapath } = setUp({ allowFlows: 10 });
    const nowMs = clock.nowMs();
    const until = new Map([
      [server(1), FOREVER],
      [server(2), nowMs + 20_000],
      [server(4), FOREVER],
    ]);
    const flows = [allow(1, 30), allow(2, 50), allow(3, 30), drop(4, 5), drop(5, 6)];
    gate.adopt([...flows, { kind: 'dropClient', scope: { client: BOT }, secondsLeft: 7 }], ({ destination }) =>
      until.get(destination),
    );
    expect(datapath.take()).toEqual([]);
    expect(gate.desiredFlows()).toEqual([
      allowFlow({ destination: server(1) }, 30),
      allowFlow({ destination: server(2) }, 20),
      dropFlow({ client: BOT, destination: server(5) }, 6),
      dropClientFlow({ client: BOT }, 7),
    ]);
    expect(gate.counters.get('adopted flows')).toBe(4);
  });

  it('live on as if made here: renewed, and forgotten when they end', () => {
    const { clock, gate, datapath } = setUp();
    gate.adopt([allow(1, 10), drop(2, 5)], ({ destination }) => (destination === server(1) ? FOREVER : undefined));
    for (let round = 0; round < 20; round++) {
      clock.advance(500);
      gate.tick(() => FOREVER);
    }
    expect(datapath.take()).toEqual(['add allow 203.0.113.1 65535s']);
    expect(gate.dropFlowCount).toBe(0);
  });

  it('never replace what is held here, nor go beyond the budgets', () => {
    const { gate } = setUp({ allowFlows: 2, dropFlows: 1 });
    gate.allow({ destination: server(1) }, FOREVER);
    gate.adopt([allow(1, 5), allow(2, 6), allow(3, 7), drop(8, 5), drop(9, 6)], ({ destination }) =>
      destination === server(8) || destination === server(9) ? undefined : FOREVER,
    );
    expect(gate.desiredFlows()).toEqual([
      allowFlow({ destination: server(1) }, 65_535),
      allowFlow({ destination: server(2) }, 6),
      dropFlow({ client: BOT, destination: server(8) }, 5),
    ]);
  });

  it('do not go beyond what all switches together may have', () => {
    const { gate } = setUp({ allowFlows: 10, allowance: new FlowAllowance(2) });
    gate.adopt([allow(1, 5), allow(2, 6), allow(3, 7)], () => FOREVER);
    expect(gate.allowFlowCount).toBe(2);
  });

  it('end each at its time, in whatever order the switch has told them', () => {
    const { clock, gate } = setUp();
    gate.adopt([drop(1, 9), drop(2, 3), drop(3, 6)], () => undefined);
    for (const standing of [2, 1, 0]) {
      clock.advance(3000);
      gate.tick(() => undefined);
      expect(gate.dropFlowCount).toBe(standing);
    }
  });

  it('last no longer than those made here, whatever the switch says', () => {
    const { clock, gate, datapath } = setUp();
    gate.adopt([drop(1, 65_000)], () => undefined);
    gate.block({ client: BOT, destination: server(2) }, true);
    datapath.take();
    clock.advance(11_000);
    expect(gate.desiredFlows()).toEqual([]);
    gate.block({ client: BOT, destination: server(2) }, true);
    expect(datapath.take()).toEqual(['add drop 192.0.2.66 > 203.0.113.2 10s']);
  });

  it('are left to be deleted where nothing is enforced', () => {
    const { gate, datapath } = setUp();
    gate.connect(datapath, false);
    gate.adopt([allow(1, 30)], () => FOREVER);
    expect(gate.allowFlowCount).toBe(0);
  });
});
