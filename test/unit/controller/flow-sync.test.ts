/** How a switch is brought in step: on real loopback sockets, by sessions as they are. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cookieOf, PIPELINE, VERDICT_RULES } from '../../../src/controller/pipeline.ts';
import { allowFlow } from '../../../src/controller/verdict-flows.ts';
import { parseAddress } from '../../../src/core/address.ts';
import type { FlowMod } from '../../../src/openflow/flow-mod.ts';
import { encodeMessage, type Message } from '../../../src/openflow/message.ts';
import { type ErrorCodeName, errorNumbers } from '../../../src/openflow/schema/errors.ts';
import type { FlowStats } from '../../../src/openflow/schema/multipart.ts';
import { type FakeSwitch, FakeTables, portDescription } from '../../support/fake-openflow-switch.ts';
import { SessionRig } from '../../support/session-rig.ts';

let rig: SessionRig;

beforeEach(async () => {
  rig = new SessionRig();
  await rig.start();
});
afterEach(() => rig.stop());

const asks = (message: Message, type: string) => message.type === 'multipartRequest' && message.body.type === type;
const allow = (text: string) => allowFlow({ destination: parseAddress(text)! }, 300);
const isOfVerdict = ({ cookie }: Pick<FlowMod, 'cookie'>) => VERDICT_RULES.includes(Number(cookie & 0xffffffffn));
const refuse = (fake: FakeSwitch, { xid }: Message, name: ErrorCodeName) => {
  const { errorType, errorCode } = errorNumbers(name);
  fake.send({ type: 'error', xid, errorType, code: errorCode, data: Buffer.alloc(0) });
  return true;
};

const hangUp = (fake: FakeSwitch) => {
  fake.disconnect();
  return true;
};

/** A flow of ours that nobody wants any more. */
function leftover(rule: number, priority: number): FlowStats {
  const counters = { durationSec: 1, durationNsec: 0, packetCount: 5n, byteCount: 500n };
  const rest = { idleTimeout: 0, hardTimeout: 0, flags: 0, match: [], instructions: [] };
  return { tableId: 1, priority, cookie: cookieOf(1, rule), ...rest, ...counters };
}

/** The tables of a switch that was in step when its connection went. */
async function tablesInStep(): Promise<FakeTables> {
  const tables = new FakeTables();
  const { fake } = await rig.connectReady({ tables });
  fake.disconnect();
  await rig.reason();
  rig.told.length = 0;
  rig.log.length = 0;
  return tables;
}

describe('a dump that does not come to its end', () => {
  /** The first part of a dump that says that more will come, and is empty. */
  const half = ({ xid }: Message) =>
    encodeMessage({ type: 'multipartReply', xid, flags: 1, body: { type: 'flow', entries: [] } });

  it.each<readonly [string, (fake: FakeSwitch, request: Message) => unknown]>([
    ['because an ERROR follows', (fake, request) => refuse(fake, request, 'OFPBRC_MULTIPART_BUFFER_OVERFLOW')],
    ['because the connection breaks', (fake) => setTimeout(() => fake.disconnect(), 20)],
    ['because nothing follows for 10 s', () => setTimeout(() => rig.clock.advance(10_000), 20)],
  ])('is not compared: %s', async (_why, breakOff) => {
    const tables = await tablesInStep();
    const before = tables.flows;
    const fake = await rig.connect({
      tables,
      answers(message, one) {
        if (!asks(message, 'flow')) return false;
        one.write(half(message));
        breakOff(one, message);
        return true;
      },
    });
    await rig.reason();
    expect(fake.ofType('flowMod')).toEqual([]);
    expect(fake.ofType('experimenter')).toEqual([]);
    expect(tables.flows).toBe(before);
    expect(rig.told).not.toContain('ready');
  });

  it('is not compared in a session that is ready either, and that ends', async () => {
    let isBroken = false;
    const { fake, session } = await rig.connectReady({
      answers: (message, one) => isBroken && asks(message, 'flow') && refuse(one, message, 'OFPBRC_EPERM'),
    });
    isBroken = true;
    const before = fake.tables.flows;
    const sent = fake.ofType('experimenter').length;
    session.desireChanged();
    expect(await rig.reason()).toMatch(/OFPBRC_EPERM/);
    expect(fake.ofType('experimenter')).toHaveLength(sent);
    expect(fake.tables.flows).toBe(before);
  });
});

