import { describe, expect, it } from 'vitest';
import { allowFlow, bypassFlow, dropClientFlow, dropFlow } from '../../../src/controller/verdict-flows.ts';
import { FlowAllowance } from '../../../src/firewall/allow-book.ts';
import { Gate, type GateOptions } from '../../../src/firewall/gate.ts';
import { addressOf } from '../../support/observations.ts';
import { RecordingDatapath } from '../../support/recording-datapath.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const BOT = addressOf('192.0.2.66');
const CLIENT = addressOf('192.0.2.10');
const FOREVER = Number.POSITIVE_INFINITY;
const server = (n: number) => addressOf(`203.0.113.${n}`);
const TCP = 6;

function setUp(options: Partial<GateOptions> = {}) {
  const clock = new VirtualClock();
  const wholeOptions: GateOptions = {
    allowFlows: 10,
    allowance: new FlowAllowance(FOREVER),
    dropFlowSeconds: 10,
    dropFlowsPerClient: 2,
    dropFlows: 100,
    install: 'reactive',
    ...options,
  };
  // A review takes no time, however busy the machine is.
  const gate = new Gate('000000000000002a', clock, wholeOptions, () => 0);
  const datapath = new RecordingDatapath();
  gate.connect(datapath, true);
  return { clock, gate, datapath };
}

