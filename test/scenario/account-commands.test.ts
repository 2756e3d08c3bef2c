/** `gluewall user`, `token`, `changes` and `console setup-link` as they are typed, on a gluewall that runs and on its store. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import type { Actor } from '../../src/accounts/actor.ts';
import { resultOf } from '../../src/control/answer.ts';
import { askControl } from '../../src/control/control-client.ts';
import type { ControlRequest } from '../../src/control/protocol.ts';
import type { GluewallError } from '../../src/core/errors.ts';
import type { ChangeView, NewToken, OpenedSession, SessionView, UserView } from '../../src/services/account-views.ts';
import type { RuleChangeView } from '../../src/services/rule-services.ts';
import { runGluewall } from '../support/command-line.ts';

const PASSWORD = 'nine green parrots\n';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-accounts-'));
  writeFileSync(
    join(folder, 'gluewall.yaml'),
    `store: { file: gluewall.db }
control: { socket: ${join(folder, 'socket')} }
console: { public_url: "https://gate.example/" }
`,
  );
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const gluewall = (args: readonly string[], input = '') => runGluewall(folder, args, input);
const json = <T>(...args: string[]): T => JSON.parse(gluewall([...args, '--json']).stdout) as T;
/** Makes the store. */
const addRule = () => gluewall(['rule', 'add', 'allow', '--to', '192.0.2.53', '--reason', 'ticket 1']);

