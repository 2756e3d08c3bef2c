import { OWN_SOURCES } from '../../config/querylog-keys.ts';
import type { Config } from '../../config/schema.ts';
import { systemClock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { MAX_SOURCE_CHARACTERS, type QueryLogStore } from '../../querylog/query-log-store.ts';
import type { ReadingView } from '../../services/log-services.ts';
import { configOf } from '../ask.ts';
import type { LogFileOptions } from '../commands/log.ts';
import { EXIT } from '../exit-codes.ts';
import { printJson, printLines } from '../output.ts';
import { ReadingProgress } from '../reading-progress.ts';
import { shellWord } from '../shell-word.ts';
import { complain, stderrLog } from '../stderr-log.ts';
import { type ImportParts, importFile } from './import-file.ts';
import { logClients } from './log-clients.ts';
import { logStorePlace } from './log-order.ts';
import { openLogStore } from './open-log-store.ts';
import { printReading } from './print-log.ts';
import { readOptions } from './read-options.ts';

/** What became of one file. */
export interface ImportView {
  readonly file: string;
  readonly source: string;
  /** Octets of it that had been taken in before; of what they unpack to. */
  readonly knownBytes: number;
  readonly zone: string;
  readonly reading: ReadingView;
}

/** `gluewall log import`: straight into the store, beside a gluewall that runs or without one. */
export async function importFiles(files: readonly string[], options: LogFileOptions): Promise<void> {
  const reading = readOptions(options);
  const { config } = configOf(options);
  const source = options.source === undefined ? undefined : sourceArgument(options.source, config);
  const store = openForImport(config);
  const keyFile = config.querylog.anonymise?.key_file;
  const parts: ImportParts = { reading, source, client: logClients(keyFile), keepsSamples: keyFile === undefined };
  const views: ImportView[] = [];
  const refusals: GluewallError[] = [];
  try {
    for (const file of files) {
      try {
        const view = await importShown(file, parts, config, store);
        views.push(view);
        if (options.json !== true) await printLines(describe(view, parts.keepsSamples));
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

function openForImport(config: Config): QueryLogStore {
  const place = logStorePlace(config);
  if (place.kind !== 'memory') return openLogStore(place, stderrLog);
  throw new GluewallError(
    'usage',
    'store.kind is memory: a log that is imported would be gone at once; name another store',
  );
}

function sourceArgument(name: string, { querylog }: Config): string {
  if (name === '' || name.length > MAX_SOURCE_CHARACTERS - 10) {
    throw new GluewallError('usage', `--source: want 1 to ${MAX_SOURCE_CHARACTERS - 10} characters`);
  }
  const isTaken =
    OWN_SOURCES.includes(name.split('/', 1)[0]!) || querylog.sources.some((source) => source.name === name);
  if (!isTaken) return name;
  throw new GluewallError('usage', `--source: ${name} is read by gluewall while it runs; choose another name`);
}

async function importShown(
  path: string,
  parts: ImportParts,
  config: Config,
  store: QueryLogStore,
): Promise<ImportView> {
  let progress: ReadingProgress | undefined;
  try {
    return await importFile(
      path,
      { ...parts, isTaken: (name) => isConfigured(name, config) },
      store,
      systemClock,
      (file) => {
        progress ??= new ReadingProgress(file.name, file.sizeBytes);
        progress.report(file.readBytes);
      },
    );
  } finally {
    progress?.stop();
  }
}

function isConfigured(name: string, { querylog }: Config): boolean {
  return OWN_SOURCES.includes(name) || querylog.sources.some((source) => source.name === name);
}

function describe({ file, source, knownBytes, zone, reading }: ImportView, keepsSamples: boolean): string[] {
  const hasSamples = keepsSamples && Object.keys(reading.refused).length > 0;
  const before = knownBytes === 0 ? '' : `; its first ${knownBytes} octets were taken in before, and are left out`;
  const zoned = reading.assumed.includes('zone') ? [`  that zone was ${zone}: see --zone`] : [];
  return [
    `${file}: ${reading.entries} entries taken in as ${source}${before}`,
    ...printReading(reading).map((line) => `  ${line}`),
    ...zoned,
    ...(hasSamples ? [`  what was refused: gluewall log refused --source ${shellWord(source)}`] : []),
  ];
}
