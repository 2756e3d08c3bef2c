import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exited, type ProgramResult, runProgram } from '../../mininet/child.ts';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { until } from '../../mininet/until.ts';

const SCRIPT = repositoryPath('test', 'support', 'systemd-world.sh');
const START_MS = 20_000;
const STOP_MS = 10_000;

/**
 * A systemd of our own, as process 1 of namespaces and of a cgroup of its own: it knows no units but ours, its files go into
 * memory, and `gluewall` is the built one. Needs root and a private world.
 */
export class SystemdWorld {
  readonly #directory: string;
  readonly #cgroup: string;
  readonly #child: ChildProcess;
  #said = '';
  #pid: number | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
    const cgroup = `gluewall-test-${process.pid}-${Date.now()}`;
    this.#cgroup = join(directory, 'cgroup', cgroup);
    const args = [SCRIPT, directory, cgroup, repositoryPath(), process.execPath];
    this.#child = spawn('/bin/bash', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-8000);
      });
    }
  }

  /** Resolves when systemd takes commands; rejects with what it said where it does not start. */
  static async start(): Promise<SystemdWorld> {
    const world = new SystemdWorld(mkdtempSync(join(tmpdir(), 'gluewall-')));
    try {
      await until('systemd runs', START_MS, () => world.#isRunning());
    } catch (cause) {
      await world.stop();
      throw new Error(`systemd did not start: ${world.#said}`, { cause });
    }
    return world;
  }

  /** Runs a shell command as root inside. Never rejects. */
  run(command: string): Promise<ProgramResult> {
    if (this.#pid === undefined) throw new Error('systemd does not run yet');
    const args = ['--target', String(this.#pid), '--all', '/bin/bash', '-c', command];
    return runProgram('nsenter', args, { ...process.env, TMPDIR: '/tmp' });
  }

  /** Runs a shell command as root inside and returns what it printed; rejects where it fails. */
  async done(command: string): Promise<string> {
    const { status, stdout, stderr } = await this.run(command);
    if (status !== 0) throw new Error(`${command}: ${status}: ${stdout}${stderr}`);
    return stdout;
  }

  /** Ends all that runs inside. Safe twice. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await exited(this.#child);
    await until('the cgroup is gone', STOP_MS, async () => {
      await runProgram('find', [this.#cgroup, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';'], process.env);
      return (await runProgram('test', ['-d', this.#cgroup], process.env)).status !== 0 || undefined;
    });
    await runProgram('umount', [join(this.#directory, 'cgroup')], process.env);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #isRunning(): Promise<true | undefined> {
    if (this.#child.exitCode !== null) throw new Error('it ended at once');
    const { pid } = this.#child;
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    if (child === undefined || child === '') return undefined;
    this.#pid = Number(child);
    const { stdout } = await this.run('systemctl is-system-running');
    return /^(running|degraded)$/m.test(stdout) || undefined;
  }
}