describe('accounts, on the store of a gluewall that does not run', () => {
  it('are made, changed, listed and removed; who is locked out gets another password', { timeout: 120_000 }, () => {
    expect(gluewall(['user', 'list'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('there is no store'),
    });
    addRule();
    expect(gluewall(['user', 'list']).stdout).toContain('there are no users: `gluewall console setup-link`');
    const add = ['user', 'add', 'Ann', '--role', 'admin'];
    expect(gluewall(add, 'short\n')).toMatchObject({ status: 1, stderr: expect.stringContaining('12 to 256') });
    expect(gluewall(add, '')).toMatchObject({ status: 2, stderr: expect.stringContaining('has no password') });
    expect(gluewall(add, PASSWORD)).toMatchObject({ status: 0, stdout: 'ann may sign in as admin\n' });
    expect(gluewall(add, PASSWORD)).toMatchObject({ status: 1, stderr: expect.stringContaining('already') });
    expect(gluewall(['user', 'role', 'ann', 'king']).status).toBe(2);
    expect(gluewall(['user', 'role', 'ann', 'viewer']).stderr).toContain('the only administrator');
    expect(gluewall(['user', 'password', 'ann'], 'seven blue herons').stdout).toContain('new password');
    expect(gluewall(['user', 'password', 'nobody'], PASSWORD).stderr).toContain('there is no user nobody');
    expect(json<UserView[]>('user')).toMatchObject([{ name: 'ann', role: 'admin', origin: 'local', lastSignIn: null }]);
    gluewall(['user', 'add', 'ben', '--role', 'viewer'], PASSWORD);
    expect(gluewall(['user', 'role', 'ben', 'analyst']).stdout).toContain('ben is analyst now');
    expect(gluewall(['user', 'remove', 'ben']).status).toBe(0);
    const changes = json<ChangeView[]>('changes', '--subject', 'ben');
    expect(changes.map(({ operation, by, from, refused }) => [operation, by, from, refused])).toEqual([
      ['user remove', 'socket', 'socket', null],
      ['user change', 'socket', 'socket', null],
      ['user add', 'socket', 'socket', null],
    ]);
    expect(JSON.stringify(json('changes'))).not.toMatch(/parrots|herons/);
  });

  it('have tokens whose secret is shown once', { timeout: 60_000 }, () => {
    addRule();
    const token = json<NewToken>('token', 'add', 'siem', '--role', 'viewer', '--expires', '90d');
    expect(token).toMatchObject({ secret: expect.stringMatching(/^gw_[\w-]{43}$/), user: 'socket', role: 'viewer' });
    expect(gluewall(['token', 'list']).stdout).toContain(`${token.id}  siem  viewer  of socket`);
    expect(gluewall(['token', 'list', '--json']).stdout + gluewall(['changes']).stdout).not.toContain(token.secret);
    expect(gluewall(['token', 'add', 'x', '--role', 'viewer', '--expires', 'soon']).status).toBe(2);
    expect(gluewall(['token', 'remove', token.id]).stdout).toBe('the token siem holds no more\n');
    expect(gluewall(['token', 'remove', token.id]).status).toBe(1);
  });

  it('have a set-up link with the URL of the console', { timeout: 60_000 }, () => {
    addRule();
    const link = gluewall(['console', 'setup-link']).stdout.split('\n');
    expect(link[0]).toMatch(/^https:\/\/gate\.example\/set-up#[\w-]{43}$/);
    expect(link[1]).toContain('it makes one administrator, once, until ');
    gluewall(['user', 'add', 'ann', '--role', 'admin'], PASSWORD);
    expect(gluewall(['console', 'setup-link']).stdout).toContain('it makes one more');
  });
});

describe('gluewall changes', () => {
  it('tells what was done, and finds it again', { timeout: 60_000 }, () => {
    addRule();
    gluewall(['rule', 'remove', json<ChangeView[]>('changes')[0]!.subject]);
    gluewall(['rule', 'remove', 'nothing']);
    const lines = gluewall(['changes', '--since', '1h', '--by', 'socket']).stdout;
    expect(lines).toMatch(/socket {2}rule add [\da-f]+\n {2}after {2}\{"outcome":"added"/);
    expect(json<ChangeView[]>('changes', '--operation', 'rule remove')).toHaveLength(2);
    expect(json<ChangeView[]>('changes', '--limit', '1')).toHaveLength(1);
    expect(gluewall(['changes', '--by', 'ann']).stdout).toBe('nothing of that kind was changed\n');
    expect(gluewall(['changes', '--operation', 'rule ad'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('did you mean "rule add"?'),
    });
    expect(gluewall(['changes', '--operation', 'rule list']).stderr).toContain('changes nothing');
    expect(gluewall(['changes', '--since', 'yesterday']).status).toBe(2);
  });
});

describe('accounts, of a gluewall that runs', () => {
  const PORT = 16_697;
  const HERE = '192.0.2.10';
  let running: GluewallProcess | undefined;

  afterEach(() => running?.kill());

  const start = async () => {
    const settings = { openflow: { listen: `127.0.0.1:${PORT}` }, store: { file: join(folder, 'running.db') } };
    running = await GluewallProcess.start(folder, settings);
  };
  const type = (args: readonly string[], input = '') =>
    gluewall([...args, '--config', running!.configPath, '--socket', running!.socketPath], input);
  const ask = async <V>(request: ControlRequest, as?: Actor): Promise<V> =>
    (await resultOf(askControl(running!.socketPath, request, undefined, as))) as V;
  const refusal = (request: ControlRequest, as?: Actor) =>
    ask(request, as).then(
      () => 'none',
      (error: GluewallError) => error.code,
    );

  it('are carried out for who asks, recorded, and go on over a restart', { timeout: 180_000 }, async () => {
    await start();
    expect(type(['user', 'add', 'ann', '--role', 'analyst'], PASSWORD).status).toBe(0);
    const open = { operation: 'session open', user: 'ann', password: PASSWORD.trim(), from: HERE } as const;
    const session = await ask<OpenedSession>(open);
    const ann: Actor = { user: session.user, role: session.role, from: HERE, token: undefined };
    const add = {
      operation: 'rule add',
      action: 'allow',
      match: { to: '192.0.2.53' },
      reason: 'r',
      owner: 'eve',
    } as const;
    const { rule } = await ask<RuleChangeView>(add, ann);
    expect(rule?.owner).toBe('ann');
    expect(await refusal({ operation: 'log trim' }, ann)).toBe('role-refused');
    expect(await refusal(open, ann)).toBe('role-refused');
    expect(await refusal(add, { ...ann, role: 'viewer' })).toBe('role-refused');
    expect(await refusal(add, { ...ann, role: 'root' as 'admin' })).toBe('bad-request');
    await running!.stop();
    await start();
    const check = { operation: 'session check', secret: session.secret, from: HERE } as const;
    expect(await ask<SessionView>(check)).toMatchObject({ user: 'ann', role: 'analyst', id: session.id });
    expect(type(['user', 'role', 'ann', 'viewer']).stdout).toContain('must sign in again');
    expect(await refusal(check)).toBe('session-ended');
    const changes = JSON.parse(type(['changes', '--json']).stdout) as ChangeView[];
    expect(changes.map(({ operation, by, from, refused }) => [operation, by, from, refused])).toEqual([
      ['user change', 'socket', 'socket', null],
      ['rule add', 'ann', HERE, 'role-refused'],
      ['session open', 'ann', HERE, 'role-refused'],
      ['log trim', 'ann', HERE, 'role-refused'],
      ['rule add', 'ann', HERE, null],
      ['session open', 'ann', HERE, null],
      ['user add', 'socket', 'socket', null],
    ]);
    expect(changes[4]).toMatchObject({
      subject: rule!.id,
      before: null,
      after: expect.stringContaining('"owner":"ann"'),
    });
    expect(JSON.stringify(changes)).not.toContain(session.secret);
  });
});
