import type { Operation } from '../../src/control/operation-roles.ts';
import { type ControlRequest, type ParsedRequest, parseRequest } from '../../src/control/protocol.ts';

const AT = '2026-01-15T12:00:00Z';
const LATER = '2027-01-15T12:00:00Z';
const BY = { owner: 'somebody else' } as const;
const FINDING = { finding: 'F-7k2m9q' } as const;
const TRACE = { commandAndControl: false, timeLimitMs: 30_000 } as const;

/** One request of each operation there is. */
export const SAMPLE_REQUESTS: { readonly [O in Operation]: Extract<ControlRequest, { readonly operation: O }> } = {
  lookup: { operation: 'lookup', target: '192.0.2.1' },
  check: { operation: 'check', destination: '192.0.2.1' },
  bypass: { operation: 'bypass', forMs: 60_000, reason: 'r', ...BY },
  'bypass end': { operation: 'bypass end' },
  'bypass list': { operation: 'bypass list' },
  quarantine: { operation: 'quarantine', host: '192.0.2.66', scope: 'dns', forMs: 60_000, reason: 'r', ...BY },
  'quarantine end': { operation: 'quarantine end', host: '52:54:00:12:34:56' },
  'quarantine list': { operation: 'quarantine list' },
  'rpz show': { operation: 'rpz show' },
  'rpz text': { operation: 'rpz text' },
  reload: { operation: 'reload', isTrial: false },
  'history list': { operation: 'history list' },
  'history import': { operation: 'history import', rows: [], endsWarmup: false },
  'rule add': { operation: 'rule add', action: 'allow', match: { to: '192.0.2.1' }, reason: 'r', ...BY },
  'rule change': { operation: 'rule change', id: '1f3a9c04', reason: 'better' },
  'rule remove': { operation: 'rule remove', id: '1f3a9c04' },
  'rule list': { operation: 'rule list' },
  'rule show': { operation: 'rule show', id: '1f3a9c04' },
  'rule preview': { operation: 'rule preview', action: 'allow', match: { to: '192.0.2.1' } },
  'allow remove': { operation: 'allow remove', match: { to: '192.0.2.1' } },
  events: { operation: 'events', limit: 1, follow: false },
  'events search': { operation: 'events search' },
  'event show': { operation: 'event show', event: 1 },
  'event packet': { operation: 'event packet', event: 1 },
  clients: { operation: 'clients' },
  'pack list': { operation: 'pack list' },
  'pack show': { operation: 'pack show', name: 'p' },
  'pack refresh': { operation: 'pack refresh', name: 'p', force: false },
  'report rollout': { operation: 'report rollout', since: AT },
  'log search': { operation: 'log search', limit: 1 },
  'log sources': { operation: 'log sources', gapMs: 3_600_000 },
  'log refused': { operation: 'log refused' },
  'log trim': { operation: 'log trim' },
  'traceback request': {
    ...{ operation: 'traceback request', name: 'www.example.org', at: AT, source: '192.0.2.7' },
    ...TRACE,
    ...BY,
  },
  'traceback list': { operation: 'traceback list' },
  'traceback show': { operation: 'traceback show', case: 'c1' },
  'traceback close': { operation: 'traceback close', case: 'c1', reason: 'r', ...BY },
  'traceback export': { operation: 'traceback export', case: 'c1', ...BY },
  bots: { operation: 'bots' },
  'bots show': { operation: 'bots show', group: 'g' },
  'host show': { operation: 'host show', host: '192.0.2.66' },
  'host timeline': { operation: 'host timeline', host: '192.0.2.66', limit: 1 },
  'host axes': { operation: 'host axes', host: '192.0.2.66' },
  'report dns-tcp': { operation: 'report dns-tcp' },
  'findings list': { operation: 'findings list', limit: 1 },
  'findings show': { operation: 'findings show', ...FINDING },
  'findings acknowledge': { operation: 'findings acknowledge', ...FINDING, ...BY },
  'findings escalate': { operation: 'findings escalate', ...FINDING, ...BY },
  'findings close': { operation: 'findings close', ...FINDING, as: 'mistake', reason: 'r', ...BY },
  'findings reopen': { operation: 'findings reopen', ...FINDING, ...BY },
  'findings comment': { operation: 'findings comment', ...FINDING, text: 'a word', ...BY },
  'findings trace': { operation: 'findings trace', ...FINDING, ...TRACE, ...BY },
  overview: { operation: 'overview' },
  switches: { operation: 'switches' },
  status: { operation: 'status' },
  'inbox list': { operation: 'inbox list' },
  'inbox show': { operation: 'inbox show', entry: 1 },
  'inbox events': { operation: 'inbox events', entry: 1 },
  'inbox changes': { operation: 'inbox changes', after: 0, limit: 0 },
  'inbox acknowledge': { operation: 'inbox acknowledge', entries: [1, 2], ...BY },
  'inbox escalate': { operation: 'inbox escalate', entries: [1], ...BY },
  'inbox reopen': { operation: 'inbox reopen', entries: [1], ...BY },
  'inbox undo': {
    operation: 'inbox undo',
    steps: [{ id: 1, state: 'open', until: null, stateChange: 1 }],
    ...BY,
  },
  'inbox comment': { operation: 'inbox comment', entry: 1, text: 'a word', ...BY },
  'session open': { operation: 'session open', user: 'ann', password: 'wrong', from: '192.0.2.10' },
  'session open oidc': {
    operation: 'session open oidc',
    issuer: 'https://id.example',
    subject: '1',
    name: 'olga',
    role: 'viewer',
    from: '192.0.2.10',
  },
  'session check': { operation: 'session check', secret: 's', from: '192.0.2.10' },
  'session end': { operation: 'session end', secret: 's' },
  'session list': { operation: 'session list' },
  'session revoke': { operation: 'session revoke', id: 's' },
  'setup link': { operation: 'setup link' },
  setup: { operation: 'setup', secret: 's', user: 'eve', password: 'p', from: '192.0.2.10' },
  'setup state': { operation: 'setup state' },
  'user list': { operation: 'user list' },
  'user add': { operation: 'user add', name: 'carl', role: 'viewer', password: 'seven blue herons' },
  'user change': { operation: 'user change', name: 'ben', role: 'viewer', password: 'seven blue herons' },
  'user remove': { operation: 'user remove', name: 'ben' },
  'password change': { operation: 'password change', old: 'wrong', new: 'seven blue herons' },
  'token list': { operation: 'token list' },
  'token add': { operation: 'token add', name: 't', role: 'viewer', expires: LATER },
  'token remove': { operation: 'token remove', id: 't' },
  'token check': { operation: 'token check', secret: 'gw_x', from: '192.0.2.10' },
  'view list': { operation: 'view list' },
  'view save': { operation: 'view save', name: 'v', page: 'inbox', search: 'state:open' },
  'view remove': { operation: 'view remove', name: 'v' },
  changes: { operation: 'changes', limit: 10 },
};

export const OPERATIONS = Object.keys(SAMPLE_REQUESTS) as readonly Operation[];

/** As the services take it. */
export function sampleRequest(operation: Operation): ParsedRequest {
  const parsed = parseRequest(SAMPLE_REQUESTS[operation]);
  if (typeof parsed === 'string') throw new Error(`${operation}: ${parsed}`);
  return parsed;
}
