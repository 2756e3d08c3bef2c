import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addFlow } from '../../../src/controller/reconcile.ts';
import {
  allowFlow,
  dropClientFlow,
  dropFlow,
  readVerdictFlow,
  type VerdictFlow,
} from '../../../src/controller/verdict-flows.ts';
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
    for (const n of [1, 2, 3]) gate.allow(server(n), FOREVER);
    clock.advance(1000);
    gate.used(server(1), 5n);
    datapath.take();
    gate.allow(server(4), FOREVER);
    expect(datapath.take()).toEqual(['remove allow 203.0.113.2', 'add allow 203.0.113.4 65535s']);
    expect(gate.counters.get('allow flows evicted')).toBe(1);
    expect(desired(gate)).toEqual(['203.0.113.3', '203.0.113.1', '203.0.113.4']);
  });

  it('takes a counter that stands still for no use, and one that has grown or begun anew for one', () => {
    const { clock, gate, datapath } = setUp();
    for (const n of [1, 2, 3]) gate.allow(server(n), FOREVER);
    for (const n of [1, 2, 3]) gate.used(server(n), 7n);
    clock.advance(5000);
    gate.used(server(1), 7n);
    gate.used(server(2), 8n);
    gate.used(server(3), 2n);
    gate.used(server(9), 2n);
    datapath.take();
    for (const n of [4, 5]) gate.allow(server(n), FOREVER);
    expect(datapath.take()).toEqual(['remove allow 203.0.113.1', 'add allow 203.0.113.4 65535s']);
    expect(gate.counters.get('allow budget reached')).toBe(1);
  });

  it('gives up no flow used in this second: a table too small would do nothing else', () => {
    const { clock, gate } = setUp();
    for (const n of [1, 2, 3]) gate.allow(server(n), FOREVER);
    clock.advance(999);
    gate.allow(server(4), FOREVER);
    expect(gate.counters.get('allow budget reached')).toBe(1);
    clock.advance(1);
    gate.allow(server(4), FOREVER);
    expect(gate.counters.get('allow flows evicted')).toBe(1);
  });

  it('does not take a renewal for a use', () => {
    const { clock, gate, datapath } = setUp();
    gate.allow(server(1), clock.nowMs() + 5000);
    for (const n of [2, 3]) gate.allow(server(n), FOREVER);
    clock.advance(4500);
    gate.tick(() => FOREVER);
    datapath.take();
    gate.allow(server(4), FOREVER);
    expect(datapath.take()[0]).toBe('remove allow 203.0.113.1');
  });

  it('does not take the counter that a renewed flow keeps for a use', () => {
    const { clock, gate, datapath } = setUp();
    const untilMs = clock.nowMs() + 10_000;
    gate.allow(server(1), untilMs);
    gate.used(server(1), 7n);
    clock.advance(1000);
    for (const n of [2, 3]) gate.allow(server(n), FOREVER);
    clock.advance(8000);
    gate.tick(() => FOREVER);
    gate.used(server(1), 7n);
    datapath.take();
    gate.allow(server(4), FOREVER);
    expect(datapath.take()[0]).toBe('remove allow 203.0.113.1');
  });

  it('of all switches is given back by a gate that is closed, and taken no more', () => {
    const allowance = new FlowAllowance(4);
    const { gate } = setUp({ allowance, allowFlows: 10 });
    for (const n of [1, 2]) gate.allow(server(n), FOREVER);
    gate.close();
    gate.allow(server(3), FOREVER);
    const { gate: other } = setUp({ allowance, allowFlows: 10 });
    for (const n of [1, 2, 3, 4, 5]) other.allow(server(n), FOREVER);
    expect(other.allowFlowCount).toBe(4);
  });

  it('wants to know the use of flows when four fifths of it are taken', () => {
    const { gate } = setUp({ allowFlows: 10 });
    for (let n = 1; n <= 7; n++) gate.allow(server(n), FOREVER);
    expect(gate.wantsUse).toBe(false);
    gate.allow(server(8), FOREVER);
    expect(gate.wantsUse).toBe(true);
  });

  it('of all switches together holds too: each gives up its own, and one that goes gives back', () => {
    const allowance = new FlowAllowance(4);
    const one = setUp({ allowance });
    const other = setUp({ allowance });
    for (const n of [1, 2, 3]) one.gate.allow(server(n), FOREVER);
    for (const n of [1, 2]) other.gate.allow(server(n), FOREVER);
    expect([one.gate.allowFlowCount, other.gate.allowFlowCount]).toEqual([3, 1]);
    expect(one.gate.wantsUse).toBe(true);
    other.clock.advance(1000);
    other.gate.allow(server(5), FOREVER);
    expect(desired(other.gate)).toEqual(['203.0.113.5']);
    one.gate.close();
    for (const n of [6, 7]) other.gate.allow(server(n), FOREVER);
    expect(other.gate.allowFlowCount).toBe(3);
    other.gate.disallow(server(6));
    expect(allowance.isSpent).toBe(false);
  });

  it('of all switches is given back by a switch that is away, as its flows end', () => {
    const allowance = new FlowAllowance(2);
    const away = setUp({ allowance });
    const there = setUp({ allowance });
    const untilMs = away.clock.nowMs() + 60_000;
    for (const n of [1, 2]) away.gate.allow(server(n), untilMs);
    away.gate.disconnect();
    for (let second = 0; second < 120; second++) {
      away.clock.advance(1000);
      away.gate.tick(() => FOREVER);
    }
    there.gate.allow(server(1), FOREVER);
    expect(there.gate.allowFlowCount).toBe(1);
  });

  it('of 0 makes no flow', () => {
    const { gate, datapath } = setUp({ allowFlows: 0 });
    gate.allow(server(1), FOREVER);
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
            gate.allow(server(one.n), untilMs.get(server(one.n))!);
          } else if (one.kind === 'disallow') gate.disallow(server(one.n));
          else if (one.kind === 'used') gate.used(server(one.n), one.count);
          else if (one.kind === 'full') gate.tableFull('allow');
          else clock.advance(one.ms);
          gate.tick((destination) => untilMs.get(destination));
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
    for (let n = 1; n <= 20; n++) gate.allow(server(n), FOREVER);
    expect([1, 2, 3].map(() => gate.tableFull('allow'))).toEqual(['first', 'known', 'known']);
    expect(gate.allowFlowCount).toBe(18);
    clock.advance(1000);
    expect(gate.tableFull('allow')).toBe('lowered');
    expect(gate.allowFlowCount).toBe(16);
    gate.allow(server(30), FOREVER);
    expect(gate.allowFlowCount).toBe(16);
  });

  it('takes no more drop flows than it has taken, and gives up no allow flow for them', () => {
    const { gate } = setUp();
    gate.allow(server(1), FOREVER);
    for (let n = 1; n <= 10; n++) gate.block(BOT, server(100 + n));
    expect(gate.tableFull('drop')).toBe('first');
    gate.block(BOT, server(200));
    expect(gate.counters.get('drop budget reached')).toBe(1);
    expect(gate.allowFlowCount).toBe(1);
  });

  it('says so of each kind by itself', () => {
    const { gate } = setUp();
    gate.block(BOT, server(1));
    expect(gate.tableFull('drop')).toBe('first');
    gate.allow(server(2), FOREVER);
    expect(gate.tableFull('allow')).toBe('lowered');
  });

  it('is tried in full again on its next connection, and not on this one', () => {
    const { clock, gate, datapath } = setUp();
    for (const n of [1, 2, 3]) gate.allow(server(n), FOREVER);
    gate.tableFull('allow');
    gate.connect(datapath, true);
    expect(gate.tableFull('allow')).toBe('known');
    gate.disconnect();
    gate.connect(new RecordingDatapath(), true);
    clock.advance(1000);
    for (const n of [4, 5, 6]) gate.allow(server(n), FOREVER);
    expect(gate.allowFlowCount).toBe(3);
    expect(gate.tableFull('allow')).toBe('first');
  });
});

