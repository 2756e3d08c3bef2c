import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../../mininet/until.ts';
import { type ApiRig, BLOCKED, CLIENT, startApi } from '../../../support/api-rig.ts';

let rig: ApiRig;
beforeAll(async () => {
  rig = await startApi();
});
afterAll(() => rig?.stop());

const RULE = { action: 'allow', match: { from: CLIENT, to: BLOCKED }, reason: 'ticket 4711' };
const LONG = { name: 'long.example', at: '2026-11-20T12:00:05Z', source: '192.0.2.7' };

/** A request whose answer goes on, asked with a token; resolves with its first line, and with what ends it. */
function openStream(path: string, body: unknown, token: string) {
  return new Promise<{ readonly status: number; readonly first: string; readonly end: () => void }>(
    (resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const options = {
        host: '127.0.0.1',
        port: rig.port,
        method: 'POST',
        path: `/api/v1${path}`,
        headers,
        agent: false,
      };
      const asked = request(options, (response) => {
        response.once('data', (first: Buffer) => {
          resolve({ status: response.statusCode!, first: first.toString(), end: () => asked.destroy() });
        });
        response.on('error', () => {});
      });
      asked.on('error', reject);
      asked.end(JSON.stringify(body));
    },
  );
}

describe('a rule', () => {
  it('is made with its place and version, changed by who has the version, and gone when it is removed', async () => {
    const added = await rig.as('analyst', 'POST', '/rules', RULE);
    expect([added.status, added.json.outcome]).toEqual([201, 'added']);
    const { location, etag } = added.headers as Record<string, string>;
    const id = location!.slice('/api/v1/rules/'.length);
    const read = await rig.as('viewer', 'GET', `/rules/${id}`);
    expect(read.headers.etag).toBe(etag);
    expect(read.json).toMatchObject({ id, owner: 'analyst', reason: 'ticket 4711', expires: null });

    const patch = (body: object, ifMatch?: string) =>
      rig.as('analyst', 'PATCH', `/rules/${id}`, body, ifMatch === undefined ? {} : { 'if-match': ifMatch });
    expect((await patch({ reason: 'x' })).status).toBe(428);
    const changed = await patch({ reason: 'ticket 4712', expires: '2099-01-01T00:00:00Z' }, etag);
    expect(changed).toMatchObject({ status: 200, json: { outcome: 'changed', rule: { reason: 'ticket 4712' } } });
    expect(changed.headers.etag).not.toBe(etag);
    expect((await patch({ reason: 'late' }, etag)).json).toMatchObject({ status: 412, code: 'rule-changed' });
    expect((await patch({ reason: 'late' }, 'W/"weak"')).json).toMatchObject({ status: 412, code: 'rule-changed' });
    expect((await patch({ reason: 'any' }, '*')).status).toBe(200);

    const remove = (ifMatch: string) => rig.as('analyst', 'DELETE', `/rules/${id}`, undefined, { 'if-match': ifMatch });
    expect((await remove(etag!)).status).toBe(412);
    expect((await remove('*')).json).toMatchObject({ outcome: 'removed', rule: { id } });
    expect((await remove('*')).json).toMatchObject({ status: 404, code: 'rule-unknown' });
  });

  it('that is there is renewed, or left alone, and answers 200', async () => {
    await rig.as('analyst', 'POST', '/rules', { ...RULE, match: { to: '198.51.100.30' } });
    const again = await rig.as('analyst', 'POST', '/rules', { ...RULE, match: { to: '198.51.100.30' }, renews: false });
    expect([again.status, again.json.outcome]).toEqual([200, 'present']);
  });

  it('of the configuration is changed there, and not here', async () => {
    const { json } = await rig.as('admin', 'DELETE', '/rules/configured', undefined, { 'if-match': '*' });
    expect(json).toMatchObject({ status: 409, code: 'rule-configured' });
  });
});

describe('lists', () => {
  it('go on behind what `next` says, until it is null', async () => {
    const seen: unknown[] = [];
    let after = '';
    for (let page = 0; page < 10; page++) {
      const { json } = await rig.as('viewer', 'GET', `/events?limit=3${after}`);
      seen.push(...(json.items as readonly { readonly id: number }[]).map(({ id }) => id));
      if (json.next === null) break;
      after = `&after=${encodeURIComponent(String(json.next))}`;
    }
    expect(new Set(seen).size).toBe(7);
    expect(seen).toHaveLength(7);
  });
});

describe('a packet', () => {
  it('is a download of a capture file', async () => {
    const { json } = await rig.as(
      'viewer',
      'GET',
      `/events?search=${encodeURIComponent(`client:${CLIENT} verdict:block`)}`,
    );
    const id = (json.items as readonly { readonly id: number }[])[0]!.id;
    const { status, headers, text } = await rig.as('viewer', 'GET', `/events/${id}/packet`);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/vnd.tcpdump.pcap');
    expect(headers['content-disposition']).toMatch(/^attachment; filename="[\w.-]+\.pcap"$/);
    expect(text).toContain('evil');
  });

  it('of an allowed query is not there', async () => {
    const { json } = await rig.as('viewer', 'GET', '/events?search=verdict:allow');
    const id = (json.items as readonly { readonly id: number }[])[0]!.id;
    const reply = await rig.as('viewer', 'GET', `/events/${id}/packet`);
    expect(reply.json).toMatchObject({ status: 404, code: 'no-packet' });
  });
});

