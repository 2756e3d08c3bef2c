import { parseDuration } from '../../config/fields.ts';
import { GluewallError } from '../../core/errors.ts';
import { COVERAGE_SLOT_MS, type TrimReport } from '../../querylog/query-log-store.ts';
import type { RefusedView, SourceView } from '../../services/log-services.ts';
import { type AskOptions, answerTo, ask, askList, printItems } from '../ask.ts';
import type { LogRefusedOptions, LogSourcesOptions } from '../commands/log.ts';
import { printRefused, printSource } from './print-log.ts';
import { sayUnknownSource } from './say-unknown-source.ts';

const MAX_GAP_MS = 365 * 86_400_000;

/** `gluewall log sources`. */
export async function showSources(options: LogSourcesOptions): Promise<void> {
  const request = { operation: 'log sources', gapMs: gapArgument(options.gap) } as const;
  await askList<SourceView>(options, request, printSource, 'the query log is empty, and nothing is read into it');
}

function gapArgument(text: string): number {
  const gapMs = parseDuration(text);
  if (gapMs !== undefined && gapMs >= COVERAGE_SLOT_MS && gapMs <= MAX_GAP_MS) return gapMs;
  throw new GluewallError('usage', `"${text}" is no duration from 5m to 365d: want one such as 1h`);
}

/** `gluewall log refused`. */
export async function showRefused(options: LogRefusedOptions): Promise<void> {
  const { source } = options;
  const none = source === undefined ? 'all that was read made sense' : `no record of ${source} was refused`;
  let count = 0;
  const counted = async function* () {
    for await (const record of answerTo(options, { operation: 'log refused', source })) {
      count++;
      yield record;
    }
  };
  await printItems<RefusedView>(options, counted(), printRefused, none);
  if (count === 0 && source !== undefined) await sayUnknownSource(options, source);
}

/** `gluewall log trim`. */
export async function trimLog(options: AskOptions): Promise<void> {
  await ask<TrimReport>(options, { operation: 'log trim' }, ({ days, entries }) => [
    days + entries === 0 ? 'all of it is to be kept' : `gone: days ${days}, entries ${entries}`,
  ]);
}