describe('Gate: scopes', () => {
  it('of one destination have flows of their own, which end on their own', () => {
    const { gate, datapath } = setUp();
    const destination = server(1);
    const scopes = [
      { destination },
      { destination, group: 1 },
      { destination, group: 2 },
      { destination, client: CLIENT },
      { destination, inPort: 1 },
      { destination, mac: 1 },
      { destination, ipProtocol: TCP },
      { destination, client: CLIENT, ipProtocol: TCP, clientPort: 40_000 },
    ];
    for (const scope of scopes) gate.allow(scope, FOREVER);
    for (const scope of scopes) gate.allow({ ...scope }, FOREVER);
    expect(datapath.take()).toEqual([
      'add allow 203.0.113.1 65535s',
      'add allow 203.0.113.1 group 1 65535s',
      'add allow 203.0.113.1 group 2 65535s',
      'add allow 192.0.2.10 > 203.0.113.1 65535s',
      'add allow 203.0.113.1 port 1 65535s',
      'add allow 203.0.113.1 mac 00:00:00:00:00:01 65535s',
      'add allow 203.0.113.1 protocol 6 65535s',
      'add allow 192.0.2.10 > 203.0.113.1 protocol 6 from 40000 65535s',
    ]);
    expect(gate.scopesTo(destination)).toEqual(scopes);
    expect(gate.scopesTo(server(2))).toEqual([{ destination: server(2) }]);
    gate.disallowScope({ group: 1, destination });
    gate.disallowScope({ group: 1, destination });
    expect(datapath.take()).toEqual(['remove allow 203.0.113.1 group 1']);
    expect(gate.allowFlowCount).toBe(7);
    for (const scope of gate.scopesTo(destination)) gate.disallowScope(scope);
    expect(datapath.take()).toHaveLength(7);
    expect(gate.allowFlowCount).toBe(0);
    expect(gate.scopesTo(destination)).toEqual([{ destination }]);
  });

  it('share the budget, and are given up as all others are', () => {
    const { clock, gate, datapath } = setUp({ allowFlows: 2 });
    gate.allow({ destination: server(1), group: 1 }, FOREVER);
    gate.allow({ destination: server(1), group: 2 }, FOREVER);
    clock.advance(1000);
    gate.used({ destination: server(1), group: 1 }, 5n);
    datapath.take();
    gate.allow({ destination: server(1) }, FOREVER);
    expect(datapath.take()).toEqual(['remove allow 203.0.113.1 group 2', 'add allow 203.0.113.1 65535s']);
    expect(gate.scopesTo(server(1))).toEqual([{ destination: server(1) }, { destination: server(1), group: 1 }]);
  });

  it('are what a tick asks about', () => {
    const { clock, gate, datapath } = setUp();
    gate.allow({ destination: server(1), group: 1 }, clock.nowMs() + 10_000);
    gate.allow({ destination: server(1), group: 2 }, clock.nowMs() + 10_000);
    datapath.take();
    clock.advance(9000);
    gate.tick(({ group }) => (group === 1 ? FOREVER : undefined));
    expect(datapath.take()).toEqual(['add allow 203.0.113.1 group 1 65535s']);
  });

  it('of one connection are not renewed: it lasts as long as was said', () => {
    const { clock, gate, datapath } = setUp();
    const ofConnection = { destination: server(1), client: CLIENT, ipProtocol: TCP, clientPort: 40_000 };
    gate.allow(ofConnection, clock.nowMs() + 10_000);
    datapath.take();
    for (let round = 0; round < 30; round++) {
      clock.advance(500);
      gate.tick(() => FOREVER);
    }
    expect(datapath.take()).toEqual([]);
    expect(gate.allowFlowCount).toBe(0);
  });

  it('of drop flows go with their destination; the drop of a whole client keeps to its group', () => {
    const { gate, datapath } = setUp();
    const scope = (n: number) => ({ destination: server(n), client: BOT, group: 7 });
    gate.block({ ...scope(1), ipProtocol: TCP, clientPort: 1234 }, true);
    gate.block(scope(1), true);
    gate.block(scope(2), true);
    expect(datapath.take()).toEqual([
      'add drop 192.0.2.66 > 203.0.113.1 group 7 protocol 6 from 1234 10s',
      'add drop 192.0.2.66 > 203.0.113.1 group 7 10s',
      'add drop 192.0.2.66 > all group 7 10s',
    ]);
    gate.block(scope(3), true);
    expect(datapath.take()).toEqual([]);
    gate.unblock(server(1));
    expect(datapath.take()).toEqual([
      'remove drop 192.0.2.66 > 203.0.113.1 group 7 protocol 6 from 1234',
      'remove drop 192.0.2.66 > 203.0.113.1 group 7',
    ]);
    expect(gate.desiredFlows()).toEqual([dropClientFlow({ client: BOT, group: 7 }, 10)]);
  });

  it('a client some of whose queries are judged one by one is never dropped as a whole', () => {
    const { gate, datapath } = setUp();
    for (const n of [1, 2, 3]) gate.block({ client: BOT, destination: server(n) }, false);
    expect(datapath.take()).toHaveLength(2);
    expect(gate.counters.snapshot()).toEqual({ 'drop budget reached': 1, 'drop flows': 2 });
  });

  it('are taken over after a restart, each for itself', () => {
    const { gate } = setUp();
    const destination = server(1);
    const allow = (group: number) => ({ kind: 'allow', scope: { destination, group }, secondsLeft: 30 }) as const;
    const drop = (group: number) =>
      ({ kind: 'drop', scope: { destination, client: BOT, group }, secondsLeft: 5 }) as const;
    gate.adopt([allow(1), allow(2), drop(1), drop(2)], ({ group }) => (group === 1 ? FOREVER : undefined));
    expect(gate.desiredFlows()).toEqual([
      allowFlow({ destination, group: 1 }, 30),
      dropFlow({ destination, client: BOT, group: 2 }, 5),
    ]);
  });
});

