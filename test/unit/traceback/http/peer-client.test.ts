import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../../src/core/clock.ts';
import { NodeCertificates } from '../../../../src/traceback/http/node-certificates.ts';
import { PeerClient } from '../../../../src/traceback/http/peer-client.ts';
import type { TracebackRequest } from '../../../../src/traceback/messages.ts';
import { PeerFailure } from '../../../../src/traceback/node-options.ts';
import { type Answers, HostileNode } from '../../../support/hostile-node.ts';
import type { TlsEnd } from '../../../support/lab-certificates.ts';
import { LabFederation } from '../../../support/lab-federation.ts';
import { clientNamed, peerNamed, tracebackOf } from '../../../support/node-rig.ts';
import { RecordingLog } from '../../../support/recording-log.ts';

const never = new AbortController().signal;

let lab: LabFederation;
let shown: TlsEnd;
beforeAll(async () => {
  lab = await LabFederation.make();
  shown = await lab.end('node.example');
}, 60_000);
afterAll(() => lab.remove());

let client: PeerClient;
let node: HostileNode | undefined;
beforeEach(async () => {
  client = await clientNamed(lab, 'us.example');
});
afterEach(async () => {
  client.stop();
  await node?.stop();
  node = undefined;
});

async function start(answers: Answers, { end = shown, version = 2 as 1 | 2 } = {}): Promise<void> {
  node = new HostileNode(end, answers, version);
  await node.start();
}

const peer = () => peerNamed('node.example', { url: `https://127.0.0.1:${node!.port}` });

/** As a node answers that has found nobody; `parts` are what is wrong with it. */
const answerText = (body: string, parts: object = {}) =>
  JSON.stringify({ kind: 'traceback', case: JSON.parse(body).case, reports: [], gaps: [], ...parts });

const honest: Answers = (_request, response, body) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(answerText(body));
};

/** How a request failed. */
async function failureOf(parts: Partial<TracebackRequest> = {}, signal = never): Promise<PeerFailure> {
  const error = await client.ask(peer(), tracebackOf('us.example', parts), signal).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PeerFailure);
  // It is kept with the case.
  expect((error as PeerFailure).message).not.toMatch(/127\.0\.0\.1|ECONN|\/tmp/);
  return error as PeerFailure;
}

