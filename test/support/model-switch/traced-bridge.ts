import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../../mininet/child.ts';
import { OpenVswitch } from '../../../mininet/open-vswitch.ts';
import { Port } from '../../../src/openflow/schema/constants.ts';
import { OpenFlowClient } from '../openflow-client.ts';
import { UnixControl } from './unix-control.ts';

const BRIDGE = 'gwtrace';
/** Ports of the bridge besides its own: 1, 2 and 3. */
export const TRACED_PORTS: Readonly<Record<string, number>> = { gwtrace1: 1, gwtrace2: 2, gwtrace3: 3 };

/** A bridge of an Open vSwitch of our own that is told flows by a controller of the test's and asked where packets go. */
export class TracedBridge {
  readonly openVswitch: OpenVswitch;
  readonly client: OpenFlowClient;
  /** OpenFlow port numbers by those of the datapath. */
  readonly ports: ReadonlyMap<string, number>;
  readonly #directory: string;
  readonly #control: UnixControl;

  private constructor(
    directory: string,
    openVswitch: OpenVswitch,
    client: OpenFlowClient,
    control: UnixControl,
    ports: ReadonlyMap<string, number>,
  ) {
    this.#directory = directory;
    this.openVswitch = openVswitch;
    this.client = client;
    this.#control = control;
    this.ports = ports;
  }

  static async start(): Promise<TracedBridge> {
    const directory = await mkdtemp(join(tmpdir(), 'gluewall-'));
    const openVswitch = await OpenVswitch.start(directory);
    try {
      const settings = ['datapath_type=netdev', 'fail_mode=secure', 'protocols=OpenFlow13'];
      const ports = Object.entries(TRACED_PORTS).flatMap(([name, number]) => [
        ...['--', 'add-port', BRIDGE, name],
        ...['--', 'set', 'Interface', name, 'type=internal', `ofport_request=${number}`],
      ]);
      await openVswitch.vsctl('add-br', BRIDGE, '--', 'set', 'Bridge', BRIDGE, ...settings, ...ports);
      for (const name of [BRIDGE, ...Object.keys(TRACED_PORTS)]) {
        const { status, stderr } = await runProgram('ip', ['link', 'set', name, 'up'], process.env);
        if (status !== 0) throw new Error(`ip link set ${name} up: ${stderr}`);
      }
      const client = await OpenFlowClient.connect(join(directory, `${BRIDGE}.mgmt`));
      const control = await UnixControl.connect(join(directory, 'ovs-vswitchd.ctl'));
      const shown = await control.run('dpif/show');
      return new TracedBridge(directory, openVswitch, client, control, readPorts(shown));
    } catch (error) {
      await openVswitch.stop();
      throw error;
    }
  }

  /** What `ofproto/trace` says of a frame that comes in by a port of a bridge that has learned nothing yet. */
  async trace(frame: Buffer, inPort: number): Promise<string> {
    await this.#control.run('fdb/flush', BRIDGE);
    return this.#control.run('ofproto/trace', BRIDGE, `in_port=${inPort}`, frame.toString('hex'));
  }

  async stop(): Promise<void> {
    this.client.close();
    this.#control.close();
    await runProgram('ovs-vsctl', ['--timeout=5', '--if-exists', 'del-br', BRIDGE], this.openVswitch.env);
    await this.openVswitch.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Lines such as `gwtrace1 1/2: (tap)`: name, OpenFlow number, number in the datapath. */
function readPorts(shown: string): ReadonlyMap<string, number> {
  const lines = shown.matchAll(/^\s+(\S+) (\d+)\/(\d+):/gm);
  const numbers = [...lines].map(([, , number, datapathNumber]): [string, number] => {
    return [datapathNumber!, number === '65534' ? Port.LOCAL : Number(number)];
  });
  return new Map(numbers);
}
