/** The model switch does what Open vSwitch does: the same messages go to both, and both are asked where packets go. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PIPELINE } from '../../src/controller/pipeline.ts';
import { type Ipv4Address, type Ipv6Address, parseAddress } from '../../src/core/address.ts';
import { FLOW_MOD_DEFAULTS } from '../../src/openflow/flow-mod.ts';
import type { Message, MessageOf } from '../../src/openflow/message.ts';
import type { Oxm } from '../../src/openflow/oxm.ts';
import { describeMessage, WHOLE_MESSAGE } from '../../src/openflow/print.ts';
import type { Action } from '../../src/openflow/schema/actions.ts';
import { FragmentFlag, Group, Meter, Port, Table } from '../../src/openflow/schema/constants.ts';
import { errorNames } from '../../src/openflow/schema/errors.ts';
import type { FlowStats } from '../../src/openflow/schema/multipart.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeFrame, type FrameFields } from '../support/frames.ts';
import { ofModel, ofTrace } from '../support/model-switch/comparison.ts';
import { readFrameFields } from '../support/model-switch/frame-fields.ts';
import { maskedFields } from '../support/model-switch/masked-field.ts';
import type { ModelConnection } from '../support/model-switch/model-connection.ts';
import { ModelGap } from '../support/model-switch/model-gap.ts';
import { ModelSwitch } from '../support/model-switch/model-switch.ts';
import { type Arrival, randomArrival } from '../support/model-switch/random-frames.ts';
import { WORLD } from '../support/model-switch/random-matches.ts';
import { randomPipeline } from '../support/model-switch/random-pipeline.ts';
import { randomRuleSet } from '../support/model-switch/random-rules.ts';
import { REFUSED, type Told } from '../support/model-switch/refused-messages.ts';
import type { TableChange } from '../support/model-switch/switch-state.ts';
import { readTrace } from '../support/model-switch/trace-reading.ts';
import { TRACED_PORTS, TracedBridge } from '../support/model-switch/traced-bridge.ts';
import { tracedFields } from '../support/model-switch/traced-fields.ts';
import { PASS_MARKER, VethBridge } from '../support/veth-bridge.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const RULE_SETS = 300;
const FRAMES_EACH = 10;
const PIPELINES = 60;
const FRAGMENTS = 300;
const BROKEN_FRAMES = 4000;
const PORTS = [...Object.values(TRACED_PORTS), Port.LOCAL];

const clearing: readonly TableChange[] = [
  { ...FLOW_MOD_DEFAULTS, command: 'delete', tableId: Table.ALL },
  { type: 'groupMod', xid: 0, command: 'delete', groupType: 0, groupId: Group.ALL, buckets: [] },
  { type: 'meterMod', xid: 0, command: 'delete', flags: 0, meterId: Meter.ALL, bands: [] },
];

const errorName = ({ errorType, code, experimenter }: MessageOf<'error'>) =>
  errorNames(errorType, code, experimenter).code;

type ShownFlow = Pick<FlowStats, 'tableId' | 'priority' | 'cookie' | 'flags' | 'match' | 'instructions'>;

/** An entry without what counts and what time changes, its match in any order. Open vSwitch forgets empty lists of actions. */
function shownFlow({ tableId, priority, cookie, flags, match, ...entry }: ShownFlow): string {
  const instructions = entry.instructions.filter((step) => !('actions' in step) || step.actions.length > 0);
  const parts = { tableId, priority, cookie, flags, fields: maskedFields(match), instructions };
  return JSON.stringify(parts, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value));
}

/** A resolver that asks itself would match two entries of one priority, and no switch says which. */
const betweenHosts = randomArrival.filter(({ frame }) => {
  const { numbers } = readFrameFields(frame);
  return ['ipv4', 'ipv6'].every(
    (ip) => !numbers.has(`${ip}_src`) || numbers.get(`${ip}_src`) !== numbers.get(`${ip}_dst`),
  );
});

const isFragment = ({ frame }: Arrival) => (readFrameFields(frame).numbers.get('nw_frag') ?? 0n) !== 0n;

