import type { Address } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { octetsFingerprint, octetsHaveFingerprint } from '../../querylog/file-fingerprint.ts';
import { readIntakeState } from '../../querylog/intake-state.ts';
import type { LogFormat } from '../../querylog/log-reader.ts';
import { MAX_SOURCE_CHARACTERS, type QueryLogStore, type SourcePosition } from '../../querylog/query-log-store.ts';
import { logFormat } from '../../querylog/readers/list.ts';
import { SourceIntake } from '../../querylog/source-intake.ts';
import { viewReading } from '../../services/log-services.ts';
import { stderrLog } from '../stderr-log.ts';
import type { FileFollowedBy } from './followed-by.ts';
import type { ImportView } from './import-files.ts';
import { ImportSource } from './import-source.ts';
import { OldEntries } from './old-entries.ts';
import { type ReadOptions, tryFile, unknownFormat } from './read-options.ts';

export interface ImportParts {
  readonly reading: ReadOptions;
  /** Undefined: the name of the file. */
  readonly source: string | undefined;
  /** What stands in the log for a client. */
  readonly client: (address: Address) => Address;
  readonly keepsSamples: boolean;
  /** Entries of before this time do not stay, by querylog.keep; -Infinity: none. */
  readonly oldMs: number;
}

/** Files of one name that are told apart. */
const MAX_NAMESAKES = 1000;

/** How the configuration has to do with a file. */
export interface ImportPlace {
  /** Whether a source of that name is read by gluewall itself. */
  readonly isTaken: (source: string) => boolean;
  /** The source that reads it, or read it before it was rotated away. */
  readonly follower: FileFollowedBy | undefined;
}

/**
 * Takes one file into the store; what of it was taken in before, as its source says, is left out. Rejects with GluewallError
 * `log-file`, or as the store does. `onProgress` is called now and then.
 */
export async function importFile(
  path: string,
  parts: ImportParts & ImportPlace,
  store: QueryLogStore,
  clock: Clock,
  onProgress: (file: ImportSource) => void,
): Promise<ImportView> {
  const { reading, client, keepsSamples, follower, oldMs } = parts;
  const file = await ImportSource.open(path);
  try {
    if (follower !== undefined) await refuseFollowed(file, follower, store);
    const { name, position } = await findSource(file, parts, store);
    const format = formatOf(file, reading, position);
    const { zone, server } = reading;
    const rest = { isLive: false, writtenMs: file.writtenMs, earliestMs: Number.NEGATIVE_INFINITY };
    const old = new OldEntries(store, oldMs);
    const intake = new SourceIntake(
      { name, format, zone, server, client, keepsSamples, ...rest },
      old,
      clock,
      stderrLog,
    );
    if (position === undefined) intake.begin(octetsFingerprint(file.head));
    else intake.resume(position);
    const knownBytes = position?.offset ?? 0;
    const leftBytes = await readAll(file, knownBytes, intake, onProgress);
    const view = { file: path, source: name, knownBytes, leftBytes, oldEntries: old.count, zone };
    return { ...view, followed: follower?.source ?? null, reading: viewReading(intake.figures()) };
  } catch (error) {
    if (!(error instanceof GluewallError) || error.code !== 'store-position') throw error;
    const advice = 'wait for it, or name another with --source';
    throw new GluewallError('log-file', `${file.name}: another process reads this source: ${advice}`, { cause: error });
  } finally {
    await file.close();
  }
}

/** What gluewall reads itself must not be in the log twice. */
async function refuseFollowed(
  { head, name }: ImportSource,
  { source, isRotated }: FileFollowedBy,
  store: QueryLogStore,
): Promise<void> {
  const advice = `gluewall reads it as ${source} (querylog.sources), and its queries must not be in the log twice`;
  if (!isRotated) throw new GluewallError('log-file', `${name} is not imported: ${advice}`);
  const position = await store.position(source);
  const isRead = position !== undefined && position.offset > 0 && octetsHaveFingerprint(head, position.fingerprint);
  if (isRead) throw new GluewallError('log-file', `${name} is not imported: ${advice}`);
}

/** The source that this file was taken in as before, or a name that none has. */
async function findSource(
  { head, sourceName, name: fileName }: ImportSource,
  { source, isTaken }: { readonly source: string | undefined; readonly isTaken: (source: string) => boolean },
  store: QueryLogStore,
): Promise<{ readonly name: string; readonly position: SourcePosition | undefined }> {
  const base = (source ?? sourceName).slice(0, MAX_SOURCE_CHARACTERS - 10);
  for (let number = 1; number <= MAX_NAMESAKES; number++) {
    const name = number === 1 ? base : `${base}~${number}`;
    if (isTaken(name)) continue;
    const position = await store.position(name);
    if (position === undefined || octetsHaveFingerprint(head, position.fingerprint)) return { name, position };
  }
  throw new GluewallError(
    'log-file',
    `${fileName}: ${MAX_NAMESAKES} files were taken in as ${base}; name another --source`,
  );
}

/**
 * A file that goes on where it was left has the format that it had. What is read in a wrong format is known from then on, and
 * could not be taken in again: a format that was named is refused where the file says otherwise.
 */
function formatOf(file: ImportSource, reading: ReadOptions, position: SourcePosition | undefined): LogFormat {
  const named = reading.format;
  const known = position === undefined ? undefined : logFormat(readIntakeState(position.state).format ?? '');
  if (known !== undefined && (named ?? known) !== known)
    throw otherFormat(file, `was taken in as ${known.name} before`);
  if (known !== undefined) return known;
  const detection = tryFile(file, reading);
  if (detection.found !== undefined) return detection.found.format;
  if (named === undefined) throw unknownFormat(file, detection);
  const other = tryFile(file, { ...reading, format: undefined }).found?.format;
  if (other !== undefined) throw otherFormat(file, `looks like ${other.name}, and not like ${named.name}`);
  // Its beginning says nothing: a line that is too long, or what is no query.
  return named;
}

function otherFormat({ name }: ImportSource, how: string): GluewallError {
  return new GluewallError('log-file', `${name} ${how}: leave out --format`);
}

/** The octets at its end that were left: half a line of a file that somebody may be writing to. */
async function readAll(
  file: ImportSource,
  knownBytes: number,
  intake: SourceIntake,
  onProgress: (file: ImportSource) => void,
): Promise<number> {
  let passed = 0;
  try {
    for await (const chunk of file.octets()) {
      const known = Math.min(chunk.length, Math.max(0, knownBytes - passed));
      passed += chunk.length;
      if (known < chunk.length) await intake.push(chunk.subarray(known));
      onProgress(file);
    }
    if (passed < knownBytes) {
      const problem = `it has become shorter: ${knownBytes} octets of it were taken in before, and it has ${passed}`;
      throw new GluewallError('log-file', `${file.name}: ${problem}; if it is another file, name another --source`);
    }
  } catch (error) {
    // What was read before something went wrong is kept.
    await intake.stop();
    throw error;
  }
  const leftBytes = file.isGrowing ? passed - intake.offset : 0;
  // Forgets what has no end.
  if (leftBytes > 0) intake.rewind(intake.fingerprint);
  await intake.end();
  return leftBytes;
}
