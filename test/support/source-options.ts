import type { SourceOptions } from '../../src/querylog/source-intake.ts';
import { lineLog } from './line-log.ts';

/** A source named `ns1` that nothing special is said of, with the format for tests. */
export function sourceOptions(options: Partial<SourceOptions> = {}): SourceOptions {
  return {
    name: 'ns1',
    format: lineLog,
    zone: 'UTC',
    server: undefined,
    client: (address) => address,
    keepsSamples: true,
    isLive: true,
    writtenMs: Number.POSITIVE_INFINITY,
    earliestMs: Number.NEGATIVE_INFINITY,
    ...options,
  };
}
