import { type Address, parseAddress } from '../../core/address.ts';
import { GluewallError } from '../../core/errors.ts';
import { type Detection, detectFormat, type FormatTrial } from '../../querylog/detect-format.ts';
import type { LogFormat } from '../../querylog/log-reader.ts';
import { LOG_FORMATS, logFormat } from '../../querylog/readers/list.ts';
import { isTimeZone } from '../../querylog/source-time.ts';
import { addressArgument } from '../arguments.ts';
import type { LogFileOptions } from '../commands/log.ts';
import type { ImportSource } from './import-source.ts';
import { machineZone } from './log-order.ts';

/** How log files are to be read. */
export interface ReadOptions {
  /** Undefined: as they look. */
  readonly format: LogFormat | undefined;
  readonly zone: string;
  readonly server: Address | undefined;
}

/** What was typed. Throws GluewallError `usage`. */
export function readOptions({ format, zone, server }: LogFileOptions): ReadOptions {
  const known = format === undefined || format === 'detect' ? undefined : logFormat(format);
  if (format !== undefined && format !== 'detect' && known === undefined) {
    const names = LOG_FORMATS.map(({ name }) => name).join(', ');
    throw new GluewallError('usage', `"${format}" is no format: want one of ${names}`);
  }
  if (zone !== undefined && !isTimeZone(zone)) {
    throw new GluewallError('usage', `"${zone}" is no time zone: want its IANA name, such as Europe/Vienna, or UTC`);
  }
  return {
    format: known,
    zone: zone ?? machineZone(),
    server: server === undefined ? undefined : parseAddress(addressArgument(server)),
  };
}

/** What the beginning of a file is made of by the format that was named, or by all. */
export function tryFile(file: ImportSource, { format, zone, server }: ReadOptions): Detection {
  const options = { zone, server, nowMs: Date.now(), writtenMs: file.writtenMs };
  return format === undefined ? detectFormat(file.head, options) : detectFormat(file.head, options, [format]);
}

/** What was tried in vain, and what to do. */
export function unknownFormat(file: ImportSource, { trials, advice }: Detection): GluewallError {
  if (advice !== undefined) return new GluewallError('log-file', `${file.name} cannot be read: ${advice}`);
  const tried = trials.map(({ format }) => format.name).join(', ');
  const remedy =
    'look whether it is a query log at all, and name its --format if you know it; docs/query-log.md says how servers are told to write one';
  const reasons = commonReasons(trials);
  const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
  return new GluewallError('log-file', `${file.name}: nothing in it is a query by ${tried}${why}; ${remedy}`);
}

const SHOWN_REASONS = 3;

/** What most records were refused for. */
function commonReasons(trials: readonly FormatTrial[]): string[] {
  const counts = new Map<string, number>();
  for (const { refused } of trials) {
    for (const [reason, count] of Object.entries(refused)) counts.set(reason, (counts.get(reason) ?? 0) + count);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.slice(0, SHOWN_REASONS).map(([reason]) => reason);
}
