import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../mininet/child.ts';
import { OpenVswitch } from '../../mininet/open-vswitch.ts';
import { until } from '../../mininet/until.ts';
import { OpenFlowClient } from './openflow-client.ts';

/**
 * Arguments: the interface to send from, the one to listen on, seconds to wait, how often, the marker, then each frame, all
 * in hexadecimal. Prints what comes out, a frame a line, until the marker does for the second time: within a batch the
 * switch may let one frame overtake another, but not a frame of the next batch.
 */
const EXCHANGE = `
import socket, sys
def packets(name):
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    raw.bind((name, 3))
    return raw
marker, *frames = [bytes.fromhex(frame) for frame in sys.argv[5:]]
sender, listener = packets(sys.argv[1]), packets(sys.argv[2])
for _ in range(int(sys.argv[4])):
    for frame in frames:
        sender.send(frame)
seconds = float(sys.argv[3])
if seconds == 0: sys.exit()
listener.settimeout(seconds)
for _ in range(2):
    sender.send(marker)
    while True:
        frame, origin = listener.recvfrom(65535)
        if origin[2] == socket.PACKET_OUTGOING: continue
        if frame == marker: break
        print(frame.hex())
`;

/** Interfaces outside the bridge, where frames are sent from and where they come out, and the bridge's ports. */
const WIRES = [
  { outer: 'gwfact-in', port: 'gwfact-1' },
  { outer: 'gwfact-out', port: 'gwfact-2' },
] as const;
const BRIDGE = 'gwfact';
/** The cookie of PASS_MARKER, which counts two packets each time that frames are sent through. */
export const MARKER_COOKIE = 65_535;
/** The flow that lets markers through, for `addFlows`. */
export const PASS_MARKER = `priority=65535,dl_type=0x88b5,cookie=${MARKER_COOKIE},actions=output:2`;
const ARRIVAL_SECONDS = 5;
/** A frame of an EtherType for local experiments. */
const MARKER = Buffer.concat([Buffer.from('02000000000102000000000288b5', 'hex'), Buffer.alloc(46)]);

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
    await this.openVswitch.vsctl('--if-exists', 'del-br', BRIDGE);
    const bridge = ['datapath_type=netdev', 'fail_mode=secure', 'protocols=OpenFlow13'];
    const ports = WIRES.flatMap(({ port }, index) => [
      ...['--', 'add-port', BRIDGE, port],
      ...['--', 'set', 'Interface', port, `ofport_request=${index + 1}`],
    ]);
    await this.openVswitch.vsctl('add-br', BRIDGE, '--', 'set', 'Bridge', BRIDGE, ...bridge, ...ports);
  }

  /** A controller beside whichever is set: the bridge takes it as one that it serves, not as one that it waits for. */
  connect(): Promise<OpenFlowClient> {
    return OpenFlowClient.connect(join(this.#directory, `${BRIDGE}.mgmt`));
  }

  /** Adds flow entries in the words of `ovs-ofctl`. */
  async addFlows(...flows: readonly string[]): Promise<void> {
    for (const flow of flows) await this.openVswitch.ofctl('add-flow', BRIDGE, flow);
  }

  /**
   * Sends frames into port 1, the whole list `times` over, and markers behind them that the bridge must forward; returns
   * those that came out of port 2 before the last marker: what has not come out by then never will.
   */
  async through(frames: readonly Buffer[], times = 1): Promise<readonly Buffer[]> {
    return this.#exchange(ARRIVAL_SECONDS, times, frames);
  }

  /**
   * Sends frames into port 1 of a bridge that would not forward a marker, waits until the bridge has looked every one up,
   * and returns how many frames have come out of port 2.
   */
  async arrivalsOf(frames: readonly Buffer[]): Promise<number> {
    const arrivedBefore = await this.#arrived();
    const lookedUpBefore = await this.#lookedUp();
    await this.#exchange(0, 1, frames);
    const all = lookedUpBefore + frames.length;
    await until('every frame looked up', ARRIVAL_SECONDS * 1000, async () =>
      (await this.#lookedUp()) >= all ? true : undefined,
    );
    return (await this.#arrived()) - arrivedBefore;
  }

  /** Sends frames into port 1, the whole list `times` over, and does not look what becomes of them. */
  async send(frames: readonly Buffer[], times = 1): Promise<void> {
    await this.#exchange(0, times, frames);
  }

  /** The same into port 2. */
  async sendBack(frames: readonly Buffer[], times = 1): Promise<void> {
    await this.#exchange(0, times, frames, [...WIRES].reverse());
  }

  async #exchange(
    seconds: number,
    times: number,
    frames: readonly Buffer[],
    wires: readonly (typeof WIRES)[number][] = WIRES,
  ): Promise<readonly Buffer[]> {
    const hex = [MARKER, ...frames].map((frame) => frame.toString('hex'));
    const args = ['-c', EXCHANGE, ...wires.map(({ outer }) => outer), String(seconds), String(times), ...hex];
    const { status, stdout, stderr } = await runProgram('/usr/bin/python3', args, process.env);
    if (status !== 0) throw new Error(`the marker did not come out: ${stderr}`);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => Buffer.from(line, 'hex'));
  }

  /** Frames that have come out of port 2. */
  async #arrived(): Promise<number> {
    const text = await readFile('/proc/self/net/dev', 'utf8');
    const line = text.split('\n').find((one) => one.trimStart().startsWith(`${WIRES[1].outer}:`));
    return Number(line?.split(':')[1]?.trim().split(/\s+/)[1]);
  }

  /** Packets that the bridge has looked up in table 0. */
  async #lookedUp(): Promise<number> {
    const tables = await this.openVswitch.ofctl('dump-tables', BRIDGE);
    return Number(/table 0[\s\S]*?lookup=(\d+)/.exec(tables)?.[1]);
  }

  /** Takes away all that was made, as far as it was; safe twice. */
  async stop(): Promise<void> {
    // The interfaces of a bridge outlive the daemons.
    await runProgram('ovs-vsctl', ['--timeout=5', '--if-exists', 'del-br', BRIDGE], this.openVswitch.env);
    await this.openVswitch.stop();
    for (const { outer } of WIRES) await runProgram('ip', ['link', 'del', outer], process.env);
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
