import { type Actor, SOCKET_ACTOR } from '../accounts/actor.ts';
import { formatAddress } from '../core/address.ts';
import { GluewallError } from '../core/errors.ts';
import type { BehaviourServices } from '../services/behaviour-services.ts';
import type { FindingServices } from '../services/finding-services.ts';
import type { LogServices } from '../services/log-services.ts';
import type { NodeServices, Services } from '../services/services.ts';
import type { NodeOperations } from '../services/traceback-services.ts';
import { type AccountRequest, isAccountRequest } from './account-requests.ts';
import type { Answer } from './answer.ts';
import { counted } from './counted.ts';
import { isPageRequest, type PageRequest } from './page-requests.ts';
import { performOnAccounts } from './perform-accounts.ts';
import { performOnInbox } from './perform-inbox.ts';
import { performOnPages } from './perform-pages.ts';
import {
  type BehaviourRequest,
  type FindingRequest,
  type InboxRequest,
  isBehaviourRequest,
  isFindingRequest,
  isInboxRequest,
  isLogRequest,
  isTracebackRequest,
  type LogRequest,
  type ParsedRequest,
  type TracebackRequest,
} from './protocol.ts';

/**
 * Carries out a request, on the services of a running gluewall or on those of a store that rests. `signal` ends what
 * would go on for ever, and `gone` what is for nobody any more; `actor` is whose things are his own. Throws GluewallError for what is refused.
 */
export async function* perform(
  services: Services | NodeServices,
  request: ParsedRequest,
  signal: AbortSignal,
  gone?: AbortSignal,
  actor: Actor = SOCKET_ACTOR,
): Answer {
  if (isLogRequest(request)) return yield* performOnLog(services.log, request, gone);
  if (isTracebackRequest(request)) return yield* performOnNode(services.traceback, request, signal);
  if (request.operation === 'status') return services.status();
  if (request.operation === 'reload') return services.reload(request.isTrial);
  if (!hasGate(services)) {
    const remedy = 'ask that of the gluewall of your switches (--config, --socket)';
    throw new GluewallError('no-gate', `what answers is a traceback node and has no gate; ${remedy}`);
  }
  if (isAccountRequest(request)) return yield* performOnAccounts(services.accounts, request, actor);
  if (isFindingRequest(request)) return yield* performOnFindings(services.findings, request, signal);
  if (isInboxRequest(request)) return performOnInbox(services.inbox, request);
  if (isBehaviourRequest(request)) return yield* performOnBehaviour(services.behaviour, request);
  if (isPageRequest(request)) return yield* performOnPages(services, request);
  return yield* performOnGate(services, request, signal);
}

function hasGate(services: Services | NodeServices): services is Services {
  return !('hasGate' in services);
}

type GateRequest = Exclude<
  ParsedRequest,
  | LogRequest
  | TracebackRequest
  | FindingRequest
  | BehaviourRequest
  | InboxRequest
  | AccountRequest
  | PageRequest
  | { readonly operation: 'status' }
  | { readonly operation: 'reload' }
>;

