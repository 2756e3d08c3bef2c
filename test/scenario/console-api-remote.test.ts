/** A gluewall that runs, asked over its console: by the command line, and by the examples of docs/api.md as they stand there. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { until } from '../../mininet/until.ts';
import { resultOf } from '../../src/control/answer.ts';
import { askControl } from '../../src/control/control-client.ts';
import type { ControlRequest } from '../../src/control/protocol.ts';
import { gluewall } from '../support/gluewall-command.ts';

const PASSWORD = 'correct horse battery staple';

let directory: string;
let running: GluewallProcess;
let url: string;
let token: string;

const ask = (request: ControlRequest) => resultOf(askControl(running.socketPath, request));

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  running = await GluewallProcess.start(directory, {
    openflow: { listen: '127.0.0.1:0' },
    console: { listen: '127.0.0.1:0' },
    inside: { networks: ['192.0.2.0/24'] },
  });
  const port = await until('the console listens', 15_000, async () => {
    const status = (await ask({ operation: 'status' })) as { readonly console: { readonly port: number | null } };
    return status.console.port ?? undefined;
  });
  url = `http://127.0.0.1:${port}`;
  const { secret } = (await ask({ operation: 'setup link' })) as { readonly secret: string };
  const headers = { origin: url, 'x-gluewall': 'page', 'content-type': 'application/json' };
  const post = (path: string, body: unknown, cookie = '') =>
    fetch(`${url}/api/v1${path}`, { method: 'POST', headers: { ...headers, cookie }, body: JSON.stringify(body) });
  const set = await post('/setup', { secret, user: 'ann', password: PASSWORD });
  const cookie = set.headers.getSetCookie()[0]!.replace(/;.*/s, '');
  const made = (await (await post('/tokens', { name: 'test', role: 'admin' }, cookie)).json()) as { secret: string };
  token = made.secret;
});

afterAll(async () => {
  await running?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const environment = () => ({ ...process.env, GLUEWALL_TOKEN: token });
const remote = (...args: readonly string[]) => gluewall(environment(), ...args, '--server', url);

describe('the command line on another machine', () => {
  it('asks over the console, with a token', async () => {
    const { status, stdout } = await remote('status', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ console: { port: Number(new URL(url).port) } });
  });

  it('changes what is there, as the user of the token', async () => {
    expect((await remote('rule', 'add', 'allow', '--to', '198.51.100.7', '--reason', 'ticket 4711')).status).toBe(0);
    const { stdout } = await remote('rule', 'list', '--json');
    expect(JSON.parse(stdout)).toEqual([expect.objectContaining({ owner: 'ann', reason: 'ticket 4711' })]);
    const local = await gluewall(process.env, 'rule', 'list', '--json', '--socket', running.socketPath);
    expect(local.stdout).toBe(stdout);
  });

  it('ends with the exit codes that commands have', async () => {
    expect((await remote('lookup', '203.0.113.53')).status).toBe(1);
    expect((await remote('traceback', 'show', '0190c2f4')).stderr).toContain('no traceback node');
    const both = await gluewall(environment(), 'status', '--server', url, '--socket', running.socketPath);
    expect([both.status, both.stderr]).toEqual([2, expect.stringContaining('name two gluewalls')]);
  });

  it('reads the token from a file, and says when it is not good', async () => {
    const file = join(directory, 'token');
    writeFileSync(file, `${token}\n`, { mode: 0o600 });
    const { GLUEWALL_TOKEN: _, ...without } = environment();
    expect((await gluewall(without, 'status', '--server', url, '--token-file', file)).status).toBe(0);
    const none = await gluewall(without, 'status', '--server', url);
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining('there is no token in GLUEWALL_TOKEN')]);
    const forged = await gluewall({ ...without, GLUEWALL_TOKEN: `gw_${'x'.repeat(40)}` }, 'status', '--server', url);
    expect([forged.status, forged.stderr]).toEqual([1, expect.stringContaining('tokens are made on the console')]);
  });
});

describe('docs/api.md', () => {
  const page = readFileSync(repositoryPath('docs', 'api.md'), 'utf8');
  const examples = [...page.matchAll(/^```sh\n(.*?)^```/gms)].map(([, text]) => text!);

  it('has examples of what it is about', () => {
    expect(examples.length).toBeGreaterThanOrEqual(8);
    for (const what of ['/inbox', '/rules', 'If-Match', '/operations', '/live', '--server']) {
      expect(examples.join('\n')).toContain(what);
    }
  });

  it.each(examples)('runs as it stands there: %s', (example) => {
    const command = `${process.execPath} ${repositoryPath('dist', 'src', 'cli', 'main.js')} "$@"`;
    const script = `set -eu\ngluewall() { ${command}; }\n${example}`;
    const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', script], {
      cwd: directory,
      encoding: 'utf8',
      timeout: 20_000,
      env: { ...environment(), CONSOLE: url },
    });
    expect({ status, stdout, stderr }).toMatchObject({ status: 0 });
    expect(stdout).not.toContain('"ok":false');
  });

  it('shows a problem as the console tells it', () => {
    const example = /^```json\n(.*?)^```/ms.exec(page)![1]!;
    const auth = `Authorization: Bearer ${token}`;
    const text = execFileSync('curl', ['-sS', '-H', auth, `${url}/api/v1/rules/1f3a9c04`], { encoding: 'utf8' });
    const { detail, ...told } = JSON.parse(text) as Record<string, unknown>;
    expect(JSON.parse(example)).toMatchObject(told);
    expect(detail).toEqual(expect.any(String));
  });
});
