import { describe, expect, it } from 'vitest';
import type { Ipv4Address } from '../../../src/core/address.ts';
import { FlowAllowance } from '../../../src/firewall/allow-book.ts';
import { Gate } from '../../../src/firewall/gate.ts';
import { RecordingDatapath } from '../../support/recording-datapath.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const FLOOD = 50_000;
const client = (n: number) => (0x0a000000 + n) as Ipv4Address;
const server = (n: number) => (0x32000000 + n) as Ipv4Address;

function setUp() {
  const clock = new VirtualClock();
  const budgets = {
    allowFlows: 10,
    allowance: new FlowAllowance(Number.POSITIVE_INFINITY),
    dropFlowSeconds: 1,
    dropFlowsPerClient: FLOOD,
    dropFlows: FLOOD,
    install: 'reactive',
  } as const;
  const gate = new Gate('0000000000000001', clock, budgets);
  // Flows are kept in mind while the switch is away.
  gate.connect(new RecordingDatapath(), true);
  gate.disconnect();
  return { clock, gate };
}

describe('Gate: a flood of unknown destinations', () => {
  it('does not look through the standing drop flows for each packet', { timeout: 5000 }, () => {
    const { clock, gate } = setUp();
    for (let n = 0; n < 2 * FLOOD; n++) {
      if (n % 50 === 0) clock.advance(1);
      gate.block({ client: client(n % 1000), destination: server(n) }, true);
    }
    expect(gate.counters.get('drop flows')).toBe(2 * FLOOD);
    expect(gate.dropFlowCount).toBe(FLOOD);
  });

  it('does not either when the budget is reached', { timeout: 5000 }, () => {
    const { gate } = setUp();
    for (let n = 0; n < 2 * FLOOD; n++) gate.block({ client: client(1), destination: server(n) }, true);
    expect(gate.counters.get('drop flows')).toBe(FLOOD);
    expect(gate.counters.get('drop budget reached')).toBe(FLOOD);
  });

  it('keeps the drop flows of several clients for one destination apart', () => {
    const { clock, gate } = setUp();
    gate.block({ client: client(1), destination: server(1) }, true);
    clock.advance(500);
    for (const n of [2, 3]) gate.block({ client: client(n), destination: server(1) }, true);
    for (const n of [1, 2, 3]) gate.block({ client: client(n), destination: server(1) }, true);
    expect(gate.dropFlowCount).toBe(3);
    clock.advance(500);
    gate.tick(() => undefined);
    expect(gate.dropFlowCount).toBe(2);
    gate.unblock(server(1));
    expect(gate.dropFlowCount).toBe(0);
    expect(gate.desiredFlows()).toEqual([]);
  });
});
