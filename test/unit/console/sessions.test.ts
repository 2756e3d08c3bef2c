import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConsoleRig, cookieOf, startConsole } from '../../support/console-rig.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let clock: VirtualClock;
let rig: ConsoleRig;

beforeEach(async () => {
  clock = new VirtualClock();
  rig = await startConsole({
    clock,
    services: {
      status: () => ({ mode: 'monitor' }),
    },
  });
});

afterEach(async () => {
  await rig.stop();
});

const PASSWORD = 'correct horse battery staple';

describe('coming in', () => {
  it('tells who has no session that gluewall waits for its set-up', async () => {
    const { status, json, headers } = await rig.browse('GET', '/api/v1/session');
    expect(status).toBe(401);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(json).toMatchObject({
      code: 'sign-in-needed',
      status: 401,
      setupNeeded: true,
      oidc: null,
      version: '1.2.3',
    });
  });

  it('makes the first administrator by the set-up link, once', async () => {
    const { secret } = rig.book.setupLinks.make();
    const body = { secret, user: 'ann', password: PASSWORD };
    const first = await rig.browse('POST', '/api/v1/setup', undefined, body);
    expect(first.status).toBe(201);
    expect(first.json).toMatchObject({ user: 'ann', role: 'admin', setupNeeded: false });
    expect(first.text).not.toContain(cookieOf(first).split('=')[1]);
    const again = await rig.browse('POST', '/api/v1/setup', undefined, { ...body, user: 'bob' });
    expect(again).toMatchObject({ status: 403, json: { code: 'setup-refused' } });
  });

  it('keeps the secret in a cookie that no script reads and no other site sends', async () => {
    await rig.signIn('ann', 'viewer');
    const { status, headers, json } = await rig.browse('POST', '/api/v1/session', undefined, {
      user: 'ann',
      password: PASSWORD,
    });
    expect(status).toBe(201);
    expect(json).toMatchObject({ user: 'ann', role: 'viewer', origin: 'local', token: null });
    expect(json).not.toHaveProperty('secret');
    const [set] = headers['set-cookie'] ?? [];
    expect(set).toMatch(/^gluewall_session=[\w-]{43}; Path=\/; Expires=[^;]+ GMT; HttpOnly; SameSite=Strict$/);
    expect(headers['cache-control']).toBe('no-store');
  });
});

describe('a session', () => {
  const sessions = (cookie: string) => rig.browse('GET', '/api/v1/sessions', cookie);

  it('ends when nobody has used it for half an hour', async () => {
    const cookie = await rig.signIn('ann', 'viewer');
    clock.advance(29 * 60_000);
    expect((await sessions(cookie)).status).toBe(200);
    clock.advance(29 * 60_000);
    expect((await sessions(cookie)).status).toBe(200);
    clock.advance(31 * 60_000);
    expect(await sessions(cookie)).toMatchObject({ status: 401, json: { code: 'session-ended' } });
  });

  it('ends after half a day, however much it is used', async () => {
    const cookie = await rig.signIn('ann', 'viewer');
    for (let minutes = 20; minutes < 12 * 60; minutes += 20) {
      clock.advance(20 * 60_000);
      expect((await sessions(cookie)).status, `after ${minutes} minutes`).toBe(200);
    }
    clock.advance(20 * 60_000);
    expect(await sessions(cookie)).toMatchObject({ status: 401, json: { code: 'session-ended' } });
  });

  it('ends everywhere when its user has another password', async () => {
    const first = await rig.signIn('ann', 'viewer');
    const body = { user: 'ann', password: PASSWORD };
    const second = cookieOf(await rig.browse('POST', '/api/v1/session', undefined, body));
    const wanted = { old: PASSWORD, new: 'another horse and another staple' };
    expect((await rig.browse('PUT', '/api/v1/session/password', first, { ...wanted, old: 'x' })).status).toBe(401);
    expect((await rig.browse('PUT', '/api/v1/session/password', first, wanted)).status).toBe(204);
    for (const cookie of [first, second]) expect((await sessions(cookie)).status).toBe(401);
    expect((await rig.browse('POST', '/api/v1/session', undefined, body)).status).toBe(401);
  });

  it('can be ended by its user from another one, and by nobody else', async () => {
    const own = await rig.signIn('ann', 'viewer');
    const other = await rig.signIn('bob', 'analyst');
    const { id } = (await rig.browse('GET', '/api/v1/session', own)).json;
    const listed = (await sessions(other)).json.items as readonly { readonly user: string }[];
    expect(listed.map(({ user }) => user)).toEqual(['bob']);
    expect((await rig.browse('DELETE', `/api/v1/sessions/${id}`, other)).status).toBe(404);
    expect((await sessions(own)).status).toBe(200);
    expect((await rig.browse('DELETE', `/api/v1/sessions/${id}`, own)).status).toBe(204);
    expect((await sessions(own)).status).toBe(401);
  });
});

describe('the cookie behind a proxy', () => {
  it('is for TLS alone, but for who comes past the proxy', async () => {
    const proxied = await startConsole({ console: { publicOrigin: 'https://console.example' } });
    try {
      await proxied.signIn('ann', 'viewer');
      const signIn = (origin: string) =>
        proxied.ask('POST', '/api/v1/session', {
          headers: { origin, 'x-gluewall': 'page' },
          body: { user: 'ann', password: PASSWORD },
        });
      expect((await signIn('https://console.example')).headers['set-cookie']?.[0]).toContain('; Secure');
      expect((await signIn(proxied.origin)).headers['set-cookie']?.[0]).not.toContain('Secure');
    } finally {
      await proxied.stop();
    }
  });
});

describe('guessing passwords', () => {
  it('is refused alike for users there are and are not, and then takes its time', async () => {
    await rig.signIn('ann', 'admin');
    const guess = (user: string) =>
      rig.browse('POST', '/api/v1/session', undefined, { user, password: 'a guess at it' });
    const [known, unknown] = [await guess('ann'), await guess('nobody')];
    expect(known).toMatchObject({ status: 401, json: { code: 'sign-in-refused' } });
    expect(unknown.text).toBe(known.text);
    for (let tries = 0; tries < 6; tries++) await guess('ann');
    const late = await guess('ann');
    expect(late).toMatchObject({ status: 429, json: { code: 'sign-in-throttled' } });
    expect(late.headers['set-cookie']).toBeUndefined();
  });
});

describe('what gluewall says', () => {
  it('about a failure is told with its code, and what is broken inside is not', async () => {
    const cookie = await rig.signIn('ann', 'admin');
    expect(await rig.browse('GET', '/api/v1/status', cookie)).toMatchObject({ status: 200, json: { mode: 'monitor' } });
    const broken = await rig.browse('GET', '/api/v1/switches', cookie);
    expect(broken).toMatchObject({ status: 500, json: { code: 'internal' } });
    expect(broken.text).not.toMatch(/TypeError|undefined|at /);
  });
});
