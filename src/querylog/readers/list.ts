import type { LogFormat } from '../log-reader.ts';

/** All formats, in the order in which a file is tried on them. A reader is added here and nowhere else. */
export const LOG_FORMATS: readonly LogFormat[] = [];

/** Undefined when there is none of that name. */
export function logFormat(name: string): LogFormat | undefined {
  return LOG_FORMATS.find((format) => format.name === name);
}
