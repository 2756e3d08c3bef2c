/** One good and one bad request for each endpoint of the API. */
import { type ApiRig, BLOCKED, CLIENT, SERVER } from './api-rig.ts';

export interface ApiRequest {
  /** Relative to /api/v1; left out: as the endpoint has it. */
  readonly path?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface EndpointRequests {
  /** As the OpenAPI document has it, such as `GET /rules/{id}`. */
  readonly endpoint: string;
  readonly good: ApiRequest;
  readonly bad: ApiRequest;
  /** The status and the code of the problem that is the answer to the bad one. */
  readonly problem: readonly [number, string];
}

/** Ids that requests need. */
interface Known {
  readonly entry: number;
  readonly event: number;
  readonly rule: string;
  readonly etag: string;
  readonly finding: string;
  readonly undo: unknown;
}

const BAD = [400, 'bad-request'] as const;

export async function knownIds(rig: ApiRig): Promise<Known> {
  const inbox = await rig.as('viewer', 'GET', '/inbox?search=client:192.0.2.66');
  const [entry] = inbox.json.items as { readonly id: number; readonly event: number }[];
  const added = await rig.as('analyst', 'POST', '/rules', {
    action: 'allow',
    match: { to: '198.51.100.20' },
    reason: 'to be changed',
  });
  const rule = added.json.rule as { readonly id: string };
  const changed = await rig.as('analyst', 'POST', '/inbox/escalate', { entries: [entry!.id] });
  return {
    entry: entry!.id,
    event: entry!.event,
    rule: rule.id,
    etag: String(added.headers.etag),
    finding: rig.findings.list({})[0]!.id,
    undo: (changed.json.undo as readonly unknown[])[0],
  };
}

/** In an order in which each good one works. */
export function endpointRequests(rig: ApiRig, known: Known): EndpointRequests[] {
  const { entry, event, rule, etag, finding, undo } = known;
  const row = (
    endpoint: string,
    good: ApiRequest,
    bad: ApiRequest,
    problem: readonly [number, string] = BAD,
  ): EndpointRequests => ({ endpoint, good, bad, problem });
  const anyMatch = { action: 'allow', match: { to: BLOCKED } };
  const noFinding = { path: '/findings/F-none' };
  const gone = [404, 'finding-unknown'] as const;
  const noCase = [404, 'case-unknown'] as const;
  return [
    row('GET /inbox', { path: '/inbox?search=name:*.test&limit=1' }, { path: '/inbox?limit=501' }),
    row('GET /inbox/{id}', { path: `/inbox/${entry}` }, { path: '/inbox/999999' }, [404, 'no-entry']),
    row('GET /inbox/{id}/events', { path: `/inbox/${entry}/events?limit=2` }, { path: '/inbox/x/events' }),
    row(
      'POST /inbox/{id}/comments',
      { path: `/inbox/${entry}/comments`, body: { text: 'asked the owner' } },
      { path: `/inbox/${entry}/comments`, body: { text: ' ' } },
    ),
    row('POST /inbox/undo', { body: { steps: [undo] } }, { body: { steps: [] } }),
    row('POST /inbox/acknowledge', { body: { entries: [entry] } }, { body: { entries: [entry], until: 'tomorrow' } }),
    row('POST /inbox/escalate', { body: { entries: [entry] } }, { body: { entries: [-1] } }),
    row('POST /inbox/reopen', { body: { entries: [entry] } }, { body: { entries: 'all' } }),
    row('GET /events', { path: '/events?search=verdict:allow' }, { path: '/events?search=colour:red' }, [
      400,
      'bad-search',
    ]),
    row('GET /events/{id}', { path: `/events/${event}` }, { path: '/events/999999' }, [404, 'no-event']),
    row('GET /events/{id}/packet', { path: `/events/${event}/packet` }, { path: '/events/999999/packet' }, [
      404,
      'no-event',
    ]),
    row('GET /rules', {}, { path: '/rules?action=allow' }),
    row('GET /rules/{id}', { path: `/rules/${rule}` }, { path: '/rules/none' }, [404, 'rule-unknown']),
    row('POST /rules', { body: { ...anyMatch, reason: 'ticket 4711' } }, { body: { ...anyMatch, match: {} } }),
    row(
      'PATCH /rules/{id}',
      { path: `/rules/${rule}`, body: { reason: 'ticket 4712' }, headers: { 'if-match': etag } },
      { path: `/rules/${rule}`, body: { reason: 'ticket 4712' } },
      [428, 'rule-version-needed'],
    ),
    row(
      'DELETE /rules/{id}',
      { path: `/rules/${rule}`, headers: { 'if-match': '*' } },
      { path: `/rules/${rule}`, headers: { 'if-match': '"of-old"' } },
      [412, 'rule-changed'],
    ),
    row('POST /rules/preview', { body: anyMatch }, { body: { ...anyMatch, match: { to: 'nowhere at all' } } }),
    row(
      'POST /rules/check',
      { body: { destination: BLOCKED, client: CLIENT, queryName: 'evil.test', queryType: 'TXT' } },
      { body: { destination: 'nowhere' } },
    ),
    row('GET /history', { path: `/history?target=${SERVER}` }, {}),
    row('GET /clients', { path: `/clients?target=${CLIENT}` }, { path: '/clients?target=' }),
    row('GET /hosts/{address}', { path: `/hosts/${CLIENT}` }, { path: '/hosts/nobody' }),
    row(
      'GET /hosts/{address}/timeline',
      { path: `/hosts/${CLIENT}/timeline?limit=5&since=2026-01-01T00:00:00Z` },
      { path: `/hosts/${CLIENT}/timeline?since=yesterday` },
    ),
    row('GET /hosts/{address}/axes', { path: `/hosts/${CLIENT}/axes` }, { path: '/hosts/nobody/axes' }),
    row('GET /findings', { path: '/findings?state=new' }, { path: '/findings?state=old' }),
    row('GET /findings/{id}', { path: `/findings/${finding}` }, noFinding, gone),
    row(
      'POST /findings/{id}/acknowledge',
      { path: `/findings/${finding}/acknowledge`, body: {} },
      { path: '/findings/F-none/acknowledge', body: {} },
      gone,
    ),
    row(
      'POST /findings/{id}/escalate',
      { path: `/findings/${finding}/escalate`, body: {} },
      { path: `/findings/${finding}/escalate`, body: { why: 'so' } },
    ),
    row(
      'POST /findings/{id}/comments',
      { path: `/findings/${finding}/comments`, body: { text: 'looked at it' } },
      { path: `/findings/${finding}/comments`, body: { text: 7 } },
    ),
    row(
      'POST /findings/{id}/close',
      { path: `/findings/${finding}/close`, body: { as: 'resolved', reason: 'set up anew' } },
      { path: `/findings/${finding}/close`, body: { as: 'forgotten', reason: 'set up anew' } },
    ),
    row(
      'POST /findings/{id}/reopen',
      { path: `/findings/${finding}/reopen`, body: {} },
      { path: '/findings/F-none/reopen', body: {} },
      gone,
    ),
    row(
      'POST /findings/{id}/trace',
      { path: `/findings/${finding}/trace`, body: { name: 'www.example.org' } },
      { path: `/findings/${finding}/trace`, body: {} },
      [409, 'finding-trace'],
    ),
    row('GET /bots', {}, { path: '/bots?all=yes' }),
    row('GET /bots/{id}', { path: `/bots/${rig.group}` }, { path: '/bots/X' }, [404, 'group-unknown']),
    row('GET /cases', {}, { path: '/cases?after=1' }),
    row('GET /cases/{id}', { path: `/cases/${rig.case.id}` }, { path: '/cases/none' }, noCase),
    row(
      'POST /cases',
      { body: { name: 'www.example.org', at: '2026-11-20T12:00:05Z', source: '192.0.2.7' } },
      { body: { name: 'www.example.org', at: '2026-11-20T12:00:05', source: '192.0.2.7' } },
    ),
    row(
      'POST /cases/{id}/close',
      { path: `/cases/${rig.case.id}/close`, body: { reason: 'cleaned' } },
      { path: '/cases/none/close', body: { reason: 'cleaned' } },
      noCase,
    ),
    row(
      'GET /cases/{id}/evidence',
      { path: `/cases/${rig.case.id}/evidence` },
      { path: '/cases/none/evidence' },
      noCase,
    ),
    row('GET /switches', {}, { path: '/switches?up=1' }),
    row('GET /overview', { path: '/overview?since=2026-11-22T00:00:00Z' }, { path: '/overview?since=0' }),
    row('GET /status', {}, { path: '/status?x=1' }),
    row('GET /users', {}, { path: '/users?x=1' }),
    row(
      'POST /users',
      { body: { name: 'bob', role: 'viewer', password: 'correct horse battery staple' } },
      { body: { name: 'bob', role: 'viewer', password: 'short' } },
      [400, 'password-refused'],
    ),
    row('PATCH /users/{name}', { path: '/users/bob', body: { role: 'analyst' } }, { path: '/users/nobody', body: {} }, [
      404,
      'user-unknown',
    ]),
    row('DELETE /users/{name}', { path: '/users/bob' }, { path: '/users/nobody' }, [404, 'user-unknown']),
    row('GET /tokens', {}, { path: '/tokens?x=1' }),
    row('POST /tokens', { body: { name: 'nightly', role: 'viewer' } }, { body: { name: 'nightly', role: 'king' } }),
    row('DELETE /tokens/{id}', { path: '/tokens/TOKEN' }, { path: '/tokens/none' }, [404, 'token-unknown']),
    row('GET /views', {}, { path: '/views?x=1' }),
    row(
      'PUT /views/{name}',
      { path: '/views/bad%20ones', body: { page: 'inbox', search: 'severity:high' } },
      { path: '/views/bad%20ones', body: { page: 'rules', search: '' } },
    ),
    row('DELETE /views/{name}', { path: '/views/bad%20ones' }, { path: '/views/none' }, [404, 'view-unknown']),
    row('GET /changes', { path: '/changes?limit=5' }, { path: '/changes?after=here' }),
    row('POST /operations', { body: { operation: 'status' } }, { body: { operation: 'no such thing' } }),
  ];
}