describe('Gate: flows of an earlier run', () => {
  const allow = (n: number, secondsLeft: number): VerdictFlow => ({
    kind: 'allow',
    destination: server(n),
    secondsLeft,
  });
  const drop = (n: number, secondsLeft: number): VerdictFlow => ({
    kind: 'drop',
    client: BOT,
    destination: server(n),
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
    gate.adopt([...flows, { kind: 'dropClient', client: BOT, secondsLeft: 7 }], (destination) =>
      until.get(destination),
    );
    expect(datapath.take()).toEqual([]);
    expect(gate.desiredFlows()).toEqual([
      allowFlow(server(1), 30),
      allowFlow(server(2), 20),
      dropFlow(BOT, server(5), 6),
      dropClientFlow(BOT, 7),
    ]);
    expect(gate.counters.get('adopted flows')).toBe(4);
  });

  it('live on as if made here: renewed, and forgotten when they end', () => {
    const { clock, gate, datapath } = setUp();
    gate.adopt([allow(1, 10), drop(2, 5)], (destination) => (destination === server(1) ? FOREVER : undefined));
    for (let round = 0; round < 20; round++) {
      clock.advance(500);
      gate.tick(() => FOREVER);
    }
    expect(datapath.take()).toEqual(['add allow 203.0.113.1 65535s']);
    expect(gate.dropFlowCount).toBe(0);
  });

  it('never replace what is held here, nor go beyond the budgets', () => {
    const { gate } = setUp({ allowFlows: 2, dropFlows: 1 });
    gate.allow(server(1), FOREVER);
    gate.adopt([allow(1, 5), allow(2, 6), allow(3, 7), drop(8, 5), drop(9, 6)], (d) =>
      d === server(8) || d === server(9) ? undefined : FOREVER,
    );
    expect(gate.desiredFlows()).toEqual([
      allowFlow(server(1), 65_535),
      allowFlow(server(2), 6),
      dropFlow(BOT, server(8), 5),
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
    gate.block(BOT, server(2));
    datapath.take();
    clock.advance(11_000);
    expect(gate.desiredFlows()).toEqual([]);
    gate.block(BOT, server(2));
    expect(datapath.take()).toEqual(['add drop 192.0.2.66 > 203.0.113.2 10s']);
  });

  it('are left to be deleted where nothing is enforced', () => {
    const { gate, datapath } = setUp();
    gate.connect(datapath, false);
    gate.adopt([allow(1, 30)], () => FOREVER);
    expect(gate.allowFlowCount).toBe(0);
  });
});

describe('readVerdictFlow', () => {
  const stats = (flow: ReturnType<typeof allowFlow>, durationSec: number) => {
    const counters = { durationSec, durationNsec: 0, packetCount: 1n, byteCount: 1n };
    return { ...addFlow(flow, 7), ...counters };
  };
  const bot6 = addressOf('2001:db8::66');
  const server6 = addressOf('2001:db8:1::8');

  it.each([
    ['allow', allowFlow(server(1), 60), { kind: 'allow', destination: server(1), secondsLeft: 50 }],
    ['allow, IPv6', allowFlow(server6, 60), { kind: 'allow', destination: server6, secondsLeft: 50 }],
    ['drop', dropFlow(BOT, server(1), 60), { kind: 'drop', client: BOT, destination: server(1), secondsLeft: 50 }],
    ['drop, IPv6', dropFlow(bot6, server6, 60), { kind: 'drop', client: bot6, destination: server6, secondsLeft: 50 }],
    ['dropClient', dropClientFlow(BOT, 60), { kind: 'dropClient', client: BOT, secondsLeft: 50 }],
  ] as const)('reads back a flow of %s', (_name, flow, expected) => {
    expect(readVerdictFlow(stats(flow, 10))).toEqual(expected);
  });

  it('reads none that is over, has no end, or is not as verdicts make them', () => {
    const good = stats(allowFlow(server(1), 60), 10);
    expect(readVerdictFlow({ ...good, durationSec: 60 })).toBeUndefined();
    expect(readVerdictFlow({ ...good, hardTimeout: 0 })).toBeUndefined();
    expect(readVerdictFlow({ ...good, tableId: 0 })).toBeUndefined();
    expect(readVerdictFlow({ ...good, match: good.match.slice(0, 1) })).toBeUndefined();
    expect(readVerdictFlow({ ...good, match: [...good.match, { field: 'ip_proto', value: 17 }] })).toBeUndefined();
    const masked = { field: 'ipv4_dst', value: server(1), mask: server(1) } as const;
    expect(readVerdictFlow({ ...good, match: [good.match[0]!, masked as never] })).toBeUndefined();
    expect(readVerdictFlow({ ...good, cookie: good.cookie & ~0xffffffffn })).toBeUndefined();
  });
});
