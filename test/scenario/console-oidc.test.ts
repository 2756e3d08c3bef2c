/** Sign-in by a real OpenID provider on loopback: what a browser does, step by step. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ConsoleRig, startConsole } from '../support/console-rig.ts';

const SECRET = 'a secret of the client, with : and % in it';
/** What the provider knows of its users. */
const GROUPS: Readonly<Record<string, unknown>> = {
  ann: ['staff', 'security'],
  bob: ['staff'],
  root: 'gluewall-admins',
  mallory: [{ not: 'a text' }, 17, null],
};

let server: Server;
let issuer: string;
let rig: ConsoleRig;
let jar: Map<string, string>;

beforeEach(async () => {
  // The provider warns of what it is: one for a test.
  vi.spyOn(console, 'warn').mockReturnValue(undefined);
  jar = new Map();
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  rig = await startConsole({
    console: {
      oidc: {
        issuer,
        clientId: 'gluewall',
        clientSecret: SECRET,
        nameClaim: 'preferred_username',
        roleClaim: 'groups',
        roles: { viewer: ['guests'], analyst: ['security'], admin: ['gluewall-admins'] },
        label: 'Sign in at the office',
      },
    },
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rig.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** From here on the provider answers. */
function startProvider(redirectUri = `${rig.origin}/api/v1/oidc/callback`): void {
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'gluewall', client_secret: SECRET, redirect_uris: [redirectUri] }],
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    pkce: { required: () => true },
    cookies: { keys: ['a key of the test'] },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: async () => ({ sub, preferred_username: sub, groups: GROUPS[sub] }),
    }),
  });
  const answer = provider.callback();
  server.on('request', (request, response) => void answer(request, response));
}

/** One step of a browser that keeps cookies and follows nothing by itself. */
async function step(url: string, form?: Readonly<Record<string, string>>): Promise<Response> {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const response = await fetch(url, {
    redirect: 'manual',
    headers: { cookie, ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }) },
    ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form).toString() }),
  });
  for (const set of response.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(set)!;
    if (value === '') jar.delete(name!);
    else jar.set(name!, value!);
  }
  return response;
}

const next = (response: Response, base: string) => new URL(response.headers.get('location') ?? '', base).href;

/** Goes from the console to the provider and signs in there; resolves with the address that leads back. */
async function signInAtProvider(user: string): Promise<string> {
  let url = next(await step(`${rig.origin}/api/v1/oidc/sign-in`), rig.origin);
  for (let steps = 0; steps < 12 && url.startsWith(issuer); steps++) {
    let response = await step(url);
    const action = /action="([^"]+)"/.exec(response.status === 200 ? await response.text() : '')?.[1];
    if (action !== undefined) {
      const prompt = jar.has('_session') && steps > 1 ? 'consent' : 'login';
      response = await step(new URL(action, issuer).href, { prompt, login: user, password: 'x' });
    }
    url = next(response, issuer);
  }
  return url;
}

const session = () =>
  rig.ask('GET', '/api/v1/session', {
    headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
  });

describe('signing in by OIDC', () => {
  it('is offered before anybody has signed in', async () => {
    expect((await session()).json).toMatchObject({ oidc: { label: 'Sign in at the office' } });
  });

  it.each([
    ['ann', 'analyst'],
    ['root', 'admin'],
  ])('makes %s, whom the provider vouches for, an %s', async (user, role) => {
    startProvider();
    const back = await signInAtProvider(user);
    expect(back).toMatch(/\/api\/v1\/oidc\/callback\?code=/);
    const done = await step(back);
    expect([done.status, done.headers.get('location')]).toEqual([303, '/']);
    const set = done.headers.getSetCookie().find((one) => one.startsWith('gluewall_session='));
    expect(set).toMatch(/HttpOnly; SameSite=Strict$/);
    expect(await session()).toMatchObject({ status: 200, json: { user, role, origin: 'oidc' } });
  });

  it.each(['bob', 'mallory'])('lets nobody in who has no role here: %s', async (user) => {
    startProvider();
    const done = await step(await signInAtProvider(user));
    expect(done.headers.get('location')).toBe('/sign-in?problem=sign-in-refused');
    expect(jar.has('gluewall_session')).toBe(false);
  });

  it('asks for PKCE, state and nonce, and for nothing but a code', async () => {
    startProvider();
    const first = await step(`${rig.origin}/api/v1/oidc/sign-in`);
    const wanted = new URL(next(first, rig.origin)).searchParams;
    expect(Object.fromEntries(wanted)).toMatchObject({
      client_id: 'gluewall',
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: `${rig.origin}/api/v1/oidc/callback`,
    });
    for (const name of ['state', 'nonce', 'code_challenge']) expect(wanted.get(name)!.length).toBeGreaterThan(20);
    expect(first.headers.getSetCookie()[0]).toMatch(
      /^gluewall_oidc=[\w-]+; Max-Age=600; Path=\/api\/v1\/oidc; HttpOnly; SameSite=Lax$/,
    );
  });

  it('is finished once, and by the browser that began it', async () => {
    startProvider();
    const back = await signInAtProvider('ann');
    const binding = jar.get('gluewall_oidc')!;
    jar.delete('gluewall_oidc');
    expect((await step(back)).headers.get('location')).toBe('/sign-in?problem=oidc-refused');
    jar.set('gluewall_oidc', binding);
    // Whoever tried without the cookie has used the state up.
    expect((await step(back)).headers.get('location')).toBe('/sign-in?problem=oidc-refused');
    expect(jar.has('gluewall_session')).toBe(false);
  });

  it.each([
    ['a code of somebody else', (url: URL) => url.searchParams.set('code', 'stolen')],
    ['a state that nobody began', (url: URL) => url.searchParams.set('state', 'x')],
    ['no state', (url: URL) => url.searchParams.delete('state')],
    ['another issuer', (url: URL) => url.searchParams.set('iss', 'https://evil.example')],
    [
      'an error of the provider',
      (url: URL) => {
        url.searchParams.delete('code');
        url.searchParams.set('error', 'access_denied');
      },
    ],
    ['two codes', (url: URL) => url.searchParams.append('code', 'second')],
  ])('is refused with %s', async (_what, spoil) => {
    startProvider();
    const url = new URL(await signInAtProvider('ann'));
    spoil(url);
    expect((await step(url.href)).headers.get('location')).toBe('/sign-in?problem=oidc-refused');
    expect(jar.has('gluewall_session')).toBe(false);
  });

  it('says that a provider is away, and finds it when it is there', async () => {
    server.on('request', (_request, response) => response.writeHead(503).end());
    expect((await step(`${rig.origin}/api/v1/oidc/sign-in`)).headers.get('location')).toBe(
      '/sign-in?problem=oidc-away',
    );
    server.removeAllListeners('request');
    startProvider();
    let tries = 0;
    for (; tries < 50; tries++) {
      const response = await step(`${rig.origin}/api/v1/oidc/sign-in`);
      if (next(response, rig.origin).startsWith(issuer)) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(tries).toBeLessThan(50);
  });
});
