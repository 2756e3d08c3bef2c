/** `gluewall findings …`. */

import type { ControlRequest } from '../../control/protocol.ts';
import { GluewallError } from '../../core/errors.ts';
import { MAX_WORDS_CHARACTERS } from '../../findings/finding-record.ts';
import type { FindingChangeView } from '../../services/finding-services.ts';
import type { FindingSummary, FindingView } from '../../services/finding-view.ts';
import { MAX_TIME_LIMIT_MS, MIN_TIME_LIMIT_MS } from '../../traceback/messages.ts';
import { addressArgument, currentUser, earlierArgument, nameArgument, reasonArgument } from '../arguments.ts';
import { type AskOptions, answerTo, ask } from '../ask.ts';
import type { CloseOptions, ListOptions, TraceOptions } from '../commands/findings.ts';
import { printJsonArray, printLines } from '../output.ts';
import { followCase, within } from '../traceback/request-case.ts';
import { printFinding, printFindingList } from './print-finding.ts';

export async function listFindings(options: ListOptions): Promise<void> {
  const { kind, state, host, since, limit } = options;
  const answer = answerTo(options, {
    operation: 'findings list',
    kind,
    state,
    host: host === undefined ? undefined : addressArgument(host),
    since: since === undefined ? undefined : earlierArgument(since, Date.now()),
    limit,
  });
  if (options.json === true) {
    await printJsonArray(answer);
    return;
  }
  const findings: FindingSummary[] = [];
  for await (const item of answer) findings.push(item as FindingSummary);
  await printLines(printFindingList(findings, limit));
}

export async function showFinding(id: string, options: AskOptions): Promise<void> {
  await ask<FindingView>(options, { operation: 'findings show', finding: id }, printFinding);
}

export async function acknowledgeFinding(id: string, options: AskOptions): Promise<void> {
  await change(options, { operation: 'findings acknowledge', finding: id, owner: currentUser() }, 'acknowledged');
}

export async function escalateFinding(id: string, options: AskOptions): Promise<void> {
  await change(options, { operation: 'findings escalate', finding: id, owner: currentUser() }, 'escalated');
}

export async function closeFinding(id: string, options: CloseOptions): Promise<void> {
  const { as } = options;
  const reason = reasonArgument(options.reason);
  const request = { operation: 'findings close', finding: id, as, reason, owner: currentUser() } as const;
  await change(options, request, `closed as ${as}: ${reason}`);
}

export async function reopenFinding(id: string, options: AskOptions): Promise<void> {
  await change(options, { operation: 'findings reopen', finding: id, owner: currentUser() }, 'open again');
}

export async function commentOnFinding(id: string, given: string, options: AskOptions): Promise<void> {
  const text = given.trim();
  if (text === '' || text.length > MAX_WORDS_CHARACTERS) {
    throw new GluewallError('usage', `a comment has 1 to ${MAX_WORDS_CHARACTERS} characters`);
  }
  await change(options, { operation: 'findings comment', finding: id, text, owner: currentUser() }, 'commented on');
}

export async function traceFinding(id: string, options: TraceOptions): Promise<void> {
  const { name, at, source, timeLimit } = options;
  await followCase(options, {
    operation: 'findings trace',
    finding: id,
    name: name === undefined ? undefined : nameArgument(name),
    at: at === undefined ? undefined : earlierArgument(at, Date.now()),
    source: source === undefined ? undefined : addressArgument(source),
    commandAndControl: options.commandAndControl === true,
    timeLimitMs: within('--time-limit', timeLimit, MIN_TIME_LIMIT_MS, MAX_TIME_LIMIT_MS),
    owner: currentUser(),
  });
}

async function change(options: AskOptions, request: ControlRequest, done: string): Promise<void> {
  await ask<FindingChangeView>(
    options,
    request,
    ({ finding, kept }) => [
      `${finding.id}, ${finding.kind} ${finding.subject}, is ${done}`,
      ...(kept ? [] : ['it could not be written to the store: it is so until gluewall ends, and is tried again']),
    ],
    ({ kept }) => kept,
  );
}
