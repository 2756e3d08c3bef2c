import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { PoolOptions, PoolRunnerInitializer, PoolWorker, WorkerRequest } from 'vitest/node';
import { worldCommand } from '../../scripts/world.mjs';

/**
 * How vitest runs each test file in a private world of its own, so that files which make interfaces, switches and
 * servers can run side by side. It is vitest's own pool of child processes but for the world around each of them.
 */
export const worldPool: PoolRunnerInitializer = {
  name: 'worlds',
  createPoolWorker: (options) => new WorldWorker(options),
};

class WorldWorker implements PoolWorker {
  readonly name = 'worlds';
  /** The folder in which vitest would leave compiled files for it is hidden behind the world's own. */
  readonly cacheFs = false;
  readonly #options: PoolOptions;
  readonly #stdout: Writable;
  readonly #stderr: Writable;
  #child: ChildProcess | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#stdout = options.project.vitest.logger.outputStream as Writable;
    this.#stderr = options.project.vitest.logger.errorStream as Writable;
  }

  async start(): Promise<void> {
    const { execArgv, distPath } = this.#options;
    const worker = [process.execPath, ...execArgv, join(distPath, 'workers', 'forks.js')];
    const { program, args, env } = worldCommand(worker);
    const child = spawn(program, args, {
      env: { ...this.#options.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    child.stdout?.on('data', (text) => this.#stdout.write(text));
    child.stderr?.on('data', (text) => this.#stderr.write(text));
    this.#child = child;
  }

  /** Ends the worker with everything that its tests have left in its world. */
  async stop(): Promise<void> {
    const child = this.#running();
    if (child.exitCode !== null || child.signalCode !== null) return;
    // Its output closes when the last process of the world is gone.
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }

  send(message: WorkerRequest): void {
    this.#running().send(message);
  }

  on(event: string, callback: (argument: unknown) => void): void {
    this.#running().on(event, callback);
  }

  off(event: string, callback: (argument: unknown) => void): void {
    this.#running().off(event, callback);
  }

  deserialize(data: unknown): unknown {
    return data;
  }

  #running(): ChildProcess {
    if (this.#child === undefined) throw new Error('the worker has not been started');
    return this.#child;
  }
}
