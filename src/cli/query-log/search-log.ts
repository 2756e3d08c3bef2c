import type { ControlRequest } from '../../control/protocol.ts';
import { GluewallError } from '../../core/errors.ts';
import type { SearchSummary } from '../../services/log-services.ts';
import { type EntryView, parseLogPlace } from '../../services/log-view.ts';
import { addressArgument, earlierArgument, nameArgument } from '../arguments.ts';
import { answerTo } from '../ask.ts';
import type { LogSearchOptions } from '../commands/log.ts';
import { printJson, printLines } from '../output.ts';
import { shellWord } from '../shell-word.ts';
import { printEntry } from './print-log.ts';
import { sayUnknownSource } from './say-unknown-source.ts';

type SearchRequest = Extract<ControlRequest, { readonly operation: 'log search' }>;

/** `gluewall log search`. */
export async function searchLog(options: LogSearchOptions): Promise<void> {
  const request = requestOf(options, Date.now());
  const answer = answerTo(options, request);
  const entries: EntryView[] = [];
  for (;;) {
    const step = await answer.next();
    if (step.done === true) {
      await printEnd(options, request, step.value as SearchSummary, entries);
      return;
    }
    const entry = step.value as EntryView;
    if (options.json === true) entries.push(entry);
    else await printLines([printEntry(entry)]);
  }
}

function requestOf(options: LogSearchOptions, nowMs: number): SearchRequest {
  const { name, zone, client, pseudonym, answer, source, limit, page } = options;
  const since = options.since === undefined ? undefined : earlierArgument(options.since, nowMs);
  const until = options.until === undefined ? undefined : earlierArgument(options.until, nowMs);
  if (since !== undefined && until !== undefined && since >= until) {
    throw new GluewallError('usage', `--since ${since} is not before --until ${until}: nothing lies between`);
  }
  return {
    operation: 'log search',
    name: name === undefined ? undefined : nameArgument(name),
    zone: zone === undefined ? undefined : nameArgument(zone),
    client: client === undefined ? undefined : addressArgument(client),
    pseudonym: pseudonym === undefined ? undefined : addressArgument(pseudonym),
    answer: answer === undefined ? undefined : addressArgument(answer),
    source,
    since,
    until,
    after: page === undefined ? undefined : pageArgument(page),
    limit,
  };
}

function pageArgument(text: string): string {
  if (parseLogPlace(text) !== undefined) return text;
  throw new GluewallError('usage', `--page: "${text}" is no page: want what the last line of the page before names`);
}

async function printEnd(
  options: LogSearchOptions,
  request: SearchRequest,
  { count, next }: SearchSummary,
  entries: readonly EntryView[],
): Promise<void> {
  if (count === 0 && request.source !== undefined) await sayUnknownSource(options, request.source);
  if (options.json === true) return printJson({ count, next, entries });
  if (count === 0) await printLines(['no such query is in the log; `gluewall log sources` says what it covers']);
  if (next !== null) await printLines([`more: ${nextCommand(options, request, next)}`]);
}

/** The command that shows the next page; with the times as they were understood. */
function nextCommand({ config, socket }: LogSearchOptions, request: SearchRequest, next: string): string {
  const { operation: _, after: __, ...asked } = request;
  const words = Object.entries({ ...asked, page: next, config, socket }).flatMap(([option, value]) =>
    value === undefined ? [] : [`--${option}`, shellWord(String(value))],
  );
  return ['gluewall log search', ...words].join(' ');
}
