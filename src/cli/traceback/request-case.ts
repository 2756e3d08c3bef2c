import { parseDuration } from '../../config/fields.ts';
import type { ControlRequest } from '../../control/protocol.ts';
import { GluewallError } from '../../core/errors.ts';
import type { Case, CaseProgress } from '../../traceback/cases/case.ts';
import { MAX_TIME_LIMIT_MS, MAX_WINDOW_MS, MIN_TIME_LIMIT_MS } from '../../traceback/messages.ts';
import { addressArgument, currentUser, earlierArgument, nameArgument, reasonArgument } from '../arguments.ts';
import { type AskOptions, answerTo } from '../ask.ts';
import type { RequestOptions } from '../commands/traceback-cases.ts';
import { EXIT } from '../exit-codes.ts';
import { printJson, printLines } from '../output.ts';
import { complain } from '../stderr-log.ts';
import { isAnswered, printCase } from './print-case.ts';

/** Clocks differ; an attack that is further ahead has not been. */
const MAX_AHEAD_MS = 60_000;

/** `gluewall traceback request`. */
export async function requestCase(options: RequestOptions): Promise<void> {
  await followCase(options, requestOf(options, Date.now()));
}

/** Works on the case that a request opens: tells how far it is, and prints what it ends with. */
export async function followCase(options: AskOptions, request: ControlRequest): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const answer = answerTo(options, request, stop.signal);
  let id: string | undefined;
  let found: Case;
  try {
    for (;;) {
      const step = await answer.next();
      if (step.done === true) {
        found = step.value as Case;
        break;
      }
      const { case: caseId, step: at, words } = step.value as CaseProgress;
      if (id === undefined) complain(`case ${caseId}`);
      id = caseId;
      complain(`${at}: ${words}`);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    complain(id === undefined ? 'cancelled' : `cancelled; what was found is kept: gluewall traceback show ${id}`);
    process.exitCode = EXIT.refused;
    return;
  }
  if (options.json === true) await printJson(found);
  else await printLines(printCase(found));
  process.exitCode = isAnswered(found) ? EXIT.done : EXIT.refused;
}

function requestOf(options: RequestOptions, nowMs: number): ControlRequest {
  const { name, at, source, before, after, method, override, commandAndControl, timeLimit } = options;
  const began = earlierArgument(at, nowMs);
  if (Date.parse(began) > nowMs + MAX_AHEAD_MS) {
    throw new GluewallError('usage', `--at: ${began} has not come yet; want when the attack began`);
  }
  return {
    operation: 'traceback request',
    name: nameArgument(name),
    at: began,
    source: addressArgument(source),
    beforeMs: before === undefined ? undefined : within('--before', before, 0, MAX_WINDOW_MS),
    afterMs: after === undefined ? undefined : within('--after', after, 0, MAX_WINDOW_MS),
    method,
    override: override === undefined ? undefined : overrideArgument(override),
    commandAndControl: commandAndControl === true,
    timeLimitMs: within('--time-limit', timeLimit, MIN_TIME_LIMIT_MS, MAX_TIME_LIMIT_MS),
    owner: currentUser(),
  };
}

function overrideArgument(text: string): string {
  try {
    return reasonArgument(text);
  } catch (cause) {
    throw new GluewallError('usage', (cause as Error).message.replace('--reason', '--override'), { cause });
  }
}

/** Throws GluewallError `usage` where it is no such time. */
export function within(option: string, text: string, minMs: number, maxMs: number): number {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined && durationMs >= minMs && durationMs <= maxMs) return durationMs;
  const wanted = `want a duration such as 5s, at most ${maxMs / 60_000}m${minMs > 0 ? ` and at least ${minMs}ms` : ''}`;
  throw new GluewallError('usage', `${option}: "${text}" is no such time: ${wanted}`);
}
