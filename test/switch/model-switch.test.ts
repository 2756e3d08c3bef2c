/** The model switch does what Open vSwitch does: the same messages go to both, and both are asked where packets go. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FLOW_MOD_DEFAULTS } from '../../src/openflow/flow-mod.ts';
import type { Message, MessageOf } from '../../src/openflow/message.ts';
import { describeMessage, WHOLE_MESSAGE } from '../../src/openflow/print.ts';
import { Group, Meter, Port, Table } from '../../src/openflow/schema/constants.ts';
import { errorNames } from '../../src/openflow/schema/errors.ts';
import type { FlowStats } from '../../src/openflow/schema/multipart.ts';
import { describeIf } from '../support/describe-if.ts';
import { ofModel, ofTrace } from '../support/model-switch/comparison.ts';
import { readFrameFields } from '../support/model-switch/frame-fields.ts';
import { maskedFields } from '../support/model-switch/masked-field.ts';
import { ModelGap } from '../support/model-switch/model-gap.ts';
import { ModelSwitch } from '../support/model-switch/model-switch.ts';
import { type Arrival, randomArrival } from '../support/model-switch/random-frames.ts';
import { randomRuleSet } from '../support/model-switch/random-rules.ts';
import type { TableChange } from '../support/model-switch/switch-state.ts';
import { readTrace } from '../support/model-switch/trace-reading.ts';
import { TRACED_PORTS, TracedBridge } from '../support/model-switch/traced-bridge.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const RULE_SETS = 300;
const FRAMES_EACH = 10;
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

class Model {
  readonly answers: Message[] = [];
  readonly model = new ModelSwitch(new VirtualClock(), { ports: TRACED_PORTS });
  readonly #connection = this.model.connect((message) => this.answers.push(message));

  /** The name of the error that a message earns. */
  refusal(message: Message): string | undefined {
    this.answers.length = 0;
    this.#connection.receive(message);
    const error = this.answers.find((answer) => answer.type === 'error');
    return error === undefined ? undefined : errorName(error);
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
  async function refusals(messages: readonly Message[]): Promise<readonly (string | undefined)[]> {
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
    const ofMine = messages.map((message) => model.refusal(message));
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
    expect(told).toBeGreaterThan(RULE_SETS * FRAMES_EACH * 0.9);
  });
});
