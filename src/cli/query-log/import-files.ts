import { formatDuration } from '../../config/fields.ts';
import { OWN_SOURCES } from '../../config/querylog-keys.ts';
import type { Config } from '../../config/schema.ts';
import { DAY_MS, systemClock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { dayOf, MAX_SOURCE_CHARACTERS, type QueryLogStore } from '../../querylog/query-log-store.ts';
import type { ReadingView } from '../../services/log-services.ts';
import { configOf } from '../ask.ts';
import type { LogFileOptions } from '../commands/log.ts';
import { EXIT } from '../exit-codes.ts';
import { printJson, printLines } from '../output.ts';
import { ReadingProgress } from '../reading-progress.ts';
import { shellWord } from '../shell-word.ts';
import { complain, stderrLog } from '../stderr-log.ts';
import { followedBy } from './followed-by.ts';
import { type ImportParts, type ImportPlace, importFile } from './import-file.ts';
import { clientsKey, logClients } from './log-clients.ts';
import { logStorePlace } from './log-order.ts';
import { openLogStore } from './open-log-store.ts';
import { countEntries, printReading } from './print-log.ts';
import { readOptions } from './read-options.ts';

/** What became of one file. */
export interface ImportView {
  readonly file: string;
  readonly source: string;
  /** Octets of it that had been taken in before; of what they unpack to. */
  readonly knownBytes: number;
  /** Octets at its end that were left out: a last line without its end, of a file that may be written to. */
  readonly leftBytes: number;
  /** Entries that are older than querylog.keep. */
  readonly oldEntries: number;
  /** The source that may have read it before it was rotated away; null: none. */
  readonly followed: string | null;
  readonly zone: string;
  readonly reading: ReadingView;
}

/** `gluewall log import`: straight into the store, beside a gluewall that runs or without one. */
export async function importFiles(files: readonly string[], options: LogFileOptions): Promise<void> {
  const reading = readOptions(options);
  const { config } = configOf(options);
  const source = options.source === undefined ? undefined : sourceArgument(options.source, config);
  const store = openForImport(config);
  const key = clientsKey(config, stderrLog);
  const parts: ImportParts = {
    reading,
    source,
    client: logClients(key),
    keepsSamples: key === undefined,
    oldMs: keptFromMs(config.querylog.keep, systemClock.nowMs()),
  };
  const views: ImportView[] = [];
  const refusals: GluewallError[] = [];
  try {
    for (const file of files) {
      try {
        const view = await importShown(file, parts, config, store);
        views.push(view);
        if (options.json !== true) await printLines(describe(view, parts.keepsSamples, config));
      } catch (error) {
        // What one file cannot give must not lose what the others do; a store that fails fails for all.
        if (!(error instanceof GluewallError) || error.code !== 'log-file') throw error;
        refusals.push(error);
        if (files.length === 1) throw error;
        complain(error.message);
      }
    }
  } finally {
    await store.close();
  }
  if (options.json === true) await printJson(views);
  const isWhole = views.every(({ reading: { refused } }) => Object.keys(refused).length === 0);
  process.exitCode = isWhole && refusals.length === 0 ? EXIT.done : EXIT.refused;
}

/** From when on days (UTC) are kept; -Infinity: all. */
function keptFromMs(keepMs: number | undefined, nowMs: number): number {
  return keepMs === undefined ? Number.NEGATIVE_INFINITY : dayOf(nowMs - keepMs) * DAY_MS;
}

function openForImport(config: Config): QueryLogStore {
  const place = logStorePlace(config);
  if (place.kind !== 'memory') return openLogStore(place, stderrLog);
  throw new GluewallError(
    'usage',
    'store.kind is memory: a log that is imported would be gone at once; name another store',
  );
}

function sourceArgument(name: string, config: Config): string {
  if (name === '' || name.length > MAX_SOURCE_CHARACTERS - 10) {
    throw new GluewallError('usage', `--source: want 1 to ${MAX_SOURCE_CHARACTERS - 10} characters`);
  }
  if (!isConfigured(name, config)) return name;
  throw new GluewallError('usage', `--source: ${name} is read by gluewall while it runs; choose another name`);
}

async function importShown(
  path: string,
  parts: ImportParts,
  config: Config,
  store: QueryLogStore,
): Promise<ImportView> {
  const place: ImportPlace = {
    isTaken: (name) => isConfigured(name, config),
    follower: path === '-' ? undefined : await followedBy(path, config),
  };
  let progress: ReadingProgress | undefined;
  try {
    return await importFile(path, { ...parts, ...place }, store, systemClock, (file) => {
      progress ??= new ReadingProgress(file.name, file.sizeBytes);
      progress.report(file.readBytes);
    });
  } finally {
    progress?.stop();
  }
}

/** Sources of syslog and dnstap are called `NAME/WRITER`. */
function isConfigured(name: string, { querylog }: Config): boolean {
  const first = name.split('/', 1)[0]!;
  return OWN_SOURCES.includes(first) || querylog.sources.some((source) => source.name === first);
}

function describe(view: ImportView, keepsSamples: boolean, { querylog }: Config): string[] {
  const { file, source, knownBytes, leftBytes, oldEntries, followed, zone, reading } = view;
  const hasSamples = keepsSamples && Object.keys(reading.refused).length > 0;
  const before = knownBytes === 0 ? '' : `; its first ${knownBytes} octets were taken in before, and are left out`;
  const zoned = reading.assumed.includes('zone') ? [`  that zone was ${zone}: see --zone`] : [];
  const left = `its last line has no end yet: its ${leftBytes} octets are left for another import, a minute after it was written`;
  const old = `${oldEntries} of them are older than querylog.keep (${formatDuration(querylog.keep ?? 0)}): they go with the next trim`;
  const twice = `gluewall follows files of this name as ${followed}: what it read of this one before it was rotated is in the log twice now`;
  return [
    `${file}: ${countEntries(reading.entries)} taken in as ${source}${before}`,
    ...printReading(reading).map((line) => `  ${line}`),
    ...zoned,
    ...(leftBytes > 0 ? [`  ${left}`] : []),
    ...(oldEntries > 0 ? [`  ${old}`] : []),
    ...(followed === null ? [] : [`  ${twice}`]),
    ...(hasSamples ? [`  what was refused: gluewall log refused --source ${shellWord(source)}`] : []),
  ];
}
