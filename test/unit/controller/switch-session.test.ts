import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cookieOf, PIPELINE } from '../../../src/controller/pipeline.ts';
import { bypassFlow } from '../../../src/controller/verdict-flows.ts';
import { encodeMessage, type Message } from '../../../src/openflow/message.ts';
import { FragmentFlag, OPENFLOW_VERSION } from '../../../src/openflow/schema/constants.ts';
import { composeHello, type FakeSwitch, featuresReply, portDescription } from '../../support/fake-openflow-switch.ts';
import { SessionRig } from '../../support/session-rig.ts';

let rig: SessionRig;

beforeEach(async () => {
  rig = new SessionRig();
  await rig.start();
});
afterEach(() => rig.stop());

/** What a switch was sent, in order: types, and for a multipart request what it asks for. */
function sequence(fake: FakeSwitch): string[] {
  const names = fake.received.map((message) =>
    message.type === 'multipartRequest' ? message.body.type : message.type,
  );
  return names.filter((name, index) => name !== names[index - 1]);
}

describe('the handshake', () => {
  it('goes from HELLO with a version bitmap to flows and a barrier, meters before the flows that name them', async () => {
    const { fake, session } = await rig.connectReady({ datapathId: 0xabcn });
    expect(sequence(fake)).toEqual([
      ...['hello', 'featuresRequest', 'portDescription', 'setConfig', 'getConfigRequest', 'setAsync', 'meterFeatures'],
      ...['meterConfig', 'meterMod', 'barrierRequest', 'flow'],
      // A bundle: opened, filled, and, when the barrier has shown that nothing was refused, committed.
      ...['experimenter', 'barrierRequest', 'experimenter', 'flowMod'],
    ]);
    expect(fake.received[0]).toMatchObject({ elements: [{ type: 'versionBitmap', bitmaps: [1 << OPENFLOW_VERSION] }] });
    expect(fake.ofType('setConfig')).toMatchObject([{ flags: FragmentFlag.NX_MATCH, missSendLen: 0xffff }]);
    expect(session.datapathId).toBe('0000000000000abc');
    expect([...session.ports]).toEqual([
      ['inside', 1],
      ['outside', 2],
    ]);
    expect(rig.told).toEqual(['ready']);
    expect([...fake.tables.meters.keys()]).toEqual([...rig.hooks.meterRates().keys()]);
    expect(fake.tables.flows).toHaveLength(rig.hooks.baseFlows(session).length);
    expect(session.counters.get('errors')).toBe(0);
  });

  it('works whatever pieces the octets of a HELLO come in', async () => {
    const hello = composeHello(4, [4]);
    const fake = await rig.connect({ hello: hello.subarray(0, 3) });
    for (const octet of hello.subarray(3)) fake.write(Buffer.from([octet]));
    await rig.until('ready', () => rig.told.includes('ready'));
  });

  it.each([
    ['1.5 with a bitmap that has 1.3', composeHello(6, [1, 4, 6])],
    ['1.5 without a bitmap', composeHello(6)],
    ['1.3 without a bitmap', composeHello(4)],
  ])('accepts %s', async (_name, hello) => {
    await rig.connectReady({ hello });
    expect(rig.told).toEqual(['ready']);
  });

  it.each([
    ['1.0', composeHello(1), 'version 1, not 4'],
    ['1.0 with a bitmap', composeHello(1, [1]), 'versions without 4'],
    ['1.3 with a bitmap that has no 1.3', composeHello(4, [1, 5]), 'versions without 4'],
    ['1.5 with a bitmap that has no 1.3', composeHello(6, [5, 6]), 'versions without 4'],
    ['1.0 with more behind it', Buffer.concat([composeHello(1), composeHello(1)]), 'version 1, not 4'],
  ])('refuses %s: says so to the switch, and to people what to do', async (_name, hello, offer) => {
    const fake = await rig.connect({ hello });
    await fake.untilClosed();
    expect(fake.received.map(({ type }) => type)).toEqual(['hello', 'error']);
    const [error] = fake.ofType('error');
    expect(error).toMatchObject({ errorType: 0, code: 0 });
    expect(error?.data.toString()).toMatch(/OpenFlow 1\.3/);
    expect(await rig.reason()).toMatch(new RegExp(`${offer}; try: ovs-vsctl .* protocols=OpenFlow13`));
  });

  it('ends when the first message is no HELLO', async () => {
    await rig.connect({ hello: encodeMessage({ type: 'featuresRequest', xid: 1 }) });
    expect(await rig.reason()).toMatch(/no HELLO/);
  });

  it.each(['hello', 'featuresRequest', 'multipartRequest', 'barrierRequest'] as const)(
    'has a deadline of 10 s when the switch says nothing to %s',
    async (type) => {
      const fake = await rig.connect(type === 'hello' ? { hello: Buffer.alloc(0) } : { deafTo: [type] });
      await fake.waitFor(type);
      rig.clock.advance(9999);
      expect(rig.told).toEqual([]);
      rig.clock.advance(1);
      expect(await rig.reason()).toMatch(/no handshake in time|no reply within 10000 ms/);
      await fake.untilClosed();
      expect(rig.clock.pendingTimers).toBe(0);
    },
  );

  it('ends with the reason that the owner gives for refusing the switch', async () => {
    rig.hooks = { ...rig.hooks, identified: () => 'not this one' };
    const fake = await rig.connect();
    expect(await rig.reason()).toBe('not this one');
    await fake.untilClosed();
    expect(fake.ofType('setConfig')).toEqual([]);
  });

  it('warns of a switch that refuses nx-match, and goes on', async () => {
    const { session } = await rig.connectReady({ fragmentModes: [FragmentFlag.NORMAL] });
    expect(rig.log.join('\n')).toMatch(/warn: .*nx-match/);
    expect(session.counters.get('errors')).toBe(1);
  });

  it.each([0, 1])('leaves copies unmetered where the switch has %i meters', async (meters) => {
    const { fake, session } = await rig.connectReady({ meters });
    expect(session.hasMeters).toBe(false);
    expect(fake.ofType('meterMod')).toEqual([]);
    const instructions = fake.tables.flows.flatMap((flow) => flow.instructions.map(({ type }) => type));
    expect(instructions).not.toContain('meter');
    expect(rig.log.join('\n')).toMatch(/warn: .*no meters/);
  });

  it('does not identify a switch whose connection ends in the same moment', async () => {
    let identified = 0;
    rig.hooks = { ...rig.hooks, identified: () => void identified++ };
    const fake = await rig.connect({ deafTo: ['featuresRequest'] });
    const { xid } = await fake.waitFor('featuresRequest');
    const reply = encodeMessage({ ...featuresReply(1n), xid });
    fake.write(Buffer.concat([reply, Buffer.from('0402000300000000', 'hex')]));
    await rig.reason();
    await fake.untilClosed();
    expect(identified).toBe(0);
    expect(fake.ofType('setConfig')).toEqual([]);
  });

  it('is not over for a connection that ends in the same moment', async () => {
    const fake = await rig.connect({ deafTo: ['barrierRequest'], meters: 0 });
    const { xid } = await fake.waitFor('barrierRequest');
    const garbage = Buffer.from('0402000300000000', 'hex');
    fake.write(Buffer.concat([encodeMessage({ type: 'barrierReply', xid }), garbage]));
    await rig.reason();
    await fake.untilClosed();
    expect(rig.told).not.toContain('ready');
    expect(rig.clock.pendingTimers).toBe(0);
  });
});

