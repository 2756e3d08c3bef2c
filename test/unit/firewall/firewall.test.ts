import { describe, expect, it } from 'vitest';
import { PIPELINE } from '../../../src/controller/pipeline.ts';
import { formatAddress } from '../../../src/core/address.ts';
import { silentLog } from '../../../src/core/log.ts';
import { EventFeed } from '../../../src/events/event-feed.ts';
import type { VerdictEvent } from '../../../src/events/verdict-event.ts';
import { FlowAllowance } from '../../../src/firewall/allow-book.ts';
import { AllowedSampler } from '../../../src/firewall/allowed-sampler.ts';
import { Firewall } from '../../../src/firewall/firewall.ts';
import { Gate } from '../../../src/firewall/gate.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import { encodeMessage } from '../../../src/openflow/message.ts';
import { PacketInView } from '../../../src/openflow/packet-in.ts';
import { NO_BUFFER } from '../../../src/openflow/schema/constants.ts';
import { FrameView } from '../../../src/packet/frame.ts';
import { composeQuery } from '../../support/dns-messages.ts';
import { composeFrame } from '../../support/frames.ts';
import { historyOptions, learnAt } from '../../support/learning.ts';
import { policiesOn } from '../../support/policies.ts';
import { RecordingDatapath } from '../../support/recording-datapath.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const SERVER = '203.0.113.53';
const { ask } = PIPELINE.verdict.entries;
const { observed, blocked } = PIPELINE.copy.entries;

function setUp(feedSize = 100) {
  const clock = new VirtualClock();
  const history = new NsHistory(clock, historyOptions({ size: 100 }));
  const events: VerdictEvent[] = [];
  const feed = new EventFeed<VerdictEvent>(clock, { size: feedSize, perRound: 100, roundMs: 0 }, (event) =>
    events.push(event),
  );
  const hold = { timeMs: 50, packets: 100, bytes: 10_000 };
  /** Addresses of the servers to which queries left. */
  const left: string[] = [];
  const firewall = new Firewall({
    clock,
    log: silentLog,
    history,
    policies: policiesOn(clock, history),
    modeOf: ({ mode }) => mode,
    feed,
    sampler: new AllowedSampler(clock, 600_000),
    hold,
    openings: { connections: 10, bytes: 10_000, timeMs: 5000 },
    onSeen: () => undefined,
    onLeft(octets, start, end) {
      const frame = new FrameView();
      expect(frame.parse(octets, start, end)).toBeUndefined();
      left.push(formatAddress(frame.destination));
    },
  });
  const addGate = (datapathId: string, mostGates = 10) => {
    const gate = new Gate(datapathId, clock, {
      allowFlows: 10,
      allowance: new FlowAllowance(Number.POSITIVE_INFINITY),
      dropFlowSeconds: 10,
      dropFlowsPerClient: 4,
      dropFlows: 10,
      install: 'reactive',
    });
    const datapath = new RecordingDatapath();
    gate.connect(datapath, true);
    firewall.addGate(gate, mostGates);
    const flows = () => datapath.take().filter((call) => !call.startsWith('release'));
    const packetIn = (rule: number, destination = SERVER, client = '192.0.2.10', tag = 0x6757n) => {
      const data = composeFrame(composeQuery('www.example.org'), { source: client, destination });
      const cookie = (tag << 48n) | BigInt(rule);
      const match = [{ field: 'in_port', value: 1 }] as const;
      const common = { bufferId: NO_BUFFER, totalLen: data.length, reason: 1, tableId: 1 };
      const view = new PacketInView();
      if (!view.set(encodeMessage({ type: 'packetIn', xid: 0, ...common, cookie, match, data })))
        throw new Error('malformed');
      firewall.packetIn(gate, view);
    };
    return { gate, datapath, flows, packetIn };
  };
  const learn = () => learnAt(history, clock.nowMs(), { address: SERVER, nsTtlSeconds: 300 });
  return { clock, events, feed, firewall, left, addGate, learn };
}