describe('Gate: a review after rules have changed', () => {
  it('takes away what does not hold any more, shortens what holds for less, and leaves the rest alone', () => {
    const { clock, gate, datapath } = setUp();
    const nowMs = clock.nowMs();
    for (const n of [1, 2, 3]) gate.allow({ destination: server(n) }, FOREVER);
    gate.allow({ destination: server(4), group: 7 }, nowMs + 60_000);
    datapath.take();
    const until = new Map([
      [server(1), FOREVER],
      [server(2), nowMs + 5500],
      [server(4), nowMs + 90_000],
    ]);
    expect(gate.review(({ destination }) => until.get(destination))).toBe(true);
    expect(datapath.take().sort()).toEqual(['add allow 203.0.113.2 5s', 'remove allow 203.0.113.3']);
    expect(gate.counters.get('flows taken away by review')).toBe(1);
    clock.advance(5500);
    gate.tick(() => undefined);
    expect(gate.allowFlowCount).toBe(2);
  });

  it('takes away drop flows of what is allowed now, and those that drop all of a client', () => {
    const { gate, datapath } = setUp();
    for (const n of [1, 2, 3]) gate.block({ client: BOT, destination: server(n) }, true);
    gate.block({ client: CLIENT, destination: server(1) }, true);
    datapath.take();
    const isAllowed = ({ client, destination }: { client?: unknown; destination: unknown }) =>
      client === BOT && destination === server(1);
    expect(gate.review((scope) => (isAllowed(scope) ? FOREVER : undefined))).toBe(true);
    expect(datapath.take().sort()).toEqual(['remove drop 192.0.2.66 > 203.0.113.1', 'remove drop 192.0.2.66 > all']);
    expect(gate.dropFlowCount).toBe(2);
  });

  it('is done in portions, over flows that come and go meanwhile, and can be begun anew', () => {
    const { gate } = setUp({ allowFlows: 5000 });
    const count = 2500;
    const nth = (n: number) => addressOf(`198.18.${n >> 8}.${n & 255}`);
    for (let n = 0; n < count; n++) gate.allow({ destination: nth(n) }, FOREVER);
    let asked = 0;
    const forbid = () => {
      asked++;
      return undefined;
    };
    const allow = () => {
      asked++;
      return FOREVER;
    };
    expect(gate.review(allow)).toBe(false);
    expect(asked).toBe(1000);
    gate.disallowScope({ destination: nth(0) });
    gate.allow({ destination: server(1) }, FOREVER);
    expect(gate.review(forbid, true)).toBe(false);
    expect(gate.review(forbid)).toBe(false);
    expect(gate.review(forbid)).toBe(true);
    expect(asked).toBe(1000 + count);
    expect(gate.allowFlowCount).toBe(0);
    expect(gate.review(forbid)).toBe(true);
    expect(asked).toBe(1000 + count);
  });

  it('of a switch that is away shows when it is back', () => {
    const { gate, datapath } = setUp();
    for (const n of [1, 2]) gate.allow({ destination: server(n) }, FOREVER);
    gate.disconnect();
    datapath.take();
    gate.review(({ destination }) => (destination === server(1) ? FOREVER : undefined));
    gate.connect(datapath, true);
    expect(datapath.take()).toEqual([]);
    expect(gate.desiredFlows()).toEqual([allowFlow({ destination: server(1) }, 65_535)]);
  });
});