/** Each port of each protocol leads elsewhere. */
const PORT_RULES: readonly Message[] = [0x0800, 0x86dd].flatMap((ethType) =>
  (['udp', 'tcp'] as const).flatMap((name) =>
    WORLD.transportPorts.flatMap((port, index) => {
      const isOf: Oxm[] = [
        { field: 'eth_type', value: ethType },
        { field: 'ip_proto', value: name === 'udp' ? 17 : 6 },
      ];
      const rule = (priority: number, oxm: Oxm, to: number): Message => {
        const instructions = [{ type: 'applyActions', actions: [{ type: 'output', port: to, maxLength: 0 }] } as const];
        return { ...FLOW_MOD_DEFAULTS, priority, match: [...isOf, oxm], instructions };
      };
      const outputs = [Port.IN_PORT, Port.LOCAL, Port.CONTROLLER];
      return [
        rule(10 + index, { field: `${name}_dst`, value: port }, outputs[index]!),
        rule(20 + index, { field: `${name}_src`, value: port }, outputs[index]!),
      ].slice(0, port === 53 ? 2 : 1);
    }),
  ),
);

class Model {
  readonly answers: Message[] = [];
  readonly model: ModelSwitch;
  readonly #connection: ModelConnection;

  constructor(ports: Readonly<Record<string, number>> = TRACED_PORTS) {
    this.model = new ModelSwitch(new VirtualClock(), { ports });
    this.#connection = this.model.connect((message) => this.answers.push(message));
  }

  /** The names of the errors that messages earn, of those in bundles too. */
  refusals(messages: readonly Told[]): readonly (string | undefined)[] {
    this.answers.length = 0;
    for (const [xid, told] of messages.entries()) {
      this.#connection.receive({ ...(typeof told === 'function' ? told(xid) : told), xid });
    }
    return messages.map((_, xid) => {
      const error = this.answers.find((answer) => answer.type === 'error' && answer.xid === xid);
      return error?.type === 'error' ? errorName(error) : undefined;
    });
  }
}

describeIf(['root', 'namespaces', 'openVswitch'], 'the model switch, beside Open vSwitch', () => {
  let bridge: TracedBridge;
  const seed = Number(process.env.GLUEWALL_SEED ?? Date.now() % 2 ** 31);

  beforeAll(async () => {
    bridge = await TracedBridge.start();
  });
  afterAll(() => bridge?.stop());

  /** Sends messages to the bridge; the name of the error of each. */
  async function refusals(messages: readonly Told[]): Promise<readonly (string | undefined)[]> {
    bridge.client.received.length = 0;
    const xids = messages.map((message) => bridge.client.send(message));
    await bridge.client.barrier();
    const errors = new Map(bridge.client.ofType('error').map((error) => [error.xid, errorName(error)]));
    return xids.map((xid) => errors.get(xid));
  }

  /** Gives both the same messages: they must refuse the same ones, and hold the same entries then. */
  async function bothTake(messages: readonly Message[]): Promise<Model> {
    const model = new Model();
    const ofBridge = await refusals([...clearing, ...messages]);
    const ofMine = model.refusals(messages);
    const told = (errors: readonly (string | undefined)[]) =>
      errors.map((error, index) => `${error ?? 'taken'}: ${describeMessage(messages[index]!, WHOLE_MESSAGE)}`);
    expect(told(ofMine)).toEqual(told(ofBridge.slice(clearing.length)));
    const held = model.model.state.flows.all(() => true).map(shownFlow);
    expect(held.sort()).toEqual((await bridge.client.flows()).map(shownFlow).sort());
    return model;
  }

  /** Asks both where a frame goes; false where the model says that it cannot tell. */
  async function bothForward({ model }: Model, { frame, inPort }: Arrival): Promise<boolean> {
    let forwarding: ReturnType<ModelSwitch['forward']>;
    try {
      forwarding = model.forward(frame, inPort);
    } catch (error) {
      if (error instanceof ModelGap) return false;
      throw error;
    }
    const text = await bridge.trace(frame, inPort);
    const traced = readTrace(text, readFrameFields(frame).numbers, bridge.ports);
    const where = `${frame.toString('hex')} from port ${inPort}:\n${text}`;
    expect(forwarding.passed, where).toEqual(traced.passed);
    expect(ofModel(forwarding, inPort, PORTS), where).toEqual(ofTrace(traced.departures, frame.length));
    return true;
  }

  it(`random rule sets, and random frames through them (seed ${seed})`, async () => {
    const ruleSets = fc.sample(randomRuleSet, { seed, numRuns: RULE_SETS });
    const frames = fc.sample(randomArrival, { seed, numRuns: RULE_SETS * FRAMES_EACH });
    let told = 0;
    for (const [index, { fragmentMode, changes }] of ruleSets.entries()) {
      const config: Message = { type: 'setConfig', xid: 0, flags: fragmentMode, missSendLen: 0 };
      const model = await bothTake([config, ...changes]);
      for (const arrival of frames.slice(index * FRAMES_EACH, (index + 1) * FRAMES_EACH)) {
        if (await bothForward(model, arrival)) told++;
      }
    }
    expect(told).toBeGreaterThan(RULE_SETS * FRAMES_EACH * 0.5);
  });

  it('refuses what Open vSwitch refuses, for the same reasons', async () => {
    const model = new Model();
    const wanted = REFUSED.map(([, name]) => name);
    const messages = REFUSED.map(([message]) => message);
    const ofBridge = await refusals([...clearing, ...messages]);
    expect(ofBridge.slice(clearing.length), 'the bridge').toEqual(wanted);
    expect(model.refusals(messages), 'the model').toEqual(wanted);
  });

  it(`shows the ports of fragments as the fragment mode says (seed ${seed})`, async () => {
    const fragments = fc.sample(randomArrival.filter(isFragment), { seed, numRuns: FRAGMENTS });
    const { NORMAL, DROP, NX_MATCH } = FragmentFlag;
    for (const flags of [NORMAL, DROP, NX_MATCH]) {
      const model = await bothTake([{ type: 'setConfig', xid: 0, flags, missSendLen: 0 }, ...PORT_RULES]);
      for (const arrival of fragments) expect(await bothForward(model, arrival)).toBe(true);
    }
  });

  it(`gluewall's own pipeline with random settings (seed ${seed})`, async () => {
    const pipelines = fc.sample(randomPipeline, { seed, numRuns: PIPELINES });
    const frames = fc.sample(betweenHosts, { seed: seed + 1, numRuns: PIPELINES * FRAMES_EACH });
    let asked = 0;
    for (const [index, changes] of pipelines.entries()) {
      const config: Message = { type: 'setConfig', xid: 0, flags: FragmentFlag.NX_MATCH, missSendLen: 0 };
      const model = await bothTake([config, ...changes]);
      for (const arrival of frames.slice(index * FRAMES_EACH, (index + 1) * FRAMES_EACH)) {
        expect(await bothForward(model, arrival)).toBe(true);
      }
      asked += model.model.state.flows.counts[PIPELINE.verdict.id]!.matched > 0n ? 1 : 0;
    }
    // By chance about one in four; it must not be that hardly any frame comes so far.
    expect(asked).toBeGreaterThan(PIPELINES / 12);
  });

  it(`reads frames as Open vSwitch does, broken ones too (seed ${seed})`, async () => {
    await refusals(clearing);
    const broken = fc.sample(fc.tuple(randomArrival, fc.infiniteStream(fc.nat(0xffff))), {
      seed,
      numRuns: BROKEN_FRAMES,
    });
    let read = 0;
    for (const [{ frame, inPort }, numbers] of broken) {
      const cut = breakFrame(frame, numbers);
      const text = await bridge.trace(cut, inPort);
      const traced = tracedFields(text);
      if (traced === undefined) continue;
      read++;
      const mine = new Map([...readFrameFields(cut).numbers].filter(([, value]) => value !== 0n));
      expect(sorted(mine), `${cut.toString('hex')}: ${text}`).toEqual(sorted(traced));
    }
    expect(read).toBeGreaterThan(BROKEN_FRAMES * 0.5);
  });
});