describe('Firewall', () => {
  it('holds, releases and unblocks on the switch that the query came from', () => {
    const { clock, addGate, learn, events } = setUp();
    const one = addGate('000000000000000a');
    const two = addGate('000000000000000b');
    one.packetIn(ask.rule);
    clock.advance(60);
    expect(one.flows()).toEqual(['add drop 192.0.2.10 > 203.0.113.53 10s']);
    two.packetIn(ask.rule);
    learn();
    expect(one.flows()).toEqual(['remove drop 192.0.2.10 > 203.0.113.53']);
    expect(two.datapath.take().map((call) => call.slice(0, 30))).toEqual([
      'add allow 203.0.113.53 300s',
      expect.stringContaining('release port 1'),
    ]);
    clock.advance(0);
    expect(events.map(({ datapathId, verdict }) => [datapathId, verdict])).toEqual([
      ['000000000000000a', 'block'],
      ['000000000000000b', 'allow'],
    ]);
  });

  it('the same query on two switches is two queries', () => {
    const { addGate, firewall } = setUp();
    addGate('000000000000000a').packetIn(ask.rule);
    addGate('000000000000000b').packetIn(ask.rule);
    expect(firewall.held.packets).toBe(2);
  });

  it('takes permissions back on all switches when the address expires', () => {
    const { clock, addGate, learn, firewall } = setUp();
    const gates = [addGate('000000000000000a'), addGate('000000000000000b')];
    learn();
    for (const gate of gates) gate.packetIn(ask.rule);
    for (const gate of gates) gate.datapath.take();
    clock.advance(300_000);
    firewall.tick();
    for (const gate of gates) expect(gate.flows()).toEqual(['remove allow 203.0.113.53']);
  });

  it('never touches the switch for a copy of what was forwarded', () => {
    const { clock, addGate, learn } = setUp();
    const { packetIn, datapath } = addGate('000000000000000a');
    packetIn(observed.rule);
    clock.advance(60);
    learn();
    packetIn(observed.rule);
    expect(datapath.take()).toEqual([]);
  });

  it('does not hold or block again what a drop flow has dropped', () => {
    const { addGate, firewall, clock, events } = setUp();
    const { packetIn, datapath } = addGate('000000000000000a');
    packetIn(blocked.rule);
    expect(firewall.held.packets).toBe(0);
    expect(datapath.take()).toEqual([]);
    clock.advance(0);
    expect(events.map(({ message, enforced }) => [message, enforced])).toEqual([
      ['203.0.113.53 is unknown and block', true],
    ]);
  });

  it('gives verdicts although nobody takes the events', () => {
    const { addGate, learn, feed } = setUp(1);
    const { packetIn, datapath } = addGate('000000000000000a');
    learn();
    for (let count = 0; count < 5; count++) packetIn(ask.rule);
    expect(datapath.take().filter((call) => call.startsWith('release'))).toHaveLength(5);
    expect(feed.lost).toBe(4);
  });

  it('stop lets go of what is held, without verdict; safe twice', () => {
    const { clock, addGate, firewall, events } = setUp();
    const { packetIn, datapath } = addGate('000000000000000a');
    packetIn(ask.rule);
    firewall.stop();
    firewall.stop();
    clock.advance(1000);
    expect(firewall.held).toEqual({ packets: 0, bytes: 0 });
    expect(datapath.take()).toEqual([]);
    expect(events).toEqual([]);
  });

  it('a verdict that falls while the switch is away is on it when it is back', () => {
    const { clock, addGate } = setUp();
    const { gate, packetIn, datapath } = addGate('000000000000000a');
    packetIn(ask.rule);
    gate.disconnect();
    clock.advance(60);
    expect(datapath.take()).toEqual([]);
    expect(gate.desiredFlows()).toHaveLength(1);
  });
});

