import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import type { QueryLogStore } from '../../querylog/query-log-store.ts';
import { logFormat } from '../../querylog/readers/list.ts';
import type { Truth, TruthLog } from '../../simulation/truth.ts';
import { openSqliteQueryLog } from '../../storage/query-log/sqlite-query-log.ts';
import { importFile } from '../query-log/import-file.ts';
import { ReadingProgress } from '../reading-progress.ts';
import { complain } from '../stderr-log.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Query logs made elsewhere, taken into stores in a folder of their own, which goes when they are closed or a signal ends the process. */
export class RecordedLogs {
  readonly folder = mkdtempSync(join(tmpdir(), 'gluewall-simulate-'));
  readonly #stores = new Map<string, QueryLogStore>();
  readonly #interrupted = (signal: NodeJS.Signals) => {
    this.#remove();
    process.kill(process.pid, signal);
  };

  constructor() {
    for (const signal of SIGNALS) process.once(signal, this.#interrupted);
  }

  /** By the name of the node: of those that have some. */
  get byNode(): ReadonlyMap<string, QueryLogStore> {
    return this.#stores;
  }

  /** Reads the logs of all nodes, from `folder`. Rejects with GluewallError `log-file`. */
  async load(truth: Truth, folder: string): Promise<void> {
    for (const [index, { name, logs }] of truth.nodes.entries()) {
      if (logs.length === 0) continue;
      const store = openSqliteQueryLog(join(this.folder, String(index)));
      this.#stores.set(name, store);
      for (const log of logs) await take(join(folder, log.file), log, store);
    }
  }

  /** Safe twice. */
  async close(): Promise<void> {
    for (const store of this.#stores.values()) await store.close();
    for (const signal of SIGNALS) process.off(signal, this.#interrupted);
    this.#remove();
  }

  #remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function take(file: string, log: TruthLog, store: QueryLogStore): Promise<void> {
  const { format, zone, server } = log;
  const parts = {
    reading: { format: format && logFormat(format), zone, server },
    source: log.file,
    client: <A>(address: A) => address,
    keepsSamples: false,
    oldMs: Number.NEGATIVE_INFINITY,
    isTaken: () => false,
    follower: undefined,
  };
  let progress: ReadingProgress | undefined;
  try {
    const { reading, leftBytes } = await importFile(file, parts, store, systemClock, (source) => {
      progress ??= new ReadingProgress(source.name, source.sizeBytes);
      progress.report(source.readBytes);
    });
    if (reading.entries === 0) throw new GluewallError('log-file', `${file}: there is no query in it; see its format`);
    for (const [reason, count] of Object.entries(reading.refused))
      complain(`${file}: ${count} records left out: ${reason}`);
    if (leftBytes > 0) complain(`${file}: its last line has no end, and is left out`);
  } finally {
    progress?.stop();
  }
}
