import { systemClock } from '../../core/clock.ts';
import { readEntries } from '../../querylog/entry-batch.ts';
import type { LogEntry } from '../../querylog/log-entry.ts';
import type { LogFormat } from '../../querylog/log-reader.ts';
import { SourceIntake } from '../../querylog/source-intake.ts';
import { ImportSource } from '../query-log/import-source.ts';
import type { ReadOptions } from '../query-log/read-options.ts';
import { ReadingProgress } from '../reading-progress.ts';
import { stderrLog } from '../stderr-log.ts';

/** Gives the entries of a log; resolves with what could not be read, by reason. Rejects with GluewallError `log-file`. */
export async function readLogFile(
  path: string,
  format: LogFormat,
  { zone, server }: ReadOptions,
  take: (entry: LogEntry) => void,
): Promise<Readonly<Record<string, number>>> {
  const file = await ImportSource.open(path);
  const progress = new ReadingProgress(path, file.sizeBytes);
  const options = {
    ...{ name: file.sourceName, format, zone, server, keepsSamples: false, isLive: false },
    client: <A>(address: A) => address,
    writtenMs: file.writtenMs,
    earliestMs: Number.NEGATIVE_INFINITY,
  };
  const passing = {
    append: async ({ entries }: { readonly entries: Uint8Array }) => {
      for (const entry of readEntries(entries)) take(entry);
    },
    position: async () => undefined,
  };
  const intake = new SourceIntake(options, passing, systemClock, stderrLog);
  try {
    for await (const octets of file.octets()) {
      await intake.push(octets);
      progress.report(file.readBytes);
    }
    await intake.end();
    return intake.figures().refused;
  } finally {
    await intake.stop();
    progress.stop();
    await file.close();
  }
}