describe('Firewall: a gate that does not enforce', () => {
  it('releases at once what an entry of an enforcing past still sends, and makes no flow', () => {
    const { clock, addGate, events } = setUp();
    const { gate, packetIn, datapath } = addGate('000000000000000a');
    gate.connect(datapath, false);
    packetIn(ask.rule);
    expect(datapath.take().map((call) => call.split(' ')[0])).toEqual(['release']);
    clock.advance(100);
    expect(datapath.take()).toEqual([]);
    expect(gate.desiredFlows()).toEqual([]);
    expect(events.map(({ verdict, enforced }) => [verdict, enforced])).toEqual([['block', false]]);
  });
});

describe('Firewall: packets that no entry of ours sent', () => {
  it('are left alone by a gate that does not enforce', () => {
    const { addGate, events, firewall } = setUp();
    const { gate, packetIn, datapath } = addGate('000000000000000a');
    gate.connect(datapath, false);
    packetIn(ask.rule, SERVER, '192.0.2.10', 0n);
    expect(datapath.take()).toEqual([]);
    expect(events).toEqual([]);
    expect(firewall.counters.get('not asked for')).toBe(1);
  });
});

describe('Firewall: queries that have left', () => {
  it('are those that it releases, at once or after the hold, and those that were forwarded in monitor mode', () => {
    const { clock, addGate, learn, left } = setUp();
    const { gate, packetIn, datapath } = addGate('000000000000000a');
    packetIn(ask.rule);
    expect(left).toEqual([]);
    clock.advance(20);
    learn();
    expect(left).toEqual([SERVER]);
    packetIn(ask.rule);
    expect(left).toEqual([SERVER, SERVER]);
    gate.connect(datapath, false);
    packetIn(observed.rule, '203.0.113.7');
    expect(left).toEqual([SERVER, SERVER, '203.0.113.7']);
  });

  it('are not those that are held, blocked or dropped, nor those of a switch that has gone', () => {
    const { clock, addGate, learn, left } = setUp();
    const { gate, packetIn } = addGate('000000000000000a');
    packetIn(ask.rule);
    clock.advance(60);
    packetIn(blocked.rule);
    packetIn(ask.rule, '203.0.113.7');
    expect(left).toEqual([]);
    gate.disconnect();
    learn();
    packetIn(ask.rule);
    expect(left).toEqual([]);
  });

  it('are those that an entry of an enforcing past has sent to a gate that does not enforce any more', () => {
    const { addGate, left } = setUp();
    const { gate, packetIn, datapath } = addGate('000000000000000a');
    gate.connect(datapath, false);
    packetIn(ask.rule);
    expect(left).toEqual([SERVER]);
  });

  it('are not told of by copies to learn from, which are not for the firewall', () => {
    const { addGate, left, firewall } = setUp();
    const { packetIn } = addGate('000000000000000a');
    const { query, response, fragment } = PIPELINE.copy.entries;
    for (const { rule } of [query, response, fragment]) packetIn(rule);
    expect(left).toEqual([]);
    expect(firewall.counters.snapshot()).toEqual({ 'not asked for': 3 });
  });
});

describe('Firewall: gates', () => {
  it('are found by datapath id', () => {
    const { addGate, firewall } = setUp();
    const { gate } = addGate('000000000000000a');
    expect(firewall.gate('000000000000000a')).toBe(gate);
    expect(firewall.gate('000000000000000b')).toBeUndefined();
    expect(firewall.gates).toEqual([gate]);
  });

  it('of switches that are away make room, those of switches that are here do not', () => {
    const { addGate, firewall } = setUp();
    const ids = () => firewall.gates.map(({ datapathId }) => datapathId);
    addGate('a', 2).gate.disconnect();
    addGate('b', 2);
    addGate('c', 2);
    expect(ids()).toEqual(['b', 'c']);
    addGate('d', 2);
    expect(ids()).toEqual(['b', 'c', 'd']);
  });

  it('forget nothing that is still to be undone: an address may expire while its switch is away', () => {
    const { clock, addGate, learn, firewall } = setUp();
    const { gate, packetIn } = addGate('000000000000000a');
    learn();
    packetIn(ask.rule);
    gate.disconnect();
    clock.advance(300_000);
    firewall.tick();
    expect(gate.desiredFlows()).toEqual([]);
    expect(gate.allowFlowCount).toBe(0);
  });
});
