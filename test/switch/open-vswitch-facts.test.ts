/** What Open vSwitch does with flows, meters and controllers, where that decided how gluewall is built. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { extname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { until } from '../../mininet/until.ts';
import { OpenFlowEncodeError } from '../../src/openflow/errors.ts';
import { FLOW_MOD_DEFAULTS, type FlowMod } from '../../src/openflow/flow-mod.ts';
import { Framer } from '../../src/openflow/framer.ts';
import { decodeMessage, encodeMessage, type Message } from '../../src/openflow/message.ts';
import { Experimenter, FlowModFlag, FlowRemovedReason, MeterFlag } from '../../src/openflow/schema/constants.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeFrame } from '../support/frames.ts';
import type { OpenFlowClient } from '../support/openflow-client.ts';
import { PASS_MARKER, VethBridge } from '../support/veth-bridge.ts';

const query = composeFrame(Buffer.from('a question'), { source: '192.0.2.1', destination: '198.18.0.53' });
/** Who has 192.0.2.53? */
const arpRequest = Buffer.from(
  `ffffffffffff020000000002${'0806'}${'0001080006040001'}020000000002c0000201000000000000c0000235`.padEnd(120, '0'),
  'hex',
);

/** An entry for DNS over UDP that forwards, with what else a test wants of it. */
function dnsFlow(fields: Partial<FlowMod> = {}): FlowMod {
  return {
    ...FLOW_MOD_DEFAULTS,
    priority: 100,
    match: [
      { field: 'eth_type', value: 0x0800 },
      { field: 'ip_proto', value: 17 },
      { field: 'udp_dst', value: 53 },
    ],
    instructions: [{ type: 'applyActions', actions: [{ type: 'output', port: 2, maxLength: 0 }] }],
    ...fields,
  };
}

const durationMs = (flow: { readonly durationSec: number; readonly durationNsec: number } | undefined) =>
  flow === undefined ? Number.NaN : flow.durationSec * 1000 + flow.durationNsec / 1e6;

