/**
 * The words spoken on the control socket: one JSON object a line. A request is answered by any number of items and then
 * one reply.
 */
import { z } from 'zod';
import { CLOSED_AS, FINDING_KINDS, FINDING_STATES } from '../findings/finding.ts';
import { MAX_WORDS_CHARACTERS } from '../findings/finding-record.ts';
import { COVERAGE_SLOT_MS } from '../querylog/query-log-store.ts';
import { MAX_BYPASS_MS } from '../services/bypass-services.ts';
import { MAX_QUARANTINE_MS } from '../services/quarantine-services.ts';
import { tripleRow } from '../services/triple-view.ts';
import { MAX_TIME_LIMIT_MS, MIN_TIME_LIMIT_MS } from '../traceback/messages.ts';
import { accountRequests } from './account-requests.ts';
import { inboxRequests } from './inbox-requests.ts';
import { pageRequests } from './page-requests.ts';
import {
  address,
  caseId,
  clientName,
  clientTarget,
  findingId,
  groupId,
  groupName,
  instant,
  logPlace,
  MAX_REASON_CHARACTERS,
  mac,
  match,
  name,
  owner,
  packName,
  quarantinedHost,
  reason,
  recordType,
  ruleId,
  ruleVersion,
  sourceName,
  switchPort,
  target,
  windowPart,
  word,
  YEAR_MS,
} from './request-fields.ts';

/** No line, and so no request, is longer. */
export const MAX_REQUEST_BYTES = 1024 * 1024;
/** The most rows of one `history import`: well within a request, and some three milliseconds' work. */
export const MAX_IMPORT_ROWS = 100;
/** The most events one request asks for. */
export const MAX_EVENTS = 1_000_000;
/** The most entries of the query log that one request asks for. */
export const MAX_LOG_ENTRIES = 100_000;
const controlRequest = z.discriminatedUnion('operation', [
  z.strictObject({ operation: z.literal('lookup'), target }),
  z.strictObject({
    operation: z.literal('check'),
    destination: address,
    client: address.optional(),
    mac: mac.optional(),
    port: switchPort.optional(),
    queryName: name.optional(),
    queryType: recordType.optional(),
    recursionDesired: z.boolean().optional(),
    protocol: z.enum(['udp', 'tcp']).optional(),
  }),
  z.strictObject({
    operation: z.literal('bypass'),
    group: groupName.optional(),
    forMs: z.int().min(1000).max(MAX_BYPASS_MS),
    reason,
    owner,
  }),
  z.strictObject({ operation: z.literal('bypass end'), group: groupName.optional() }),
  z.strictObject({ operation: z.literal('bypass list') }),
  z.strictObject({
    operation: z.literal('quarantine'),
    host: quarantinedHost,
    scope: z.enum(['dns', 'all']),
    remediation: address.optional(),
    forMs: z.int().min(1000).max(MAX_QUARANTINE_MS),
    reason,
    owner,
  }),
  z.strictObject({ operation: z.literal('quarantine end'), host: quarantinedHost.optional() }),
  z.strictObject({ operation: z.literal('quarantine list') }),
  z.strictObject({ operation: z.literal('rpz show') }),
  z.strictObject({ operation: z.literal('rpz text') }),
  z.strictObject({ operation: z.literal('reload'), isTrial: z.boolean() }),
  z.strictObject({ operation: z.literal('history list'), zone: name.optional() }),
  z.strictObject({
    operation: z.literal('history import'),
    rows: z.array(tripleRow).max(MAX_IMPORT_ROWS),
    endsWarmup: z.boolean(),
  }),
  z.strictObject({
    operation: z.literal('rule add'),
    action: z.enum(['allow', 'deny']),
    match,
    reason: z.string().trim().min(1).max(MAX_REASON_CHARACTERS),
    owner: z.string().max(64),
    /** Left out: it does not expire. */
    expires: instant.optional(),
    /** Whether it takes the place of one that is like it; left out: yes. */
    renews: z.boolean().optional(),
  }),
  z.strictObject({ operation: z.literal('rule remove'), id: ruleId, ifVersion: ruleVersion.optional() }),
  z.strictObject({ operation: z.literal('rule list'), action: z.enum(['allow', 'deny']).optional() }),
  /** The allow rule with exactly this match. */
  z.strictObject({ operation: z.literal('allow remove'), match }),
  z.strictObject({
    operation: z.literal('events'),
    since: instant.optional(),
    until: instant.optional(),
    client: address.optional(),
    clientName: clientName.optional(),
    group: word.optional(),
    destination: address.optional(),
    queryName: name.optional(),
    verdict: z.enum(['allow', 'block', 'would block']).optional(),
    limit: z.int().min(0).max(MAX_EVENTS),
    follow: z.boolean(),
  }),
  z.strictObject({ operation: z.literal('clients'), target: clientTarget.optional() }),
  z.strictObject({ operation: z.literal('pack list') }),
  z.strictObject({ operation: z.literal('pack show'), name: packName }),
  z.strictObject({ operation: z.literal('pack refresh'), name: packName.optional(), force: z.boolean() }),
  z.strictObject({ operation: z.literal('report rollout'), since: instant, group: word.optional() }),
  z.strictObject({
    operation: z.literal('log search'),
    name: name.optional(),
    zone: name.optional(),
    /** As it is in the network. */
    client: address.optional(),
    /** A client as the log has it. */
    pseudonym: address.optional(),
    answer: address.optional(),
    source: sourceName.optional(),
    since: instant.optional(),
    until: instant.optional(),
    after: logPlace.optional(),
    limit: z.int().min(1).max(MAX_LOG_ENTRIES),
  }),
  z.strictObject({
    operation: z.literal('log sources'),
    gapMs: z.int().min(COVERAGE_SLOT_MS).max(YEAR_MS),
  }),
  z.strictObject({ operation: z.literal('log refused'), source: sourceName.optional() }),
  z.strictObject({ operation: z.literal('log trim') }),
  z.strictObject({
    operation: z.literal('traceback request'),
    name,
    at: instant,
    source: address,
    /** Left out: as the configuration has it. */
    beforeMs: windowPart,
    afterMs: windowPart,
    method: z.enum(['oblivious', 'hash']).optional(),
    /** Why hosts are to be named without a confirmation. */
    override: reason.optional(),
    commandAndControl: z.boolean(),
    timeLimitMs: z.int().min(MIN_TIME_LIMIT_MS).max(MAX_TIME_LIMIT_MS),
    owner,
  }),
  z.strictObject({ operation: z.literal('traceback list') }),
  z.strictObject({ operation: z.literal('traceback show'), case: caseId }),
  z.strictObject({ operation: z.literal('traceback close'), case: caseId, reason, owner }),
  z.strictObject({ operation: z.literal('traceback export'), case: caseId, owner }),
  z.strictObject({ operation: z.literal('bots') }),
  z.strictObject({ operation: z.literal('bots show'), group: groupId }),
  z.strictObject({ operation: z.literal('host show'), host: address }),
  z.strictObject({ operation: z.literal('report dns-tcp') }),
  z.strictObject({
    operation: z.literal('findings list'),
    kind: z.enum(FINDING_KINDS).optional(),
    state: z.enum(FINDING_STATES).optional(),
    host: address.optional(),
    since: instant.optional(),
    limit: z.int().min(1).max(MAX_EVENTS),
  }),
  z.strictObject({ operation: z.literal('findings show'), finding: findingId }),
  z.strictObject({ operation: z.literal('findings acknowledge'), finding: findingId, owner }),
  z.strictObject({ operation: z.literal('findings escalate'), finding: findingId, owner }),
  z.strictObject({
    operation: z.literal('findings close'),
    finding: findingId,
    as: z.enum(CLOSED_AS),
    reason,
    owner,
  }),
  z.strictObject({ operation: z.literal('findings reopen'), finding: findingId, owner }),
  z.strictObject({
    operation: z.literal('findings comment'),
    finding: findingId,
    text: z.string().trim().min(1).max(MAX_WORDS_CHARACTERS),
    owner,
  }),
  /** Left out: as the finding says. */
  z.strictObject({
    operation: z.literal('findings trace'),
    finding: findingId,
    name: name.optional(),
    at: instant.optional(),
    source: address.optional(),
    commandAndControl: z.boolean(),
    timeLimitMs: z.int().min(MIN_TIME_LIMIT_MS).max(MAX_TIME_LIMIT_MS),
    owner,
  }),
  z.strictObject({ operation: z.literal('status') }),
  ...inboxRequests,
  ...accountRequests,
  ...pageRequests,
]);