describe.each([1, 2] as const)('PeerClient, of a node that speaks HTTP/%i', (version) => {
  it('asks over a connection that is kept', async () => {
    await start(honest, { version });
    let connections = 0;
    node!.server.on('secureConnection', () => connections++);
    for (let round = 0; round < 4; round++) {
      const request = tracebackOf('us.example');
      expect(await client.ask(peer(), request, never)).toMatchObject({ kind: 'traceback', case: request.case });
    }
    // The first finds out which version it is.
    expect(connections).toBeLessThanOrEqual(version === 1 ? 2 : 1);
  });

  it.each<[string, Answers]>([
    ['too large', (_request, response) => endless(response)],
    [
      'of another type',
      (_request, response, body) => response.writeHead(200, { 'content-type': 'text/html' }).end(answerText(body)),
    ],
    ['of no type', (_request, response, body) => response.writeHead(200).end(answerText(body))],
    ['an error without a problem document', (_request, response) => response.writeHead(500).end('oops')],
    ['a redirect', (_request, response) => response.writeHead(307, { location: '/v1/confirm' }).end()],
    ['no JSON', (_request, response) => json(response, '{"kind":')],
    ['no UTF-8', (_request, response) => json(response, Buffer.from([0x22, 0xff, 0xfe, 0x22]))],
    ['nothing', (_request, response) => json(response, '')],
    ['nested', (_request, response) => json(response, '['.repeat(500_000))],
    ['of another schema', (_request, response, body) => json(response, answerText(body, { also: 1 }))],
    [
      'with too many gaps',
      (_request, response, body) =>
        json(response, answerText(body, { gaps: Array(2049).fill({ reason: 'late', detail: '' }) })),
    ],
    ['of another case', (_request, response, body) => json(response, answerText(body, { case: crypto.randomUUID() }))],
    [
      'to another kind of request',
      (_request, response, body) =>
        json(response, JSON.stringify({ kind: 'confirm', case: JSON.parse(body).case, findings: [], gaps: [] })),
    ],
    [
      'a status of its own making',
      (_request, response, body) =>
        response.writeHead(299, { 'content-type': 'application/json' }).end(answerText(body)),
    ],
  ])('an answer that is %s is nonsense', async (_what, answers) => {
    await start(answers, { version });
    expect((await failureOf()).reason).toBe('nonsense');
    expect(node!.requests).toBe(1);
  });

  it.each<[string, Answers]>([
    ['no answer', () => {}],
    [
      'half an answer',
      (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
    ],
    ['an answer that drips', (_request, response) => drip(response)],
  ])('of %s it is late in time', async (_what, answers) => {
    await start(answers, { version });
    const begunMs = Date.now();
    expect((await failureOf({ timeLimitMs: 300 })).reason).toBe('late');
    expect(Date.now() - begunMs).toBeLessThan(2000);
  });

  it('what a peer says of a refusal is told, cut and harmless', async () => {
    const detail = `no\u001b[31m${'x'.repeat(1000)}`;
    const answers: Answers = (_request, response) => {
      const problem = { type: 'about:blank', title: 'out of scope', status: 403, detail };
      response.writeHead(403, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
    };
    await start(answers, { version });
    const { reason, message } = await failureOf();
    expect(reason).toBe('refused');
    expect(message).toMatch(/^out of scope: no\\x1b\[31mx+$/);
    expect(message.length).toBeLessThanOrEqual(300);
  });

  it('a problem document may be nonsense itself', async () => {
    const answers: Answers = (_request, response) => {
      response.writeHead(403, { 'content-type': 'application/problem+json' }).end('[{"title":');
    };
    await start(answers, { version });
    expect(await failureOf()).toMatchObject({ reason: 'refused', message: 'a problem' });
  });

  it('a connection that breaks in the middle is made anew for the next', async () => {
    let isBroken = true;
    await start(
      (request, response, body) => {
        if (isBroken) for (const socket of node!.sockets) socket.destroy();
        else honest(request, response, body);
      },
      { version },
    );
    expect((await failureOf()).reason).toBe('unreachable');
    isBroken = false;
    await expect(client.ask(peer(), tracebackOf('us.example'), never)).resolves.toBeDefined();
  });

  it('a node that was started anew is asked again at once', async () => {
    await start(honest, { version });
    await client.ask(peer(), tracebackOf('us.example'), never);
    const { port } = node!;
    await node!.stop();
    node = new HostileNode(shown, honest, version);
    await node.start(port);
    await expect(client.ask(peer(), tracebackOf('us.example'), never)).resolves.toBeDefined();
  });

  it('what is called off ends the request at the node', async () => {
    let isGone = false;
    await start(
      (_request, response) =>
        void response.once('close', () => {
          isGone = true;
        }),
      { version },
    );
    const caller = new AbortController();
    const failing = failureOf({}, caller.signal);
    await vi.waitFor(() => expect(node!.requests).toBe(1));
    caller.abort();
    expect((await failing).reason).toBe('late');
    await vi.waitFor(() => expect(isGone).toBe(true));
  });

  it('stop ends what is under way, and nothing is asked after it', async () => {
    await start(() => {}, { version });
    const failing = failureOf();
    await vi.waitFor(() => expect(node!.requests).toBe(1));
    client.stop();
    client.stop();
    expect((await failing).reason).toBe('unreachable');
    await vi.waitFor(() => expect(node!.sockets.size).toBe(0));
    expect((await failureOf()).reason).toBe('unreachable');
  });
});

describe('PeerClient, of whom it asks', () => {
  it('waits no longer than its time for who switches to another protocol', async () => {
    const switching = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n';
    await start((_request, response) => void response.socket!.write(switching), { version: 1 });
    expect(['late', 'unreachable']).toContain((await failureOf({ timeLimitMs: 300 })).reason);
  });

  it.each<[string, () => Promise<TlsEnd>, string, string]>([
    [
      'has the certificate of another name',
      () => lab.end('other.example'),
      'the certificate there is of another name',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    [
      'has an expired certificate',
      () => lab.end('node.example', { isExpired: true }),
      'its certificate is not valid at this time',
      'CERT_HAS_EXPIRED',
    ],
    [
      'has a certificate of another authority',
      () => lab.end('node.example', { isOfAnotherAuthority: true }),
      'its certificate is of no authority in node.tls.ca',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ],
  ])('tells nothing to who %s', async (_what, end, words, code) => {
    await start(honest, { end: await end() });
    const failure = { reason: 'unreachable', message: expect.stringContaining(words), cause: { code } };
    expect(await failureOf()).toMatchObject(failure);
    expect(node!.requests).toBe(0);
  });

  it('tells nothing to who has a revoked certificate', async () => {
    const end = await lab.end('node.example');
    lab.revoke(end);
    client = await clientNamed(lab, 'us.example');
    await start(honest, { end });
    expect(await failureOf()).toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('its certificate has been revoked'),
    });
    expect(node!.requests).toBe(0);
  });

  it('gives up on who accepts a connection and says nothing', async () => {
    const mute = createServer().listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const url = `https://127.0.0.1:${(mute.address() as { port: number }).port}`;
    const request = tracebackOf('us.example', { timeLimitMs: 200 });
    await expect(client.ask(peerNamed('node.example', { url }), request, never)).rejects.toMatchObject({
      reason: 'late',
    });
    client.stop();
    mute.close();
  });

  it('knows that a peer without a url, or with nobody there, cannot be reached', async () => {
    const asked = (url: string | undefined) =>
      client.ask(peerNamed('node.example', { url }), tracebackOf('us.example'), never);
    await expect(asked(undefined)).rejects.toMatchObject({ reason: 'unreachable' });
    const nobody = { reason: 'unreachable', message: expect.stringContaining('nothing listens there') };
    await expect(asked('https://127.0.0.1:1')).rejects.toMatchObject(nobody);
    const nowhere = { reason: 'unreachable', message: expect.stringContaining('its host has no address') };
    await expect(asked('https://gluewall.invalid')).rejects.toMatchObject(nowhere);
    await expect(asked('nonsense')).rejects.toMatchObject({ reason: 'unreachable' });
  });

  it('cuts off a node that floods it', async () => {
    await start(() => {
      node!.server.emit('flood');
    });
    node!.server.on('session', (session) => {
      const timer = setInterval(() => {
        for (let count = 0; count < 100 && !session.destroyed; count++) {
          try {
            session.ping(() => {});
          } catch {
            // Too many that are not answered: the next time.
          }
        }
      }, 5);
      session.once('close', () => clearInterval(timer)).on('error', () => {});
    });
    expect((await failureOf()).reason).toBe('unreachable');
  });
});

describe('NodeCertificates', () => {
  it('have to have the name of the node: peers look for no other', async () => {
    const files = await lab.files('renewed.example');
    expect(() => new NodeCertificates('node.example', files, systemClock, new RecordingLog())).toThrow(
      expect.objectContaining({
        code: 'tls-files',
        message: expect.stringMatching(
          /^node\.tls\.certificate: .* has DNS:renewed\.example, and not DNS:node\.example;/,
        ),
      }),
    );
  });

  it('new files are taken up, bad ones are said and change nothing', async () => {
    const files = await lab.files('renewed.example');
    const log = new RecordingLog();
    const certificates = new NodeCertificates('renewed.example', files, systemClock, log);
    const own = new PeerClient({ certificates, clock: systemClock });
    const seen: (string | undefined)[] = [];
    await start((request, response, body) => {
      const socket = (
        request as unknown as {
          stream: { session: { socket: { getPeerX509Certificate(): { fingerprint256: string } } } };
        }
      ).stream.session.socket;
      seen.push(socket.getPeerX509Certificate().fingerprint256);
      honest(request, response, body);
    });
    await own.ask(peer(), tracebackOf('renewed.example'), never);
    const { key, cert } = await lab.end('renewed.example');
    lab.write('renewed.example.pem', cert!);
    certificates.look();
    expect(log.lines.at(-1)).toMatch(/^warn: node: goes on with the files of node\.tls as they were/);
    await own.ask(peer(), tracebackOf('renewed.example'), never);
    lab.write('renewed.example-key.pem', key!);
    certificates.look();
    await own.ask(peer(), tracebackOf('renewed.example'), never);
    own.stop();
    expect(seen[1]).toBe(seen[0]);
    expect(seen[2]).not.toBe(seen[0]);
  });
});

function json(response: Parameters<Answers>[1], text: string | Buffer): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(text);
}

/** More than is read, as long as somebody takes it. */
function endless(response: Parameters<Answers>[1]): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.on('error', () => {});
  let sentBytes = 0;
  const more = () => {
    while (!response.destroyed && sentBytes < 1 << 26) {
      sentBytes += 65_536;
      if (!response.write(Buffer.alloc(65_536, ' '))) break;
    }
  };
  response.on('drain', more);
  more();
}

function drip(response: Parameters<Answers>[1]): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.on('error', () => {});
  const timer = setInterval(() => response.write(' '), 20);
  response.once('close', () => clearInterval(timer));
}
