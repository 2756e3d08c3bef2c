import { afterEach, expect, it } from 'vitest';
import { until } from '../../../mininet/until.ts';
import { Switchboard, type SwitchboardParts } from '../../../src/cli/switchboard.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { cookieOf, PIPELINE } from '../../../src/controller/pipeline.ts';
import { readVerdictFlow } from '../../../src/controller/verdict-flows.ts';
import { silentLog } from '../../../src/core/log.ts';
import { EventFeed } from '../../../src/events/event-feed.ts';
import type { VerdictEvent } from '../../../src/events/verdict-event.ts';
import { AllowedSampler } from '../../../src/firewall/allowed-sampler.ts';
import { Bypasses } from '../../../src/firewall/bypasses.ts';
import { Firewall } from '../../../src/firewall/firewall.ts';
import { Quarantines } from '../../../src/firewall/quarantines.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import type { Message, MessageOf } from '../../../src/openflow/message.ts';
import type { ClientGroup } from '../../../src/policy/client-group.ts';
import type { Rule } from '../../../src/policy/rule.ts';
import { composeQuery } from '../../support/dns-messages.ts';
import { FakeSwitch, type FakeSwitchOptions, portDescription } from '../../support/fake-openflow-switch.ts';
import { composeFrame } from '../../support/frames.ts';
import { historyOptions, learnAt } from '../../support/learning.ts';
import { groupOf, policiesOn, ruleOf } from '../../support/policies.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const WAIT_MS = 5000;
const SERVER = '203.0.113.53';
const CLIENT_PORT = 7;
/** Milliseconds in which ports that change are read again. */
const PORTS_MS = 1000;

/** A switchboard on virtual time, and fake switches on real connections to it. */
class Rig {
  readonly clock = new VirtualClock();
  readonly history = new NsHistory(this.clock, historyOptions({ size: 100 }));
  readonly events: VerdictEvent[] = [];
  readonly policies;
  readonly firewall: Firewall;
  readonly bypasses: Bypasses;
  readonly board: Switchboard;
  readonly #fakes: FakeSwitch[] = [];
  #port = 0;

  constructor(rules: readonly Rule[], groups: readonly ClientGroup[] = []) {
    this.policies = policiesOn(this.clock, this.history, rules, groups);
    const clock = this.clock;
    this.firewall = new Firewall({
      clock,
      log: silentLog,
      history: this.history,
      policies: this.policies,
      modeOf: ({ mode }) => mode,
      feed: new EventFeed<VerdictEvent>(clock, { size: 100, perRound: 100, roundMs: 0 }, (one) =>
        this.events.push(one),
      ),
      sampler: new AllowedSampler(clock, 60_000),
      hold: { timeMs: 0, packets: 10, bytes: 10_000 },
      openings: { connections: 10, bytes: 10_000, timeMs: 5000 },
      onLeft: () => undefined,
      onSeen: () => undefined,
    });
    this.bypasses = new Bypasses(clock, silentLog, this.firewall);
    const config = parseConfig(
      JSON.stringify({
        mode: 'enforce',
        openflow: { listen: '127.0.0.1:0' },
        inside: { networks: ['192.0.2.0/24'] },
        outside: { ports: ['outside'] },
      }),
      'gluewall.yaml',
    );
    this.board = new Switchboard(config, this.#parts());
  }

  #parts(): SwitchboardParts {
    return {
      clock: this.clock,
      log: silentLog,
      firewall: this.firewall,
      modeOf: ({ mode }) => mode,
      quarantines: new Quarantines(this.clock, silentLog, () => {}),
      groups: () => this.policies.groups.groups,
      takeCopy: () => false,
      describeMode: () => 'enforce',
      bypassFound: (gate, bypass) => this.bypasses.found(gate, bypass, this.policies.groups),
      gateAdded: (gate) => this.bypasses.applyTo(gate),
    };
  }

  async start(): Promise<void> {
    this.#port = await this.board.controller.start();
  }

