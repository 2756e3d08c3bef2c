/** What the audit log is told of a request by `peer`, `here` where it was made here. */
import { formatName } from '../../dns/name.ts';
import { type NodeAnswer, type NodeRequest, nameOf } from '../messages.ts';
import type { ProblemType } from '../problem.ts';
import type { AuditEntry } from './audit.ts';

/** Named one by one; of more than these only how many they are. */
const MAX_HOSTS_KEPT = 256;

/** Before anything is looked for or passed on. */
export function grantedEntry(peer: string, request: NodeRequest): AuditEntry {
  const { at, window, path } = request;
  return { ...requestParts(peer, request), decision: 'granted', at, window, path, ...particulars(request) };
}

/** Before the answer leaves. */
export function answeredEntry(peer: string, request: NodeRequest, answer: NodeAnswer): AuditEntry {
  const named = namedHosts(answer);
  const hosts = named?.slice(0, MAX_HOSTS_KEPT);
  const allHosts = named !== undefined && named.length > MAX_HOSTS_KEPT ? named.length : undefined;
  return { ...requestParts(peer, request), decision: 'answered', hosts, allHosts, gaps: answer.gaps.length };
}

/** No problem: whoever asked has called it off. */
export function failedEntry(peer: string, request: NodeRequest, problem: ProblemType | undefined): AuditEntry {
  return { ...requestParts(peer, request), decision: 'failed', problem };
}

function requestParts(peer: string, request: NodeRequest) {
  const name = formatName(nameOf(request));
  return { kind: request.kind, peer, request: request.request, case: request.case, name };
}

function particulars(request: NodeRequest): Pick<AuditEntry, 'test' | 'override' | 'lookbackMs'> {
  if (request.kind === 'confirm') return { test: 'hash' in request.test ? 'hash' : 'oblivious' };
  const override = 'override' in request.ground ? request.ground.override : undefined;
  return request.kind === 'traceback' ? { override } : { override, lookbackMs: request.lookbackMs };
}

function namedHosts(answer: NodeAnswer): readonly string[] | undefined {
  switch (answer.kind) {
    case 'confirm':
      return undefined;
    case 'traceback':
      return distinct(answer.reports.flatMap(({ hosts }) => hosts.map(({ address }) => address)));
    case 'command-and-control':
      return distinct(answer.reports.flatMap(({ names }) => names.flatMap(({ hosts }) => hosts)));
  }
}

function distinct(addresses: readonly string[]): readonly string[] {
  return [...new Set(addresses)];
}
