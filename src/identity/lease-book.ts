import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Address } from '../core/address.ts';
import { type Clock, every } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import type { Log } from '../core/log.ts';
import { holdLeases } from './held-leases.ts';
import type { Lease, LeaseReading } from './lease.ts';
import { type FileState, isSameFile, readLeaseFile } from './read-lease-file.ts';

export interface LeaseBookOptions {
  /** Of those that have the same address, the first counts. */
  readonly files: readonly string[];
  /** How often each is looked at, beside being told. */
  readonly checkMs: number;
  /** Leases held, of each file. */
  readonly maxLeases: number;
}

type LeaseCounter = 'readings' | 'unreadable files' | 'bad rows' | 'cut readings' | 'refused leases';

type Complaint = 'unreadable' | 'rows' | 'room';

interface WatchedFile {
  readonly path: string;
  held: ReadonlyMap<Address, Lease>;
  byMac: ReadonlyMap<number, Lease>;
  state: FileState | undefined;
  watcher: FSWatcher | undefined;
  reading: Promise<void> | undefined;
  /** Not read again before. */
  restUntilMs: number;
  /** What was complained of last, so that it is said once. */
  complaint: Complaint | undefined;
}

/** A server that is writing has come to rest by then, mostly. */
const SETTLE_MS = 200;
/** Reading takes at most one part in so many of the time. */
const REST_PARTS = 10;

/** What DHCP servers wrote of their leases: read when the files change, held in memory. */
export class LeaseBook {
  readonly counters = new Counters<LeaseCounter>();
  readonly #options: LeaseBookOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #files: readonly WatchedFile[];
  #cancelCheck: (() => void) | undefined;
  readonly #settling = new Map<WatchedFile, () => void>();

  constructor(options: LeaseBookOptions, clock: Clock, log: Log) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#files = options.files.map((path) => ({
      path,
      held: new Map(),
      byMac: new Map(),
      state: undefined,
      watcher: undefined,
      reading: undefined,
      restUntilMs: 0,
      complaint: undefined,
    }));
  }

  /** Leases held, of all files; those whose time is over are among them until a file is read again. */
  get size(): number {
    return this.#files.reduce((sum, { held }) => sum + held.size, 0);
  }

  /** Reads all files, then watches them. */
  async start(): Promise<void> {
    await this.check();
    this.#cancelCheck = every(this.#clock, this.#options.checkMs, () => {
      void this.check();
    });
  }

  /** Safe twice. */
  async stop(): Promise<void> {
    this.#cancelCheck?.();
    this.#cancelCheck = undefined;
    for (const cancel of this.#settling.values()) cancel();
    this.#settling.clear();
    for (const file of this.#files) {
      file.watcher?.close();
      file.watcher = undefined;
    }
    await Promise.all(this.#files.map(({ reading }) => reading));
  }

  /** Reads the files that have changed. */
  async check(): Promise<void> {
    await Promise.all(this.#files.map((file) => this.#checkFile(file)));
  }

  /** The lease of an address; undefined when there is none, or its time is over. */
  leaseOf(address: Address): Lease | undefined {
    return this.#first(({ held }) => held.get(address));
  }

  /** The lease that lasts longest of those of an Ethernet address that tell a name. */
  namedLeaseOfMac(mac: number): Lease | undefined {
    return this.#first(({ byMac }) => byMac.get(mac));
  }

  #first(find: (file: WatchedFile) => Lease | undefined): Lease | undefined {
    const nowMs = this.#clock.nowMs();
    for (const file of this.#files) {
      const lease = find(file);
      if (lease !== undefined && lease.expiresAtMs > nowMs) return lease;
    }
    return undefined;
  }

  async #checkFile(file: WatchedFile): Promise<void> {
    if (file.reading !== undefined) return file.reading;
    file.reading = this.#readIfChanged(file).finally(() => {
      file.reading = undefined;
    });
    return file.reading;
  }

  async #readIfChanged(file: WatchedFile): Promise<void> {
    this.#watch(file);
    if (this.#clock.nowMs() < file.restUntilMs) return;
    if (file.state !== undefined && isSameFile(await stateOf(file.path), file.state)) return;
    const startedAtMs = this.#clock.nowMs();
    const result = await readLeaseFile(file.path, this.#options.maxLeases);
    const nowMs = this.#clock.nowMs();
    file.restUntilMs = nowMs + REST_PARTS * (nowMs - startedAtMs);
    if (!result.ok) {
      this.counters.add('unreadable files');
      file.state = undefined;
      this.#say(file, 'unreadable', `${file.path} ${result.problem}`);
      return;
    }
    file.state = result.state;
    file.held = holdLeases(file.held, result.reading, this.#options.maxLeases, nowMs);
    file.byMac = namedByMac(file.held);
    this.#count(result.reading);
    this.#sayProblems(file, result.reading);
  }

  #count({ badRows, isCut, refused }: LeaseReading): void {
    this.counters.add('readings');
    this.counters.add('bad rows', badRows);
    this.counters.add('cut readings', isCut ? 1 : 0);
    this.counters.add('refused leases', refused);
  }

  /** Once, until the file has been read without any. */
  #sayProblems(file: WatchedFile, { problems, badRows, refused }: LeaseReading): void {
    const [first] = problems;
    if (first !== undefined) {
      const more = badRows > 1 ? `, and ${badRows - 1} more rows` : '';
      const rest =
        'the rest is read, and what was known of them stays; correct or remove them when the server is stopped';
      this.#say(file, 'rows', `${file.path}: line ${first.line} ${first.problem}${more}: ${rest}`);
    } else if (refused > 0) {
      this.#say(file, 'room', `${file.path}: ${refused} leases find no room: raise clients.size`);
    } else {
      file.complaint = undefined;
    }
  }

  #say(file: WatchedFile, complaint: Complaint, message: string): void {
    if (file.complaint !== complaint) this.#log.warn({ file: file.path }, message);
    file.complaint = complaint;
  }

  /** The folder is watched, for servers put a new file in the place of the old one. */
  #watch(file: WatchedFile): void {
    if (file.watcher !== undefined) return;
    try {
      const watcher = watch(dirname(file.path), { persistent: false }, (_event, name) => {
        if (name === null || name === basename(file.path)) this.#changed(file);
      });
      file.watcher = watcher;
      watcher.on('error', () => {
        watcher.close();
        if (file.watcher === watcher) file.watcher = undefined;
      });
    } catch {
      // Without it the file is still looked at from time to time.
      file.watcher = undefined;
    }
  }

  #changed(file: WatchedFile): void {
    if (this.#settling.has(file)) return;
    const delayMs = Math.max(SETTLE_MS, file.restUntilMs - this.#clock.nowMs());
    const cancel = this.#clock.after(delayMs, () => {
      this.#settling.delete(file);
      void this.#checkFile(file);
    });
    this.#settling.set(file, cancel);
  }
}

async function stateOf(path: string): Promise<FileState | undefined> {
  try {
    const { ino: inode, size: bytes, mtimeMs: changedAtMs } = await stat(path);
    return { inode, bytes, changedAtMs };
  } catch {
    return undefined;
  }
}

function namedByMac(held: ReadonlyMap<Address, Lease>): ReadonlyMap<number, Lease> {
  const byMac = new Map<number, Lease>();
  for (const lease of held.values()) {
    const mac = lease.mac ?? lease.duidMac;
    if (mac === undefined || lease.hostname === undefined) continue;
    const other = byMac.get(mac);
    if (other === undefined || other.expiresAtMs < lease.expiresAtMs) byMac.set(mac, lease);
  }
  return byMac;
}
