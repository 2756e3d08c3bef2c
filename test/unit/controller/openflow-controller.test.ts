import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../mininet/until.ts';
import { type ControllerOptions, OpenFlowController } from '../../../src/controller/openflow-controller.ts';
import type { SwitchSession } from '../../../src/controller/switch-session.ts';
import { encodeMessage } from '../../../src/openflow/message.ts';
import { FakeSwitch, type FakeSwitchOptions, FakeTables, featuresReply } from '../../support/fake-openflow-switch.ts';
import { LAB_DAYS, LAB_START_MS, LabCertificates, type TlsEnd } from '../../support/lab-certificates.ts';
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

  function create(listenPort: number, options: Partial<ControllerOptions> = {}): OpenFlowController {
    const listen = { host: '127.0.0.1', port: listenPort };
    return new OpenFlowController(
      clock,
      keepingLog(log),
      { listen, switches: SWITCHES, packetIns: { perPort: 256, bytes: 1 << 20 }, ...options },
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
    expect(await logged(/datapath id 0{15}1 is in use by 127\.0\.0\.1:\d+/)).toMatch(/^error: 127/);
    expect(controller.connections.get('refused: duplicate datapath id')).toBe(1);
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
    clock.advance(1000);
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

  /** A controller with other options in the place of the one at hand. */
  async function restart(options: Partial<ControllerOptions>): Promise<void> {
    await controller.stop();
    controller = create(0, options);
    port = await controller.start();
  }

  describe('with TLS', () => {
    let lab: LabCertificates;
    beforeAll(async () => {
      lab = await LabCertificates.make();
    });
    afterAll(() => lab.remove());
    beforeEach(() => restart({ tls: lab.files }));

    async function connectSecure(datapathId: bigint, end: TlsEnd = lab.switch): Promise<FakeSwitch> {
      const socket = connectTls({ port, host: '127.0.0.1', ...end, checkServerIdentity: () => undefined });
      await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
      const fake = FakeSwitch.on(socket, { datapathId });
      switches.push(fake);
      return fake;
    }

    it('brings a switch with a certificate of the authority in step, and says its name when it goes', async () => {
      const fake = await connectSecure(1n);
      await telling('ready 1');
      expect(log).toContainEqual(
        expect.stringMatching(/^info: connection by TLS from 127\.0\.0\.1:\d+ \(O=gluewall lab, CN=br0\)$/),
      );
      expect((await fake.echo()).type).toBe('echoReply');
      fake.disconnect();
      await telling('gone 1');
    });

    it('names the certificates of two switches with one datapath id', async () => {
      await connectSecure(1n);
      await telling('ready 1');
      await (await connectSecure(1n)).untilClosed();
      const who = '127\\.0\\.0\\.1:\\d+ \\(O=gluewall lab, CN=br0\\)';
      expect(await logged(new RegExp(`^error: ${who} is refused: .* is in use by ${who}`))).toBeDefined();
    });

    it('lets no stranger as far as a session, and other switches do not notice', async () => {
      const good = await connectSecure(1n);
      await telling('ready 1');
      for (const end of [lab.stranger, lab.nobody, lab.expired]) {
        // TLS 1.3 lets the other end think for a moment that it is connected.
        const fake = await connectSecure(2n, end).catch(() => undefined);
        await fake?.untilClosed();
        clock.advance(500);
      }
      const plain = await connectSwitch(3n);
      await plain.untilClosed();
      await until('four refused', 5000, () => controller.connections.get('refused: TLS') === 4 || undefined);
      expect(plain.received).toEqual([]);
      expect((await good.echo()).type).toBe('echoReply');
      expect(told).toEqual(['ready 1']);
    });

    it('counts handshakes that do not end among its connections, and ends them after 10 s', async () => {
      const silent = await Promise.all(Array.from({ length: SWITCHES }, () => opened(port)));
      await until('all are there', 5000, () => clock.pendingTimers === SWITCHES || undefined);
      clock.advance(1000);
      const beyond = await opened(port);
      await closed(beyond);
      expect(await logged(/refused: openflow\.switches is 3$/)).toMatch(/^warn/);
      clock.advance(9000);
      await Promise.all(silent.map(closed));
      await connectSecure(1n);
      await telling('ready 1');
    });

    it('ends a switch that asks and asks and never reads, as without TLS', async () => {
      const fake = await connectSecure(1n);
      await telling('ready 1');
      fake.stopReading();
      const question = encodeMessage({ type: 'echoRequest', xid: 1, data: Buffer.alloc(60_000) });
      for (let count = 0; count < 600; count++) fake.write(question);
      expect(await logged(/the switch reads too slowly/)).toMatch(/^warn/);
      fake.disconnect();
      await telling('gone 1');
    });

    it('warns at its start of a certificate that soon ends', async () => {
      const soonMs = LAB_START_MS + (LAB_DAYS - 30) * 86_400_000;
      for (const [atMs, said] of [
        [soonMs, false],
        [soonMs + 1, true],
      ] as const) {
        clock = new VirtualClock(atMs);
        await restart({ tls: lab.files });
        expect(log.some((line) => line.includes('openflow.tls.certificate expires in 29 days'))).toBe(said);
      }
    });

    it('does not start with files that do not do', async () => {
      const other = create(0, { tls: { ...lab.files, key: `${lab.files.key}-not` } });
      await expect(other.start()).rejects.toMatchObject({ code: 'tls-files' });
      await other.stop();
    });

    it('is heard of by a switch that speaks TLS where it does not', async () => {
      await restart({});
      const failed = connectSecure(1n).then(
        () => 'connected',
        (error: Error) => error.message,
      );
      expect(await failed).not.toBe('connected');
      expect(await logged(/ended: it speaks TLS, and gluewall does not here/)).toMatch(/^warn/);
    });
  });

  it('takes connections at its rate and no faster, whoever they are from', async () => {
    await restart({ connectionRate: 1, switches: 2 });
    const first = await Promise.all(Array.from({ length: 5 }, () => opened(port)));
    await until('three refused', 5000, () => controller.connections.get('refused: rate') === 3 || undefined);
    for (const socket of first) socket.destroy();
    await logged(/^warn: connection from .* ended/);
    clock.advance(1000);
    await connectReady(1n);
  });

  describe('connecting to switches that listen', () => {
    const server = createServer();
    const came: Socket[] = [];
    let target: ControllerOptions['connect'];

    beforeAll(async () => {
      server.on('connection', (socket) => came.push(socket.on('error', () => undefined)));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      target = [{ scheme: 'tcp', host: '127.0.0.1', port: (server.address() as AddressInfo).port }];
    });
    beforeEach(() => came.splice(0));
    afterAll(async () => {
      for (const socket of came) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });

    /** The switch at the other end of the connection that comes as the `count`th. */
    async function dialed(count: number): Promise<FakeSwitch> {
      const socket = await until('it connects', 5000, () => came[count - 1]);
      const fake = FakeSwitch.on(socket, { datapathId: 1n });
      switches.push(fake);
      return fake;
    }

    it('brings one in step, and connects anew when it has gone', async () => {
      await restart({ connect: target! });
      const fake = await dialed(1);
      await telling('ready 1');
      fake.disconnect();
      await telling('gone 1');
      const before = told.length;
      await until('it waits', 5000, () => clock.pendingTimers === 1 || undefined);
      clock.advance(1000);
      await dialed(2);
      await telling('ready 1', before);
    });

    it('keeps a place for each, which nobody can take', async () => {
      await restart({ connect: target!, switches: 2 });
      await connectReady(2n);
      await (await connectSwitch(3n)).untilClosed();
      expect(await logged(/refused: openflow\.switches is 2, 1 of them for openflow\.connect$/)).toMatch(/^warn/);
      await dialed(1);
      await telling('ready 1');
    });

    it('ends the connection when it stops, and tries no more', async () => {
      await restart({ connect: target! });
      const fake = await dialed(1);
      await telling('ready 1');
      await controller.stop();
      await fake.untilClosed();
      await new Promise((resolve) => setImmediate(resolve));
      expect(clock.pendingTimers).toBe(0);
    });
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

function closed(socket: Socket): Promise<void> {
  socket.on('error', () => undefined).resume();
  return new Promise((resolve) => (socket.destroyed ? resolve() : socket.once('close', () => resolve())));
}