  async connect(ports: FakeSwitch['ports'], options: FakeSwitchOptions = {}): Promise<FakeSwitch> {
    const fake = await FakeSwitch.connect(this.#port, options);
    fake.ports = ports;
    this.#fakes.push(fake);
    return fake;
  }

  async connectReady(ports: FakeSwitch['ports'], options: FakeSwitchOptions = {}): Promise<FakeSwitch> {
    const fake = await this.connect(ports, options);
    await until(
      'flows in step',
      WAIT_MS,
      () => this.board.controller.switches.length === this.#fakes.length || undefined,
    );
    return fake;
  }

  async stop(): Promise<void> {
    for (const fake of this.#fakes) fake.disconnect();
    await this.board.controller.stop();
    this.firewall.stop();
  }
}

let rig: Rig;
const startWith = async (rules: readonly Rule[], groups: readonly ClientGroup[] = []): Promise<Rig> => {
  rig = new Rig(rules, groups);
  await rig.start();
  return rig;
};
afterEach(() => rig.stop());

/** A direct query that came in on the port of the client. */
function ask(fake: FakeSwitch, id: number): void {
  const data = composeFrame(composeQuery('www.example.org', id), { source: '192.0.2.10', destination: SERVER });
  fake.send({
    type: 'packetIn',
    xid: 0,
    bufferId: 0xffffffff,
    totalLen: data.length,
    reason: 1,
    tableId: 1,
    cookie: cookieOf(1, PIPELINE.verdict.entries.ask.rule),
    match: [{ field: 'in_port', value: CLIENT_PORT }],
    data,
  });
}

const verdicts = (fake: FakeSwitch) => fake.tables.flows.flatMap((flow) => readVerdictFlow(flow)?.kind ?? []);

/** Does not answer what its ports are until it is told to. */
class SlowPorts {
  #asked: { readonly request: MessageOf<'multipartRequest'>; readonly fake: FakeSwitch } | undefined;
  readonly answers = (request: Message, fake: FakeSwitch): boolean => {
    if (request.type !== 'multipartRequest' || request.body.type !== 'portDescription') return false;
    if (this.#asked !== undefined) return false;
    this.#asked = { request, fake };
    return true;
  };

  asked(): Promise<unknown> {
    return until('asked for its ports', WAIT_MS, () => this.#asked);
  }

  answer(): void {
    const { request, fake } = this.#asked!;
    const ports = Object.entries(fake.ports).map(portDescription);
    fake.send({ type: 'multipartReply', xid: request.xid, flags: 0, body: { type: 'portDescription', ports } });
  }
}

/** The port of the client is another's now, or has another name. */
async function rename(fake: FakeSwitch, name: string): Promise<void> {
  fake.ports = { outside: 2, [name]: CLIENT_PORT };
  fake.send({ type: 'portStatus', xid: 0, reason: 0, port: portDescription([name, CLIENT_PORT]) });
  await fake.echo();
  rig.clock.advance(PORTS_MS);
}

it('a permission of a port by its name ends when another port has its number', async () => {
  await startWith([ruleOf('allow', { from: 'port:vm1' })]);
  const fake = await rig.connectReady({ outside: 2, vm1: CLIENT_PORT });
  ask(fake, 1);
  await until('allowed', WAIT_MS, () => verdicts(fake).includes('allow') || undefined);
  await rename(fake, 'vm2');
  await until('the flow has gone', WAIT_MS, () => {
    rig.clock.advance(1);
    return !verdicts(fake).includes('allow') || undefined;
  });
  expect(rig.firewall.gates[0]!.allowFlowCount).toBe(0);
  ask(fake, 2);
  await until('refused', WAIT_MS, () => verdicts(fake).includes('drop') || undefined);
  expect(fake.ofType('packetOut')).toHaveLength(1);
});

it('so does one that a switch keeps while it is away', async () => {
  await startWith([ruleOf('allow', { from: 'port:vm1' })]);
  const before = await rig.connectReady({ outside: 2, vm1: CLIENT_PORT });
  ask(before, 1);
  await until('allowed', WAIT_MS, () => verdicts(before).includes('allow') || undefined);
  before.disconnect();
  await until('away', WAIT_MS, () => rig.board.controller.switches.length === 0 || undefined);
  const after = await rig.connect({ outside: 2, vm2: CLIENT_PORT }, { tables: before.tables });
  await until('back', WAIT_MS, () => rig.board.controller.switches.length === 1 || undefined);
  await until('the flow has gone', WAIT_MS, () => {
    rig.clock.advance(1);
    return !verdicts(after).includes('allow') || undefined;
  });
});

it('a new port with no name of a rule leaves the flows of the others', async () => {
  await startWith([ruleOf('allow', { from: 'port:vm1' })]);
  const fake = await rig.connectReady({ outside: 2, vm1: CLIENT_PORT });
  ask(fake, 1);
  await until('allowed', WAIT_MS, () => verdicts(fake).includes('allow') || undefined);
  fake.ports = { ...fake.ports, vm3: 9 };
  fake.send({ type: 'portStatus', xid: 0, reason: 0, port: portDescription(['vm3', 9]) });
  await fake.echo();
  await until('read again', WAIT_MS, () => rig.board.controller.switches[0]!.ports.has('vm3') || undefined);
  for (let turn = 0; turn < 10; turn++) {
    rig.clock.advance(10);
    await fake.echo();
  }
  expect(verdicts(fake)).toEqual(['allow']);
});

it('nothing is judged before the ports of the switch are known, and nothing of it is lost', async () => {
  const slow = new SlowPorts();
  await startWith([ruleOf('deny', { from: 'port:vm1' })]);
  learnAt(rig.history, rig.clock.nowMs(), { address: SERVER, nsTtlSeconds: 60_000 });
  const fake = await rig.connect({ outside: 2, vm1: CLIENT_PORT }, { answers: slow.answers });
  await slow.asked();
  ask(fake, 1);
  await fake.echo();
  expect(fake.ofType('packetOut')).toEqual([]);
  slow.answer();
  await until('refused', WAIT_MS, () => verdicts(fake).includes('drop') || undefined);
  expect(verdicts(fake)).toEqual(['drop']);
  expect(fake.ofType('packetOut')).toEqual([]);
});

it('what is permitted passes as soon as they are known', async () => {
  const slow = new SlowPorts();
  await startWith([], [groupOf(9, 'lab', ['port:vm1'], { minimumZones: 2 })]);
  learnAt(rig.history, rig.clock.nowMs(), { address: SERVER, nsTtlSeconds: 60_000 });
  const fake = await rig.connect({ outside: 2, vm2: CLIENT_PORT }, { answers: slow.answers });
  await slow.asked();
  for (let id = 0; id < 10; id++) ask(fake, id);
  await fake.echo();
  expect(fake.ofType('packetOut')).toEqual([]);
  slow.answer();
  await fake.waitFor('packetOut', 10);
  expect(rig.board.controller.queue.counters.get('packet_in dropped')).toBe(0);
});

it('a client of a group by its port is of that group from its first query on', async () => {
  const slow = new SlowPorts();
  await startWith([], [groupOf(9, 'lab', ['port:vm1'], { minimumZones: 2 })]);
  learnAt(rig.history, rig.clock.nowMs(), { address: SERVER, nsTtlSeconds: 60_000 });
  const fake = await rig.connect({ outside: 2, vm1: CLIENT_PORT }, { answers: slow.answers });
  await slow.asked();
  ask(fake, 1);
  await fake.echo();
  slow.answer();
  await until('told', WAIT_MS, () => {
    rig.clock.advance(1);
    return rig.events[0];
  });
  expect(rig.events).toMatchObject([{ group: 'lab', verdict: 'block' }]);
});

it('a bypass that one switch has is no other’s', async () => {
  await startWith([], [groupOf(9, 'lab', ['port:vm1'])]);
  rig.bypasses.begin({
    group: { id: 9, name: 'lab' },
    sinceMs: 0,
    untilMs: rig.clock.nowMs() + 60_000,
    reason: '',
    owner: '',
  });
  const ports = { outside: 2, vm1: CLIENT_PORT };
  const before = await rig.connectReady(ports);
  expect(verdicts(before)).toEqual(['bypass']);
  await rig.stop();
  await startWith([], [groupOf(9, 'lab', ['port:vm1'])]);
  const one = await rig.connectReady(ports, { tables: before.tables });
  const other = await rig.connectReady(ports, { datapathId: 2n });
  expect([verdicts(one), verdicts(other)]).toEqual([['bypass'], []]);
  expect(rig.bypasses.orders).toMatchObject([{ group: { name: 'lab' }, datapathId: '0000000000000001' }]);
});