async function* performOnGate(services: Services, request: GateRequest, signal: AbortSignal): Answer {
  switch (request.operation) {
    case 'lookup':
      return services.lookup(request.target);
    case 'check':
      return services.check(request);
    case 'bypass':
      return services.bypassBegin(request);
    case 'bypass end':
      return services.bypassEnd(request.group);
    case 'bypass list':
      return yield* counted(services.bypassList());
    case 'quarantine':
      return services.quarantineBegin(request);
    case 'quarantine end':
      return services.quarantineEnd(request.host);
    case 'quarantine list':
      return yield* counted(services.quarantineList());
    case 'rpz show':
      return yield* services.rpzShow();
    case 'rpz text':
      return yield* services.rpzText();
    case 'history list':
      return yield* counted(services.historyList(request.zone));
    case 'history import':
      return services.historyImport(request.rows, request.endsWarmup);
    case 'rule add': {
      const { action, match, reason, owner, expires: expiresAtMs = Number.POSITIVE_INFINITY, renews = true } = request;
      return services.ruleAdd({ action, match, reason, owner, expiresAtMs }, renews);
    }
    case 'rule remove':
      return services.ruleRemove(request.id, request.ifVersion);
    case 'rule list':
      return yield* counted(services.ruleList(request.action));
    case 'allow remove':
      return services.allowRemove(request.match);
    case 'events': {
      const { operation: _, since: sinceMs, until: untilMs, follow, ...rest } = request;
      return yield* counted(services.events({ ...rest, sinceMs, untilMs }, follow ? signal : undefined));
    }
    case 'clients':
      return yield* counted(services.clients(request.target));
    case 'pack list':
      return yield* counted(services.packList());
    case 'pack show':
      return yield* counted(services.packShow(request.name));
    case 'pack refresh':
      return yield* counted(services.packRefresh(request.name, request.force));
    case 'report rollout':
      return yield* services.rollout({ sinceMs: request.since, group: request.group });
  }
}

/** As `perform`, for requests that are about the traceback node alone. A case ends when nobody waits for it any more. */
async function* performOnNode(node: NodeOperations, request: TracebackRequest, signal: AbortSignal): Answer {
  switch (request.operation) {
    case 'traceback request': {
      const { operation: _, at: atMs, owner: by, ...rest } = request;
      return yield* node.request({ ...rest, atMs, by }, signal);
    }
    case 'traceback list':
      return yield* counted(itemsOf(await node.list()));
    case 'traceback show':
      return node.show(request.case);
    case 'traceback close':
      return node.close(request.case, request.reason, request.owner);
    case 'traceback export':
      return { files: await node.evidence(request.case, request.owner) };
  }
}

/** As `perform`, for requests that are about what hosts do. */
async function* performOnBehaviour(behaviour: BehaviourServices, request: BehaviourRequest): Answer {
  switch (request.operation) {
    case 'bots':
      return yield* counted(behaviour.groups());
    case 'bots show':
      return behaviour.group(request.group);
    case 'host show':
      return behaviour.host(request.host);
    case 'report dns-tcp':
      return behaviour.dnsTcp();
  }
}

/** As `perform`, for requests that are about findings alone. */
export async function* performOnFindings(
  findings: FindingServices,
  request: FindingRequest,
  signal: AbortSignal,
): Answer {
  switch (request.operation) {
    case 'findings list': {
      const { operation: _, since: sinceMs, host, ...filter } = request;
      return yield* counted(
        findings.list({ ...filter, sinceMs, host: host === undefined ? undefined : formatAddress(host) }),
      );
    }
    case 'findings show':
      return findings.show(request.finding);
    case 'findings acknowledge':
      return findings.acknowledge(request.finding, request.owner);
    case 'findings escalate':
      return findings.escalate(request.finding, request.owner);
    case 'findings close':
      return findings.close(request.finding, request.as, request.reason, request.owner);
    case 'findings reopen':
      return findings.reopen(request.finding, request.owner);
    case 'findings comment':
      return findings.comment(request.finding, request.text, request.owner);
    case 'findings trace': {
      const { operation: _, at: atMs, owner: by, ...wanted } = request;
      return yield* findings.trace({ ...wanted, atMs, by }, signal);
    }
  }
}

async function* itemsOf<T>(items: Iterable<T>): AsyncGenerator<T, void> {
  yield* items;
}

/** As `perform`, for requests that are about the query log alone. */
export async function* performOnLog(log: LogServices, request: LogRequest, gone?: AbortSignal): Answer {
  switch (request.operation) {
    case 'log search': {
      const { operation: _, since: sinceMs, until: untilMs, ...search } = request;
      return yield* log.search({ ...search, sinceMs, untilMs }, gone);
    }
    case 'log sources':
      return yield* counted(log.sources(request.gapMs));
    case 'log refused':
      return yield* counted(log.refused(request.source));
    case 'log trim':
      return log.trim();
  }
}
