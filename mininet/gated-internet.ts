import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GluewallProcess } from './gluewall-process.ts';
import { gate, hosts, networks, rootServer } from './internet.ts';
import { MiniInternet } from './mini-internet.ts';
import { OpenVswitch } from './open-vswitch.ts';

/** Keys of gluewall.yaml that differ from those of `start`. */
export type ConfigChange = Readonly<Record<string, unknown>>;

/** The mini-Internet with its bridge under a gluewall that runs as its users run it. */
export class GatedInternet {
  readonly openVswitch: OpenVswitch;
  readonly internet: MiniInternet;
  /** The newest one; it may have been killed. */
  gluewall: GluewallProcess;
  readonly #directory: string;
  #starts = 0;

  private constructor(openVswitch: OpenVswitch, internet: MiniInternet, gluewall: GluewallProcess, directory: string) {
    this.openVswitch = openVswitch;
    this.internet = internet;
    this.gluewall = gluewall;
    this.#directory = directory;
  }

  /** Builds it in `directory` (made when missing) and waits until the gate works. Needs root and a private world. */
  static async start(directory: string, change: ConfigChange = {}): Promise<GatedInternet> {
    mkdirSync(directory, { recursive: true });
    const openVswitch = await OpenVswitch.start(join(directory, 'ovs'));
    const internet = await MiniInternet.start({ openVswitch, directory: join(directory, 'internet') });
    const gluewall = await GluewallProcess.start(join(directory, 'gluewall'), configuration(directory, change));
    const gated = new GatedInternet(openVswitch, internet, gluewall, directory);
    await connectBridge(openVswitch);
    await gluewall.ready();
    return gated;
  }

  /** Kills gluewall if it still runs and starts it anew; returns when the bridge has come back to it. */
  async restartGluewall(change: ConfigChange = {}): Promise<void> {
    await this.gluewall.kill();
    const directory = join(this.#directory, `gluewall-${++this.#starts}`);
    this.gluewall = await GluewallProcess.start(directory, configuration(this.#directory, change));
    await this.gluewall.ready();
  }

  /** The flow entries of the gate, one line each, as `ovs-ofctl dump-flows` prints them. */
  async flows(...filter: string[]): Promise<string[]> {
    const text = await this.openVswitch.ofctl('--no-stats', 'dump-flows', gate.bridge, ...filter);
    return text.split('\n').flatMap((line) => (line.includes('actions=') ? [line.trim()] : []));
  }

  /** Ends everything; safe twice. */
  async stop(): Promise<void> {
    await this.gluewall.kill();
    await this.internet.stop();
    await this.openVswitch.stop();
  }
}

/** Enforcing from the start, with records that may expire within seconds. */
function configuration(directory: string, change: ConfigChange): object {
  const hintsFile = join(directory, 'root.hints');
  writeFileSync(hintsFile, `${rootServer.join('\n')}\n`);
  return {
    mode: 'enforce',
    warmup: 0,
    inside: { networks: [...networks.inside] },
    outside: { ports: [gate.outsidePort] },
    trusted_resolvers: [hosts.resolver.ipv4, hosts.resolver.ipv6],
    root_hints: hintsFile,
    ttl: { floor: '1s' },
    ...change,
  };
}

/** What `gluewall run` tells its user to type, and a short back-off so that nobody waits for a reconnect. */
async function connectBridge(openVswitch: OpenVswitch): Promise<void> {
  const { bridge } = gate;
  const together = ['--', 'set-fail-mode', bridge, 'secure', '--', 'set-controller', bridge, 'tcp:127.0.0.1:6653'];
  await openVswitch.vsctl('set', 'bridge', bridge, 'protocols=OpenFlow13', ...together);
  await openVswitch.vsctl('set', 'controller', bridge, 'max_backoff=1000');
}
