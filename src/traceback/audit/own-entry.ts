import type { NodeAnswer, NodeRequest } from '../messages.ts';
import type { AuditEntry } from './audit.ts';

/** What the audit log is told of a request that was made here; no answer: there was none. */
export function ownEntry(request: NodeRequest, answer: NodeAnswer | undefined): AuditEntry {
  const { kind, name } = request;
  const override = 'ground' in request && 'override' in request.ground ? request.ground.override : undefined;
  const asked = { kind, peer: 'here', request: request.request, case: request.case, name, override };
  return { ...asked, decision: 'granted', hosts: answer && hostsOf(answer), gaps: answer?.gaps.length };
}

function hostsOf(answer: NodeAnswer): readonly string[] | undefined {
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
