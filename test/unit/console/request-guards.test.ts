import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConsoleRig, type Reply, startConsole } from '../../support/console-rig.ts';

let rig: ConsoleRig;
let cookie: string;

beforeAll(async () => {
  rig = await startConsole({ services: { status: () => ({ mode: 'monitor' }) } });
  cookie = await rig.signIn('ann', 'admin');
});

afterAll(async () => {
  await rig.stop();
});

/** Writes raw octets, and gathers what comes back until the console closes. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(rig.port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('latin1').on('data', (part: string) => {
      answer += part;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

const page = () => ({ cookie, origin: rig.origin, 'x-gluewall': 'page' });

describe('every answer', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/api/v1/session'],
    ['GET', '/api/v1/no-such-thing'],
    ['DELETE', '/api/v1/status'],
    ['POST', '/anywhere'],
    ['GET', '/assets/none.js'],
  ])('has the headers that keep browsers safe: %s %s', async (method, path) => {
    const { headers } = await rig.ask(method, path);
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'x-frame-options': 'DENY',
    });
    expect(headers['permissions-policy']).toContain('camera=()');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(headers).not.toHaveProperty('strict-transport-security');
    expect(headers['cache-control']).toBeDefined();
  });

  it('below /api is a problem document when it is none of ours', async () => {
    const replies: readonly [Reply, number, string][] = [
      [await rig.ask('GET', '/api/v1/no-such-thing'), 401, 'sign-in-needed'],
      [await rig.ask('GET', '/api/v1/no-such-thing', { headers: { cookie } }), 404, 'not-found'],
      [await rig.ask('GET', '/api/elsewhere', { headers: { cookie } }), 404, 'not-found'],
      [await rig.ask('PUT', '/api/v1/status', { headers: page() }), 405, 'bad-request'],
    ];
    for (const [{ status, headers, json }, wanted, code] of replies) {
      expect({ status, type: headers['content-type'], code: json.code }).toEqual({
        status: wanted,
        type: 'application/problem+json',
        code,
      });
      expect(json).toMatchObject({ status: wanted, type: `/api/v1/problems/${code}` });
    }
    expect(replies[3]![0].headers.allow).toBe('GET, HEAD');
  });
});

describe('a request that is meant for another host', () => {
  it.each([
    'evil.example',
    'evil.example:8453',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'localhost@evil.example',
    '',
    '[::1',
    'local host',
    'ＬＯＣＡＬＨＯＳＴ',
  ])('is refused, as a name that was led here would be: %j', async (host) => {
    const answer = await raw(`GET /api/v1/session HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 (?:421|400) /);
    expect(answer).not.toContain('setupNeeded');
  });

  it.each(['127.0.0.1:1', 'localhost', 'LocalHost:8453', '[::1]:8453', '192.0.2.1'])(
    'is taken for %s',
    async (host) => {
      const { status } = await rig.ask('GET', '/api/v1/session', { headers: { host } });
      expect(status).toBe(401);
    },
  );
});

describe('a change by a cookie', () => {
  const change = (headers: Readonly<Record<string, string>>) => rig.ask('DELETE', '/api/v1/sessions/none', { headers });

  it('is made by pages of ours', async () => {
    expect(await change(page())).toMatchObject({ status: 404, json: { code: 'session-unknown' } });
    expect(await change({ cookie, 'sec-fetch-site': 'same-origin', 'x-gluewall': 'page' })).toMatchObject({
      status: 404,
    });
  });

  it.each<[string, (headers: Record<string, string>) => void]>([
    ['has another origin', (headers) => Object.assign(headers, { origin: 'https://evil.example' })],
    ['has no origin at all', (headers) => delete headers.origin],
    ['has the origin null', (headers) => Object.assign(headers, { origin: 'null' })],
    ['comes from another port', (headers) => Object.assign(headers, { origin: 'http://127.0.0.1:1' })],
    ['comes by another scheme', (headers) => Object.assign(headers, { origin: rig.origin.replace('http:', 'https:') })],
    ['lacks the field that forms cannot set', (headers) => delete headers['x-gluewall']],
    [
      'is said to be cross-site',
      (headers) => {
        delete headers.origin;
        headers['sec-fetch-site'] = 'cross-site';
      },
    ],
  ])('is refused when it %s', async (_what, spoil) => {
    const headers: Record<string, string> = page();
    spoil(headers);
    expect(await change(headers)).toMatchObject({ status: 403, json: { code: 'cross-site' } });
  });

  it.each([
    ['alone', {}],
    // As a browser sends it by itself where a proxy has asked for it.
    ['with the password for a proxy', { authorization: 'Basic YW5uOng=' }],
  ])('is refused to a form of another site that would sign somebody in, %s', async (_how, proxied) => {
    const reply = await rig.ask('POST', '/api/v1/session', {
      headers: { origin: 'https://evil.example', 'content-type': 'text/plain', ...proxied },
      body: '{"user":"ann","password":"correct horse battery staple"}',
    });
    expect(reply).toMatchObject({ status: 403, json: { code: 'cross-site' } });
    expect(reply.headers['set-cookie']).toBeUndefined();
  });
});

describe('a session', () => {
  const session = (value: string) => rig.ask('GET', '/api/v1/sessions', { headers: { cookie: value } });

  it.each([
    'gluewall_session=',
    'gluewall_session=short',
    `gluewall_session=${'A'.repeat(43)}`,
    `gluewall_session=${'A'.repeat(5000)}`,
    'gluewall_session=%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00',
    "gluewall_session=' OR 1=1 --aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    'other=1',
  ])('that is forged is none: %s', async (value) => {
    const { status, json } = await session(value);
    expect(status).toBe(401);
    expect(['sign-in-needed', 'session-ended']).toContain(json.code);
  });

  it('is over for good when its user signs out', async () => {
    const own = await rig.signIn('bob', 'viewer');
    expect(await session(own)).toMatchObject({ status: 200 });
    const out = await rig.browse('DELETE', '/api/v1/session', own);
    expect(out.status).toBe(204);
    expect(out.headers['set-cookie']?.[0]).toMatch(/^gluewall_session=; Max-Age=0; Path=\//);
    const after = await session(own);
    expect(after).toMatchObject({ status: 401, json: { code: 'session-ended' } });
    expect(after.headers['set-cookie']?.[0]).toMatch(/^gluewall_session=; Max-Age=0/);
  });

  it.each([
    'Bearer gw_short',
    'Bearer',
    'Basic YW5uOng=',
    `Bearer gw_${'A'.repeat(43)}`,
    'Bearer gw_\t',
    `Bearer ${'x'.repeat(9000)}`,
  ])('is not had by a token that is none: %s', async (authorization) => {
    const { status, json, headers } = await rig.ask('GET', '/api/v1/sessions', { headers: { authorization, cookie } });
    expect({ status, code: json.code }).toEqual({ status: 401, code: 'token-refused' });
    expect(headers['www-authenticate']).toContain('Bearer');
  });
});

describe('a body', () => {
  const signIn = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    rig.ask('POST', '/api/v1/session', { headers: { ...page(), ...headers }, body });

  it.each<[string, unknown, Record<string, string>?]>([
    ['is no JSON', '{"user":'],
    ['is of another type', 'user=ann&password=x', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['is a number', 42],
    ['is null', 'null'],
    ['is a list', []],
    ['has numbers for texts', { user: 1, password: 2 }],
    ['has more than it may', { user: 'ann', password: 'x', role: 'admin' }],
    ['has a very long name', { user: 'a'.repeat(65), password: 'x' }],
    ['has nothing in it', ''],
    ['is as deep as it is long', '['.repeat(60_000)],
  ])('that %s is refused', async (_what, body, headers) => {
    const { status, json } = await signIn(body, headers);
    expect([400, 415]).toContain(status);
    expect(json.code).toBe('bad-request');
    expect(String(json.detail).length).toBeLessThan(1000);
  });

  it('of more than 64 KiB is not read', async () => {
    const { status, json } = await signIn({ user: 'ann', password: 'x'.repeat(65_536) });
    expect({ status, code: json.code }).toEqual({ status: 413, code: 'request-too-long' });
  });

  it('of unknown length is read to its limit and no further', async () => {
    const { status, json } = await signIn('y'.repeat(200_000), { 'transfer-encoding': 'chunked' });
    expect({ status, code: json.code }).toEqual({ status: 413, code: 'request-too-long' });
  });
});

describe('what is no HTTP, or too much of it', () => {
  it.each([
    ['octets of no protocol', '\x00\x01\x02\r\n\r\n'],
    ['a header of 64 KiB', `GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(65_536)}\r\n\r\n`],
    ['a field with a line break', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\nb\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
  ])('is refused: %s', async (_what, text) => {
    expect(await raw(text)).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect((await rig.ask('GET', '/')).status).toBe(200);
  });
});
