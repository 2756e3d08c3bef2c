/** `gluewall store`: carried out in the process of the command, on the store itself. */
import { existsSync, statSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import { resultOf } from '../control/answer.ts';
import { askControl, isAnswering } from '../control/control-client.ts';
import { GluewallError } from '../core/errors.ts';
import { formatInstant } from '../services/instant.ts';
import type { StatusView } from '../services/services.ts';
import { copyStore } from '../storage/copy-store.ts';
import { probeMariadb } from '../storage/mariadb-connection.ts';
import type { Store, StoreContents } from '../storage/store.ts';
import type { StoreWriterFigures } from '../storage/store-writer.ts';
import { configOf } from './ask.ts';
import type { StoreCommandOptions } from './commands/store.ts';
import { journalFile, mariadbAccess, openStore, storeFile, storePlace, withStore } from './open-store.ts';
import { printJson, printLines } from './output.ts';
import { ProgressBar } from './progress-bar.ts';
import { defaultSocketPath } from './socket-path.ts';
import { stderrLog } from './stderr-log.ts';

/** What `store status` tells. */
interface StoreStatus {
  readonly kind: string;
  readonly place: string;
  /** Null while a running gluewall has the file for itself, and where there is no store yet. */
  readonly contents: Omit<StoreContents, 'oldestEventAtMs' | 'newestEventAtMs'> | null;
  readonly oldestEvent: string | null;
  readonly newestEvent: string | null;
  /** What waits on the disk while a database is away; null where there is no journal. */
  readonly journal: { readonly file: string; readonly sizeBytes: number } | null;
  /** The figures of the gluewall that runs; null when none answers. */
  readonly running: StoreWriterFigures | null;
}

export async function showStore(options: StoreCommandOptions): Promise<void> {
  const config = withStore(configOf(options).config, options.store);
  const running = await runningFigures(config, options);
  const contents = await contentsOf(config, running !== null);
  const { oldestEventAtMs, newestEventAtMs, ...rest } = contents ?? {};
  const status: StoreStatus = {
    kind: config.store.kind,
    place: storePlace(config),
    contents: contents === undefined ? null : (rest as StoreContents),
    oldestEvent: formatInstant(oldestEventAtMs ?? Number.NaN),
    newestEvent: formatInstant(newestEventAtMs ?? Number.NaN),
    journal: journalOf(config),
    running,
  };
  if (options.json === true) await printJson(status);
  else await printLines(describe(status));
}

export async function migrateStore(options: StoreCommandOptions): Promise<void> {
  const config = withStore(configOf(options).config, options.store);
  const { schemaVersion } = await withOpened(config, (store) => store.contents());
  const place = storePlace(config);
  if (options.json === true) await printJson({ place, schemaVersion });
  else await printLines([`the tables of ${place} are of version ${schemaVersion}, the newest`]);
}

export async function copyStores(from: string, to: string, options: StoreCommandOptions): Promise<void> {
  const { config } = configOf(options);
  const [source, target] = [withStore(config, from), withStore(config, to)];
  for (const side of [source, target]) {
    if (side.store.kind === 'memory') throw new GluewallError('usage', 'memory is no store that can be copied');
  }
  if (storePlace(source) === storePlace(target)) throw new GluewallError('usage', 'the two stores are the same');
  if (source.store.kind === 'sqlite' && !existsSync(storeFile(source))) {
    throw new GluewallError('usage', `there is no store ${storeFile(source)}`);
  }
  const counts = await withOpened(source, (fromStore) =>
    withOpened(target, async (toStore) => {
      const { triples, events } = await fromStore.contents();
      const rows = triples + events;
      const progress = new ProgressBar('{bar} {percentage} % | {value} of {total} rows', rows);
      try {
        return await copyStore(fromStore, toStore, (counts) => {
          const done = counts.triples + counts.events + counts.knownEvents;
          progress.report(done, `${done} of ${rows} rows copied`);
        });
      } finally {
        progress.stop();
      }
    }),
  );
  if (options.json === true) return printJson(counts);
  await printLines([
    `copied ${counts.triples} triples, ${counts.rules} rules, ${counts.findings} findings and ${counts.events} events`,
    ...(counts.knownEvents === 0 ? [] : [`${counts.knownEvents} events were there already`]),
  ]);
}

async function withOpened<T>(config: Config, action: (store: Store) => Promise<T>): Promise<T> {
  // Nothing is set aside by the way: a damaged file is refused.
  const store = await openStore(config, stderrLog, true);
  try {
    return await action(store);
  } finally {
    await store.close();
  }
}

async function contentsOf(config: Config, isRunning: boolean): Promise<StoreContents | undefined> {
  const { kind } = config.store;
  if (kind === 'memory' || (kind === 'sqlite' && !existsSync(storeFile(config)))) return undefined;
  // To look at it must not make it.
  if (kind === 'mariadb' && (await probeMariadb(mariadbAccess(config.store))) === 0) return undefined;
  try {
    return await withOpened(config, (store) => store.contents());
  } catch (cause) {
    // The running one has the file, and told its figures.
    if (isRunning && cause instanceof GluewallError && cause.code === 'store-busy') return undefined;
    throw cause;
  }
}

async function runningFigures(config: Config, options: StoreCommandOptions): Promise<StoreWriterFigures | null> {
  const socket = options.socket ?? config.control.socket ?? defaultSocketPath();
  if (!(await isAnswering(socket))) return null;
  const view = (await resultOf(askControl(socket, { operation: 'status' }))) as StatusView;
  return view.store as unknown as StoreWriterFigures;
}

function journalOf(config: Config): StoreStatus['journal'] {
  if (config.store.kind !== 'mariadb') return null;
  const file = journalFile(config);
  return { file, sizeBytes: statSync(file, { throwIfNoEntry: false })?.size ?? 0 };
}

function describe({ kind, place, contents, oldestEvent, newestEvent, journal, running }: StoreStatus): string[] {
  const lines = [`${kind}: ${place}`];
  if (contents !== null) {
    const { schemaVersion, triples, events, rules, findings, entries, sizeBytes } = contents;
    lines.push(
      `tables of version ${schemaVersion}, ${mebibytes(sizeBytes ?? 0)}`,
      `${triples} triples, ${rules} rules, ${findings} findings, ${events} events, ${entries} entries of the inbox`,
    );
    if (oldestEvent !== null) lines.push(`events from ${oldestEvent} to ${newestEvent}`);
  } else if (kind !== 'memory') {
    lines.push(running === null ? 'it is not there yet' : 'the running gluewall has it open; its own figures:');
  }
  if (journal !== null) lines.push(`journal ${journal.file}: ${mebibytes(journal.sizeBytes)}`);
  if (running !== null) {
    const { waitingTriples, waitingEvents, lostTriples, lostEvents, failing } = running;
    lines.push(`waiting: ${waitingTriples} triples, ${waitingEvents} events; lost: ${lostTriples}, ${lostEvents}`);
    if (failing !== undefined) lines.push(`it cannot be written: ${failing}`);
  }
  return lines;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
