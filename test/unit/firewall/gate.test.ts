import { describe, expect, it } from 'vitest';
import { allowFlow, dropClientFlow, dropFlow } from '../../../src/controller/verdict-flows.ts';
import { FlowAllowance } from '../../../src/firewall/allow-book.ts';
import { Gate, type GateOptions } from '../../../src/firewall/gate.ts';
import { addressOf } from '../../support/observations.ts';
import { RecordingDatapath } from '../../support/recording-datapath.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const BOT = addressOf('192.0.2.66');
const CLIENT = addressOf('192.0.2.10');
const NEVER = Number.POSITIVE_INFINITY;
const server = (n: number) => addressOf(`203.0.113.${n}`);

function setUp(options: Partial<GateOptions> = {}) {
  const clock = new VirtualClock();
  const gate = new Gate('000000000000002a', clock, {
    allowFlows: 3,
    allowance: new FlowAllowance(Number.POSITIVE_INFINITY),
    dropFlowSeconds: 10,
    dropFlowsPerClient: 2,
    dropFlows: 5,
    install: 'reactive' as const,
    ...options,
  });
  const datapath = new RecordingDatapath();
  gate.connect(datapath, true);
  /** Ticks twice a second for so long; `untilMs` is one answer for all destinations. */
  const live = (durationMs: number, untilMs: number | undefined) => {
    for (let passed = 0; passed < durationMs; passed += 500) {
      clock.advance(500);
      gate.tick(() => untilMs);
    }
  };
  return { clock, gate, datapath, live };
}

describe('Gate: allow flows', () => {
  it('last whole seconds of what is left, 65535 at most, and are none below one second', () => {
    const { clock, gate, datapath } = setUp({ allowFlows: 10 });
    const nowMs = clock.nowMs();
    gate.allow({ destination: server(1) }, nowMs + 1999);
    gate.allow({ destination: server(2) }, nowMs + 1000);
    gate.allow({ destination: server(3) }, nowMs + 999);
    gate.allow({ destination: server(4) }, nowMs);
    gate.allow({ destination: server(5) }, nowMs - 5000);
    gate.allow({ destination: server(6) }, nowMs + 65_536_000);
    gate.allow({ destination: server(7) }, NEVER);
    expect(datapath.take()).toEqual([
      'add allow 203.0.113.1 1s',
      'add allow 203.0.113.2 1s',
      'add allow 203.0.113.6 65535s',
      'add allow 203.0.113.7 65535s',
    ]);
  });

  it('are not added again for queries that were on their way, and are when they would last longer', () => {
    const { clock, gate, datapath } = setUp();
    gate.allow({ destination: server(1) }, clock.nowMs() + 100_000);
    datapath.take();
    clock.advance(300);
    gate.allow({ destination: server(1) }, clock.nowMs() + 99_700);
    gate.allow({ destination: server(1) }, clock.nowMs() + 50_000);
    expect(datapath.take()).toEqual([]);
    gate.allow({ destination: server(1) }, clock.nowMs() + 200_000);
    expect(datapath.take()).toEqual(['add allow 203.0.113.1 200s']);
  });

  it('that have the longest timeout there is are not added again every second', () => {
    const { clock, gate, datapath } = setUp();
    gate.allow({ destination: server(1) }, NEVER);
    datapath.take();
    clock.advance(3_600_000);
    gate.allow({ destination: server(1) }, NEVER);
    expect(datapath.take()).toEqual([]);
    clock.advance(3_600_000);
    gate.allow({ destination: server(1) }, NEVER);
    expect(datapath.take()).toEqual(['add allow 203.0.113.1 65535s']);
  });

  it('have a budget; a destination that has one may renew it', () => {
    const { clock, gate, datapath } = setUp({ allowFlows: 2 });
    for (const n of [1, 2, 3]) gate.allow({ destination: server(n) }, clock.nowMs() + 100_000);
    expect(datapath.take()).toHaveLength(2);
    expect(gate.allowFlowCount).toBe(2);
    expect(gate.counters.get('allow budget reached')).toBe(1);
    gate.allow({ destination: server(1) }, clock.nowMs() + 200_000);
    expect(datapath.take()).toEqual(['add allow 203.0.113.1 200s']);
    gate.disallowScope({ destination: server(2) });
    datapath.take();
    gate.allow({ destination: server(3) }, clock.nowMs() + 100_000);
    expect(datapath.take()).toEqual(['add allow 203.0.113.3 100s']);
  });

  it('are renewed before they end, as long as the verdict holds', () => {
    const { clock, gate, datapath, live } = setUp();
    gate.allow({ destination: server(1) }, NEVER);
    datapath.take();
    live(65_534_000 - 500, NEVER);
    expect(datapath.take()).toEqual([]);
    live(500, NEVER);
    expect(datapath.take()).toEqual(['add allow 203.0.113.1 65535s']);
    expect(gate.counters.get('allow flows renewed')).toBe(1);
    clock.advance(65_536_000);
    gate.tick(() => NEVER);
    expect(datapath.take()).toEqual(['add allow 203.0.113.1 65535s']);
  });

  it('are renewed with what is left when the verdict was prolonged', () => {
    const { clock, gate, datapath, live } = setUp();
    const startMs = clock.nowMs();
    gate.allow({ destination: server(1) }, startMs + 60_000);
    datapath.take();
    live(59_000, startMs + 90_000);
    expect(datapath.take()).toEqual(['add allow 203.0.113.1 31s']);
  });

  it('are forgotten at their end, and the switch is told nothing since it counts by itself', () => {
    const { clock, gate, datapath, live } = setUp();
    const untilMs = clock.nowMs() + 10_400;
    gate.allow({ destination: server(1) }, untilMs);
    datapath.take();
    live(9500, untilMs);
    expect(gate.allowFlowCount).toBe(1);
    live(500, untilMs);
    expect(gate.allowFlowCount).toBe(0);
    expect(datapath.take()).toEqual([]);
  });

  it('are prolonged also when the verdict is, in the last second', () => {
    const { clock, gate, datapath } = setUp();
    const startMs = clock.nowMs();
    gate.allow({ destination: server(1) }, startMs + 10_000);
    datapath.take();
    clock.advance(9000);
    gate.tick(() => startMs + 10_000);
    clock.advance(500);
    gate.tick(() => startMs + 70_000);
    clock.advance(500);
    gate.tick(() => startMs + 70_000);
    expect(datapath.take()).toEqual(['add allow 203.0.113.1 60s']);
    clock.advance(59_000);
    gate.tick(() => startMs + 100_000);
    expect(datapath.take()).toEqual(['add allow 203.0.113.1 31s']);
  });

  it('are never made permanent by a tick that comes late', () => {
    const { clock, gate, datapath } = setUp();
    for (const leftMs of [undefined, -2000, -500, 0, 999]) {
      gate.allow({ destination: server(1) }, clock.nowMs() + 10_000);
      datapath.take();
      clock.advance(12_000);
      gate.tick(() => (leftMs === undefined ? undefined : clock.nowMs() + leftMs));
      expect(datapath.take()).toEqual([]);
      expect(gate.allowFlowCount).toBe(0);
    }
  });

  it('end by forbid, once, and come back by allow', () => {
    const { clock, gate, datapath, live } = setUp();
    gate.allow({ destination: server(1) }, NEVER);
    datapath.take();
    gate.disallowScope({ destination: server(1) });
    gate.disallowScope({ destination: server(1) });
    gate.disallowScope({ destination: server(2) });
    expect(datapath.take()).toEqual(['remove allow 203.0.113.1']);
    clock.advance(1000);
    gate.allow({ destination: server(1) }, clock.nowMs() + 20_000);
    expect(datapath.take()).toEqual(['add allow 203.0.113.1 20s']);
    live(65_540_000, undefined);
    expect(datapath.take()).toEqual([]);
    expect(gate.allowFlowCount).toBe(0);
  });
});

