import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EndpointRequests, endpointRequests, knownIds } from '../../../support/api-requests.ts';
import { type ApiRig, startApi } from '../../../support/api-rig.ts';

let rig: ApiRig;
let rows: EndpointRequests[];

beforeAll(async () => {
  rig = await startApi();
  rows = endpointRequests(rig, await knownIds(rig));
});
afterAll(() => rig?.stop());

/** Half of a character: it cannot stand in a URL. */
const HALF = '\ud800';
const TEXTS = [
  "' OR 1=1; DROP TABLE entries; --",
  '"; DELETE FROM events; --',
  '%_\\\\',
  'a\u0000b',
  '\u202etxt.exe\u001b[2J',
  '<script>alert(1)</script>',
  '../../etc/passwd',
  '9'.repeat(400),
  'x'.repeat(5000),
  HALF,
  '',
];
const VALUES: readonly unknown[] = [
  ...TEXTS,
  null,
  true,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER + 2,
  [],
  [[]],
  {},
  { __proto__: null, constructor: 1 },
];

/** A good body with one of its values replaced by another; `every` takes one in so many of the values, other ones for each key. */
function changedBodies(body: unknown, every: number): unknown[] {
  if (typeof body !== 'object' || body === null) return [];
  return Object.keys(body).flatMap((key, at) =>
    VALUES.filter((_value, index) => (index + at) % every === 0).map((value) => ({ ...body, [key]: value })),
  );
}

describe('what is hostile', () => {
  it('in a body is refused or taken as text, and never a failure', async () => {
    const failures: string[] = [];
    let asked = 0;
    for (const { endpoint, good } of rows.filter((row) => row.good.body !== undefined)) {
      const [method, path] = endpoint.split(' ') as [string, string];
      const bodies = [...VALUES.slice(-8), ...changedBodies(good.body, 3)];
      for (const body of bodies) {
        asked++;
        const { status, text } = await rig.as('viewer', method, good.path ?? path, JSON.stringify(body), good.headers);
        if (status >= 500) failures.push(`${endpoint} ${JSON.stringify(body).slice(0, 200)}: ${status} ${text}`);
      }
    }
    expect(failures).toEqual([]);
    expect(asked).toBeGreaterThan(300);
  }, 60_000);

  it('in a body is no failure for whoever may do everything, either', async () => {
    const failures: string[] = [];
    for (const endpoint of ['POST /rules', 'POST /rules/check', 'POST /inbox/acknowledge', 'POST /operations']) {
      const { good } = rows.find((row) => row.endpoint === endpoint)!;
      const [method, path] = endpoint.split(' ') as [string, string];
      for (const body of changedBodies(good.body, 1)) {
        const { status, text } = await rig.as('admin', method, path, JSON.stringify(body));
        if (status >= 500) failures.push(`${endpoint} ${JSON.stringify(body).slice(0, 200)}: ${status} ${text}`);
      }
    }
    expect(failures).toEqual([]);
  });

  it('in a path is refused or not found', async () => {
    const failures: string[] = [];
    for (const { endpoint } of rows.filter((row) => row.endpoint.includes('{') && row.endpoint.startsWith('GET'))) {
      const path = endpoint.split(' ')[1]!;
      for (const text of TEXTS.filter((one) => one !== '' && one !== HALF)) {
        const { status } = await rig.as('admin', 'GET', path.replace(/\{\w+\}/, encodeURIComponent(text)));
        if (status !== 400 && status !== 404) failures.push(`${path} with ${JSON.stringify(text)}: ${status}`);
      }
    }
    expect(failures).toEqual([]);
  });

  it('in a query is refused, or finds nothing', async () => {
    const failures: string[] = [];
    const queries = ['inbox?search', 'inbox?after', 'inbox?limit', 'events?search', 'history?target', 'clients?target'];
    const more = ['findings?host', 'findings?since', 'changes?by', 'changes?subject', 'overview?since'];
    for (const query of [...queries, ...more]) {
      for (const text of TEXTS.filter((one) => one !== HALF)) {
        const { status, text: told } = await rig.as('admin', 'GET', `/${query}=${encodeURIComponent(text)}`);
        if (status >= 500) failures.push(`${query}=${JSON.stringify(text)}: ${status} ${told}`);
      }
    }
    expect(failures).toEqual([]);
  });

  it.each([
    ['a body that is no JSON', '{"entries":[1', {}, 400],
    ['a body of another type', 'entries=1', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a body without its type', '{"entries":[1]}', { 'content-type': '' }, 415],
    ['a body that is far too long', `{"entries":[${'1,'.repeat(60_000)}1]}`, {}, 413],
    ['more entries than may be', `{"entries":[${'1,'.repeat(500)}1]}`, {}, 400],
    ['a body that is deep', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, {}, 400],
  ] as const)('%s is refused', async (_what, body, headers, status) => {
    const reply = await rig.as('analyst', 'POST', '/inbox/reopen', body, headers);
    expect(reply.status).toBe(status);
    expect(reply.headers['content-type']).toBe('application/problem+json');
  });

  it('in the names of parameters is refused, and one given twice', async () => {
    for (const query of ['search=a&search=b', 'constructor=1', '__proto__=1', 'limit=1&limit=2', 'limit=1e2']) {
      expect((await rig.as('viewer', 'GET', `/inbox?${query}`)).status, query).toBe(400);
    }
  });

  it('leaves the inbox as it was', async () => {
    const { json, status } = await rig.as('viewer', 'GET', '/inbox');
    expect(status).toBe(200);
    expect((json.items as readonly unknown[]).length).toBe(2);
  });
});
