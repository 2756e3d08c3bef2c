import { systemClock } from '../../core/clock.ts';
import type { BatchStore } from '../../querylog/batch-sender.ts';
import { readEntries } from '../../querylog/entry-batch.ts';
import { octetsFingerprint } from '../../querylog/file-fingerprint.ts';
import type { LogEntry } from '../../querylog/log-entry.ts';
import { MAX_SOURCE_CHARACTERS } from '../../querylog/query-log-store.ts';
import { SourceIntake } from '../../querylog/source-intake.ts';
import { type ReadingView, viewReading } from '../../services/log-services.ts';
import { ReadingProgress } from '../reading-progress.ts';
import { stderrLog } from '../stderr-log.ts';
import { ImportSource } from './import-source.ts';
import { type ReadOptions, tryFile, unknownFormat } from './read-options.ts';

/** Reads a log of a DNS server, of any format, and gives its entries; keeps none. Rejects with GluewallError `log-file`. */
export async function readLogEntries(
  path: string,
  reading: ReadOptions,
  take: (entry: LogEntry) => void,
): Promise<ReadingView> {
  const file = await ImportSource.open(path);
  let progress: ReadingProgress | undefined;
  try {
    const detection = tryFile(file, reading);
    const format = detection.found?.format ?? reading.format;
    if (format === undefined) throw unknownFormat(file, detection);
    const { zone, server } = reading;
    const options = {
      name: file.sourceName.slice(0, MAX_SOURCE_CHARACTERS),
      format,
      zone,
      server,
      client: <A>(address: A) => address,
      keepsSamples: false,
      isLive: false,
      writtenMs: file.writtenMs,
      earliestMs: Number.NEGATIVE_INFINITY,
    };
    const intake = new SourceIntake(options, giving(take), systemClock, stderrLog);
    intake.begin(octetsFingerprint(file.head));
    for await (const chunk of file.octets()) {
      await intake.push(chunk);
      progress ??= new ReadingProgress(file.name, file.sizeBytes);
      progress.report(file.readBytes);
    }
    await intake.end();
    return viewReading(intake.figures());
  } finally {
    progress?.stop();
    await file.close();
  }
}

/** Gives entries on instead of keeping them. */
function giving(take: (entry: LogEntry) => void): BatchStore {
  return {
    async append({ entries }) {
      for (const entry of readEntries(entries)) take(entry);
    },
    async position() {
      return undefined;
    },
  };
}