describeIf(['root', 'namespaces', 'openVswitch'], 'Open vSwitch: flows, meters, controllers', () => {
  let bridge: VethBridge;
  const clients: OpenFlowClient[] = [];

  beforeAll(async () => {
    bridge = await VethBridge.start();
  });
  afterAll(() => bridge?.stop());
  beforeEach(() => bridge.recreate());
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  /** A connection that is sent packet_ins and flow_removed, as that of a controller. */
  async function connect(): Promise<OpenFlowClient> {
    const client = await bridge.connect();
    clients.push(client);
    client.send({ type: 'setConfig', xid: 0, flags: 0, missSendLen: 0xffff });
    await client.barrier();
    return client;
  }

  const ofctl = (command: string, ...args: string[]) => bridge.openVswitch.ofctl(command, bridge.name, ...args);

  describe('1: without its controller', () => {
    it('drops the packet where CONTROLLER is the only action', async () => {
      await bridge.openVswitch.vsctl('set-controller', bridge.name, 'tcp:127.0.0.1:9');
      await bridge.addFlows(PASS_MARKER, 'udp,tp_dst=53,actions=CONTROLLER:65535');
      expect(await bridge.through([query], 5)).toEqual([]);
    });

    it('forwards it where NORMAL stands beside it', async () => {
      await bridge.openVswitch.vsctl('set-controller', bridge.name, 'tcp:127.0.0.1:9');
      await bridge.addFlows(PASS_MARKER, 'udp,tp_dst=53,actions=CONTROLLER:65535,NORMAL');
      expect(await bridge.through([query], 5)).toEqual(Array(5).fill(query));
    });
  });

  describe('2: a meter', () => {
    const FRAMES = 50;
    const onePerSecond = 'pktps,burst,stats,bands=type=drop,rate=1,burst_size=1';

    /** Frames that came to the controller, once they and what the meter dropped are all that were sent. */
    async function copies(client: OpenFlowClient, meterId: number): Promise<number> {
      return until('every frame copied or dropped', 5000, async () => {
        const body = { type: 'meter', meterId } as const;
        const reply = await client.request({ type: 'multipartRequest', xid: 0, flags: 0, body });
        if (reply.type !== 'multipartReply' || reply.body.type !== 'meter')
          throw new Error(`meter stats: ${reply.type}`);
        const dropped = Number(reply.body.entries[0]?.bandStats[0]?.packetBandCount);
        const copied = client.ofType('packetIn').length;
        return copied + dropped === FRAMES ? copied : undefined;
      });
    }

    it('drops the forwarded packets too in an entry that also forwards', async () => {
      await ofctl('add-meter', `meter=1,${onePerSecond}`);
      await bridge.addFlows(PASS_MARKER, 'udp,tp_dst=53,actions=meter:1,output:2,CONTROLLER:65535');
      const out = await bridge.through([query], FRAMES);
      expect(out.length).toBeLessThan(FRAMES / 2);
    });

    it('drops only copies in a table of its own behind the output', async () => {
      const client = await connect();
      await ofctl('add-meter', `meter=1,${onePerSecond}`);
      await bridge.addFlows(
        PASS_MARKER,
        'table=0,udp,tp_dst=53,actions=output:2,goto_table:1',
        'table=1,actions=meter:1,CONTROLLER:65535',
      );
      expect(await bridge.through([query], FRAMES)).toHaveLength(FRAMES);
      const copied = await copies(client, 1);
      expect(copied).toBeGreaterThan(0);
      expect(copied).toBeLessThan(FRAMES / 2);
    });

    it('called OFPM_CONTROLLER holds for every copy and drops nothing that is forwarded', async () => {
      const client = await connect();
      await ofctl('add-meter', `meter=controller,${onePerSecond}`);
      await bridge.addFlows(PASS_MARKER, 'udp,tp_dst=53,actions=CONTROLLER:65535,output:2');
      expect(await bridge.through([query], FRAMES)).toHaveLength(FRAMES);
      const copied = await until('copies', 5000, () => client.ofType('packetIn').length || undefined);
      expect(copied).toBeLessThan(FRAMES / 2);
    });
  });

  describe('3: its first controller', () => {
    const noFlows = (flows: string) => !/actions=/.test(flows);
    const OWN_FLOW = 'priority=15790320';

    it('wipes all flows, and one more controller does not', async () => {
      await bridge.addFlows('cookie=1,actions=NORMAL');
      await bridge.openVswitch.vsctl('set-controller', bridge.name, 'tcp:127.0.0.1:9');
      expect(noFlows(await ofctl('dump-flows'))).toBe(true);
      await bridge.addFlows('cookie=2,actions=NORMAL');
      await bridge.openVswitch.vsctl('set-controller', bridge.name, 'tcp:127.0.0.1:9', 'tcp:127.0.0.1:10');
      expect(await ofctl('dump-flows')).toContain('cookie=0x2');
    });

    it('missing, in fail mode secure with an empty table, stops all traffic, ARP too', async () => {
      expect(await bridge.arrivalsOf([arpRequest, query])).toBe(0);
      await bridge.addFlows('actions=NORMAL');
      expect(await bridge.through([arpRequest, query])).toEqual([arpRequest, query]);
    });

    it('dead, in fail mode standalone, takes every flow with it: one NORMAL comes in their place', async () => {
      const controller = await startController();
      try {
        await bridge.openVswitch.vsctl(
          ...['set', 'Bridge', bridge.name, 'fail_mode=standalone', 'other_config:disable-in-band=true'],
          ...['--', 'set-controller', bridge.name, `tcp:127.0.0.1:${controller.port}`],
          // The switch waits three times the probe interval, which is 5 s or more; without probes it waits for nothing.
          ...['--', 'set', 'Controller', bridge.name, 'inactivity_probe=0'],
        );
        await until('the switch connected', 10_000, () => controller.greeted() || undefined);
        // While it had no controller yet, it switched by itself.
        await until('its own flow is gone', 10_000, async () =>
          (await bridge.openVswitch.appctl('bridge/dump-flows', bridge.name)).includes(OWN_FLOW) ? undefined : true,
        );
        await bridge.addFlows(PASS_MARKER, 'cookie=7,actions=drop');
        expect(await bridge.through([query])).toEqual([]);
      } finally {
        await controller.stop();
      }
      await until(
        'flows replaced',
        30_000,
        async () => !(await ofctl('dump-flows')).includes('cookie=0x7') || undefined,
      );
      // Its priority is beyond OpenFlow's, which is why dump-flows does not show it.
      const flows = await bridge.openVswitch.appctl('bridge/dump-flows', bridge.name);
      const general = flows.split('\n').filter((line) => !/table_id=254|^$/.test(line));
      expect(general.map((line) => line.replace(/.*priority=(\d+).*actions=/, '$1 '))).toEqual(['15790320 NORMAL']);
      expect(await bridge.through([arpRequest, query])).toEqual([arpRequest, query]);
    });
  });

  describe('4: timeouts', () => {
    it('refuse 172800: they are 16-bit seconds', async () => {
      expect(() => encodeMessage(dnsFlow({ hardTimeout: 172_800 }))).toThrow(OpenFlowEncodeError);
      await expect(bridge.addFlows('hard_timeout=172800,actions=drop')).rejects.toThrow(/172800/);
      const client = await connect();
      expect(await client.refusal(dnsFlow({ hardTimeout: 65_535 }))).toBeUndefined();
    });

    it('of 0 never end an entry, when those of 1 do', async () => {
      const client = await connect();
      client.send(dnsFlow({ cookie: 1n, hardTimeout: 1, flags: FlowModFlag.SEND_FLOW_REM }));
      client.send(dnsFlow({ cookie: 2n, priority: 1, hardTimeout: 0, flags: FlowModFlag.SEND_FLOW_REM }));
      const removed = await client.waitFor('flow_removed', ({ type }) => type === 'flowRemoved');
      expect(removed).toMatchObject({ cookie: 1n, reason: FlowRemovedReason.HARD_TIMEOUT });
      expect((await client.flows()).map(({ cookie, hardTimeout }) => [cookie, hardTimeout])).toEqual([[2n, 0]]);
    });

    it('start anew with ADD of an identical entry: its cookie, the old counters, no flow_removed', async () => {
      const client = await connect();
      await bridge.addFlows(PASS_MARKER);
      const old = dnsFlow({ cookie: 1n, hardTimeout: 60, flags: FlowModFlag.SEND_FLOW_REM });
      client.send(old);
      await bridge.through([query], 3);
      await until('three packets', 5000, async () => (await client.packetsByCookie())['1'] === 3 || undefined);
      await until('some age', 5000, async () => durationMs((await client.flows()).find(isDns)) > 200 || undefined);
      const addedAtMs = performance.now();
      expect(await client.refusal({ ...old, cookie: 2n })).toBeUndefined();
      const flow = (await client.flows()).find(isDns);
      expect(flow).toMatchObject({ cookie: 2n, packetCount: 3n, hardTimeout: 60 });
      // The switch counts in whole milliseconds of its own loop.
      expect(durationMs(flow)).toBeLessThan(performance.now() - addedAtMs + 20);
      expect(client.ofType('flowRemoved')).toEqual([]);
      client.send({ ...old, command: 'deleteStrict' });
      await client.waitFor('flow_removed', ({ type }) => type === 'flowRemoved');
    });

    it('and the cookie stay as they are with MODIFY', async () => {
      const client = await connect();
      await client.refusal(dnsFlow({ cookie: 1n, hardTimeout: 60 }));
      const aged = await until('some age', 5000, async () => {
        const ageMs = durationMs((await client.flows())[0]);
        return ageMs > 200 ? ageMs : undefined;
      });
      const dropping = { cookie: 2n, hardTimeout: 600, instructions: [] };
      expect(await client.refusal(dnsFlow({ ...dropping, command: 'modifyStrict' }))).toBeUndefined();
      const [flow] = await client.flows();
      expect(flow).toMatchObject({ cookie: 1n, hardTimeout: 60, instructions: [] });
      expect(durationMs(flow)).toBeGreaterThan(aged);
    });
  });

  it('5: reports no flow_removed for what went while nobody was connected', async () => {
    const flow = dnsFlow({ cookie: 1n, flags: FlowModFlag.SEND_FLOW_REM });
    const first = await connect();
    await first.refusal(flow);
    first.close();
    await ofctl('del-flows');
    const second = await connect();
    await second.refusal({ ...flow, cookie: 2n });
    await ofctl('del-flows');
    await second.waitFor('flow_removed', ({ type }) => type === 'flowRemoved');
    expect(second.ofType('flowRemoved').map(({ cookie }) => cookie)).toEqual([2n]);
  });

  it('6: takes a FLOW_MOD into a bundle and refuses a METER_MOD with experimenter error 2310', async () => {
    const client = await connect();
    expect((await client.request(openBundle)).type).toBe('experimenter');
    expect(await client.refusal(bundled(dnsFlow()))).toBeUndefined();
    const meter: Message = {
      ...{ type: 'meterMod', xid: 0, command: 'add', flags: MeterFlag.PKTPS, meterId: 1 },
      bands: [{ type: 'drop', rate: 1, burstSize: 0 }],
    };
    const refusal = await client.refusal(bundled(meter));
    expect(refusal).toMatchObject({ errorType: 0xffff, code: 2310 });
    expect(refusal?.experimenter).toBe(Experimenter.ONF);
    expect(await client.refusal(meter)).toBeUndefined();
  });
});

