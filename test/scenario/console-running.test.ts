/** The console of a gluewall that runs: set up by its link, over a restart, to its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { until } from '../../mininet/until.ts';
import { ConsoleHost } from '../../src/cli/console/console-host.ts';
import { resultOf } from '../../src/control/answer.ts';
import { askControl } from '../../src/control/control-client.ts';
import type { ControlRequest } from '../../src/control/protocol.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { runGluewall } from '../support/command-line.ts';

const PASSWORD = 'correct horse battery staple';

interface Running {
  /** Of the console. */
  readonly url: string;
  /** All that it has said on both its outputs. */
  output(): string;
  ask(operation: ControlRequest): Promise<unknown>;
  /** Ends it by SIGTERM; resolves with its exit code. */
  end(): Promise<number | null>;
}

let directory: string;
let children: { kill(signal: NodeJS.Signals): boolean }[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  children = [];
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

/** `gluewall run` in the folder of the test, with a configuration file unless there is to be none. */
async function run(args: readonly string[], config: string | undefined = 'openflow: {listen: "127.0.0.1:0"}\n') {
  if (config !== undefined) writeFileSync(join(directory, 'gluewall.yaml'), `store: {file: gluewall.db}\n${config}`);
  const socket = join(directory, 'control.sock');
  const main = repositoryPath('dist', 'src', 'cli', 'main.js');
  const child = spawn(process.execPath, [main, 'run', '--socket', socket, ...args], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const url = await until('gluewall says where its console is', 15_000, () => {
    if (child.exitCode !== null) throw new Error(`gluewall ended at its start: ${output}`);
    return /"msg":"console: (http:[^"]+)"/.exec(output)?.[1];
  });
  const running: Running = {
    url,
    output: () => output,
    ask: (operation) => resultOf(askControl(socket, operation)),
    async end() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      return (await exited)[0] as number | null;
    },
  };
  return running;
}

const browse = (url: string, method: string, path: string, cookie?: string, body?: unknown) =>
  fetch(`${url}${path}`, {
    method,
    headers: {
      origin: url,
      'x-gluewall': 'page',
      'content-type': 'application/json',
      ...(cookie === undefined ? {} : { cookie }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const cookieOf = (response: Response) => response.headers.getSetCookie()[0]!.replace(/;.*/s, '');

describe('the console of a running gluewall', () => {
  it('is set up by the one-time link, and keeps its sessions over a restart', async () => {
    const first = await run(['--console', '127.0.0.1:0']);
    // Not at a terminal: who reads this output may be anybody.
    await until('the log says how', 5000, () => /gluewall console setup-link/.exec(first.output())?.[0]);
    expect(first.output()).not.toContain('/set-up#');
    const { secret, url } = (await first.ask({ operation: 'setup link' })) as Readonly<
      Record<'secret' | 'url', string>
    >;
    expect(url).toBe(first.url);
    const set = await browse(first.url, 'POST', '/api/v1/setup', undefined, {
      secret,
      user: 'ann',
      password: PASSWORD,
    });
    expect(set.status).toBe(201);
    const cookie = cookieOf(set);
    const status = (await (await browse(first.url, 'GET', '/api/v1/status', cookie)).json()) as Record<string, unknown>;
    const port = Number(new URL(first.url).port);
    expect(status.console).toMatchObject({ url, port, viewers: 0, restarts: 0 });
    expect(status.connect).toMatch(/^ovs-vsctl set bridge BRIDGE .* -- set-controller BRIDGE tcp:127\.0\.0\.1:\d+$/);
    expect(await first.end()).toBe(0);

    const second = await run(['--console', '127.0.0.1:0']);
    const session = await browse(second.url, 'GET', '/api/v1/session', cookie);
    expect(await session.json()).toMatchObject({ user: 'ann', role: 'admin', setupNeeded: false });
    expect(second.output()).not.toContain('nobody can sign in');
    const anew = await browse(second.url, 'POST', '/api/v1/session', undefined, { user: 'ann', password: PASSWORD });
    expect(anew.status).toBe(201);
    expect(cookieOf(anew)).not.toBe(cookie);
    expect(await second.end()).toBe(0);
    for (const { output } of [first, second]) {
      expect(output()).not.toContain(secret);
      expect(output()).not.toContain(cookie.split('=')[1]);
      expect(output()).not.toContain(PASSWORD);
    }
  });

  it('ends in time with a live stream open, and tells the browser', async () => {
    const running = await run(['--console', '127.0.0.1:0']);
    const { secret } = (await running.ask({ operation: 'setup link' })) as { readonly secret: string };
    const set = await browse(running.url, 'POST', '/api/v1/setup', undefined, {
      secret,
      user: 'ann',
      password: PASSWORD,
    });
    const cookie = cookieOf(set);
    let isClosed = false;
    let text = '';
    const stream = request(`${running.url}/api/v1/live`, { headers: { cookie } }, (response) => {
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('close', () => {
        isClosed = true;
      });
    });
    stream.on('error', () => undefined).end();
    await until('the stream tells how things are', 10_000, () => /event: now/.exec(text)?.[0]);
    const status = (await running.ask({ operation: 'status' })) as { readonly console: { readonly viewers: number } };
    expect(status.console.viewers).toBeLessThanOrEqual(1);
    const began = performance.now();
    expect(await running.end()).toBe(0);
    expect(performance.now() - began).toBeLessThan(8000);
    await until('the stream has ended', 2000, () => isClosed || undefined);
  });

  it('is there without a configuration file, and gluewall runs on without it where its port is taken', async () => {
    const blocker = createServer().listen(8453, '127.0.0.1');
    // Whether we have the port or another does: it is taken.
    await Promise.race([once(blocker, 'listening'), once(blocker, 'error')]).catch(() => undefined);
    try {
      const socket = join(directory, 'control.sock');
      const main = repositoryPath('dist', 'src', 'cli', 'main.js');
      const child = spawn(process.execPath, [main, 'run', '--socket', socket, '--store', 'memory'], {
        cwd: directory,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      children.push(child);
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      }
      await until('it has said so, or could not listen for switches', 15_000, () => {
        return /there is no console: console\.listen: 127\.0\.0\.1:8453|cannot listen|EADDRINUSE/.exec(output)?.[0];
      });
    } finally {
      blocker.close();
    }
  });
});

describe('the thread of the console', () => {
  it('ends at once when it is to end before it has begun', async () => {
    const script = pathToFileURL(repositoryPath('dist', 'src', 'cli', 'console', 'console-thread.js'));
    const order = {
      // A name is looked up first: it begins later than it is told to end.
      listen: { host: 'localhost', port: 0 },
      publicOrigin: undefined,
      keys: undefined,
      oidc: undefined,
      socketPath: join(directory, 'control.sock'),
      version: '1.2.3',
    };
    const host = new ConsoleHost(order, systemClock, silentLog, script);
    const began = performance.now();
    void host.start().catch(() => undefined);
    await host.stop();
    expect(performance.now() - began).toBeLessThan(8000);
  });
});

describe('gluewall run --console', () => {
  it.each([
    ['0.0.0.0:8453', /plain HTTP.*stays on loopback; set console\.tls/s],
    ['192.0.2.1:8453', /plain HTTP.*stays on loopback/s],
    ['nowhere', /want HOST:PORT/],
    ['127.0.0.1:99999', /want HOST:PORT/],
  ])('refuses %s, and says what to do', (place, problem) => {
    const { status, stderr } = runGluewall(directory, ['run', '--console', place, '--store', 'memory']);
    expect(status).toBe(2);
    expect(stderr).toMatch(problem);
  });
});
