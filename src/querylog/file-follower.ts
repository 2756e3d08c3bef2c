import { stat } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { PacedLog } from '../core/paced-log.ts';
import type { BatchStore } from './batch-sender.ts';
import { DETECT_OCTETS, type DetectOptions, detectFormat } from './detect-format.ts';
import { FollowedFile } from './followed-file.ts';
import { readIntakeState } from './intake-state.ts';
import type { LogFormat } from './log-reader.ts';
import type { SourcePosition } from './query-log-store.ts';
import { logFormat } from './readers/list.ts';
import { nextRotated, rotatedFiles } from './rotated-files.ts';
import { emptyFigures, type SourceFigures } from './source-figures.ts';
import { SourceIntake, type SourceOptions } from './source-intake.ts';

/** A log file as it is configured. */
export interface FollowedSource
  extends Pick<SourceOptions, 'name' | 'zone' | 'server' | 'client' | 'keepsSamples' | 'openRoom'> {
  readonly path: string;
  /** Undefined: told from the file. */
  readonly format: LogFormat | undefined;
}

const POLL_MS = 500;
const RETRY_MS = 5000;
const PORTION_OCTETS = 256 * 1024;
/** Portions of one turn; then others have theirs. */
const TURN_PORTIONS = 256;
/** A file that was rotated away has been read when nothing was added to it for so long, or for so long there is another. */
const QUIET_MS = 1000;
const LINGER_MS = 60_000;

/** Where reading stands, or stood when the program ended. */
interface Place extends Pick<SourcePosition, 'fingerprint' | 'offset'> {
  /** When the file was last written to, as far as that was seen; undefined: not known. */
  readonly writtenMs: number | undefined;
}

/**
 * Reads a log file as it is written, and what was rotated away before it was read to its end, whatever way it was rotated. The
 * store knows how far it has come; the file is told by how it begins, for names and inode numbers are given anew.
 */
export class FileFollower {
  readonly #source: FollowedSource;
  readonly #store: BatchStore;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Of rotations: whoever writes may rotate as often as he likes. */
  readonly #paced: PacedLog;
  readonly #portion = Buffer.allocUnsafe(PORTION_OCTETS);
  #intake: SourceIntake | undefined;
  #file: FollowedFile | undefined;
  /** What the store said; null: not asked yet. */
  #stored: SourcePosition | undefined | null = null;
  /** Whether the file that is open is the one of the place. */
  #isPlaced = false;
  #isAtEnd = false;
  #grewAtMs = 0;
  /** The file to go on with, and since when it is. */
  #next: FollowedFile | undefined;
  #nextSinceMs = 0;
  #problem: string | undefined;
  #gone: string | undefined;
  #cancelTimer: (() => void) | undefined;
  #turning: Promise<void> | undefined;
  #isStopped = false;

  constructor(source: FollowedSource, store: BatchStore, clock: Clock, log: Log) {
    this.#source = source;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#paced = new PacedLog(clock, log, 'info');
  }

  start(): void {
    this.#schedule(0);
  }

