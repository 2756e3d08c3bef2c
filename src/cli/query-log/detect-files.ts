import { GluewallError } from '../../core/errors.ts';
import type { Detection, FormatTrial } from '../../querylog/detect-format.ts';
import type { LogEntry } from '../../querylog/log-entry.ts';
import { type EntryView, viewEntry } from '../../services/log-view.ts';
import type { LogFileOptions } from '../commands/log.ts';
import { EXIT } from '../exit-codes.ts';
import { printJson, printLines } from '../output.ts';
import { complain } from '../stderr-log.ts';
import { ImportSource } from './import-source.ts';
import { printAssumed, printEntry } from './print-log.ts';
import { readOptions, tryFile, unknownFormat } from './read-options.ts';

/** What `gluewall log detect` says of a file. */
interface DetectView {
  readonly file: string;
  /** Null when no format takes any of it. */
  readonly format: string | null;
  readonly title: string | null;
  /** Records at its beginning: queries, others, and those that cannot be read by reason. */
  readonly taken: number;
  readonly other: number;
  readonly refused: Readonly<Record<string, number>>;
  /** What the file does not say of its times. */
  readonly assumed: readonly string[];
  readonly zone: string;
  readonly entries: readonly EntryView[];
  /** Why it cannot be read. */
  readonly problem: string | null;
}

/** `gluewall log detect`. */
export async function detectFiles(files: readonly string[], options: LogFileOptions): Promise<void> {
  const reading = readOptions(options);
  const views: DetectView[] = [];
  for (const path of files) {
    const view = await detectFile(path, reading).catch((error: unknown) => {
      if (!(error instanceof GluewallError)) throw error;
      return nothing(path, reading.zone, error.message);
    });
    views.push(view);
    if (options.json === true) continue;
    if (view.problem !== null) complain(view.problem);
    else await printLines(describe(view));
  }
  if (options.json === true) await printJson(views);
  process.exitCode = views.every(({ problem }) => problem === null) ? EXIT.done : EXIT.refused;
}

async function detectFile(path: string, reading: ReturnType<typeof readOptions>): Promise<DetectView> {
  const file = await ImportSource.open(path);
  try {
    const detection: Detection = tryFile(file, reading);
    const { found } = detection;
    if (found === undefined) throw unknownFormat(file, detection);
    return viewOf(path, reading.zone, found);
  } finally {
    await file.close();
  }
}

function viewOf(
  path: string,
  zone: string,
  { format, taken, other, refused, assumptions, entries }: FormatTrial,
): DetectView {
  const { name, title } = format;
  const shown = entries.map(viewUnkept);
  return {
    file: path,
    format: name,
    title,
    taken,
    other,
    refused,
    assumed: assumptions,
    zone,
    entries: shown,
    problem: null,
  };
}

function viewUnkept(entry: LogEntry): EntryView {
  return viewEntry({ ...entry, source: '', place: { atMs: entry.atMs, number: 0 } });
}

function nothing(path: string, zone: string, problem: string): DetectView {
  const counts = { taken: 0, other: 0, refused: {}, assumed: [], entries: [] };
  return { file: path, format: null, title: null, ...counts, zone, problem };
}

function describe({ file, format, title, taken, other, refused, assumed, zone, entries }: DetectView) {
  const unread = Object.entries(refused).map(([reason, count]) => `  refused  ${count}  ${reason}`);
  const zoned = assumed.includes('zone') ? [`  that zone is ${zone}: see --zone`] : [];
  return [
    `${file}: ${format} (${title}); at its beginning ${taken} records of queries, ${other} others`,
    ...unread,
    ...printAssumed(assumed).map((line) => `  ${line}`),
    ...zoned,
    ...entries.map(printEntry),
  ];
}