describe('a token', () => {
  it('acts with its own role, and makes neither users nor tokens nor saved searches', async () => {
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    const { viewer, admin } = rig.tokens;
    expect((await rig.ask('GET', '/api/v1/inbox', bearer(viewer))).status).toBe(200);
    expect((await rig.ask('GET', '/api/v1/users', bearer(viewer))).json.code).toBe('role-refused');
    expect((await rig.ask('GET', '/api/v1/users', bearer(admin))).status).toBe(200);
    const inPerson = [
      ['POST', '/users', { name: 'eve', role: 'admin', password: 'correct horse battery staple' }],
      ['POST', '/tokens', { name: 'another', role: 'admin' }],
      ['PUT', '/views/mine', { page: 'inbox', search: '' }],
    ] as const;
    for (const [method, path, body] of inPerson) {
      const { status, json } = await rig.ask(method, `/api/v1${path}`, { ...bearer(admin), body });
      expect([status, json.code], path).toEqual([403, 'role-refused']);
    }
  });

  it('has at most the role of its user', async () => {
    const { status } = await rig.as('viewer', 'POST', '/tokens', { name: 'more', role: 'admin' });
    expect(status).toBe(403);
  });
});

describe('the door of operations', () => {
  const operate = (request: object, token = rig.tokens.admin) =>
    rig.ask('POST', '/api/v1/operations', { headers: { authorization: `Bearer ${token}` }, body: request });

  it('answers with the lines of the control socket', async () => {
    const { status, headers, text } = await operate({ operation: 'rule list', action: 'deny' });
    expect([status, headers['content-type']]).toEqual([200, 'application/x-ndjson']);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([
      { item: expect.objectContaining({ id: 'configured' }) },
      { ok: true, result: { count: 1 } },
    ]);
  });

  it('refuses by role, and what is no request', async () => {
    expect((await operate({ operation: 'reload', isTrial: false }, rig.tokens.analyst)).json).toMatchObject({
      status: 403,
      code: 'role-refused',
    });
    expect((await operate({ operation: 'lookup' })).json).toMatchObject({ status: 400, code: 'bad-request' });
    expect((await operate({ operation: 'session check', secret: 'x'.repeat(40), from: '::1' })).status).toBe(403);
  });

  it('cannot be made to act for another', async () => {
    const asOther = { operation: 'status', as: { user: 'admin', role: 'admin', from: 'socket' } };
    expect((await operate(asOther, rig.tokens.viewer)).status).toBe(400);
    await operate(
      { operation: 'rule add', ...RULE, match: { to: '198.51.100.40' }, owner: 'admin' },
      rig.tokens.analyst,
    );
    const { json } = await rig.as('viewer', 'GET', '/rules');
    const owners = (json.items as { readonly match: object; readonly owner: string }[])
      .filter(({ match }) => JSON.stringify(match) === '{"to":"198.51.100.40"}')
      .map(({ owner }) => owner);
    expect(owners).toEqual(['analyst']);
  });

  it('has room for four of one user at once, and for more when they have ended', async () => {
    const follow = {
      operation: 'traceback request',
      ...LONG,
      commandAndControl: false,
      timeLimitMs: 600_000,
      owner: '',
    };
    const open = () => openStream('/operations', follow, rig.tokens.analyst);
    const streams = await Promise.all([open(), open(), open(), open()]);
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const fifth = await operate({ operation: 'status' }, rig.tokens.analyst);
    expect(fifth.json).toMatchObject({ status: 429, code: 'too-many-requests' });
    expect((await operate({ operation: 'status' }, rig.tokens.viewer)).status).toBe(200);
    for (const { end } of streams) end();
    await until('room again', 5000, async () => {
      const { status } = await operate({ operation: 'status' }, rig.tokens.analyst);
      return status === 200 || undefined;
    });
  });
});

describe('a case', () => {
  it('tells how it goes, line by line, and is there in the end', async () => {
    const { text } = await rig.as('analyst', 'POST', '/cases', { ...LONG, name: 'www.example.org' });
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([
      { item: { case: rig.case.id, step: 'opened', words: 'it begins' } },
      { ok: true, result: expect.objectContaining({ id: rig.case.id }) },
    ]);
  });

  it('is told of before it ends, and ends when nobody waits for it', async () => {
    const before = rig.cancelled();
    const stream = await openStream('/cases', LONG, rig.tokens.analyst);
    expect(JSON.parse(stream.first)).toMatchObject({ item: { step: 'opened' } });
    stream.end();
    await until('the case to end', 5000, () => rig.cancelled() === before + 1 || undefined);
  });
});
