import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { ApiProblem } from '../../../page/src/api/client.ts';
import { sendStream } from '../../../page/src/api/stream.ts';

const ANSWER = '{"item":"größer"}\n{"item":2}\n{"ok":true,"result":{"id":"c1"}}\n';

const closers: (() => void)[] = [];
afterEach(() => {
  vi.unstubAllGlobals();
  for (const close of closers.splice(0)) close();
});

/** A console that answers each request so; the page's relative addresses lead to it. */
async function serve(answer: (response: ServerResponse, path: string | undefined) => void): Promise<void> {
  const server = createServer((request, response) => request.resume().on('end', () => answer(response, request.url)));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const send = globalThis.fetch;
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => send(`http://127.0.0.1:${port}${path}`, init));
}

async function ask(signal?: AbortSignal): Promise<{ items: unknown[]; result: unknown }> {
  const items: unknown[] = [];
  const result = await sendStream('/cases', { name: 'x' }, (item) => items.push(item), signal);
  return { items, result };
}

test('items come one by one, and the result behind them, wherever the answer is cut', async () => {
  const octets = Buffer.from(ANSWER);
  let cut = 0;
  await serve((response, path) => {
    expect(path).toBe('/api/v1/cases');
    response.write(octets.subarray(0, cut));
    setImmediate(() => response.end(octets.subarray(cut)));
  });
  for (; cut < octets.length; cut += 3) expect(await ask()).toEqual({ items: ['größer', 2], result: { id: 'c1' } });
});

test('a refusal at once and one on the way are the same problem to whoever asked', async () => {
  const refusals = [
    (response: ServerResponse) => {
      response.writeHead(404, { 'Content-Type': 'application/problem+json' });
      response.end('{"status":404,"detail":"this gluewall is no traceback node","code":"no-node"}');
    },
    (response: ServerResponse) =>
      response.end('{"ok":false,"error":{"code":"no-node","message":"this gluewall is no traceback node"}}\n'),
  ];
  for (const refuse of refusals) {
    await serve(refuse);
    const refused = ask();
    await expect(refused).rejects.toThrow(ApiProblem);
    await expect(refused).rejects.toMatchObject({ code: 'no-node', detail: 'this gluewall is no traceback node' });
    vi.unstubAllGlobals();
  }
});

test.each([
  ['ends without a result', (response: ServerResponse) => response.end('{"item":1}\n')],
  ['is no JSON', (response: ServerResponse) => response.end('<html>')],
  [
    'breaks off',
    (response: ServerResponse) => {
      response.write('{"item":1}\n');
      setImmediate(() => response.destroy());
    },
  ],
])('an answer that %s has broken off', async (_, answer) => {
  await serve(answer);
  await expect(ask()).rejects.toMatchObject({ code: 'answer-broke-off' });
});

test('a console that cannot be reached is told', async () => {
  await serve((response) => response.destroy());
  await expect(ask()).rejects.toMatchObject({ code: 'no-answer' });
});

test('who asked may leave, and the console notices', async () => {
  const stop = new AbortController();
  let refused: Promise<unknown> | undefined;
  await new Promise<void>((gone) => {
    void serve((response) => {
      response.on('close', gone);
      response.write('{"item":1}\n');
      setImmediate(() => stop.abort());
    }).then(() => {
      refused = ask(stop.signal);
      refused.catch(() => undefined);
    });
  });
  await expect(refused).rejects.toMatchObject({ name: 'AbortError' });
});
