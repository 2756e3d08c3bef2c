import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../mininet/child.ts';
import { OpenVswitch } from '../../mininet/open-vswitch.ts';
import { until } from '../../mininet/until.ts';
import { OpenFlowClient } from './openflow-client.ts';

/** Frames come on stdin's stand-in, the arguments: interface, how often, then each frame in hexadecimal. */
const SENDER = `
import socket, sys
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind((sys.argv[1], 0))
for _ in range(int(sys.argv[2])):
    for frame in sys.argv[3:]:
        raw.send(bytes.fromhex(frame))
`;

/** Interfaces outside the bridge, where frames are sent from and where they come out, and the bridge's ports. */
const WIRES = [
  { outer: 'gwfact-in', port: 'gwfact-1' },
  { outer: 'gwfact-out', port: 'gwfact-2' },
] as const;
const BRIDGE = 'gwfact';
const ARRIVAL_MS = 5000;

/**
 * A bare bridge of an Open vSwitch of our own with two ports, 1 and 2, each a veth whose other end is here: what is sent
 * goes in by port 1, and what leaves by port 2 is counted. It starts in fail mode secure without controller or flows.
 */
export class VethBridge {
  readonly name = BRIDGE;
  readonly openVswitch: OpenVswitch;
  readonly #directory: string;

  private constructor(directory: string, openVswitch: OpenVswitch) {
    this.#directory = directory;
    this.openVswitch = openVswitch;
  }

  static async start(): Promise<VethBridge> {
    const directory = await mkdtemp(join(tmpdir(), 'gluewall-'));
    const bridge = new VethBridge(directory, await OpenVswitch.start(directory));
    try {
      for (const { outer, port } of WIRES) await makeWire(outer, port);
      await bridge.recreate();
    } catch (error) {
      await bridge.stop();
      throw error;
    }
    return bridge;
  }

  /** Makes the bridge anew, so that nothing of a test before is left: flows, meters, configuration, controller. */
  async recreate(): Promise<void> {
    const { vsctl } = { vsctl: (...args: string[]) => this.openVswitch.vsctl(...args) };
    await vsctl('--if-exists', 'del-br', BRIDGE);
    const bridge = ['datapath_type=netdev', 'fail_mode=secure', 'protocols=OpenFlow13'];
    const ports = WIRES.flatMap(({ port }, index) => [
      ...['--', 'add-port', BRIDGE, port],
      ...['--', 'set', 'Interface', port, `ofport_request=${index + 1}`],
    ]);
    await vsctl('add-br', BRIDGE, '--', 'set', 'Bridge', BRIDGE, ...bridge, ...ports);
  }

  /** A controller beside whichever is set: the bridge takes it as one that it serves, not as one that it waits for. */
  connect(): Promise<OpenFlowClient> {
    return OpenFlowClient.connect(join(this.#directory, `${BRIDGE}.mgmt`));
  }

  /** Adds flow entries in the words of `ovs-ofctl`. */
  async addFlows(...flows: readonly string[]): Promise<void> {
    for (const flow of flows) await this.openVswitch.ofctl('add-flow', BRIDGE, flow);
  }

  /** Sends frames into port 1, in order, the whole list `times` over; resolves when they are on the wire. */
  async send(frames: readonly Buffer[], times = 1): Promise<void> {
    const hex = frames.map((frame) => frame.toString('hex'));
    const args = ['-c', SENDER, WIRES[0].outer, String(times), ...hex];
    const { status, stderr } = await runProgram('/usr/bin/python3', args, process.env);
    if (status !== 0) throw new Error(`frames not sent: ${stderr}`);
  }

  /** Frames that have come out of port 2 since the start. */
  async arrived(): Promise<number> {
    const text = await readFile('/proc/self/net/dev', 'utf8');
    const line = text.split('\n').find((one) => one.trimStart().startsWith(`${WIRES[1].outer}:`));
    return Number(line?.split(':')[1]?.trim().split(/\s+/)[1]);
  }

  /**
   * Sends `frames`, then `last`, which the bridge must forward, and waits for it to come out: the port keeps the order,
   * so what has not come out before it never will. Returns how many of `frames` came out.
   */
  async forwarded(frames: readonly Buffer[], last: Buffer, times = 1): Promise<number> {
    const before = await this.arrived();
    await this.send(frames, times);
    const between = await this.arrived();
    await this.send([last]);
    await until('the last frame', ARRIVAL_MS, async () => ((await this.arrived()) > between ? true : undefined));
    return (await this.arrived()) - before - 1;
  }

  async stop(): Promise<void> {
    await this.openVswitch.stop();
    for (const { outer } of WIRES) await ip('link', 'del', outer);
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** IPv6 is off on both ends, so that nothing but a test's own frames is on the wire. */
async function makeWire(outer: string, port: string): Promise<void> {
  await ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', port);
  for (const end of [outer, port]) {
    await writeFile(`/proc/sys/net/ipv6/conf/${end}/disable_ipv6`, '1');
    await ip('link', 'set', end, 'up');
  }
}

async function ip(...args: string[]): Promise<void> {
  const { status, stderr } = await runProgram('ip', args, process.env);
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`);
}