describe('13: mn -c, which deletes every bridge of the host and kills processes by name', () => {
  const command = /\bmn\b['"`,\s[]+-c\b/;
  const folders = ['.ci', 'bench', 'mininet', 'scripts', 'src', 'test'];
  const extensions = ['', '.cjs', '.js', '.json', '.mjs', '.py', '.sh', '.ts', '.yaml', '.yml'];

  it.each(['sudo mn -c', "runProgram('mn', ['-c'], env)", '["mn", "-c"]'])('is seen in %s', (text) => {
    expect(text).toMatch(command);
  });

  it('is a command of none of our files', () => {
    const files = folders.flatMap((folder) => filesIn(repositoryPath(folder))).concat(repositoryPath('package.json'));
    const ours = files.filter((file) => extensions.includes(extname(file)) && file !== import.meta.filename);
    expect(ours.length).toBeGreaterThan(150);
    expect(ours.filter((file) => command.test(readFileSync(file, 'latin1')))).toEqual([]);
  });
});

function isDns({ priority }: { readonly priority: number }): boolean {
  return priority === dnsFlow().priority;
}

/** The files below a folder; none when there is no such folder yet. */
function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

/** Bundles are an extension of the ONF (EXT-230): both messages start with bundle id, type or padding, flags. */
const BUNDLE = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1]);
const openBundle: Message = { ...experimenter(2300), data: BUNDLE };

/** What is inside must bear the xid of the message around it. */
function bundled(message: Message): (xid: number) => Message {
  return (xid) => ({ ...experimenter(2301), data: Buffer.concat([BUNDLE, encodeMessage({ ...message, xid })]) });
}

function experimenter(experimenterType: number) {
  return { type: 'experimenter', xid: 0, experimenter: Experimenter.ONF, experimenterType } as const;
}

/** A controller that greets, answers echoes and can be made to die. */
async function startController() {
  const sockets: Socket[] = [];
  let answered = 0;
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    const framer = new Framer();
    socket.write(encodeMessage({ type: 'hello', xid: 1, elements: [] }));
    socket.write(encodeMessage({ type: 'featuresRequest', xid: 2 }));
    socket.on('data', (chunk: Buffer) => {
      framer.push(chunk, (bytes) => {
        const decoded = decodeMessage(bytes);
        if (!decoded.ok) return;
        if (decoded.message.type === 'featuresReply') answered++;
        if (decoded.message.type === 'echoRequest')
          socket.write(encodeMessage({ ...decoded.message, type: 'echoReply' }));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    greeted: () => answered > 0,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
