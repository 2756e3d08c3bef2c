import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openDoor } from '../../../src/cli/ask.ts';
import { RemoteDoor, type RemoteOptions } from '../../../src/cli/remote-door.ts';
import { resultOf } from '../../../src/control/answer.ts';
import type { ControlRequest } from '../../../src/control/protocol.ts';
import type { GluewallError } from '../../../src/core/errors.ts';
import { type ApiRig, startApi } from '../../support/api-rig.ts';
import { LabCertificates } from '../../support/lab-certificates.ts';

const TOKEN = `gw_${'x'.repeat(40)}`;
const STATUS: ControlRequest = { operation: 'status' };

let directory: string;
let lab: LabCertificates;
const servers: Server[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  lab = await LabCertificates.make();
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) (server as { closeAllConnections(): void }).closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
afterAll(() => {
  lab?.remove();
  rmSync(directory, { recursive: true, force: true });
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const answering = async (answer: (request: IncomingMessage, response: ServerResponse) => void) =>
  `http://127.0.0.1:${await listen(createServer(answer))}`;
const replying = (lines: string) =>
  answering((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    response.end(lines);
  });
const door = (options: RemoteOptions, token: string | undefined = TOKEN) =>
  new RemoteDoor(options, token === undefined ? {} : { GLUEWALL_TOKEN: token });

async function refusal(options: RemoteOptions, request = STATUS, token?: string): Promise<string> {
  try {
    const opened = door(options, token);
    try {
      await resultOf(opened.ask(request));
    } finally {
      await opened.close();
    }
  } catch (error) {
    return `${(error as GluewallError).code}: ${(error as Error).message}`;
  }
  return 'was not refused';
}

describe('the door to a console', () => {
  let rig: ApiRig;
  beforeAll(async () => {
    rig = await startApi();
  });
  afterAll(() => rig?.stop());

  it('gives items and result as the control socket does', async () => {
    const opened = door({ server: rig.origin }, rig.tokens.viewer);
    const answer = opened.ask({ operation: 'rule list' });
    const items: unknown[] = [];
    let step = await answer.next();
    for (; step.done !== true; step = await answer.next()) items.push(step.value);
    expect(items).toHaveLength(2);
    expect(step.value).toEqual({ count: 2 });
    expect(await resultOf(opened.ask(STATUS))).toEqual({ up: true });
    await opened.close();
  });

  it('passes on what gluewall refuses, and says what to do about the role', async () => {
    const token = rig.tokens.viewer;
    const server = rig.origin;
    expect(await refusal({ server }, { operation: 'traceback show', case: 'none' }, token)).toMatch(/^case-unknown: /);
    const reload: ControlRequest = { operation: 'reload', isTrial: false };
    expect(await refusal({ server }, reload, token)).toMatch(/^role-refused: .*viewer.*; a token of somebody who may/);
    expect(await refusal({ server })).toMatch(/^token-refused: .*; tokens are made on the console/);
  });

  it('takes the token from a file of its owner alone', async () => {
    const tokenFile = join(directory, 'token');
    writeFileSync(tokenFile, `${rig.tokens.viewer}\n`, { mode: 0o600 });
    const opened = door({ server: rig.origin, tokenFile }, 'something else');
    expect(await resultOf(opened.ask(STATUS))).toEqual({ up: true });
    await opened.close();
    chmodSync(tokenFile, 0o644);
    expect(await refusal({ server: rig.origin, tokenFile })).toMatch(/^remote-token: .*token: mode 0644: others/);
    expect(await refusal({ server: rig.origin, tokenFile: join(directory, 'none') })).toMatch(
      /^remote-token: .*ENOENT/,
    );
  });

  it('ends what was asked when nobody reads on', async () => {
    const before = rig.cancelled();
    const opened = door({ server: rig.origin }, rig.tokens.analyst);
    const stop = new AbortController();
    const answer = opened.ask(
      {
        operation: 'traceback request',
        name: 'long.example',
        at: '2026-11-20T12:00:05Z',
        source: '192.0.2.7',
        commandAndControl: false,
        timeLimitMs: 600_000,
        owner: '',
      },
      stop.signal,
    );
    expect((await answer.next()).value).toMatchObject({ step: 'opened' });
    const next = answer.next();
    stop.abort();
    await expect(next).rejects.toMatchObject({ code: 'remote-console' });
    await opened.close();
    await expect.poll(() => rig.cancelled(), { timeout: 5000 }).toBe(before + 1);
  });
});

describe('an address', () => {
  it.each([
    ['console.example:8453', 'is neither https nor http'],
    ['not a url', 'is no URL'],
    ['ftp://console.example', 'is neither https nor http'],
    ['https://ann:secret@console.example', 'must not hold a password'],
    ['https://console.example/api/v1', 'must end behind the port'],
    ['https://console.example/?x=1', 'must end behind the port'],
    ['http://console.example:8453', 'would send the token for all to read'],
    ['http://127.0.0.1.example', 'would send the token for all to read'],
    ['http://192.0.2.1', 'would send the token for all to read'],
  ])('%s is refused', async (server, why) => {
    expect(await refusal({ server })).toMatch(new RegExp(`^usage: .*${why}`));
  });

  it.each(['http://localhost:9', 'http://127.8.9.10:9', 'http://[::1]:9', 'https://console.example'])(
    '%s is taken',
    (server) => {
      expect(() => door({ server })).not.toThrow();
    },
  );
});

describe('options', () => {
  it.each([
    [{ server: 'https://console.example', socket: '/run/x' }, '--server and --socket name two gluewalls'],
    [{ tokenFile: 'x' }, '--token-file and --ca go with --server'],
    [{ ca: 'x' }, '--token-file and --ca go with --server'],
  ])('%j do not go together', async (options, why) => {
    await expect(openDoor(options)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(why) });
  });

  it.each([
    [undefined, 'there is no token in GLUEWALL_TOKEN'],
    ['  ', 'there is no token in GLUEWALL_TOKEN'],
    ['hunter2-and-more', 'is no token, which begins with gw_'],
    [`${TOKEN}\nX-Evil: 1`, 'is no token, which begins with gw_'],
  ])('a token such as %j is refused, and not said', (token, why) => {
    const make = () => new RemoteDoor({ server: 'https://console.example' }, { GLUEWALL_TOKEN: token });
    expect(make).toThrow(expect.objectContaining({ code: 'remote-token', message: expect.stringContaining(why) }));
    expect(make).not.toThrow(/hunter2|Evil/);
  });

  it('an authority that is none is refused', async () => {
    const ca = join(directory, 'ca.pem');
    writeFileSync(ca, 'no certificate');
    expect(await refusal({ server: 'https://127.0.0.1:9', ca })).toMatch(/^tls-files: .*no certificate in PEM/);
    expect(await refusal({ server: 'https://127.0.0.1:9', ca: `${ca}.none` })).toMatch(/^tls-files: .*ENOENT/);
  });
});

describe('a console that cannot be trusted, or is none', () => {
  it('says why its certificate does not do, and takes one of the authority that is named', async () => {
    const answer = (_request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
      response.end('{"ok":true,"result":{"up":true}}\n');
    };
    const { key, cert } = lab.controller as { readonly key: string; readonly cert: string };
    const port = await listen(createTlsServer({ key, cert }, answer));
    const ca = join(directory, 'lab.pem');
    writeFileSync(ca, lab.controller.ca);
    const server = `https://127.0.0.1:${port}`;
    expect(await refusal({ server })).toMatch(/^remote-console: .*nobody known here signed.*--ca FILE/);
    const told = await refusal({ server, ca });
    expect(told).toMatch(/was not refused|for another name than 127\.0\.0\.1/);
    expect(await refusal({ server: `http://127.0.0.1:${port}` })).toMatch(/^remote-console: /);
    const plain = await replying('{"ok":true,"result":1}\n');
    expect(await refusal({ server: plain.replace('http:', 'https:') })).toMatch(/does not speak TLS there/);
  });

  it.each([
    ['no line', '', 'ended before its end'],
    ['items only', '{"item":1}\n{"item":2}\n', 'ended before its end'],
    ['half a line', '{"ok":tr', 'is no JSON'],
    ['no object', '7\n', 'is no JSON'],
    ['a refusal without words', '{"ok":false}\n', 'is no JSON'],
    ['a refusal of another shape', '{"ok":false,"error":{"code":1}}\n', 'is no JSON'],
  ])('answers with %s', async (_what, lines, why) => {
    expect(await refusal({ server: await replying(lines) })).toMatch(new RegExp(`^remote-console: .*${why}`));
  });

  it('answers with a page, a redirect, or a problem that is none', async () => {
    const page = await answering((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' });
      response.end('<h1>welcome</h1>');
    });
    expect(await refusal({ server: page })).toMatch(/^remote-console: .*no console of gluewall/);
    const moved = await answering((_request, response) => {
      response.writeHead(302, { Location: 'http://192.0.2.1/' });
      response.end();
    });
    expect(await refusal({ server: moved })).toMatch(/no console of gluewall \(status 302\)/);
    for (const body of ['{}', 'x', '[]', `{"code":"a","detail":"${'x'.repeat(70_000)}"}`]) {
      const odd = await answering((_request, response) => {
        response.writeHead(404, { 'Content-Type': 'application/problem+json' });
        response.end(body);
      });
      expect(await refusal({ server: odd })).toMatch(/no console of gluewall \(status 404\)/);
    }
  });

  it.each([
    [429, 'too-many-requests', 'wait a moment'],
    [421, 'wrong-host', 'name the console as its certificate'],
    [503, 'not-running', 'try again'],
  ])('says with %i what to do next', async (status, code, next) => {
    const server = await answering((_request, response) => {
      response.writeHead(status, { 'Content-Type': 'application/problem+json; charset=utf-8' });
      response.end(JSON.stringify({ status, code, detail: 'try again' }));
    });
    expect(await refusal({ server })).toMatch(new RegExp(`^${code}: try again.*${next === 'try again' ? '' : next}`));
  });

  it('breaks off, or is not there', async () => {
    const port = await listen(createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    expect(await refusal({ server: `http://127.0.0.1:${port}` })).toMatch(/^remote-console: .*may want https/);
    const broken = await answering((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
      response.write('{"item":1}\n', () => response.destroy());
    });
    expect(await refusal({ server: broken })).toMatch(/^remote-console: /);
    const gone = await listen(createTcpServer());
    await new Promise((resolve) => servers.pop()!.close(resolve));
    expect(await refusal({ server: `http://127.0.0.1:${gone}` })).toMatch(/nobody listens there/);
    expect(await refusal({ server: 'https://no-such-host.invalid' })).toMatch(/^remote-console: .*has no address/);
  });

  it('sends a line without an end, which is not held', async () => {
    const chunk = 'x'.repeat(1024 * 1024);
    const server = await answering((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
      const more = () => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    expect(await refusal({ server })).toMatch(/^remote-console: line 1 is longer/);
  });
});
