/** What users of other controllers complained of and no other test holds; docs/decisions/9-complaints.md has them all. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultConfig } from '../../../src/config/load.ts';
import { baseFlows } from '../../../src/controller/base-flows.ts';
import { type Flow, flow } from '../../../src/controller/pipeline.ts';
import { diffFlows } from '../../../src/controller/reconcile.ts';
import { allowFlow } from '../../../src/controller/verdict-flows.ts';
import { type Ipv4Address, parseAddress } from '../../../src/core/address.ts';
import { encodeMessage, type Message } from '../../../src/openflow/message.ts';
import { onlyGroup } from '../../support/default-group.ts';
import { FakeTables } from '../../support/fake-openflow-switch.ts';
import { SessionRig } from '../../support/session-rig.ts';

const root = join(import.meta.dirname, '../../..');

let rig: SessionRig;

beforeEach(async () => {
  rig = new SessionRig();
  await rig.start();
});
afterEach(() => rig.stop());

function packetIn(port: number, bufferId = 0xffffffff): Buffer {
  const about = { bufferId, totalLen: 60, reason: 1, tableId: 1, cookie: 1n, data: Buffer.alloc(60) };
  return encodeMessage({ type: 'packetIn', xid: 0, ...about, match: [{ field: 'in_port', value: port }] });
}

const asksForFlows = (message: Message) => message.type === 'multipartRequest' && message.body.type === 'flow';

describe('lessons', () => {
  it('an ECHO is answered in the middle of a large update, which waits for the switch (faucet#4568)', async () => {
    const FLOWS = 25_000;
    rig.hooks.verdictFlows = () =>
      Array.from({ length: FLOWS }, (_, index) => allowFlow({ destination: index as Ipv4Address }, 300));
    const fake = await rig.connect({
      deafTo: ['flowMod'],
      answers: (message, one) => message.type === 'barrierRequest' && one.ofType('flowMod').length >= 10_000,
    });
    const sent = () => fake.ofType('flowMod').length;
    await rig.until('a slice', () => sent() >= 10_000);
    await fake.echo();
    await fake.echo();
    expect(sent()).toBeLessThan(FLOWS);
    expect(rig.told).toEqual([]);
  });

  it('an ECHO is answered ahead of what waits (faucet#4568, frenetic#422, basebox PR#488)', async () => {
    const { fake, session } = await rig.connectReady();
    fake.stopReading();
    const FRAMES = 240;
    const frame = Buffer.alloc(60_000);
    for (let sent = 0; sent < FRAMES; sent++) session.verdicts.release(1, frame, 0, frame.length);
    expect(session.isCongested).toBe(true);
    fake.send({ type: 'echoRequest', xid: 77, data: Buffer.alloc(0) });
    const read = session.counters.get('messages');
    await rig.until('the ECHO came', () => session.counters.get('messages') > read);
    fake.resumeReading();
    await fake.waitFor('packetOut', FRAMES);
    const types = fake.received.map(({ type }) => type);
    const before = types.slice(0, types.indexOf('echoReply')).filter((type) => type === 'packetOut').length;
    // What the socket held was on its way.
    expect(before).toBeLessThan(FRAMES - 20);
  });

  it('a reply never stands behind packet_ins (antrea#937, antrea PR#951)', async () => {
    const PACKETS = 380;
    const { session } = await rig.connectReady({
      answers(message, one) {
        if (message.type !== 'roleRequest') return false;
        const packets = Array.from({ length: PACKETS }, () => packetIn(1));
        one.write(Buffer.concat([...packets, encodeMessage({ ...message, type: 'roleReply' })]));
        return true;
      },
    });
    await session.assumeRole({ role: 'slave', generationId: 1n });
    expect(rig.told.at(-1)).toBe('standby');
    const delivered = rig.told.filter((one) => one === 'packetIn').length;
    expect(delivered).toBeLessThan(PACKETS);
    await rig.until('the rest', () => rig.told.filter((one) => one === 'packetIn').length === PACKETS);
  });

  it('the limit on questions is generous and can be set (antrea#5446, antrea PR#7243)', () => {
    expect(defaultConfig().ask.rate).toBeGreaterThanOrEqual(5000);
  });

  it('drops in the switch and drops in the queue are counted apart (antrea PR#7174, antrea PR#7242)', async () => {
    const { fake, session } = await rig.connectReady();
    rig.clock.advance(5000);
    await rig.until('meters read', () => session.limits.copiesDropped.observed > 0);
    const inSwitch = { ...session.limits.copiesDropped };
    fake.write(Buffer.concat(Array.from({ length: 500 }, () => packetIn(1))));
    await fake.echo();
    expect(rig.queue.counters.get('packet_in dropped')).toBeGreaterThan(0);
    expect(session.limits.copiesDropped).toEqual(inSwitch);
  });

  it('a dump that takes long is waited for as long as parts come (open-kilda#4813)', async () => {
    const tables = new FakeTables();
    const { fake: first } = await rig.connectReady({ tables });
    first.disconnect();
    await rig.reason();
    rig.told.length = 0;
    let request: Message | undefined;
    const fake = await rig.connect({
      tables,
      answers(message) {
        if (asksForFlows(message)) request = message;
        return asksForFlows(message);
      },
    });
    await rig.until('asked', () => request !== undefined);
    for (const [index, entry] of tables.flows.entries()) {
      rig.clock.advance(9000);
      const flags = index < tables.flows.length - 1 ? 1 : 0;
      fake.send({ type: 'multipartReply', xid: request!.xid, flags, body: { type: 'flow', entries: [entry] } });
      await fake.echo();
    }
    await rig.until('ready', () => rig.told.includes('ready'));
    expect(fake.ofType('flowMod')).toEqual([]);
  });

  it('a controller that goes wipes nothing (faucet PR#3432)', async () => {
    const { fake, session } = await rig.connectReady();
    const before = fake.tables.flows;
    const sent = fake.received.length;
    session.close('the controller stops');
    await fake.untilClosed();
    expect(fake.received).toHaveLength(sent);
    expect(fake.tables.flows).toBe(before);
  });

  it('packets come whole and go whole: no buffer is asked for, named or relied on (faucet#1197, ryu PR#102, pox#205)', async () => {
    const { fake, session } = await rig.connectReady();
    const outputs = fake.tables.flows.flatMap(({ instructions }) =>
      instructions.flatMap((one) =>
        one.type === 'applyActions' ? one.actions.filter(({ type }) => type === 'output') : [],
      ),
    );
    const toController = outputs.filter((one) => one.type === 'output' && one.port === 0xfffffffd);
    expect(toController.length).toBeGreaterThan(0);
    expect(toController.every((one) => one.type === 'output' && one.maxLength === 0xffff)).toBe(true);
    expect(fake.ofType('setConfig')).toMatchObject([{ missSendLen: 0xffff }]);
    expect(fake.ofType('flowMod').every(({ bufferId }) => bufferId === 0xffffffff)).toBe(true);
    rig.tookPacketIn = ({ message, frameStart, frameEnd }) =>
      session.verdicts.release(1, message, frameStart, frameEnd);
    fake.write(packetIn(1, 1234));
    const released = await fake.waitFor('packetOut');
    expect(released).toMatchObject({ bufferId: 0xffffffff, data: Buffer.alloc(60) });
  });

  it('a match without its prerequisites is never sent (gofc#21, faucet PR#3196)', () => {
    const bad = () =>
      flow('verdict', 'allow', { match: [{ field: 'ipv4_dst', value: 1 as Ipv4Address }], instructions: [] });
    expect(bad).toThrow(expect.objectContaining({ code: 'pipeline' }));
  });

  it('a diff of flows turns any table into the desired one (faucet PR#4815)', () => {
    const settings = {
      ...({
        groups: onlyGroup('ask'),
        onFailure: 'open',
        trustedResolvers: [],
        insideNetworks: [],
        learns: 'nothing',
        recordsAllowed: false,
        meters: true,
      } as const),
    };
    const flowSets = fc.record({
      ports: fc.uniqueArray(fc.integer({ min: 1, max: 4 })),
      hosts: fc.uniqueArray(fc.integer({ min: 1, max: 6 })),
      seconds: fc.constantFrom(60, 300),
      generation: fc.integer({ min: 1, max: 2 }),
    });
    const flowsOf = ({ ports, hosts, seconds }: { ports: number[]; hosts: number[]; seconds: number }): Flow[] => [
      ...baseFlows({ ...settings, outsidePorts: ports }),
      ...hosts.map((host) => allowFlow({ destination: parseAddress(`198.51.100.${host}`)! }, seconds)),
    ];
    const inOrder = (tables: FakeTables) => tables.flows.map((one) => JSON.stringify(one, withBigint)).toSorted();
    fc.assert(
      fc.property(flowSets, flowSets, (one, other) => {
        const tables = new FakeTables();
        for (const mod of diffFlows([], flowsOf(one), one.generation)) tables.apply(mod);
        for (const mod of diffFlows(tables.flows, flowsOf(other), other.generation)) tables.apply(mod);
        const fresh = new FakeTables();
        for (const mod of diffFlows([], flowsOf(other), other.generation)) fresh.apply(mod);
        expect(inOrder(tables)).toEqual(inOrder(fresh));
        expect(diffFlows(tables.flows, flowsOf(other), other.generation)).toEqual([]);
      }),
    );
  });

  it('a reconnect leaves no socket, no timer and no session work behind (ryu PR#43, ryu#17, beba-switch#34)', async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((one) => one === 'TCPSocketWrap').length;
    const before = sockets();
    for (let round = 0; round < 50; round++) {
      const { fake, session } = await rig.connectReady();
      if (round % 2 === 0) fake.disconnect();
      else session.close('enough');
      await rig.reason();
      rig.told.length = 0;
    }
    await rig.until('no socket', () => sockets() <= before);
    expect(rig.clock.pendingTimers).toBe(0);
    expect(rig.queue.bytes).toBe(0);
  });
});

const withBigint = (_key: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);

describe('docs/decisions/9-complaints.md', () => {
  const text = readFileSync(join(root, 'docs/decisions/9-complaints.md'), 'utf8');
  const named = [...text.matchAll(/`(test\/[\w/.-]+\.test\.ts)` › ([^;|]+?) *(?=[;|])/g)].map(([, file, name]) => ({
    file: file!,
    name: name!,
  }));

  it('has a row for each of the 23 lessons', () => {
    const rows = [...text.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
    expect(rows).toEqual(Array.from({ length: 23 }, (_, index) => index + 1));
    expect(named.length).toBeGreaterThan(23);
  });

  it.each(named)('names a test that is there: $file › $name', ({ file, name }) => {
    const source = readFileSync(join(root, file), 'utf8');
    expect(source.replaceAll("\\'", "'")).toContain(name);
  });
});
