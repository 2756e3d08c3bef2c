import { statSync } from 'node:fs';
import { configHash } from '../config/config-hash.ts';
import { type KeyDifference, liveConfig } from '../config/difference.ts';
import type { Config } from '../config/schema.ts';
import { type Clock, every } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { ConfigFigures } from '../metrics/metric-sources.ts';
import type { ReloadView } from '../services/reload-view.ts';
import type { ReadConfig, ReadConfigFile } from './read-config-aside.ts';

const LOOK_MS = 2000;
/** Items of one key that the log tells one by one. */
const MAX_TOLD = 20;

export interface ReloaderParts {
  readonly clock: Clock;
  readonly log: Log;
  /** The configuration file; it need not be there. */
  readonly file: string;
  readonly read: ReadConfigFile;
  /** What is in force at the start. */
  readonly config: Config;
  /** Takes up what a running gluewall can of a configuration that is good. */
  readonly apply: (config: Config) => void;
}

/** Who reads the configuration file anew, and has it applied. */
export type ReloadDoor = Pick<Reloader, 'reload' | 'figures'>;

/** Takes a changed configuration up while gluewall runs: all of it or nothing. */
export class Reloader {
  readonly #parts: ReloaderParts;
  #config: Config;
  #seen: string;
  /** What the last look saw. */
  #looked: string | undefined;
  #underWay: Promise<unknown> = Promise.resolve();
  /** Reloads that have not ended. */
  #waiting = 0;
  #cancelLooking: (() => void) | undefined;
  #counts = { applied: 0, refused: 0 };
  #last: 'applied' | 'refused' | undefined;
  #appliedAtMs: number;
  /** Made when it is first asked for, where no thread has made it. */
  #hash: string | undefined;

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
    this.#config = parts.config;
    this.#seen = fingerprint(parts.file);
    this.#appliedAtMs = parts.clock.nowMs();
  }

  /** What became of reloads, and the hash of the configuration last taken up. */
  get figures(): ConfigFigures {
    const { applied, refused } = this.#counts;
    this.#hash ??= configHash(this.#config);
    return { hash: this.#hash, applied, refused, last: this.#last, appliedAtMs: this.#appliedAtMs };
  }

  /** Looks at the file from now on, and reloads it once it has changed and rests. */
  start(): void {
    this.#cancelLooking = every(this.#parts.clock, LOOK_MS, () => this.#look());
  }

  stop(): void {
    this.#cancelLooking?.();
  }

  /**
   * Reads the file, and takes it up unless `isTrial`. Rejects with ConfigError when it is not good: nothing has changed then.
   * One after the other.
   */
  reload(isTrial: boolean): Promise<ReloadView> {
    this.#waiting++;
    const next = this.#underWay
      .then(() => this.#reload(isTrial))
      .finally(() => {
        this.#waiting--;
      });
    this.#underWay = next.catch(() => undefined);
    return next;
  }

  /** A file that is still being written changes between two looks. */
  #look(): void {
    const { file, log } = this.#parts;
    const found = fingerprint(file);
    const isAtRest = found === this.#looked;
    const isNew = found !== this.#seen;
    this.#looked = found;
    if (!isNew || !isAtRest || this.#waiting > 0) return;
    log.info({ file }, `${file} has changed: reloading`);
    this.reload(false).catch(() => undefined);
  }

  async #reload(isTrial: boolean): Promise<ReloadView> {
    const { file, log, apply, clock } = this.#parts;
    const seen = fingerprint(file);
    const readOrFail = await this.#read().catch((error: Error) => {
      if (!isTrial) this.#refuse(seen, error);
      throw error;
    });
    const { config, warnings, hash, differences } = readOrFail;
    const view = reloadView(file, isTrial, differences, warnings);
    if (isTrial) return view;
    this.#seen = seen;
    if (differences.some(({ isLive }) => isLive)) apply(config);
    // What takes a restart is told of again as long as it has not had one.
    this.#config = liveConfig(this.#config, config);
    this.#hash = hash;
    this.#counts.applied++;
    this.#last = 'applied';
    this.#appliedAtMs = clock.nowMs();
    for (const warning of warnings) log.warn({ file }, warning);
    for (const line of describeDifferences(differences)) log.info({ file }, line);
    return view;
  }

  /** A running gluewall does not take an empty file for all defaults: that would end enforcement without a word. */
  async #read(): Promise<ReadConfig> {
    const { file, read } = this.#parts;
    const found = await read(file, this.#config);
    if (!found.isEmpty) return found;
    throw new GluewallError(
      'config',
      `${file}: says nothing; write at least \`mode: monitor\` if all defaults are meant`,
    );
  }

  #refuse(seen: string, error: Error): void {
    const { file, log } = this.#parts;
    this.#seen = seen;
    this.#counts.refused++;
    this.#last = 'refused';
    const code = error instanceof GluewallError ? error.code : 'config';
    log.error({ alarm: 'reload', code, file }, `${error.message}\nnot reloaded: everything is as it was before`);
  }
}

function reloadView(
  file: string,
  isTrial: boolean,
  differences: readonly KeyDifference[],
  warnings: readonly string[],
): ReloadView {
  const outcome = differences.length === 0 ? 'unchanged' : isTrial ? 'trial' : 'applied';
  return { file, outcome, differences, warnings };
}

function describeDifferences(differences: readonly KeyDifference[]): readonly string[] {
  if (differences.length === 0) return ['reloaded: nothing has changed'];
  return differences.map(({ path, removed, added, isLive }) => {
    const items = [...removed.map((item) => `- ${item}`), ...added.map((item) => `+ ${item}`)];
    const told = items.slice(0, MAX_TOLD).join(', ');
    const rest = items.length > MAX_TOLD ? ` and ${items.length - MAX_TOLD} more` : '';
    return `${isLive ? 'reloaded' : 'takes a restart'}: ${path}: ${told}${rest}`;
  });
}

/** Another one when the file is another, or has been written to. */
function fingerprint(file: string): string {
  const facts = statSync(file, { bigint: true, throwIfNoEntry: false });
  return facts === undefined ? 'none' : `${facts.dev} ${facts.ino} ${facts.size} ${facts.mtimeNs}`;
}

/** The figures of a gluewall that was never reloaded. */
export function neverReloaded(config: Config, appliedAtMs: number): ConfigFigures {
  return { hash: configHash(config), appliedAtMs, last: undefined, applied: 0, refused: 0 };
}