describe('Gate: flows made in advance', () => {
  it('are made where that is wanted and something is enforced', () => {
    const { clock, gate, datapath } = setUp({ install: 'proactive' });
    const nowMs = clock.nowMs();
    gate.anticipate({ destination: server(1) }, nowMs + 60_000);
    gate.anticipate({ destination: server(1) }, nowMs + 60_000);
    gate.anticipate({ destination: server(2) }, nowMs + 999);
    expect(datapath.take()).toEqual(['add allow 203.0.113.1 60s']);
    expect(gate.counters.snapshot()).toEqual({ 'allow flows in advance': 1 });
    gate.connect(datapath, false);
    gate.anticipate({ destination: server(3) }, FOREVER);
    const reactive = setUp();
    reactive.gate.anticipate({ destination: server(1) }, FOREVER);
    reactive.gate.anticipateAll([{ scope: { destination: server(1) }, untilMs: FOREVER }]);
    expect([...datapath.take(), ...reactive.gate.desiredFlows()]).toEqual([]);
    expect([gate.isProactive, reactive.gate.isProactive]).toEqual([false, false]);
  });

  it('are renewed as all are, and go when their address is lost', () => {
    const { clock, gate, datapath } = setUp({ install: 'proactive' });
    for (const n of [1, 2]) gate.anticipate({ destination: server(n) }, clock.nowMs() + 10_000);
    datapath.take();
    clock.advance(9000);
    gate.tick(() => clock.nowMs() + 20_000);
    gate.disallowScope({ destination: server(2) });
    expect(datapath.take()).toEqual([
      'add allow 203.0.113.1 20s',
      'add allow 203.0.113.2 20s',
      'remove allow 203.0.113.2',
    ]);
  });

  it('take no place of another, and give theirs up first, the one made last before the others', () => {
    const { clock, gate, datapath } = setUp({ install: 'proactive', allowFlows: 4 });
    gate.allow({ destination: server(1) }, FOREVER);
    for (const n of [2, 3, 4, 5]) gate.anticipate({ destination: server(n) }, FOREVER);
    expect(gate.allowFlowCount).toBe(4);
    clock.advance(60_000);
    gate.used({ destination: server(4) }, 1n);
    gate.allow({ destination: server(2) }, FOREVER);
    datapath.take();
    // Even at once: nobody has asked for it.
    gate.allow({ destination: server(6) }, FOREVER);
    expect(datapath.take()).toEqual(['remove allow 203.0.113.3', 'add allow 203.0.113.6 65535s']);
    gate.allow({ destination: server(7) }, FOREVER);
    expect(datapath.take()).toEqual(['remove allow 203.0.113.1', 'add allow 203.0.113.7 65535s']);
    gate.anticipate({ destination: server(8) }, FOREVER);
    expect(datapath.take()).toEqual([]);
  });

  it('count towards what all switches may have', () => {
    const allowance = new FlowAllowance(3);
    const one = setUp({ install: 'proactive', allowance });
    const other = setUp({ install: 'proactive', allowance });
    for (const { gate } of [one, other]) for (const n of [1, 2]) gate.anticipate({ destination: server(n) }, FOREVER);
    expect([one.gate.allowFlowCount, other.gate.allowFlowCount]).toEqual([2, 1]);
  });

  it('of a whole history are desired up to the budget, and written by none but the reconciliation', () => {
    const { gate, datapath } = setUp({ install: 'proactive', allowFlows: 3 });
    gate.allow({ destination: server(2) }, FOREVER);
    datapath.take();
    let taken = 0;
    function* history() {
      for (let n = 1; n <= 9; n++) {
        taken++;
        yield { scope: { destination: server(n) }, untilMs: FOREVER };
      }
    }
    gate.anticipateAll(history());
    expect(datapath.take()).toEqual([]);
    expect(taken).toBeLessThan(9);
    const flowsTo = gate.desiredFlows().map(({ match }) => match.at(-1));
    expect(flowsTo).toEqual([2, 1, 3].map((n) => ({ field: 'ipv4_dst', value: server(n) })));
  });

  it('at once do not all end at once, nor later than their verdict', () => {
    const { clock, gate } = setUp({ install: 'proactive', allowFlows: 5000 });
    const forMs = [FOREVER, 60_000];
    const verdicts = Array.from({ length: 4000 }, (_, n) => ({
      scope: { destination: addressOf(`198.18.${n >> 8}.${n & 255}`) },
      untilMs: clock.nowMs() + forMs[n % 2]!,
    }));
    gate.anticipateAll(verdicts);
    const seconds = gate.desiredFlows().map(({ hardTimeoutSeconds }) => hardTimeoutSeconds);
    expect(seconds).toHaveLength(4000);
    const [forever, minute] = [seconds.filter((_, n) => n % 2 === 0), seconds.filter((_, n) => n % 2 === 1)];
    expect([Math.max(...forever), Math.max(...minute)]).toEqual([65_535, 59]);
    expect(Math.min(...forever)).toBeGreaterThanOrEqual(49_151);
    expect(Math.min(...minute)).toBeGreaterThanOrEqual(44);
    const mostAtOnce = (ends: readonly number[]) =>
      Math.max(...[...new Set(ends)].map((end) => ends.filter((other) => other === end).length));
    expect(mostAtOnce(forever)).toBeLessThan(5);
    expect(mostAtOnce(minute)).toBeLessThan(2000 / 10);
  });

  it('that come and go for long leave nothing behind', () => {
    const { gate, datapath } = setUp({ install: 'proactive', allowFlows: 5 });
    for (let n = 0; n < 20_000; n++) {
      gate.anticipate({ destination: server(n % 200) }, FOREVER);
      if (n % 3 !== 0) gate.disallowScope({ destination: server(n % 200) });
      if (n % 100 === 99) gate.allow({ destination: server(n % 7) }, FOREVER);
    }
    expect(gate.allowFlowCount).toBeLessThanOrEqual(5);
    expect(gate.desiredFlows()).toHaveLength(gate.allowFlowCount);
    datapath.take();
  });
});