describe('a life', () => {
  it('answers an ECHO with its data, also before it is ready', async () => {
    const fake = await rig.connect({ deafTo: ['featuresRequest'] });
    await fake.waitFor('featuresRequest');
    const data = Buffer.alloc(1000, 'x');
    expect(await fake.echo(data)).toEqual({ type: 'echoReply', xid: 0xfeed, data });
  });

  it('asks a silent switch whether it lives, and ends after 15 s without a word', async () => {
    const { fake } = await rig.connectReady({
      deafTo: ['echoRequest'],
      meters: 0,
    });
    rig.clock.advance(5000);
    await fake.waitFor('echoRequest');
    rig.clock.advance(9999);
    expect(rig.told).toEqual(['ready']);
    rig.clock.advance(1);
    expect(await rig.reason()).toBe('nothing heard for 15 s');
    await fake.untilClosed();
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('holds any message for a sign of life', async () => {
    const { fake } = await rig.connectReady({ deafTo: ['echoRequest'], meters: 0 });
    for (let round = 0; round < 10; round++) {
      rig.clock.advance(5000);
      await fake.echo();
    }
    expect(rig.told).toEqual(['ready']);
  });

  it('takes copies to learn from, and those of what is allowed, behind what wants a verdict', async () => {
    const { query, response, allowed, blocked } = PIPELINE.copy.entries;
    const rules: number[] = [];
    rig.tookPacketIn = ({ cookieLow }) => void rules.push(cookieLow);
    rig.hooks.meterRates = () =>
      new Map([
        [2, 100],
        [3, 100],
        [4, 100],
        [6, 100],
      ]);
    const { fake, session } = await rig.connectReady();
    const about = { bufferId: 0xffffffff, totalLen: 60, reason: 1, tableId: 3, data: Buffer.alloc(60) };
    const packetIn = (rule: number) =>
      encodeMessage({
        type: 'packetIn',
        xid: 0,
        ...about,
        cookie: cookieOf(1, rule),
        match: [{ field: 'in_port', value: 1 }],
      });
    fake.write(Buffer.concat([query.rule, response.rule, 19, allowed.rule, blocked.rule, 19].map(packetIn)));
    await rig.until('all came', () => rules.length === 6);
    expect(rules).toEqual([19, blocked.rule, 19, query.rule, response.rule, allowed.rule]);
    expect(rig.queue.copies.counters.get('copies')).toBe(3);
    fake.write(Buffer.concat([packetIn(query.rule), Buffer.from('0402000300000000', 'hex')]));
    await rig.reason();
    expect(session.isReady).toBe(false);
    expect(rules).toHaveLength(6);
    expect(rig.queue.copies.bytes).toBe(0);
  });

  it('reads every 5 s what the meters have dropped', async () => {
    const { fake, session } = await rig.connectReady();
    rig.clock.advance(5000);
    await rig.until('read', () => session.limits.copiesDropped.observed > 0);
    expect(session.limits.copiesDropped).toMatchObject({ observed: 10, blocked: 20 });
    expect(fake.isClosed).toBe(false);
  });

  it('renews every 5 s the entry that asks, and nothing else: no bypass', async () => {
    rig.hooks.verdictFlows = () => [bypassFlow(undefined, 600)];
    const { fake } = await rig.connectReady();
    const before = fake.ofType('flowMod').length;
    rig.clock.advance(5000);
    await fake.echo();
    const renewed = fake.ofType('flowMod').slice(before);
    expect(renewed).toMatchObject([{ command: 'add', hardTimeout: 15, tableId: 1, priority: 10 }]);
  });

  it('hands over packet_ins and counts them', async () => {
    const { fake, session } = await rig.connectReady();
    const frame = { bufferId: 0xffffffff, totalLen: 64, reason: 1, tableId: 1, cookie: 1n, data: Buffer.alloc(64) };
    fake.send({ type: 'packetIn', xid: 0, ...frame, match: [{ field: 'in_port', value: 1 }] });
    await fake.echo();
    expect(rig.told).toEqual(['ready', 'packetIn']);
    expect(session.counters.get('packet_in')).toBe(1);
  });

  it('keeps packet_ins until the ports are known that they came in by, and then hands them over in order', async () => {
    const rules: number[] = [];
    rig.tookPacketIn = ({ cookieLow }) => void rules.push(cookieLow);
    let request: Message | undefined;
    const fake = await rig.connect({
      answers: (message) => {
        if (message.type !== 'multipartRequest' || message.body.type !== 'portDescription') return false;
        request ??= message;
        return true;
      },
    });
    await rig.until('asked for the ports', () => request !== undefined);
    const about = { bufferId: 0xffffffff, totalLen: 64, reason: 1, tableId: 1, data: Buffer.alloc(64) };
    const packetIn = (cookie: bigint): Message => ({
      type: 'packetIn',
      xid: 0,
      ...about,
      cookie,
      match: [{ field: 'in_port', value: 1 }],
    });
    for (const cookie of [1n, 2n, 3n]) fake.send(packetIn(cookie));
    await fake.echo();
    expect(rules).toEqual([]);
    expect(rig.queue.bytes).toBeGreaterThan(0);
    const ports = [portDescription(['inside', 1])];
    fake.send({ type: 'multipartReply', xid: request!.xid, flags: 0, body: { type: 'portDescription', ports } });
    await rig.until('handed over', () => rules.length === 3);
    expect(rules).toEqual([1, 2, 3]);
    expect(rig.queue.bytes).toBe(0);
  });

  it('forgets those of a switch that never says what its ports are', async () => {
    const isOfPorts = (message: Message) =>
      message.type === 'multipartRequest' && message.body.type === 'portDescription';
    const fake = await rig.connect({ answers: isOfPorts });
    await rig.until('asked for the ports', () => fake.received.some(isOfPorts));
    const about = { bufferId: 0xffffffff, totalLen: 64, reason: 1, tableId: 1, cookie: 1n, data: Buffer.alloc(64) };
    fake.send({ type: 'packetIn', xid: 0, ...about, match: [{ field: 'in_port', value: 1 }] });
    await fake.echo();
    rig.clock.advance(10_000);
    await rig.reason();
    expect(rig.told).not.toContain('packetIn');
    expect(rig.queue.bytes).toBe(0);
  });

  it('counts an ERROR, and those about flow_mods on their own', async () => {
    const { fake, session } = await rig.connectReady();
    const about = encodeMessage({ type: 'barrierRequest', xid: 5000 });
    const flowMod = Buffer.from(about);
    flowMod[1] = 14;
    fake.send({ type: 'error', xid: 5000, errorType: 1, code: 1, data: about });
    fake.send({ type: 'error', xid: 5001, errorType: 5, code: 1, data: flowMod });
    fake.send({ type: 'error', xid: 5002, errorType: 5, code: 1, data: Buffer.alloc(0) });
    await fake.echo();
    expect(session.counters.get('errors')).toBe(3);
    expect(session.counters.get('errors of flow_mod')).toBe(1);
    expect(rig.log.join('\n')).toMatch(/error: .*OFPFMFC_TABLE_FULL/);
  });

  it('closes once, though told twice, and leaves no timer', async () => {
    const { fake, session } = await rig.connectReady();
    session.close('enough');
    session.close('more than enough');
    await fake.untilClosed();
    expect(rig.told).toEqual(['ready', 'closed: enough']);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('ends when the switch does', async () => {
    const { fake, session } = await rig.connectReady();
    fake.disconnect();
    expect(await rig.reason()).toMatch(/closed the connection|ECONNRESET/);
    expect(session.isReady).toBe(false);
  });
});

describe('bad octets', () => {
  it.each([
    ['a length below 8', '0402000700000000'],
    ['length 0', '0402000000000000'],
    ['another version after HELLO', '0102000800000000'],
    ['text', Buffer.from('GET / HTTP/1.1\r\n\r\n').toString('hex')],
  ])('end the connection: %s', async (_name, hex) => {
    const { fake } = await rig.connectReady();
    const other = await rig.connectReady();
    fake.write(Buffer.from(hex, 'hex'));
    await fake.untilClosed();
    expect(await rig.reason()).toMatch(/OFPBRC_BAD_(LEN|VERSION)/);
    expect((await other.fake.echo()).type).toBe('echoReply');
    expect(other.session.isReady).toBe(true);
  });

  it.each([
    ['a HELLO element of length 0', '0400001000000001' + '0001000000000000'],
    ['a FLOW_REMOVED cut short', '040b001000000000' + '0000000000000000'],
    ['a packet_in without a match', '040a001000000000' + '0000000000000000'],
    ['a PORT_STATUS without a port', '040c000900000000' + '00'],
  ])('in a body cost that message only: %s', async (_name, hex) => {
    const { fake, session } = await rig.connectReady();
    fake.write(Buffer.from(hex, 'hex'));
    expect((await fake.echo()).type).toBe('echoReply');
    expect(session.counters.get('malformed')).toBe(1);
    expect(rig.told).toEqual(['ready']);
  });

  it('are no trouble when the message is of an unknown type', async () => {
    const { fake, session } = await rig.connectReady();
    fake.write(Buffer.from('0463000800000000', 'hex'));
    await fake.echo();
    expect(session.counters.get('malformed')).toBe(0);
  });
});