describeIf(['root', 'namespaces', 'openVswitch'], 'frames that the model switch has changed', () => {
  let bridge: VethBridge;

  beforeAll(async () => {
    bridge = await VethBridge.start();
  });
  afterAll(() => bridge?.stop());

  it('are octet for octet those that come out of Open vSwitch, checksums and all', async () => {
    const model = new Model({ in: 1, out: 2 });
    const client = await bridge.connect();
    await bridge.addFlows(PASS_MARKER);
    for (const [index, { oxms, action }] of CHANGES.entries()) {
      const actions = [action, { type: 'output', port: 2, maxLength: 0 } as const];
      const match = [macOf(index), ...oxms];
      const instructions = [{ type: 'applyActions', actions } as const];
      const mod: Message = { ...FLOW_MOD_DEFAULTS, priority: 100 + index, match, instructions };
      expect(model.refusals([mod])).toEqual([undefined]);
      expect(await client.refusal(mod)).toBeUndefined();
    }
    client.close();
    const frames = CHANGES.map(({ fields }, index) => markedFrame(fields, index));
    const mine = frames.flatMap((frame) => model.model.forward(frame, 1).happenings);
    const hex = mine.map((happening) => (happening.kind === 'output' ? happening.frame.toString('hex') : ''));
    const out = (await bridge.through(frames)).map((frame) => frame.toString('hex'));
    expect(out).toHaveLength(CHANGES.length);
    expect(hex.sort()).toEqual(out.sort());
    expect(hex.filter((one) => frames.some((frame) => frame.toString('hex') === one))).toEqual([]);
  });
});

