import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { printable } from '../core/printable.ts';
import type { Name } from '../dns/name.ts';
import type { ZoneState } from './zone.ts';
import { serialOfText, zoneLines } from './zone-text.ts';

export interface ZoneFileOptions {
  readonly path: string;
  /** A program and its arguments, which no shell reads; undefined: nothing is run. */
  readonly reload: readonly string[] | undefined;
}

export interface ZoneFileFigures {
  /** Of the file as it is; undefined before it was written. */
  readonly serial: number | undefined;
  readonly writes: number;
  readonly failures: number;
  /** What keeps the servers from having the zone, in words; undefined: nothing does. */
  readonly problem: string | undefined;
}

const RELOAD_MS = 30_000;
const RETRY_MS = 30_000;
/** What a command says may be read after its end. */
const LAST_WORDS_MS = 200;
const MAX_OUTPUT_SHOWN = 200;
/** For all to read: a name server reads it as a user of its own. */
const FILE_MODE = 0o644;
const HEAD_BYTES = 4096;

/** Keeps a file the same as the zone, and runs a command when it has changed. What fails is tried again until it works. */
export class ZoneFile {
  readonly #options: ZoneFileOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  #wanted: ZoneState | undefined;
  #working: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;
  #isStopped = false;
  #figures: ZoneFileFigures = { serial: undefined, writes: 0, failures: 0, problem: undefined };

  constructor(options: ZoneFileOptions, clock: Clock, log: Log) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  get figures(): ZoneFileFigures {
    return this.#figures;
  }

  /** Takes the zone as it is now; the newest is written, those that come in between are not. */
  put(zone: ZoneState): void {
    this.#wanted = zone;
    this.#begin();
  }

  /** Resolves when what was put is written, or has failed for now. */
  async settled(): Promise<void> {
    await this.#working;
  }

  /** Safe twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRetry?.();
    await this.#working;
  }

  #begin(): void {
    if (this.#isStopped || this.#working !== undefined) return;
    this.#cancelRetry?.();
    this.#working = this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  async #work(): Promise<void> {
    for (let zone = this.#wanted; zone !== undefined; zone = this.#wanted) {
      this.#wanted = undefined;
      try {
        await writeZoneFile(this.#options.path, zone);
        this.#figures = { ...this.#figures, serial: zone.serial, writes: this.#figures.writes + 1 };
        if (this.#options.reload !== undefined) await runReload(this.#options.reload);
        this.#succeeded();
      } catch (error) {
        this.#failed(messageOf(error));
        this.#wanted ??= zone;
        return;
      }
    }
  }

  #succeeded(): void {
    if (this.#figures.problem !== undefined)
      this.#log.info({}, `response.rpz: ${this.#options.path} is taken up again`);
    this.#figures = { ...this.#figures, problem: undefined };
  }

  #failed(reason: string): void {
    const problem = `response.rpz: ${this.#options.path}: ${reason}`;
    if (this.#figures.problem !== problem)
      this.#log.error({}, `${problem}; it is tried again every ${RETRY_MS / 1000} s`);
    this.#figures = { ...this.#figures, failures: this.#figures.failures + 1, problem };
    this.#cancelRetry = this.#clock.after(RETRY_MS, () => this.#begin());
  }
}

/** Puts the zone in place of what is in the file in one step, so that nobody reads half of it. Rejects with an Error that says why not. */
export async function writeZoneFile(path: string, zone: ZoneState): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.rpz`);
  try {
    const handle = await open(temporary, 'wx', FILE_MODE);
    try {
      await handle.writeFile([...zoneLines(zone)].join(''));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(`cannot be written (${code}): is its folder there, and may gluewall write in it?`, { cause });
  }
}

/** The serial of the zone in a file of an earlier run; undefined when it holds none. */
export async function serialOfFile(path: string, apex: Name): Promise<number | undefined> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return serialOfText(buffer.toString('latin1', 0, bytesRead), apex);
  } catch {
    return undefined;
  } finally {
    await handle.close();
  }
}

/** Rejects with an Error that says how it ended. What the command leaves behind is not waited for. */
async function runReload([program = '', ...rest]: readonly string[]): Promise<void> {
  const fails = (ending: string) => new Error(`the reload command ${printable(program)} ${ending}`);
  const child = spawn(program, rest, {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: RELOAD_MS,
    killSignal: 'SIGKILL',
  });
  const errors = child.stderr.setEncoding('utf8');
  let said = '';
  errors.on('data', (text: string) => {
    said = (said + text).slice(0, MAX_OUTPUT_SHOWN);
  });
  try {
    const [code]: (number | null)[] = await once(child, 'exit');
    if (code === 0) return;
    await Promise.race([once(errors, 'close'), setTimeout(LAST_WORDS_MS)]);
    const ending =
      typeof code !== 'number' ? `was killed, or took more than ${RELOAD_MS / 1000} s` : `ended with ${code}`;
    throw fails(said.trim() === '' ? ending : `${ending}: ${printable(said.trim())}`);
  } catch (error) {
    const { syscall, code } = error as NodeJS.ErrnoException;
    throw syscall === undefined ? error : fails(`could not be run (${code})`);
  } finally {
    errors.destroy();
  }
}
