import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mayAct, ROLES, type Role } from '../../../../src/accounts/actor.ts';
import type { OpenApiDocument } from '../../../../src/console/api/open-api-document.ts';
import { type ApiRequest, type EndpointRequests, endpointRequests, knownIds } from '../../../support/api-requests.ts';
import { type ApiRig, startApi } from '../../../support/api-rig.ts';
import type { Reply } from '../../../support/console-rig.ts';

/** Those of sign-in and sessions, and the live stream, have tests of their own. */
const ELSEWHERE = /^\w+ \/(?:session|sessions|setup|live)(?:\/|$)/;

let rig: ApiRig;
let document: OpenApiDocument;
let rows: EndpointRequests[];
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);

beforeAll(async () => {
  rig = await startApi();
  document = (await rig.as('viewer', 'GET', '/openapi.json')).json as unknown as OpenApiDocument;
  ajv.addSchema({ $id: 'api', components: document.components });
  rows = endpointRequests(rig, await knownIds(rig));
});
afterAll(() => rig?.stop());

const operationOf = (endpoint: string) => {
  const [method, path] = endpoint.split(' ') as [string, string];
  return document.paths[path]![method.toLowerCase()]!;
};
const roleOf = (endpoint: string) => (operationOf(endpoint) as { readonly 'x-role'?: Role })['x-role']!;

async function send(role: Role, endpoint: string, { path, body, headers }: ApiRequest): Promise<Reply> {
  const [method, template] = endpoint.split(' ') as [string, string];
  let given = path ?? template;
  if (given === '/tokens/TOKEN') {
    const { json } = await rig.as(role, 'GET', '/tokens');
    const mine = (json.items as { readonly id: string; readonly name: string }[]).find(
      ({ name }) => name === 'nightly',
    );
    given = `/tokens/${mine?.id ?? 'none'}`;
  }
  return rig.as(role, method, given, body, headers);
}

/** What is wrong with an answer by the schema that the document has for it. */
function mismatches(endpoint: string, reply: Reply): unknown {
  const answer = operationOf(endpoint).responses[String(reply.status)];
  if (answer === undefined) return `${reply.status} is not in the document: ${reply.text.slice(0, 300)}`;
  const type = String(reply.headers['content-type'] ?? '').split(';')[0]!;
  if (answer.content === undefined) return reply.text === '' ? null : 'a body that nobody expects';
  const schema = answer.content[type]?.schema;
  if (schema === undefined) return `${type} is not in the document`;
  if (type.endsWith('pcap')) return null;
  const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')) as object);
  const values = type.endsWith('ndjson') ? reply.text.trim().split('\n') : [reply.text];
  return values.every((value) => validate(JSON.parse(value))) ? null : validate.errors;
}

describe('the table of requests', () => {
  it('has every endpoint of the document, once', () => {
    const all = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const wanted = all.filter((endpoint) => !ELSEWHERE.test(endpoint));
    expect(rows.map(({ endpoint }) => endpoint).sort()).toEqual(wanted.sort());
    expect(wanted.length).toBeGreaterThanOrEqual(50);
  });
});

describe('every endpoint', () => {
  it('refuses who has not signed in, and roles that do not do', async () => {
    const stray: string[] = [];
    for (const { endpoint, good } of rows) {
      const [method, template] = endpoint.split(' ') as [string, string];
      const body = good.body === undefined ? {} : { body: good.body };
      const headers = { origin: rig.origin, 'sec-fetch-site': 'same-origin', 'x-gluewall': 'page' };
      const stranger = await rig.ask(method, `/api/v1${good.path ?? template}`, { ...body, headers });
      if (stranger.status !== 401) stray.push(`${endpoint} answers ${stranger.status} to a stranger`);
      for (const role of ROLES.filter((one) => !mayAct(one, roleOf(endpoint)))) {
        const { status, json } = await send(role, endpoint, good);
        if (status !== 403 || json.code !== 'role-refused') stray.push(`${endpoint} answers ${status} to ${role}`);
      }
    }
    expect(stray).toEqual([]);
  });

  it('answers a good request as its schema says, for the least role that may', async () => {
    const wrong: Record<string, unknown> = {};
    for (const { endpoint, good } of rows) {
      const reply = await send(roleOf(endpoint), endpoint, good);
      const problem = reply.status < 300 ? mismatches(endpoint, reply) : `${reply.status} ${reply.text}`;
      if (problem !== null) wrong[endpoint] = problem;
      if (reply.text.includes('"ok":false')) wrong[endpoint] = reply.text;
    }
    expect(wrong).toEqual({});
  }, 60_000);

  it('answers a bad request with a problem that the document has', async () => {
    const wrong: Record<string, unknown> = {};
    for (const { endpoint, bad, problem } of rows) {
      const reply = await send('admin', endpoint, endpoint.includes('/rules/{id}') ? forKept(bad) : bad);
      const told = [reply.status, reply.json.code];
      const mismatch = mismatches(endpoint, reply);
      if (JSON.stringify(told) !== JSON.stringify(problem)) wrong[endpoint] = reply.text;
      else if (mismatch !== null) wrong[endpoint] = mismatch;
    }
    expect(wrong).toEqual({});
  }, 60_000);

  it('lets whoever has a higher role do the same', async () => {
    const stray: string[] = [];
    for (const { endpoint, good } of rows) {
      const { status } = await send('admin', endpoint, good);
      if (status === 403 || status >= 500) stray.push(`${endpoint} answers ${status}`);
    }
    expect(stray).toEqual([]);
  });
});

/** The rule that the good requests removed is no more: another is. */
function forKept(request: ApiRequest): ApiRequest {
  return { ...request, ...(request.path?.endsWith('/none') ? {} : { path: '/rules/kept' }) };
}