  /** Hands over what has been read. Safe twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer?.();
    // A turn may wait for the store, which may take nothing.
    await this.#intake?.stop();
    await this.#turning;
    await this.#intake?.stop();
    this.#paced.stop();
    await this.#close();
  }

  figures(): SourceFigures {
    const { name, format, path } = this.#source;
    const figures = this.#intake?.figures() ?? emptyFigures(name, format?.name);
    return this.#problem === undefined ? figures : { ...figures, problem: `${path} ${this.#problem}` };
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return;
    this.#cancelTimer = this.#clock.after(delayMs, () => {
      this.#turning = this.#turn();
    });
  }

  async #turn(): Promise<void> {
    try {
      const isAtEnd = await this.#read();
      this.#schedule(isAtEnd ? POLL_MS : 0);
    } catch (error) {
      await this.#close();
      await this.#fail(error as NodeJS.ErrnoException);
      this.#schedule(RETRY_MS);
    }
  }

  /** Reads on for a while; true when there is nothing more at the moment. */
  async #read(): Promise<boolean> {
    for (let portions = 0; portions < TURN_PORTIONS && !this.#isStopped; portions++) {
      const file = this.#file ?? (await this.#open());
      const intake = file === undefined ? undefined : (this.#intake ?? (await this.#createIntake(file)));
      if (file === undefined || intake === undefined || this.#isStopped) return true;
      const read = await file.read();
      if (this.#isStopped) return true;
      if (read === 'replaced') {
        await this.#lose(file, intake);
        return true;
      }
      if (read === 'end') {
        this.#isAtEnd = true;
        this.#recover();
        if (!(await this.#goOn(file, intake))) return true;
      } else await this.#take(file, intake, read.octets);
    }
    return false;
  }

  async #take(file: FollowedFile, intake: SourceIntake, octets: Buffer): Promise<void> {
    intake.identify(file.fingerprint);
    intake.writtenBy(file.writtenMs);
    const isFresh = this.#isAtEnd;
    this.#isAtEnd = false;
    this.#grewAtMs = this.#clock.nowMs();
    this.#recover();
    await intake.push(octets, isFresh);
  }

  /** Opens the file to go on with; undefined: it is not there. Rejects when it cannot be read. */
  async #open(): Promise<FollowedFile | undefined> {
    if (this.#stored === null) this.#stored = await this.#store.position(this.#source.name);
    const place = this.#place();
    const found = place === undefined ? undefined : await this.#find(place);
    this.#file = found ?? (await this.#openLater(place)) ?? (await this.#openNamed());
    this.#isPlaced = found !== undefined;
    if (this.#file === undefined) {
      this.#say('is not there', 'it is read as soon as it is');
      return undefined;
    }
    if (place !== undefined && found === undefined) await this.#sayGone(place);
    this.#grewAtMs = this.#clock.nowMs();
    if (this.#intake !== undefined) this.#attach(this.#file, this.#intake);
    return this.#file;
  }

  #attach(file: FollowedFile, intake: SourceIntake): void {
    // What had no end comes again, or never.
    intake.rewind(file.fingerprint);
    if (!this.#isPlaced) intake.begin(file.fingerprint);
  }

  #place(): Place | undefined {
    const intake = this.#intake;
    if (intake !== undefined) {
      return { fingerprint: intake.fingerprint, offset: intake.offset, writtenMs: intake.writtenMs };
    }
    const stored = this.#stored ?? undefined;
    return stored === undefined ? undefined : { ...stored, writtenMs: readIntakeState(stored.state).writtenMs };
  }

  /** The file that a place is in, whatever its name is by now. Looked for twice: files may be renamed meanwhile. */
  async #find(place: Place): Promise<FollowedFile | undefined> {
    return (await this.#findOnce(place)) ?? (await this.#findOnce(place));
  }

  /** Files may begin alike: of those that do, the one that lies where it lay. */
  async #findOnce({ fingerprint, offset }: Place): Promise<FollowedFile | undefined> {
    let found = await this.#openNamed();
    if (!(await found?.goTo(fingerprint, offset))) {
      await found?.close();
      found = undefined;
    }
    if (found?.isAt(fingerprint)) return found;
    for (const { path, isPacked } of await rotatedFiles(this.#source.path)) {
      const file = isPacked ? undefined : await FollowedFile.open(path, this.#portion).catch(() => undefined);
      const isBetter = file !== undefined && (found === undefined || file.isAt(fingerprint));
      if (isBetter && (await file.goTo(fingerprint, offset))) {
        await found?.close();
        found = file;
        if (file.isAt(fingerprint)) return file;
      } else await file?.close();
    }
    return found;
  }

  /** The file of the name, at its beginning; undefined when it is not there. */
  async #openNamed(): Promise<FollowedFile | undefined> {
    try {
      return await FollowedFile.open(this.#source.path, this.#portion);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Undefined while what stands in the file does not tell its format. Rejects when it never will. */
  async #createIntake(file: FollowedFile): Promise<SourceIntake | undefined> {
    const stored = this.#stored ?? undefined;
    const known = this.#source.format ?? logFormat(readIntakeState(stored?.state ?? '').format ?? '');
    if (stored === undefined && known !== undefined) await this.#refuseOther(file, known);
    const format = known ?? (await this.#detect(file));
    if (format === undefined) return undefined;
    const { path: _, ...source } = this.#source;
    const rest = { isLive: true, writtenMs: file.writtenMs, earliestMs: Number.NEGATIVE_INFINITY };
    const intake = new SourceIntake({ ...source, ...rest, format }, this.#store, this.#clock, this.#log);
    if (stored !== undefined) intake.resume(stored);
    if (this.#isPlaced) intake.identify(file.fingerprint);
    else intake.begin(file.fingerprint);
    // At once: a file of which nothing is known is read under its own name only.
    intake.flush();
    this.#intake = intake;
    const from = file.offset === 0 ? 'from its beginning' : `from octet ${file.offset} on`;
    this.#log.info({ source: source.name, format: format.name }, `${file.path} is read as ${format.name} ${from}`);
    return intake;
  }

  async #detect(file: FollowedFile): Promise<LogFormat | undefined> {
    const head = await file.head(DETECT_OCTETS);
    if (head.length === 0) return undefined;
    const { found, advice } = detectFormat(head, this.#detectOptions());
    if (found !== undefined) return found.format;
    throw new Error(`is of no known format: ${advice ?? 'set its format'}`);
  }

  /** Rejects when the file is plainly of another format than it is said to be: what is read once is not read again. */
  async #refuseOther(file: FollowedFile, { name }: LogFormat): Promise<void> {
    const head = await file.head(DETECT_OCTETS);
    const { found, trials } = detectFormat(head, this.#detectOptions());
    const hasOwn = trials.some(({ format, taken }) => format.name === name && taken > 0);
    if (found === undefined || hasOwn) return;
    throw new Error(`looks like ${found.format.name}, and not like ${name}: set its format`);
  }

  #detectOptions(): DetectOptions {
    const { zone, server } = this.#source;
    const nowMs = this.#clock.nowMs();
    return { zone, server, nowMs, writtenMs: nowMs };
  }

  /** The open file is no longer what it was: goes on with the copy of it, or with what it has become. */
  async #lose(file: FollowedFile, intake: SourceIntake): Promise<void> {
    this.#paced.say(
      { source: this.#source.name },
      `${file.path} was truncated or replaced: reading goes on with its copy, if there is one, and then from its beginning`,
    );
    await this.#close();
    intake.rewind(intake.fingerprint);
  }

  /** At the end of the open file: goes on with the next one, when there is one and nothing comes to this one any more. */
  async #goOn(file: FollowedFile, intake: SourceIntake): Promise<boolean> {
    const named = await statOf(this.#source.path);
    if (named !== undefined && file.isSameFile(named)) return false;
    const path = await this.#nextPath(file, named?.size ?? 0);
    const next = path === undefined ? undefined : await this.#openNext(path);
    const nowMs = this.#clock.nowMs();
    const quietMs = nowMs - Math.max(this.#grewAtMs, this.#nextSinceMs);
    if (next === undefined || (quietMs < QUIET_MS && nowMs - this.#nextSinceMs < LINGER_MS)) return false;
    this.#next = undefined;
    await this.#close();
    this.#file = next;
    this.#grewAtMs = nowMs;
    intake.begin(next.fingerprint);
    const { name: source } = this.#source;
    this.#paced.say({ source }, `the file of ${source} was rotated: reading goes on with ${next.path}`);
    return true;
  }

  /** Held open from when it was first seen: it may be rotated or truncated while nobody reads it yet. */
  async #openNext(path: string): Promise<FollowedFile> {
    const stats = await statOf(path);
    if (this.#next !== undefined && stats !== undefined && this.#next.isSameFile(stats)) return this.#next;
    await this.#next?.close();
    this.#next = undefined;
    const next = await FollowedFile.open(path, this.#portion);
    this.#next = next;
    this.#nextSinceMs = this.#clock.nowMs();
    return next;
  }

  /** What follows the file that is open, which no longer has its name. */
  async #nextPath(file: FollowedFile, namedOctets: number): Promise<string | undefined> {
    const rotated = await rotatedFiles(this.#source.path);
    let current: string | undefined;
    for (const { path } of rotated) {
      const stats = await statOf(path);
      if (stats === undefined || !file.isSameFile(stats)) continue;
      current = path;
      break;
    }
    let next = current === undefined ? await this.#laterPath(file.writtenMs) : nextRotated(rotated, current)?.path;
    // Numbers may be given by hand, or count upwards: what was written earlier has been read.
    const stats = current === undefined || next === undefined ? undefined : await statOf(next);
    if (stats !== undefined && stats.mtimeMs < file.writtenMs) next = await this.#laterPath(file.writtenMs);
    return next ?? (namedOctets > 0 ? this.#source.path : undefined);
  }

  /** Of a file that is gone, such as packed: the one that was rotated away next. */
  async #openLater(place: Place | undefined): Promise<FollowedFile | undefined> {
    const path = place?.writtenMs === undefined ? undefined : await this.#laterPath(place.writtenMs);
    return path === undefined ? undefined : await FollowedFile.open(path, this.#portion).catch(() => undefined);
  }

  /** The first file that was rotated away and written to later. */
  async #laterPath(writtenMs: number): Promise<string | undefined> {
    const rotated = await rotatedFiles(this.#source.path);
    for (const { path, isPacked } of rotated.toReversed()) {
      const stats = isPacked ? undefined : await statOf(path);
      if (stats?.isFile() && stats.mtimeMs > writtenMs) return path;
    }
    return undefined;
  }

  /** Said once of a place: what is there instead may not be readable yet. */
  async #sayGone({ fingerprint, offset }: Place): Promise<void> {
    if (offset === 0 || this.#gone === fingerprint) return;
    this.#gone = fingerprint;
    const packed = (await rotatedFiles(this.#source.path)).find(({ isPacked }) => isPacked)?.path;
    const { name, path } = this.#source;
    const hint =
      packed === undefined ? '' : `; packed ones such as ${packed} are not read: unpack it and use gluewall log import`;
    const message = `the file that was read as ${path} up to octet ${offset} is gone: its rest is not in the query log${hint}`;
    this.#log.warn({ source: name }, message);
  }

  async #fail({ code, message }: NodeJS.ErrnoException): Promise<void> {
    if (code === 'store-position') {
      this.#say('is read by another process, too', 'reading goes on behind what that one has read');
      await this.#intake?.stop();
      this.#intake = undefined;
      this.#stored = null;
    } else if (code === 'EACCES' || code === 'EPERM')
      this.#say(`cannot be read (${code})`, 'let the user of gluewall read it');
    else this.#say(code === undefined ? message : `cannot be read (${message})`, 'it is tried again');
  }

  /** Says a problem once. */
  #say(problem: string, then: string): void {
    if (this.#problem === problem) return;
    this.#problem = problem;
    const { name, path } = this.#source;
    this.#log.warn({ source: name }, `the log file ${path} ${problem}; ${then}`);
  }

  #recover(): void {
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    const { name, path } = this.#source;
    this.#log.info({ source: name }, `the log file ${path} is read again`);
  }

  async #close(): Promise<void> {
    const [file, next] = [this.#file, this.#next];
    this.#file = undefined;
    this.#next = undefined;
    this.#isAtEnd = false;
    await file?.close();
    await next?.close();
  }
}

/** Undefined when there is nothing of that name, or it cannot be looked at. */
async function statOf(path: string) {
  return await stat(path).catch(() => undefined);
}
