/** What a node does with peers that mean it harm, over real TLS; in each case another peer's requests go on meanwhile. */
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseName } from '../../src/dns/name.ts';
import type { Peer } from '../../src/traceback/node-options.ts';
import type { ProblemType } from '../../src/traceback/problem.ts';
import { BAD, BesiegedNode, expectProblem, GOOD } from '../support/besieged-node.ts';
import { type Answered, type Send, sendHttp1, sendHttp2 } from '../support/hostile-peer.ts';
import type { TlsEnd } from '../support/lab-certificates.ts';
import { tracebackOf } from '../support/node-rig.ts';

let node: BesiegedNode;
let bad: TlsEnd;
beforeAll(async () => {
  node = await BesiegedNode.make();
  bad = await node.lab.end(BAD);
}, 60_000);
afterAll(() => node.end());
afterEach(() => node.stop());

const body = (parts: Parameters<typeof tracebackOf>[1] = {}) => JSON.stringify(tracebackOf(BAD, parts));

describe.each<[string, Send]>([
  ['HTTP/1.1', sendHttp1],
  ['HTTP/2', sendHttp2],
])('over %s', (_protocol, send) => {
  it.each<[string, ProblemType, () => Promise<TlsEnd> | TlsEnd]>([
    ['no certificate', 'no-certificate', () => ({ ca: node.lab.ca })],
    ['an expired one', 'untrusted-certificate', () => node.lab.end(BAD, { isExpired: true })],
    ['one of another authority', 'untrusted-certificate', () => node.lab.end(BAD, { isOfAnotherAuthority: true })],
    ['one of an unknown peer', 'unknown-peer', () => node.lab.end('nobody.example')],
  ])('with %s a peer is told %s, and nothing of its body is read', async (_what, type, end) => {
    await node.start();
    const shown = await end();
    const answered = await node.besideOthers(() => send(shown, node.port, { body: body() }));
    expectProblem(answered, type);
    node.expectRefused(undefined, type);
    expect(node.rig.audit.entries.find(({ decision }) => decision === 'refused')).toMatchObject({ from: '127.0.0.1' });
  });

  it('a revoked certificate is refused', async () => {
    const revoked = await node.lab.end(BAD);
    node.lab.revoke(revoked);
    await node.start();
    const answered = await node.besideOthers(() => send(revoked, node.port, { body: body() }));
    expectProblem(answered, 'untrusted-certificate');
    expect(answered.body).toContain('revoked');
    node.expectRefused(undefined, 'untrusted-certificate');
  });

  it.each<[string, Partial<Peer>, Parameters<typeof tracebackOf>[1]]>([
    ['of a kind that it may not ask for', { requests: ['confirm'] }, {}],
    ['about a name that it may not ask about', { names: [parseName('org.example')!] }, {}],
    ['that is not its own', {}, { path: [BAD, GOOD] }],
  ])('a request %s is beyond its scope', async (_what, parts, asked) => {
    await node.start(parts);
    const answered = await node.besideOthers(() => send(bad, node.port, { body: body(asked) }));
    expectProblem(answered, 'out-of-scope');
    node.expectRefused(BAD, 'out-of-scope');
    expect(node.rig.audit.entries).toContainEqual(
      expect.objectContaining({ peer: BAD, kind: 'traceback', name: 'www.example.org', request: expect.any(String) }),
    );
  });

  it('a peer that asks too often is told to wait', async () => {
    await node.start({ perDay: 2 });
    const answers = await node.besideOthers(async () => {
      const all: Answered[] = [];
      for (let round = 0; round < 4; round++) all.push(await send(bad, node.port, { body: body() }));
      return all;
    });
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429, 429]);
    expectProblem(answers[3]!, 'quota-exceeded');
    expect(Number(answers[3]!.headers['retry-after'])).toBeGreaterThan(0);
    node.expectRefused(BAD, 'quota-exceeded', 2);
  });

  it('what is refused before it is read counts, too', async () => {
    await node.start({ perDay: 3 });
    const answers = await node.besideOthers(async () => [
      await send(bad, node.port, { path: '/', body: body() }),
      await send(bad, node.port, { method: 'PUT', body: body() }),
      await send(bad, node.port, { body: 'no JSON' }),
      await send(bad, node.port, { body: 'no JSON' }),
      await send(bad, node.port, { body: body() }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 405, 400, 429, 429]);
    expectProblem(answers[3]!, 'quota-exceeded');
    expect(node.rig.audit.refusals(BAD, 'quota-exceeded')).toBe(2);
  });

  it('a request that is sent again is refused', async () => {
    await node.start();
    const text = body();
    const [first, second] = await node.besideOthers(async () => [
      await send(bad, node.port, { body: text }),
      await send(bad, node.port, { body: text }),
    ]);
    expect(first!.status).toBe(200);
    expectProblem(second!, 'replay');
    node.expectRefused(BAD, 'replay');
  });

  it.each([-301_000, 302_000])('a request whose time is off by %i ms is stale', async (offMs) => {
    await node.start();
    const sentAt = new Date(Date.now() + offMs).toISOString();
    const answered = await node.besideOthers(() => send(bad, node.port, { body: body({ sentAt }) }));
    expectProblem(answered, 'stale');
    node.expectRefused(BAD, 'stale');
  });

  it('a body that stalls is waited for no longer than so', async () => {
    await node.start({}, { limits: { bodyMs: 300 } });
    const stalling = new Readable({ read() {} });
    stalling.push(body().slice(0, 50));
    const answered = await node.besideOthers(() => send(bad, node.port, { body: stalling }));
    stalling.destroy();
    expectProblem(answered, 'too-slow');
    node.expectRefused(BAD, 'too-slow');
  });

  it.each([{}, { 'content-length': String(2 ** 30) }])(
    'of a body of 1 GB next to nothing is read (%j)',
    async (headers) => {
      await node.start();
      let sentBytes = 0;
      const endless = new Readable({
        read() {
          sentBytes += 65_536;
          this.push(sentBytes > 2 ** 30 ? null : Buffer.alloc(65_536, ' '));
        },
      });
      const answered = await node.besideOthers(() => send(bad, node.port, { headers, body: endless }));
      endless.destroy();
      expectProblem(answered, 'too-large');
      expect(sentBytes).toBeLessThan(16 << 20);
      node.expectRefused(BAD, 'too-large');
    },
  );

  it.each<[string, string | Buffer]>([
    ['nothing', ''],
    ['no JSON', 'name=www.example.org'],
    ['half of it', '{"kind":"traceback"'],
    ['octets', Buffer.from([0, 255, 254, 128, 1])],
    ['no UTF-8', Buffer.concat([Buffer.from('{"kind":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')])],
    ['another value', '[1, 2, null]'],
    ['another object', '{"kind":"traceback","__proto__":{"kind":"confirm"}}'],
    ['nesting', '['.repeat(65_000)],
    ['nesting that ends', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['an unknown part', JSON.stringify({ ...tracebackOf(BAD), also: 1 })],
    ['no address', JSON.stringify(tracebackOf(BAD, { servers: ['192.0.2.256'] }))],
    ['no name', JSON.stringify(tracebackOf(BAD, { name: 'a..b' }))],
    ['no time', JSON.stringify(tracebackOf(BAD, { sentAt: 'today' }))],
    ['too many servers', JSON.stringify(tracebackOf(BAD, { servers: Array(1025).fill('192.0.2.1') }))],
    ['a request for another route', JSON.stringify({ ...tracebackOf(BAD), kind: 'confirm' })],
  ])('%s is malformed', async (_what, text) => {
    await node.start();
    const answered = await node.besideOthers(() => send(bad, node.port, { body: text }));
    expectProblem(answered, 'malformed');
    node.expectRefused(BAD, 'malformed');
  });

  it('a body that is said to be something else than JSON is not read', async () => {
    await node.start();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answered = await node.besideOthers(() => send(bad, node.port, { headers, body: body() }));
    expectProblem(answered, 'not-json');
    node.expectRefused(BAD, 'not-json');
  });

  it('paths and methods that there are not are refused', async () => {
    await node.start();
    const [path, method] = await node.besideOthers(async () => [
      await send(bad, node.port, { path: '/v1/../etc/passwd', body: body() }),
      await send(bad, node.port, { method: 'PUT', body: body() }),
    ]);
    expectProblem(path!, 'not-found');
    expectProblem(method!, 'method-not-allowed');
    expect(method!.headers.allow).toBe('GET, POST');
    expect(node.rig.desk.figures.refused).toEqual({ 'not-found': 1, 'method-not-allowed': 1 });
    expect(node.rig.audit.refusals(BAD, 'not-found') + node.rig.audit.refusals(BAD, 'method-not-allowed')).toBe(2);
  });

  it('what is expected of us before a body comes is not done for strangers', async () => {
    await node.start();
    const headers = { expect: '100-continue', 'content-length': '1000' };
    const stalling = new Readable({ read() {} });
    const stranger = await node.lab.end('nobody.example');
    const answered = await node.besideOthers(() => send(stranger, node.port, { headers, body: stalling }));
    stalling.destroy();
    expectProblem(answered, 'unknown-peer');
    node.expectRefused(undefined, 'unknown-peer');
  });

  it('the schema is there for peers', async () => {
    await node.start();
    const { status, body: text } = await send(bad, node.port, { method: 'GET', path: '/v1/schema' });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toHaveProperty('$defs.request');
  });

  it('what goes wrong inside is told as that alone', async () => {
    const answering = async () => {
      throw new Error('192.0.2.7 is in /var/log/secret');
    };
    await node.start({}, { answering });
    const answered = await send(bad, node.port, { body: body() });
    expectProblem(answered, 'internal');
    expect(answered.body).not.toContain('secret');
    node.expectRefused(BAD, 'internal');
  });
});
