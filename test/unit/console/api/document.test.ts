import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ROLES } from '../../../../src/accounts/actor.ts';
import { addEndpoints } from '../../../../src/console/api/add-endpoints.ts';
import { addEndpoint } from '../../../../src/console/api/common.ts';
import type { OpenApiDocument, Operation } from '../../../../src/console/api/open-api-document.ts';
import { type PlainSchema, sampleOf } from '../../../../src/console/api/sample-of.ts';
import { createApiApp } from '../../../../src/console/api-app.ts';

async function documentOf(add = addEndpoints): Promise<OpenApiDocument> {
  const api = createApiApp();
  add(api);
  return (await (await api.request('/openapi.json')).json()) as OpenApiDocument;
}

const document = await documentOf();
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, path, method, operation })),
);

function refsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = '$ref' in value && typeof value.$ref === 'string' ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(refsOf)];
}

function contentsOf({ requestBody, responses }: Operation) {
  const good = Object.entries(responses).filter(([status]) => Number(status) < 400);
  return [requestBody, ...good.map(([, answer]) => answer)].flatMap((part) => Object.entries(part?.content ?? {}));
}

describe('the OpenAPI document', () => {
  it('is of OpenAPI 3.1, with what that version wants of every operation', () => {
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: expect.any(String), version: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
      servers: [{ url: '/api/v1' }],
      components: { securitySchemes: { session: { type: 'apiKey', in: 'cookie' }, token: { scheme: 'bearer' } } },
    });
    const tags = document.tags.map(({ name }) => name);
    const wrong = operations.flatMap(({ name, path, method, operation }) => {
      const { parameters = [], responses, summary = '', tags: own = [] } = operation;
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, one]) => one);
      const told = parameters.filter((one) => one.in === 'path' && one.required === true).map((one) => one.name);
      return [
        ...(['get', 'post', 'put', 'patch', 'delete'].includes(method) ? [] : [`${name}: is no method`]),
        ...(path.startsWith('/') ? [] : [`${name}: does not begin with /`]),
        ...(JSON.stringify(inPath) === JSON.stringify(told) ? [] : [`${name}: names other parameters than its path`]),
        ...(own.length === 1 && tags.includes(own[0]!) ? [] : [`${name}: has no subject`]),
        ...(/^[A-Z].*[^.]$/.test(summary) ? [] : [`${name}: has no summary`]),
        ...(Object.keys(responses).every((status) => /^[2-5]\d\d$/.test(status)) ? [] : [`${name}: has odd statuses`]),
        ...(Object.values(responses).every(({ description }) => description !== '') ? [] : [`${name}: is not told`]),
      ];
    });
    expect(wrong).toEqual([]);
  });

  it('says of every operation who may, and what goes wrong', () => {
    for (const { name, operation } of operations) {
      expect(operation, name).toMatchObject({ 'x-role': expect.toSatisfy((role) => ROLES.includes(role)) });
      expect(Object.keys(operation.responses), name).toEqual(
        expect.arrayContaining(['400', '401', '403', '429', '503']),
      );
    }
  });

  it('has no reference that leads nowhere, and no schema that nobody uses', () => {
    const refs = new Set(refsOf(document));
    const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect([...refs].sort()).toEqual(known.sort());
  });

  it('has an example for each body and each answer, which its own schema takes', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(ajv);
    ajv.addSchema({ $id: 'api', components: document.components });
    const wrong: Record<string, unknown> = {};
    for (const { name, operation } of operations) {
      for (const [type, { schema, example }] of contentsOf(operation)) {
        if (type.endsWith('pcap')) continue;
        const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')) as object);
        if (example === undefined || !validate(example)) wrong[`${name} ${type}`] = validate.errors ?? 'has none';
      }
    }
    expect(wrong).toEqual({});
  });
});

describe('a sample of a schema', () => {
  it.each<[string, PlainSchema, unknown]>([
    ['the example', { type: 'string', example: 'so' }, 'so'],
    ['the first of some', { enum: ['a', 'b'] }, 'a'],
    ['what is not null', { anyOf: [{ type: 'null' }, { type: 'boolean' }] }, true],
    ['a number within its limits', { type: ['integer', 'null'], minimum: 5 }, 5],
    ['a tuple', { type: 'array', prefixItems: [{ type: 'boolean' }, { type: 'string' }] }, [true, 'text']],
    ['what must be there', { type: 'object', properties: { a: {}, b: { const: 1 } }, required: ['b'] }, { b: 1 }],
    ['parts together', { allOf: [{ $ref: '#/components/schemas/A' }, { type: 'object' }] }, { x: true }],
  ])('is %s', (_what, schema, sample) => {
    const named = { A: { type: 'object', properties: { x: { type: 'boolean' } }, required: ['x'] } };
    expect(sampleOf(schema, named)).toEqual(sample);
  });

  it('ends, also of a schema that holds itself', () => {
    const endless: PlainSchema = { type: 'array', items: { $ref: '#/components/schemas/Endless' } };
    expect(JSON.stringify(sampleOf(endless, { Endless: endless })).length).toBeLessThan(100);
  });
});

describe('the page of the documentation', () => {
  it('has every operation, and neither script nor inline style', async () => {
    const api = createApiApp();
    addEndpoints(api);
    const response = await api.request('/docs');
    expect(response.headers.get('content-type')).toBe('text/html; charset=UTF-8');
    const page = await response.text();
    for (const { path, operation } of operations) {
      expect(page).toContain(`<code>${path}</code>`);
      expect(page).toContain(`<p>${operation.summary!.replaceAll('&', '&amp;')}.</p>`);
    }
    expect(page).not.toMatch(/<script|<style|\sstyle=|\son\w+=|javascript:/i);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
    const style = /<link rel="stylesheet" href="([^"]+)">/.exec(page)![1]!;
    const css = await api.request(`/${style}`);
    expect([css.status, css.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
    expect(await css.text()).not.toMatch(/@import|url\(/);
  });

  it('escapes what is said of an endpoint', async () => {
    const api = createApiApp();
    const hostile = '<img src=x onerror=alert(1)>"\'&';
    addEndpoint(
      api,
      {
        method: 'post',
        path: '/hostile',
        subject: 'inbox',
        summary: hostile,
        description: hostile,
        role: 'viewer',
        query: z.strictObject({ q: z.string().describe(hostile) }),
        body: z.strictObject({ text: z.string() }),
        bodyExample: { text: `${hostile}</pre>` },
        answer: z.object({ text: z.string() }),
        example: { text: `${hostile}</pre>` },
        problems: { 'no-entry': hostile },
      },
      async (c) => c.json({}),
    );
    addEndpoints(api);
    const page = await (await api.request('/docs')).text();
    expect(page).toContain('&lt;img src=x');
    expect(page).not.toContain('<img');
  });
});
