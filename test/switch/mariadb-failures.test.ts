/** A MariaDB server that is killed, stands still or has no room, under the load of a writer. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import type { NsTriple } from '../../src/nsdb/ns-triple.ts';
import { Journal } from '../../src/storage/journal.ts';
import { openMariadbStore } from '../../src/storage/mariadb-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { StoreWriter } from '../../src/storage/store-writer.ts';
import { describeIf } from '../support/describe-if.ts';
import { MariadbServer } from '../support/mariadb-server.ts';
import { eventOf, packed, tripleOf } from '../support/store-rows.ts';
import { findAll, loadAll } from '../unit/storage/store-contract.ts';

const threadScript = new URL('../../dist/src/storage/mariadb-worker.js', import.meta.url);
const FLUSH_MS = 50;
const KILLS = 4;
const ROWS_PER_TURN = 20;
const JOURNAL_OCTETS = 64 << 20;
const ALL_BUT_NEVER = 1e15;
/** How long the server stands still: a loop that waited for it would pause for as long. */
const STANDSTILL_MS = 3000;
/** A verdict is due within some tens of milliseconds; a single pause may be longer where the machine is busy. */
const P99_PAUSE_MS = 20;
const MAX_PAUSE_MS = STANDSTILL_MS / 6;

const pause = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs));

async function until(test: () => boolean, limitMs: number): Promise<void> {
  for (const endMs = Date.now() + limitMs; !test() && Date.now() < endMs; ) await pause(20);
}

/** A writer that is given new triples and events all the time. */
class Load {
  readonly writer: StoreWriter;
  readonly #waiting: NsTriple[] = [];
  #number = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(store: Store, journal: Journal) {
    const waiting = this.#waiting;
    const changed = {
      get waiting() {
        return waiting.length;
      },
      takeChanged: (most: number) => (waiting.length === 0 ? undefined : packed(waiting.splice(0, most))),
    };
    this.writer = new StoreWriter(systemClock, silentLog, store, changed, { flushMs: FLUSH_MS, keepMs: 0, journal });
    this.#timer = setInterval(() => this.#turn(), 5);
  }

  /** Triples and events so far, as many of each. */
  get count(): number {
    return this.#number;
  }

  #turn(): void {
    for (let row = 0; row < ROWS_PER_TURN; row++) {
      this.#waiting.push(tripleOf(this.#number, { expiresAtMs: ALL_BUT_NEVER }));
      this.writer.eventHappened(eventOf(this.#number));
      this.#number++;
    }
    this.writer.changed();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  /** Waits until nothing waits any more. */
  async drain(): Promise<void> {
    const isDone = () => {
      const { waitingTriples, waitingEvents, journalSaves } = this.writer.figures();
      return waitingTriples + waitingEvents + journalSaves === 0;
    };
    await until(isDone, 60_000);
    await this.writer.flush();
    expect(this.writer.figures()).toMatchObject({ waitingTriples: 0, waitingEvents: 0, journalSaves: 0 });
  }
}

describeIf(['root', 'mariadb', 'namespaces'], 'a MariaDB server', () => {
  const cleanups: (() => Promise<void> | void)[] = [];

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function start(more: readonly string[] = [], home?: string) {
    const server = await MariadbServer.start(more, home);
    cleanups.push(() => server.remove());
    const store = await openMariadbStore(await server.newDatabase(), { events: 10_000_000, threadScript });
    cleanups.push(() => store.close());
    const folder = mkdtempSync(join(tmpdir(), 'gluewall-load-'));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    const journal = () => Journal.open(join(folder, 'journal'), JOURNAL_OCTETS);
    return { server, store, journal };
  }

  /** All that the load gave is there, and once. */
  async function expectAll(store: Store, count: number): Promise<void> {
    const numbers = (await findAll(store)).map(({ message }) => Number(/\((\d+)\)/.exec(message)?.[1]));
    expect(numbers.length).toBe(count);
    expect(new Set(numbers).size).toBe(count);
    expect((await loadAll(store)).length).toBe(count);
  }

  it(`that is killed ${KILLS} times under load loses nothing and has nothing twice`, { timeout: 120_000 }, async () => {
    const { server, store, journal } = await start();
    const load = new Load(store, await journal());
    cleanups.push(() => load.end());
    for (let kill = 0; kill < KILLS; kill++) {
      await pause(300 + Math.random() * 700);
      await server.kill();
      await pause(200);
      await server.resume();
    }
    await pause(500);
    load.end();
    await load.drain();
    expect(load.writer.figures()).toMatchObject({ lostTriples: 0, lostEvents: 0 });
    await load.writer.stop();
    await expectAll(store, load.count);
  });

  it('that is away while gluewall ends gets what waited from the next one', { timeout: 120_000 }, async () => {
    const { server, store, journal } = await start();
    const load = new Load(store, await journal());
    cleanups.push(() => load.end());
    await pause(500);
    await server.kill();
    await until(() => load.writer.figures().failing === 'store-away', 30_000);
    load.end();
    await load.writer.stop();
    expect(load.writer.figures()).toMatchObject({ lostTriples: 0, lostEvents: 0 });
    await server.resume();
    const next = new Load(store, await journal());
    next.end();
    await next.drain();
    await next.writer.stop();
    await expectAll(store, load.count);
  });

  it('that stands still delays nothing, and goes on where it was', { timeout: 120_000 }, async () => {
    const { server, store, journal } = await start();
    const load = new Load(store, await journal());
    cleanups.push(() => load.end());
    await until(() => load.writer.figures().writtenEvents > 0, 20_000);
    const pauses = monitorEventLoopDelay({ resolution: 1 });
    server.signal('SIGSTOP');
    cleanups.push(() => server.signal('SIGCONT'));
    pauses.enable();
    await pause(STANDSTILL_MS);
    pauses.disable();
    server.signal('SIGCONT');
    load.end();
    expect(pauses.percentile(99) / 1e6).toBeLessThan(P99_PAUSE_MS);
    expect(pauses.max / 1e6).toBeLessThan(MAX_PAUSE_MS);
    expect(load.writer.figures()).toMatchObject({ lostEvents: 0 });
    await load.drain();
    await load.writer.stop();
    await expectAll(store, load.count);
  });

  it('that has no room says so, and takes what waited when there is some', { timeout: 120_000 }, async () => {
    const disk = mkdtempSync(join(tmpdir(), 'gluewall-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=140m,mode=0755', 'tmpfs', disk]);
    cleanups.push(() => {
      execFileSync('umount', ['-l', disk]);
      rmSync(disk, { recursive: true, force: true });
    });
    const { store } = await start(['--innodb-log-file-size=8M', '--skip-log-bin'], disk);
    await store.saveTriples(packed([tripleOf(0)]));
    const ballast = join(disk, 'ballast');
    const descriptor = openSync(ballast, 'w');
    try {
      for (;;) writeSync(descriptor, Buffer.alloc(65_536));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
    }
    closeSync(descriptor);
    let refusal: unknown;
    for (let batch = 1; batch < 100 && refusal === undefined; batch++) {
      const rows = Array.from({ length: 5000 }, (_, row) => tripleOf(batch * 5000 + row));
      refusal = await store.saveTriples(packed(rows)).catch((cause: unknown) => cause);
    }
    expect(refusal).toMatchObject({ code: 'store-write', message: expect.stringContaining('has no room') });
    rmSync(ballast);
    await store.saveTriples(packed([tripleOf(1)]));
    expect((await loadAll(store)).length).toBeGreaterThanOrEqual(2);
  });
});