describe('Gate: drop flows', () => {
  it('are one for client and destination, until they end', () => {
    const { gate, datapath, live } = setUp();
    gate.block({ client: BOT, destination: server(1) }, true);
    gate.block({ client: BOT, destination: server(1) }, true);
    gate.block({ client: CLIENT, destination: server(1) }, true);
    expect(datapath.take()).toEqual(['add drop 192.0.2.66 > 203.0.113.1 10s', 'add drop 192.0.2.10 > 203.0.113.1 10s']);
    expect(gate.dropFlowCount).toBe(2);
    live(9500, undefined);
    gate.block({ client: BOT, destination: server(1) }, true);
    expect(datapath.take()).toEqual([]);
    live(500, undefined);
    expect(gate.dropFlowCount).toBe(0);
    gate.block({ client: BOT, destination: server(1) }, true);
    expect(datapath.take()).toEqual(['add drop 192.0.2.66 > 203.0.113.1 10s']);
  });

  it('come back as soon as the old one has ended, sweep or no sweep', () => {
    const { clock, gate, datapath } = setUp();
    gate.block({ client: BOT, destination: server(1) }, true);
    clock.advance(10_000);
    datapath.take();
    gate.block({ client: BOT, destination: server(1) }, true);
    expect(datapath.take()).toEqual(['add drop 192.0.2.66 > 203.0.113.1 10s']);
    expect(gate.dropFlowCount).toBe(1);
  });

  it('beyond the budget of a client become one for the client, which covers all the rest', () => {
    const { gate, datapath, live } = setUp();
    for (const n of [1, 2, 3, 4]) gate.block({ client: BOT, destination: server(n) }, true);
    expect(datapath.take()).toEqual([
      'add drop 192.0.2.66 > 203.0.113.1 10s',
      'add drop 192.0.2.66 > 203.0.113.2 10s',
      'add drop 192.0.2.66 > all 10s',
    ]);
    expect(gate.counters.snapshot()).toEqual({ 'client drop flows': 1, 'drop flows': 2 });
    gate.block({ client: CLIENT, destination: server(1) }, true);
    expect(datapath.take()).toEqual(['add drop 192.0.2.10 > 203.0.113.1 10s']);
    live(10_000, undefined);
    expect(gate.dropFlowCount).toBe(0);
    gate.block({ client: BOT, destination: server(5) }, true);
    expect(datapath.take()).toEqual(['add drop 192.0.2.66 > 203.0.113.5 10s']);
  });

  it('beyond the budget of the switch are none', () => {
    const { gate, datapath } = setUp({ dropFlows: 3 });
    for (const client of [BOT, CLIENT]) for (const n of [1, 2, 3]) gate.block({ client, destination: server(n) }, true);
    expect(datapath.take()).toHaveLength(3);
    expect(gate.dropFlowCount).toBe(3);
    expect(gate.counters.get('drop budget reached')).toBe(3);
  });

  it('go for all clients when the destination becomes known, and give their places back', () => {
    const { gate, datapath, live } = setUp({ dropFlows: 3 });
    gate.block({ client: BOT, destination: server(1) }, true);
    gate.block({ client: CLIENT, destination: server(1) }, true);
    gate.block({ client: BOT, destination: server(2) }, true);
    datapath.take();
    gate.unblock(server(1));
    gate.unblock(server(1));
    gate.unblock(server(9));
    expect(datapath.take()).toEqual(['remove drop 192.0.2.66 > 203.0.113.1', 'remove drop 192.0.2.10 > 203.0.113.1']);
    expect(gate.dropFlowCount).toBe(1);
    gate.block({ client: BOT, destination: server(3) }, true);
    gate.block({ client: BOT, destination: server(4) }, true);
    expect(datapath.take()).toEqual(['add drop 192.0.2.66 > 203.0.113.3 10s', 'add drop 192.0.2.66 > all 10s']);
    live(20_000, undefined);
    expect(gate.dropFlowCount).toBe(0);
  });

  it('a drop flow made anew does not end by the time of the one before', () => {
    const { clock, gate } = setUp();
    gate.block({ client: BOT, destination: server(1) }, true);
    clock.advance(5000);
    gate.unblock(server(1));
    gate.block({ client: BOT, destination: server(1) }, true);
    clock.advance(5000);
    gate.tick(() => undefined);
    expect(gate.dropFlowCount).toBe(1);
    clock.advance(5000);
    gate.tick(() => undefined);
    expect(gate.dropFlowCount).toBe(0);
  });
});

