import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../mininet/until.ts';
import { OpenFlowController } from '../../../src/controller/openflow-controller.ts';
import type { SwitchSession } from '../../../src/controller/switch-session.ts';
import { encodeMessage } from '../../../src/openflow/message.ts';
import { FakeSwitch, type FakeSwitchOptions, FakeTables, featuresReply } from '../../support/fake-openflow-switch.ts';
import { gateFlows, keepingLog } from '../../support/session-rig.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const SWITCHES = 3;
const GARBAGE = Buffer.from('0402000300000000', 'hex');

describe('the OpenFlow controller', () => {
  const log: string[] = [];
  const told: string[] = [];
  const switches: FakeSwitch[] = [];
  let clock: VirtualClock;
  let controller: OpenFlowController;
  let port: number;

  function create(listenPort: number): OpenFlowController {
    const listen = { host: '127.0.0.1', port: listenPort };
    return new OpenFlowController(
      clock,
      keepingLog(log),
      { listen, switches: SWITCHES, packetIns: { perPort: 256, bytes: 1 << 20 } },
      {
        role: () => undefined,
        baseFlows: gateFlows,
        verdictFlows: () => [],
        meterRates: () => new Map([[1, 1000]]),
        standby: (session) => told.push(`standby ${session.datapathId.slice(-1)}`),
        tableFull: () => undefined,
        wantsUse: () => false,
        used: () => undefined,
        ready: (session) => told.push(`ready ${session.datapathId.slice(-1)}`),
        packetIn: (session, { inPort }) => told.push(`packet_in ${session.datapathId.slice(-1)} port ${inPort}`),
        gone: (session) => told.push(`gone ${session.datapathId.slice(-1)}`),
      },
    );
  }

  beforeEach(async () => {
    log.length = 0;
    told.length = 0;
    clock = new VirtualClock();
    controller = create(0);
    port = await controller.start();
  });
  afterEach(async () => {
    await controller.stop();
    for (const fake of switches.splice(0)) fake.disconnect();
  });

  async function connectSwitch(datapathId: bigint, options: FakeSwitchOptions = {}): Promise<FakeSwitch> {
    const fake = await FakeSwitch.connect(port, { ...options, datapathId });
    switches.push(fake);
    return fake;
  }

  async function connectReady(datapathId: bigint, options: FakeSwitchOptions = {}): Promise<FakeSwitch> {
    const before = told.length;
    const fake = await connectSwitch(datapathId, options);
    await telling(`ready ${datapathId}`, before);
    return fake;
  }

  const telling = (what: string, from = 0) => until(what, 5000, () => told.includes(what, from) || undefined);
  const logged = (what: RegExp) => until(String(what), 5000, () => log.find((line) => what.test(line)));
  const ids = (sessions: readonly SwitchSession[]) => sessions.map(({ datapathId }) => BigInt(`0x${datapathId}`));

  it('has the switches whose flows stand, and no others', async () => {
    await connectReady(1n);
    const slow = await connectSwitch(2n, { deafTo: ['barrierRequest'] });
    await slow.waitFor('barrierRequest');
    expect(ids(controller.switches)).toEqual([1n]);
  });

  it('tells which switch a packet_in came from', async () => {
    await connectReady(1n);
    const second = await connectReady(2n);
    const fields = { bufferId: 0xffffffff, totalLen: 14, reason: 1, tableId: 1, cookie: 0n, data: Buffer.alloc(14) };
    second.send({ type: 'packetIn', xid: 0, ...fields, match: [{ field: 'in_port', value: 7 }] });
    await telling('packet_in 2 port 7');
  });

  it('refuses a second switch with the same datapath id, names the first, and keeps it', async () => {
    const holder = await connectReady(1n);
    const twin = await connectSwitch(1n);
    await twin.untilClosed();
    expect(twin.ofType('flowMod')).toEqual([]);
    expect(await logged(/datapath id 0{15}1 is in use by 127\.0\.0\.1:\d+/)).toMatch(/^warn/);
    expect(ids(controller.switches)).toEqual([1n]);
    expect(told).toEqual(['ready 1']);
    // The holder answers when asked whether it is there, and stays.
    await holder.waitFor('echoRequest');
    await holder.echo();
    clock.advance(2000);
    expect(ids(controller.switches)).toEqual([1n]);
  });

  it('closes a silent holder of a datapath id that has come back, and takes the switch then', async () => {
    await connectReady(1n, { deafTo: ['echoRequest'] });
    await (await connectSwitch(1n)).untilClosed();
    clock.advance(1000);
    await telling('gone 1');
    expect(await logged(/silent, and its datapath id has come back/)).toMatch(/^warn/);
    await connectReady(1n);
    expect(ids(controller.switches)).toEqual([1n]);
  });

  it('closes it in time even when the switch tries again and again', async () => {
    await connectReady(1n, { deafTo: ['echoRequest'] });
    for (let round = 0; round < 3; round++) {
      await (await connectSwitch(1n)).untilClosed();
      clock.advance(400);
    }
    await telling('gone 1');
  });

  it('brings a switch in step that is in the middle of its handshake when what is desired changes', async () => {
    const fake = await connectSwitch(1n, { deafTo: ['barrierRequest'], meters: 0 });
    const { xid } = await fake.waitFor('barrierRequest');
    controller.reconcileAll();
    fake.send({ type: 'barrierReply', xid });
    const dumps = () =>
      fake.ofType('multipartRequest').filter(({ body }) => body.type === 'flow').length === 2 || undefined;
    await until('the flows read once more', 5000, dumps);
  });

  it('takes the same switch again once its connection has ended, and sends no flow twice', async () => {
    const tables = new FakeTables();
    (await connectReady(1n, { tables })).disconnect();
    await telling('gone 1');
    const again = await connectReady(1n, { tables });
    expect(again.ofType('flowMod')).toEqual([]);
    expect(told).toEqual(['ready 1', 'gone 1', 'ready 1']);
  });

  it('takes a switch again that was cut off in the middle of its handshake', async () => {
    const fake = await connectSwitch(1n, { deafTo: ['featuresRequest'] });
    const { xid } = await fake.waitFor('featuresRequest');
    fake.write(Buffer.concat([encodeMessage({ ...featuresReply(1n), xid }), GARBAGE]));
    await fake.untilClosed();
    await connectReady(1n);
    expect(ids(controller.switches)).toEqual([1n]);
  });

  it('turns connections away beyond its limit, and has room again when one ends', async () => {
    const fakes = [];
    for (let id = 1; id <= SWITCHES; id++) fakes.push(await connectReady(BigInt(id)));
    const beyond = await connectSwitch(9n);
    await beyond.untilClosed();
    expect(beyond.received).toEqual([]);
    expect(await logged(/refused: openflow\.switches is 3/)).toMatch(/^warn/);
    fakes[0]!.disconnect();
    await telling('gone 1');
    await connectReady(9n);
    expect(ids(controller.switches)).toEqual([2n, 3n, 9n]);
  });

  it('gives the place of a connection that says nothing to the next after 10 s', async () => {
    for (let id = 1; id <= SWITCHES; id++) await (await connectSwitch(1n, { hello: Buffer.alloc(0) })).waitFor('hello');
    clock.advance(10_000);
    await connectReady(1n);
    expect(told).toEqual(['ready 1']);
  });

  it('lets garbage from one switch disturb no other', async () => {
    const good = await connectReady(1n);
    const bad = await connectReady(2n);
    bad.write(Buffer.alloc(100_000, 0xff));
    await bad.untilClosed();
    await telling('gone 2');
    expect((await good.echo()).type).toBe('echoReply');
    expect(ids(controller.switches)).toEqual([1n]);
  });

  it('counts the ERRORs of switches that are there and of those that have gone', async () => {
    const error = { type: 'error', xid: 0, errorType: 5, code: 1, data: Buffer.alloc(0) } as const;
    const [first, second] = [await connectReady(1n), await connectReady(2n)];
    first.send(error);
    second.send(error);
    second.send(error);
    await until('three errors', 5000, () => controller.errors === 3 || undefined);
    second.disconnect();
    await telling('gone 2');
    expect(controller.errors).toBe(3);
  });

  it('brings every switch in step again when told so', async () => {
    const fakes = [await connectReady(1n), await connectReady(2n)];
    const before = fakes.map((fake) => fake.ofType('barrierRequest').length);
    for (const fake of fakes) fake.tables.flows = fake.tables.flows.slice(1);
    controller.reconcileAll();
    for (const [index, fake] of fakes.entries()) {
      await fake.waitFor('barrierRequest', before[index]! + 2);
      await until(
        'the flow is back',
        5000,
        () => fake.tables.flows.length === gateFlows(controller.switches[index]!).length || undefined,
      );
    }
  });

  it('closes every connection when it stops, twice without harm, and leaves no timer', async () => {
    const fakes = [await connectReady(1n), await connectSwitch(2n, { deafTo: ['featuresRequest'] })];
    await fakes[1]!.waitFor('featuresRequest');
    await Promise.all([controller.stop(), controller.stop()]);
    for (const fake of fakes) await fake.untilClosed();
    expect(told).toEqual(['ready 1', 'gone 1']);
    expect(clock.pendingTimers).toBe(0);
    await expect(opened(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('says what to do when its port is taken', async () => {
    const other = create(port);
    await expect(other.start()).rejects.toMatchObject({
      code: 'listen',
      message: expect.stringMatching(/openflow\.listen/),
    });
    await other.stop();
  });
});

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket)).once('error', reject);
  });
}