describe('a connection lost in the middle of an update', () => {
  it('leaves the flows as they were where a bundle was under way, and the next one brings them in step', async () => {
    const tables = new FakeTables();
    tables.flows = [leftover(PIPELINE.verdict.entries.ask.rule, 11)];
    const before = tables.flows;
    await rig.connect({
      tables,
      answers(message, one) {
        if (message.type !== 'barrierRequest' || one.ofType('experimenter').length === 0) return false;
        one.disconnect();
        return true;
      },
    });
    await rig.reason();
    expect(tables.flows).toBe(before);
    const { session } = await rig.connectReady({ tables });
    expect(tables.flows).toHaveLength(rig.hooks.baseFlows(session).length);
  });

  it('costs nothing that was done, where there are no bundles: the next one goes on from there', async () => {
    const tables = new FakeTables();
    let came = 0;
    await rig.connect({
      tables,
      bundles: false,
      answers(message, one) {
        if (message.type !== 'flowMod') return false;
        came++;
        if (came > 3) one.disconnect();
        return came > 3;
      },
    });
    await rig.reason();
    expect(tables.flows).toHaveLength(3);
    const { fake, session } = await rig.connectReady({ tables, bundles: false });
    const sent = fake.ofType('flowMod');
    expect(sent).toHaveLength(rig.hooks.baseFlows(session).length - 3);
    expect(sent.every(({ command }) => command === 'add')).toBe(true);
  });

  it('does not go on behind it: the flows of verdicts are not even asked for', async () => {
    let asked = 0;
    const verdictFlows = () => {
      asked++;
      return [];
    };
    rig.hooks = { ...rig.hooks, verdictFlows };
    await rig.connect({
      bundles: false,
      answers: (message, one) => message.type === 'flowMod' && hangUp(one),
    });
    await rig.reason();
    expect(asked).toBe(0);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('touches no other switch', async () => {
    const other = await rig.connectReady({ datapathId: 2n });
    // What its own start sent has come once it answers.
    await other.fake.echo();
    const sent = other.fake.received.length;
    await rig.connect({ answers: (message, one) => asks(message, 'flow') && hangUp(one) });
    await rig.reason();
    await other.fake.echo();
    expect(other.fake.received.slice(sent).map(({ type }) => type)).toEqual(['echoReply']);
    expect(other.session.isReady).toBe(true);
  });
});

describe('the order', () => {
  it('is meters, what always stands, flows of verdicts, and in each what is left over last', async () => {
    const tables = new FakeTables();
    tables.flows = [
      leftover(PIPELINE.verdict.entries.ask.rule, 11),
      leftover(PIPELINE.verdict.entries.allow.rule, 301),
      { ...leftover(0, 7), cookie: 0x1234n },
    ];
    rig.hooks = { ...rig.hooks, verdictFlows: () => [allow('198.51.100.1')] };
    const { fake, session } = await rig.connectReady({ tables, bundles: false });
    const steps = fake.received.flatMap((message) => {
      if (message.type === 'meterMod' || message.type === 'barrierRequest') return [message.type];
      return message.type === 'flowMod' ? [`${message.command} ${isOfVerdict(message) ? 'verdict' : 'base'}`] : [];
    });
    const runs = steps.filter((step, index) => step !== steps[index - 1]);
    // A deletion names table, priority and match; it has no cookie.
    expect(runs).toEqual([
      ...['meterMod', 'barrierRequest'],
      ...['add base', 'deleteStrict base', 'barrierRequest'],
      ...['add verdict', 'deleteStrict base', 'barrierRequest'],
    ]);
    const deleted = fake.ofType('flowMod').filter(({ command }) => command === 'deleteStrict');
    expect(deleted.map(({ priority }) => priority)).toEqual([11, 301]);
    expect(tables.flows).toHaveLength(rig.hooks.baseFlows(session).length + 2);
    expect(tables.flows.some(({ cookie }) => cookie === 0x1234n)).toBe(true);
  });

  it('has a table lead nowhere that is not there yet: the last table comes first', async () => {
    const { fake } = await rig.connectReady({ bundles: false });
    const tableIds = fake.ofType('flowMod').map(({ tableId }) => tableId);
    expect(tableIds).toEqual(tableIds.toSorted((one, other) => other - one));
  });
});

describe('of many flows', () => {
  const MANY = 1500;
  const standing = Array.from({ length: MANY }, (_, n) => allow(`198.18.${n >> 8}.${n & 255}`));

  /** The tables of a switch that has all of these and what always stands. */
  async function tablesWithMany(): Promise<FakeTables> {
    const tables = await tablesInStep();
    const generation = Number((tables.flows[0]!.cookie >> 32n) & 0xffffn);
    const counters = { durationSec: 0, durationNsec: 0, packetCount: 0n, byteCount: 0n };
    const stats = standing.map(
      ({ tableId, priority, match, instructions, rule }): FlowStats => ({
        ...{ tableId, priority, match, instructions, cookie: cookieOf(generation, rule) },
        ...{ idleTimeout: 0, hardTimeout: 300, flags: 0, ...counters },
      }),
    );
    tables.flows = [...tables.flows, ...stats];
    return tables;
  }

  it('a verdict that was taken back while they were compared does not stay', async () => {
    const tables = await tablesWithMany();
    const before = tables.flows.length;
    const asked: number[] = [];
    const overtaken = allow('198.51.100.1');
    rig.hooks.verdictFlows = (_session, present) => {
      asked.push(present.length);
      return asked.length === 1 ? [...standing, overtaken] : standing;
    };
    await rig.connectReady({ tables, bundles: false });
    expect(asked).toEqual([MANY, MANY + 1, MANY]);
    expect(tables.flows).toHaveLength(before);
  });

  it('are compared once when nothing differs, and no more than three times', async () => {
    const tables = await tablesWithMany();
    let asked = 0;
    rig.hooks.verdictFlows = () => {
      asked++;
      return standing;
    };
    const { fake } = await rig.connectReady({ tables, bundles: false });
    expect(asked).toBe(1);
    expect(fake.ofType('flowMod')).toEqual([]);
    fake.disconnect();
    await rig.reason();
    asked = 0;
    rig.hooks.verdictFlows = () => {
      asked++;
      return [...standing, allow(`198.51.100.${asked}`)];
    };
    await rig.connectReady({ tables, bundles: false });
    expect(asked).toBe(3);
  });
});

describe('meters', () => {
  const observedCopy = encodeMessage({
    ...{ type: 'packetIn', xid: 0, bufferId: 0xffffffff, totalLen: 60, reason: 1, tableId: 3 },
    cookie: cookieOf(1, PIPELINE.copy.entries.observed.rule),
    match: [{ field: 'in_port', value: 1 }],
    data: Buffer.alloc(60),
  } as Message);
  const warnings = () => rig.log.filter((line) => line.startsWith('warn: '));

  it.each<readonly [string, (message: Message) => ErrorCodeName | undefined, string]>([
    [
      'one is refused',
      (message) => (message.type === 'meterMod' && message.meterId === 1 ? 'OFPMMFC_OUT_OF_METERS' : undefined),
      'warn: the switch refuses 1 of our meters: copies beyond copy.*_rate are dropped here, ' +
        'and queries without a verdict are bounded by ask.waiting alone',
    ],
    [
      'none can be read',
      (message) => (asks(message, 'meterConfig') ? 'OFPBRC_EPERM' : undefined),
      'warn: the switch has no meters: copies beyond copy.*_rate are dropped here, ' +
        'and queries without a verdict are bounded by ask.waiting alone',
    ],
    [
      'there are none',
      (message) => (asks(message, 'meterFeatures') ? 'OFPBRC_BAD_TYPE' : undefined),
      'warn: the switch has no meters: copies beyond copy.*_rate are dropped here, ' +
        'and queries without a verdict are bounded by ask.waiting alone',
    ],
  ])('are made up for by a limit here when %s, and the log says so', async (_what, refusalOf, line) => {
    const { fake, session } = await rig.connectReady({
      answers(message, one) {
        const name = refusalOf(message);
        return name !== undefined && refuse(one, message, name);
      },
    });
    expect(warnings()).toEqual([line]);
    expect(session.hasMeters).toBe(false);
    expect(
      fake.tables.flows.flatMap(({ instructions }) => instructions.filter(({ type }) => type === 'meter')),
    ).toEqual([]);
    // 1,000 a second, and no time passes.
    fake.write(Buffer.concat(Array.from({ length: 1200 }, () => observedCopy)));
    await fake.echo();
    expect(session.limits.copiesDropped.observed).toBe(200);
  });

  it('that are missing are said once, however often the flows are looked at', async () => {
    const { fake, session } = await rig.connectReady({ meters: 0 });
    for (let round = 0; round < 5; round++) {
      session.desireChanged();
      await fake.echo();
      await fake.echo();
    }
    expect(warnings()).toHaveLength(1);
  });

  it('are not called missing because the connection ended before the switch could say', async () => {
    await rig.connect({ answers: (message, one) => asks(message, 'meterFeatures') && hangUp(one) });
    await rig.reason();
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings()).toEqual([]);
  });

  it('come back with the switch that lost them', async () => {
    const tables = await tablesInStep();
    tables.meters.clear();
    const { session } = await rig.connectReady({ tables });
    expect([...tables.meters.keys()]).toEqual([1, 2]);
    expect(session.hasMeters).toBe(true);
  });
});

describe('what is said', () => {
  it('is that flows are in step: at first, and later only when something had to be changed', async () => {
    const { fake, session } = await rig.connectReady();
    const lines = () => rig.log.filter((line) => line.startsWith('info: flows in step'));
    expect(lines()).toHaveLength(1);
    session.desireChanged();
    await rig.until('looked at', () => rig.log.some((line) => line.startsWith('debug: flows in step')));
    expect(lines()).toHaveLength(1);
    fake.ports = { inside: 1, outside: 7 };
    fake.send({ type: 'portStatus', xid: 0, reason: 2, port: portDescription(['outside', 7]) });
    await rig.until('changed', () => lines().length === 2);
  });
});
