import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/core/clock.ts';
import type { BatchStore } from '../../src/querylog/batch-sender.ts';
import { FileFollower, type FollowedSource } from '../../src/querylog/file-follower.ts';
import type { SourceBatch, SourcePosition } from '../../src/querylog/query-log-store.ts';
import { lineLog } from './line-log.ts';
import { RecordingLog } from './recording-log.ts';
import { RecordingQueryLog } from './recording-query-log.ts';
import { VirtualClock } from './virtual-clock.ts';

const MAX_ROTATED = 30;
const LIMIT_MS = 10_000;
const POLL_MS = 500;
/** How long a turn of the follower may take that does not wait for the store. */
const TURN_LIMIT_MS = 5000;
/** After so long a turn that has not ended waits for the store, when that takes nothing. */
const BLOCKED_MS = 100;
/** The pauses of the follower between its turns: others set timers, too. */
const PAUSES_MS: readonly number[] = [0, POLL_MS, 5000];

/** A log file that is written, rotated and followed. Its time is a virtual clock's, its files are real. */
export class FollowedLog {
  readonly folder = mkdtempSync(join(tmpdir(), 'gluewall-follow-'));
  readonly path = join(this.folder, 'queries.log');
  readonly store = new RecordingQueryLog();
  readonly log = new RecordingLog();
  readonly #options: Partial<FollowedSource>;
  #clock = new VirtualClock();
  #life = new Life(this.#clock, this.store);
  #follower: FileFollower | undefined;
  #written = 0;

  constructor(options: Partial<FollowedSource> = {}) {
    this.#options = options;
  }

  get follower(): FileFollower {
    return this.#follower!;
  }

  /** Names of all queries that were written. */
  get written(): string[] {
    return Array.from({ length: this.#written }, (_, at) => `h${at}.example`);
  }

  /** The next lines, not written yet; of a writer whose clock is behind. */
  lines(count: number, behindMs = 0): string {
    const first = this.#written;
    this.#written += count;
    const atMs = this.#clock.nowMs() - behindMs;
    return Array.from({ length: count }, (_, at) => `${atMs} h${first + at}.example\n`).join('');
  }

  /** Writes queries to the end of the file, or of another one. */
  write(count: number, path = this.path): void {
    appendFileSync(path, this.lines(count));
  }

  /** `queries.log` becomes `queries.log.1`, and so on. */
  rename(): void {
    this.#shift();
    if (existsSync(this.path)) renameSync(this.path, `${this.path}.1`);
  }

  create(): void {
    writeFileSync(this.path, '', { flag: 'a' });
  }

  copyTruncate(): void {
    this.#shift();
    if (!existsSync(this.path)) return;
    copyFileSync(this.path, `${this.path}.1`);
    truncateSync(this.path);
  }

  start(): void {
    this.#clock = new VirtualClock(this.#clock.nowMs());
    this.#life = new Life(this.#clock, this.store);
    const source: FollowedSource = {
      path: this.path,
      name: 'ns1',
      format: lineLog,
      zone: 'UTC',
      server: undefined,
      client: (address) => address,
      keepsSamples: true,
      ...this.#options,
    };
    this.#follower = new FileFollower(source, this.#life, this.#life, this.log);
    this.#follower.start();
  }

  /** As kill -9: what was not kept is gone. */
  kill(): void {
    this.#life.end();
    this.#follower = undefined;
    this.#clock = new VirtualClock(this.#clock.nowMs());
  }

  async stop(): Promise<void> {
    await this.#follower?.stop();
    this.#follower = undefined;
  }

  /** Lets time pass in steps of a poll; in each the follower has its turn. */
  async pass(durationMs: number): Promise<void> {
    for (let passed = 0; passed < durationMs; passed += POLL_MS) {
      await this.#rest();
      this.#clock.advance(POLL_MS);
    }
    await this.#rest();
  }

  /** Lets time pass until it is so. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const endMs = performance.now() + LIMIT_MS;
    while (!condition()) {
      if (performance.now() > endMs) throw new Error(`it never came: ${what}\n${this.log.lines.join('\n')}`);
      await this.pass(POLL_MS);
    }
  }

  /** Until all that was written is in the store. */
  async untilAll(): Promise<void> {
    await this.until(() => this.store.entries.length >= this.#written, `${this.#written} entries`);
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Until the follower waits for its next turn, or for the store. */
  async #rest(): Promise<void> {
    const beganMs = performance.now();
    const limitMs = this.#follower?.figures().problem === undefined ? TURN_LIMIT_MS : BLOCKED_MS;
    while (this.#follower !== undefined && !this.#life.isResting && performance.now() - beganMs < limitMs) {
      await setImmediate();
    }
    for (let count = 0; count < 10; count++) await setImmediate();
  }

  #shift(): void {
    for (let number = MAX_ROTATED - 1; number > 0; number--) {
      if (existsSync(`${this.path}.${number}`)) renameSync(`${this.path}.${number}`, `${this.path}.${number + 1}`);
    }
  }
}

/** Time and store as one life of the follower has them: once it is dead, it does nothing more. */
class Life implements Clock, BatchStore {
  readonly #clock: VirtualClock;
  readonly #store: RecordingQueryLog;
  #waiting = 0;
  #isDead = false;

  constructor(clock: VirtualClock, store: RecordingQueryLog) {
    this.#clock = clock;
    this.#store = store;
  }

  get isResting(): boolean {
    return this.#waiting > 0;
  }

  end(): void {
    this.#isDead = true;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  after(delayMs: number, action: () => void): () => void {
    const isPause = PAUSES_MS.includes(delayMs);
    if (isPause) this.#waiting++;
    return this.#clock.after(delayMs, () => {
      if (isPause) this.#waiting--;
      action();
    });
  }

  append(batch: SourceBatch): Promise<void> {
    return this.#isDead ? new Promise(() => {}) : this.#store.append(batch);
  }

  position(source: string): Promise<SourcePosition | undefined> {
    return this.#isDead ? new Promise(() => {}) : this.#store.position(source);
  }
}
