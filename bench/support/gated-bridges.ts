/** gluewall on two bridges of the network of `first-query`, one reactive and one proactive, run as its users run it. */
import { execFile } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { until } from '../../mininet/until.ts';
import type { Bench } from './bench-program.ts';
import { type Bridge, bridgeAt, type FirstQueryNet, INSIDE } from './first-query-net.ts';

const NORMAL_BRIDGE = bridgeAt(0, 'normal');
const REACTIVE_BRIDGE = bridgeAt(1, 'reactive');
const PROACTIVE_BRIDGE = bridgeAt(2, 'proactive');
/** Without a controller, and with a flow for each address that is asked through it. */
const STATIC_BRIDGE = bridgeAt(3, 'static');
export const BRIDGES = [NORMAL_BRIDGE, REACTIVE_BRIDGE, PROACTIVE_BRIDGE, STATIC_BRIDGE];
/** Of the third bridge. */
const PROACTIVE_ID = '0000000000000003';
const FLOWS_MS = 20_000;
/** Rows are passed on in the order of the calendar, and must hold until the benchmark is over. */
const HOLDS_MS = 86_400_000;

/** Keys of gluewall.yaml beside those that stay as they are. */
export type ConfigKeys = Readonly<Record<string, unknown>>;

const OUTSIDE = [REACTIVE_BRIDGE.serverPort, PROACTIVE_BRIDGE.serverPort];
const CONFIG: ConfigKeys = {
  mode: 'enforce',
  warmup: 0,
  inside: { networks: [INSIDE] },
  outside: { ports: OUTSIDE },
  capture: { interfaces: [] },
  install: { proactive: [PROACTIVE_ID] },
};

export class GatedBridges {
  readonly #call: Bench;
  readonly #net: FirstQueryNet;
  readonly #gluewall: GluewallProcess;

  private constructor(call: Bench, net: FirstQueryNet, gluewall: GluewallProcess) {
    this.#call = call;
    this.#net = net;
    this.#gluewall = gluewall;
  }

  /** Resolves when both bridges are connected, and the proactive one has a flow for each of the addresses `known`. */
  static async start(call: Bench, net: FirstQueryNet, known: readonly string[]): Promise<GatedBridges> {
    const gluewall = await GluewallProcess.start(join(call.folder, 'gluewall'), CONFIG);
    const bridges = new GatedBridges(call, net, gluewall);
    try {
      await bridges.#learn(known);
      await bridges.#connect(known.length);
    } catch (error) {
      await bridges.stop();
      throw error;
    }
    return bridges;
  }

  /** Writes a configuration with other keys, in one go; it is read when gluewall is told to, or looks. */
  configure(keys: ConfigKeys): void {
    const { configPath } = this.#gluewall;
    const store = { file: join(this.#call.folder, 'gluewall', 'gluewall.db') };
    writeFileSync(`${configPath}.new`, stringify({ store, ...CONFIG, ...keys }));
    renameSync(`${configPath}.new`, configPath);
  }

  /** A command of the command line, which it asks of the running gluewall; what it prints. */
  async ask(...args: readonly string[]): Promise<string> {
    const script = repositoryPath('dist', 'src', 'cli', 'main.js');
    const line = [script, ...args, '--socket', this.#gluewall.socketPath];
    const { stdout } = await promisify(execFile)(process.execPath, line, { signal: this.#call.signal, maxBuffer: 1e8 });
    return stdout;
  }

  async stop(): Promise<void> {
    await this.#gluewall.stop();
  }

  /** As rows of another history: each address serves a zone of its own. */
  async #learn(addresses: readonly string[]): Promise<void> {
    const nowMs = Date.now();
    const [seen, expires] = [new Date(nowMs - 1000).toISOString(), new Date(nowMs + HOLDS_MS).toISOString()];
    const rows = addresses.map((address, index) => {
      const zone = `zone${index}.example`;
      const times = { firstSeen: seen, lastSeen: seen, expires };
      return JSON.stringify({ zone, nameServer: `ns.${zone}`, address, trust: 'referral', ...times, taughtBy: null });
    });
    const file = join(this.#call.folder, 'history.jsonl');
    writeFileSync(file, `${rows.join('\n')}\n`);
    await this.ask('history', 'import', file);
  }

  async #connect(known: number): Promise<void> {
    const { openVswitch } = this.#net;
    for (const { name } of [REACTIVE_BRIDGE, PROACTIVE_BRIDGE]) {
      await openVswitch.vsctl('set-controller', name, 'tcp:127.0.0.1:6653');
      await openVswitch.vsctl('set', 'controller', name, 'max_backoff=1000');
    }
    await until('both bridges are connected', FLOWS_MS, async () =>
      (await this.#gluewall.status()).switches.length === 2 ? true : undefined,
    );
    await until('the proactive bridge has its flows', FLOWS_MS, async () =>
      (await this.#flowCount(PROACTIVE_BRIDGE)) > known ? true : undefined,
    );
  }

  async #flowCount({ name }: Bridge): Promise<number> {
    const text = await this.#net.openVswitch.ofctl('dump-aggregate', name);
    return Number(/flow_count=(\d+)/.exec(text)?.[1] ?? 0);
  }
}

/** One NORMAL flow on one bridge, and one for each of the addresses `asked` on the other, with the tables that gluewall's has. */
export async function setOwnFlows(
  call: Bench,
  { openVswitch }: FirstQueryNet,
  asked: readonly string[],
): Promise<void> {
  await openVswitch.ofctl('add-flow', NORMAL_BRIDGE.name, 'actions=NORMAL');
  const flows = [
    'table=0,priority=10,udp,tp_dst=53 actions=goto_table:1',
    'table=0,priority=0 actions=goto_table:2',
    ...asked.map((address) => `table=1,ip,nw_dst=${address} actions=goto_table:2`),
    'table=2 actions=NORMAL',
  ];
  const file = join(call.folder, 'static.flows');
  writeFileSync(file, `${flows.join('\n')}\n`);
  await openVswitch.ofctl('add-flows', STATIC_BRIDGE.name, file);
}
