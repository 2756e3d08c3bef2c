import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GluewallError } from '../core/errors.ts';

/** Writes a picture or a table of a report. Throws GluewallError `report-file`. */
export function writeReportFile(file: string, content: string): void {
  try {
    writeFileSync(file, content);
  } catch (cause) {
    throw new GluewallError('report-file', `${file}: cannot be written (${(cause as Error).message})`, { cause });
  }
}

/** Writes files, by name, into a folder, which is made where there is none. Throws GluewallError `report-file`. */
export function writeReportFolder(folder: string, files: Readonly<Record<string, string>>): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new GluewallError('report-file', `${folder}: cannot be made (${(cause as Error).message})`, { cause });
  }
  for (const [name, content] of Object.entries(files)) writeReportFile(join(folder, name), content);
}