describe('Gate: the switch goes and comes back', () => {
  it('desires what should be there now, with the time that is left', () => {
    const { clock, gate } = setUp();
    gate.allow({ destination: server(1) }, clock.nowMs() + 100_500);
    gate.allow({ destination: addressOf('2001:db8::1') }, NEVER);
    for (const n of [2, 3, 4]) gate.block({ client: BOT, destination: server(n) }, true);
    clock.advance(2300);
    expect(gate.desiredFlows()).toEqual([
      allowFlow({ destination: server(1) }, 97),
      allowFlow({ destination: addressOf('2001:db8::1') }, 65_532),
      dropFlow({ client: BOT, destination: server(2) }, 7),
      dropFlow({ client: BOT, destination: server(3) }, 7),
      dropClientFlow({ client: BOT }, 7),
    ]);
  });

  it('never desires what has ended, nor a flow of 0 seconds, which would be for good', () => {
    const { clock, gate } = setUp();
    gate.allow({ destination: server(1) }, clock.nowMs() + 2000);
    gate.block({ client: BOT, destination: server(2) }, true);
    clock.advance(1999);
    expect(gate.desiredFlows().map(({ hardTimeoutSeconds }) => hardTimeoutSeconds)).toEqual([1, 8]);
    clock.advance(1);
    expect(gate.desiredFlows()).toHaveLength(1);
    clock.advance(8000);
    expect(gate.desiredFlows()).toEqual([]);
  });

  it('makes no flow on a switch that is only watched', () => {
    const { gate, datapath } = setUp();
    gate.connect(datapath, false);
    gate.allow({ destination: server(1) }, NEVER);
    gate.block({ client: BOT, destination: server(2) }, true);
    expect(datapath.take()).toEqual([]);
    expect(gate.allowFlowCount + gate.dropFlowCount).toBe(0);
  });

  it('keeps its records while the switch is away', () => {
    const { clock, gate, datapath } = setUp();
    gate.allow({ destination: server(1) }, NEVER);
    gate.allow({ destination: server(2) }, NEVER);
    datapath.take();
    gate.disconnect();
    gate.disallowScope({ destination: server(1) });
    gate.block({ client: BOT, destination: server(5) }, true);
    gate.release(1, Buffer.from('frame'), 0, 5);
    clock.advance(1000);
    gate.tick(() => NEVER);
    expect(datapath.take()).toEqual([]);
    expect(gate.desiredFlows()).toEqual([
      allowFlow({ destination: server(2) }, 65_534),
      dropFlow({ client: BOT, destination: server(5) }, 9),
    ]);
  });

  it('passes a release on', () => {
    const { gate, datapath } = setUp();
    gate.release(7, Buffer.from('..frame.'), 2, 7);
    expect(datapath.take()).toEqual(['release port 7 frame']);
  });
});