describe('Gate: a bypass', () => {
  it('lets all pass, or a group, for whole seconds, 65535 at most', () => {
    const { clock, gate, datapath } = setUp();
    const nowMs = clock.nowMs();
    gate.bypass(undefined, nowMs + 600_900);
    gate.bypass(7, FOREVER);
    gate.bypass(8, nowMs + 999);
    expect(datapath.take()).toEqual(['add bypass all 600s', 'add bypass 7 65535s']);
    expect(gate.bypasses).toEqual([
      { group: undefined, untilMs: nowMs + 600_000 },
      { group: 7, untilMs: nowMs + 65_535_000 },
    ]);
    clock.advance(100_000);
    expect(gate.desiredFlows()).toEqual([bypassFlow(undefined, 500), bypassFlow(7, 65_435)]);
  });

  it('is renewed by nothing', () => {
    const { clock, gate, datapath } = setUp();
    gate.bypass(undefined, clock.nowMs() + 3000);
    datapath.take();
    for (let round = 0; round < 10; round++) {
      clock.advance(500);
      gate.tick(() => FOREVER);
    }
    expect(datapath.take()).toEqual([]);
    expect([...gate.bypasses, ...gate.desiredFlows()]).toEqual([]);
  });

  it('ends when it is ended, once, and begins anew', () => {
    const { clock, gate, datapath } = setUp();
    gate.endBypass(undefined);
    gate.bypass(undefined, clock.nowMs() + 60_000);
    gate.bypass(7, clock.nowMs() + 60_000);
    gate.endBypass(undefined);
    gate.endBypass(undefined);
    gate.bypass(undefined, clock.nowMs() + 30_000);
    expect(datapath.take()).toEqual([
      'add bypass all 60s',
      'add bypass 7 60s',
      'remove bypass all',
      'add bypass all 30s',
    ]);
    expect(gate.bypasses).toHaveLength(2);
  });

  it('that a switch has from an earlier run is kept with the time left, and told', () => {
    const { clock, gate } = setUp();
    const flows = [
      { kind: 'bypass', group: undefined, secondsLeft: 40 },
      { kind: 'bypass', group: 7, secondsLeft: 50 },
    ] as const;
    gate.bypass(7, clock.nowMs() + 20_000);
    expect(gate.adopt(flows, () => undefined)).toEqual([{ group: undefined, untilMs: clock.nowMs() + 40_000 }]);
    expect(gate.adopt(flows, () => undefined)).toEqual([]);
    expect(gate.desiredFlows()).toEqual([bypassFlow(7, 20), bypassFlow(undefined, 40)]);
  });

  it('ended while the switch was away does not come back with it', () => {
    const { clock, gate, datapath } = setUp();
    gate.bypass(undefined, clock.nowMs() + 60_000);
    gate.disconnect();
    gate.endBypass(undefined);
    gate.connect(datapath, true);
    expect(gate.adopt([{ kind: 'bypass', group: undefined, secondsLeft: 55 }], () => undefined)).toEqual([]);
    expect(gate.desiredFlows()).toEqual([]);
  });

  it('in monitor mode has no flow, and has one as soon as something is enforced', () => {
    const { clock, gate, datapath } = setUp();
    gate.connect(datapath, false);
    gate.bypass(undefined, clock.nowMs() + 60_000);
    expect(gate.adopt([{ kind: 'bypass', group: 7, secondsLeft: 55 }], () => undefined)).toHaveLength(1);
    expect(datapath.take()).toEqual([]);
    expect(gate.desiredFlows()).toEqual([]);
    clock.advance(10_000);
    gate.connect(datapath, true);
    expect(gate.desiredFlows()).toEqual([bypassFlow(undefined, 50), bypassFlow(7, 45)]);
  });

  it('leaves the flows of verdicts as they are', () => {
    const { clock, gate } = setUp();
    gate.allow({ destination: server(1) }, clock.nowMs() + 60_000);
    gate.block({ client: BOT, destination: server(2) }, true);
    gate.bypass(undefined, clock.nowMs() + 60_000);
    gate.endBypass(undefined);
    expect(gate.desiredFlows()).toHaveLength(2);
  });
});
