/**
 * An Open vSwitch of our own: database and switch daemon as direct children, all their files in one folder, the
 * userspace datapath. It touches no Open vSwitch that runs on the machine besides.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exited, runProgram, stopChild } from './child.ts';

const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';
const READY_TIMEOUT_SECONDS = 20;

/** A running Open vSwitch. `start` returns when it takes commands; `stop` is safe twice. */
export class OpenVswitch {
  /** The environment in which Open vSwitch's own tools (and Mininet) talk to this one. */
  readonly env: NodeJS.ProcessEnv;
  readonly #directory: string;
  #database: ChildProcess | undefined;
  #vswitchd: ChildProcess | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
    this.env = {
      ...process.env,
      OVS_RUNDIR: directory,
      OVS_DBDIR: directory,
      OVS_LOGDIR: directory,
      OVS_SYSCONFDIR: directory,
    };
  }

  /** Starts one with its files in `directory` (made when missing; sockets there need a short path). Needs root. */
  static async start(directory: string): Promise<OpenVswitch> {
    const openVswitch = new OpenVswitch(directory);
    try {
      await mkdir(directory, { recursive: true });
      await openVswitch.#tool('ovsdb-tool', ['create', openVswitch.#databaseFile(), SCHEMA]);
      await openVswitch.#startDatabase();
      await openVswitch.#startVswitchd();
    } catch (error) {
      await openVswitch.stop();
      throw error;
    }
    return openVswitch;
  }

  /** Runs `ovs-vsctl`, waiting until the switch has done what was asked; answers its output, throws when it fails. */
  vsctl(...args: string[]): Promise<string> {
    return this.#tool('ovs-vsctl', ['--timeout=20', ...args]);
  }

  /** Runs `ovs-ofctl` with OpenFlow 1.3. */
  ofctl(...args: string[]): Promise<string> {
    return this.#tool('ovs-ofctl', ['--timeout=20', '-O', 'OpenFlow13', ...args]);
  }

  /** Runs `ovs-appctl` on the switch daemon. */
  appctl(...args: string[]): Promise<string> {
    return this.#tool('ovs-appctl', ['--timeout=20', '-t', this.#controlSocket(), ...args]);
  }

  /** Ends the switch daemon and starts it anew on the same database: bridges come back, flows do not. */
  async restartVswitchd(): Promise<void> {
    await stopChild(this.#vswitchd);
    await this.#startVswitchd();
  }

  /** Ends both daemons and starts them on the same database, as a host does that boots. */
  async reboot(): Promise<void> {
    await this.stop();
    await this.#startDatabase();
    await this.#startVswitchd();
  }

  /** Ends both daemons; whatever bridges they had are gone with them. */
  async stop(): Promise<void> {
    await stopChild(this.#vswitchd);
    await stopChild(this.#database);
  }

  async #startDatabase(): Promise<void> {
    const remote = `--remote=punix:${join(this.#directory, 'db.sock')}`;
    const control = `--unixctl=${join(this.#directory, 'ovsdb-server.ctl')}`;
    this.#database = this.#daemon('ovsdb-server', [this.#databaseFile(), remote, control]);
    await this.#ready(this.#database, ['--no-wait', 'init']);
  }

  async #startVswitchd(): Promise<void> {
    const database = `unix:${join(this.#directory, 'db.sock')}`;
    this.#vswitchd = this.#daemon('ovs-vswitchd', [database, `--unixctl=${this.#controlSocket()}`]);
    const mark = `external_ids:started-by=${this.#vswitchd.pid ?? 0}`;
    await this.#ready(this.#vswitchd, ['set', 'Open_vSwitch', '.', mark]);
  }

  #databaseFile(): string {
    return join(this.#directory, 'conf.db');
  }

  #controlSocket(): string {
    return join(this.#directory, 'ovs-vswitchd.ctl');
  }

  #daemon(name: string, args: readonly string[]): ChildProcess {
    const log = `--log-file=${join(this.#directory, `${name}.log`)}`;
    return spawn(name, [...args, '-vconsole:off', log], { env: this.env, stdio: 'ignore' });
  }

  /** Waits until a database command has gone through, or throws at once when the daemon has ended. */
  async #ready(daemon: ChildProcess, command: readonly string[]): Promise<void> {
    const name = daemon.spawnfile;
    const gone = exited(daemon).then(() => {
      throw new Error(`${name} ended at once: see ${join(this.#directory, `${name}.log`)}`);
    });
    gone.catch(() => undefined);
    const timeout = `--timeout=${READY_TIMEOUT_SECONDS}`;
    await Promise.race([gone, this.#tool('ovs-vsctl', ['--retry', timeout, ...command])]);
  }

  async #tool(name: string, args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await runProgram(name, args, this.env);
    if (status !== 0) throw new Error(`${name} ${args.join(' ')} failed: ${stderr.trim()}`);
    return stdout;
  }
}