/** A request as it travels: addresses, names and times as text. */
export type ControlRequest = z.input<typeof controlRequest>;
/** A request as the services take it. */
export type ParsedRequest = z.output<typeof controlRequest>;

/** A request that is about the query log alone. */
export type LogRequest = Extract<ParsedRequest, { readonly operation: `log ${string}` }>;

export function isLogRequest(request: ParsedRequest): request is LogRequest {
  return request.operation.startsWith('log ');
}

/** A request that is about the traceback node and its cases. */
export type TracebackRequest = Extract<ParsedRequest, { readonly operation: `traceback ${string}` }>;

export function isTracebackRequest(request: ParsedRequest): request is TracebackRequest {
  return request.operation.startsWith('traceback ');
}

/** A request that is about what hosts do. */
export type BehaviourRequest = Extract<
  ParsedRequest,
  { readonly operation: 'bots' | 'bots show' | 'host show' | 'report dns-tcp' }
>;

const BEHAVIOUR_OPERATIONS: readonly string[] = [
  'bots',
  'bots show',
  'host show',
  'report dns-tcp',
] satisfies BehaviourRequest['operation'][];

export function isBehaviourRequest(request: ParsedRequest): request is BehaviourRequest {
  return BEHAVIOUR_OPERATIONS.includes(request.operation);
}

/** A request that is about findings. */
export type FindingRequest = Extract<ParsedRequest, { readonly operation: `findings ${string}` }>;

export function isFindingRequest(request: ParsedRequest): request is FindingRequest {
  return request.operation.startsWith('findings ');
}

/** A request that is about the inbox of blocked queries, or searches the events that are kept. */
export type InboxRequest = Extract<ParsedRequest, { readonly operation: `inbox ${string}` | 'events search' }>;

export function isInboxRequest(request: ParsedRequest): request is InboxRequest {
  return request.operation.startsWith('inbox ') || request.operation === 'events search';
}

/** The request, or what is wrong with it. */
export function parseRequest(json: unknown): ParsedRequest | string {
  const parsed = controlRequest.safeParse(json);
  if (parsed.success) return parsed.data;
  return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

/** One line of an answer; the first that is no item is the last. */
export type ControlReply =
  | { readonly item: unknown }
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string } };