const isIpv4 = { field: 'eth_type', value: 0x0800 } as const;
const isIpv6 = { field: 'eth_type', value: 0x86dd } as const;
const protocol = (value: number) => ({ field: 'ip_proto', value }) as const;
const set = (oxm: Oxm): Action => ({ type: 'setField', oxm });
const otherIpv4 = parseAddress('203.0.113.77') as Ipv4Address;
const otherIpv6 = parseAddress('2001:db8:ffff:1::77') as Ipv6Address;
const V6: FrameFields = { source: '2001:db8::1', destination: '2001:db8::2' };

/** Changes, each with what it needs in a match and the frame that it is tried on. */
const CHANGES: readonly { readonly fields: FrameFields; readonly oxms: readonly Oxm[]; readonly action: Action }[] = [
  { fields: {}, oxms: [isIpv4, protocol(17)], action: set({ field: 'ipv4_dst', value: otherIpv4 }) },
  { fields: {}, oxms: [isIpv4, protocol(17)], action: set({ field: 'udp_dst', value: 5353 }) },
  { fields: { transport: 'tcp' }, oxms: [isIpv4, protocol(6)], action: set({ field: 'ipv4_src', value: otherIpv4 }) },
  { fields: { transport: 'tcp' }, oxms: [isIpv4, protocol(6)], action: set({ field: 'tcp_src', value: 5353 }) },
  { fields: {}, oxms: [isIpv4], action: { type: 'decNwTtl' } },
  { fields: {}, oxms: [isIpv4], action: { type: 'setNwTtl', nwTtl: 9 } },
  { fields: {}, oxms: [isIpv4], action: set({ field: 'ip_dscp', value: 46 }) },
  { fields: { protocol: 1 }, oxms: [isIpv4, protocol(1)], action: set({ field: 'icmpv4_type', value: 13 }) },
  { fields: { protocol: 1 }, oxms: [isIpv4, protocol(1)], action: set({ field: 'ipv4_dst', value: otherIpv4 }) },
  { fields: V6, oxms: [isIpv6, protocol(17)], action: set({ field: 'ipv6_dst', value: otherIpv6 }) },
  { fields: V6, oxms: [isIpv6, protocol(17)], action: set({ field: 'udp_src', value: 5353 }) },
  { fields: { ...V6, transport: 'tcp' }, oxms: [isIpv6], action: set({ field: 'ipv6_src', value: otherIpv6 }) },
  { fields: { ...V6, protocol: 58 }, oxms: [isIpv6], action: set({ field: 'ipv6_src', value: otherIpv6 }) },
  { fields: V6, oxms: [isIpv6], action: set({ field: 'ipv6_flabel', value: 0x12345 }) },
  { fields: V6, oxms: [isIpv6], action: set({ field: 'ip_dscp', value: 46 }) },
  { fields: V6, oxms: [isIpv6], action: { type: 'decNwTtl' } },
  { fields: {}, oxms: [isIpv4], action: set({ field: 'eth_dst', value: '02:00:00:00:00:99' }) },
];

/** The last octet of the source address tells the frames apart. */
const macOf = (index: number) => ({ field: 'eth_src', value: `02:00:00:00:01:${(index + 16).toString(16)}` }) as const;

/** With a source address of its own, and made-up checksums where 0 stands. */
function markedFrame(fields: FrameFields, index: number): Buffer {
  const frame = composeFrame(Buffer.from('a payload of some length'), fields);
  frame[10] = 1;
  frame[11] = index + 16;
  const isV6 = fields.source?.includes(':') === true;
  if (!isV6) frame.writeUInt16BE(0x1234, 24);
  const at = 14 + (isV6 ? 40 : 20);
  const checksumAt = fields.transport === 'tcp' ? at + 16 : fields.protocol === undefined ? at + 6 : at + 2;
  frame.writeUInt16BE(0xbeef, checksumAt);
  return frame;
}

const sorted = (fields: ReadonlyMap<string, bigint>) => [...fields].sort(([one], [other]) => (one < other ? -1 : 1));

/** Changes up to three octets behind the addresses, and cuts half of the frames short. */
function breakFrame(frame: Buffer, numbers: Iterator<number>): Buffer {
  const next = () => numbers.next().value as number;
  const changed = Buffer.from(frame);
  for (let count = next() % 4; count > 0; count--) changed[12 + (next() % (frame.length - 12))] = next() & 0xff;
  return next() % 2 === 0 ? changed : changed.subarray(0, 14 + (next() % (frame.length - 13)));
}
