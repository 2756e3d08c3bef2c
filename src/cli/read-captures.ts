import { statSync } from 'node:fs';
import { GluewallError } from '../core/errors.ts';
import { ReadingProgress } from './reading-progress.ts';
import { complain } from './stderr-log.ts';

/** What reads captures one after the other. */
export interface ReadsCaptures {
  /** Rejects with GluewallError for a capture that cannot be read. */
  read(path: string, onProgress: (bytesRead: number) => void): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Has all `files` read, with their progress shown. What one file cannot give must not lose what the others did: resolves with how many
 * were refused. Rejects, and stops the reader, when all were.
 */
export async function readCaptures(files: readonly string[], reader: ReadsCaptures): Promise<number> {
  const refusals: GluewallError[] = [];
  try {
    for (const file of files) {
      const refusal = await refusalOf(file, reader);
      if (refusal === undefined) continue;
      refusals.push(refusal);
      if (refusals.length === files.length) throw refusal;
      complain(refusal.message);
    }
  } catch (error) {
    await reader.stop();
    throw error;
  }
  return refusals.length;
}

async function refusalOf(file: string, reader: ReadsCaptures): Promise<GluewallError | undefined> {
  const progress = new ReadingProgress(file === '-' ? 'standard input' : file, sizeOf(file));
  try {
    await reader.read(file, (bytesRead) => progress.report(bytesRead));
    return undefined;
  } catch (error) {
    if (error instanceof GluewallError) return error;
    throw error;
  } finally {
    progress.stop();
  }
}

/** Undefined for what has no known end; that it is not there, the reading says. */
function sizeOf(path: string): number | undefined {
  const stats = path === '-' ? undefined : statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true ? stats.size : undefined;
}
