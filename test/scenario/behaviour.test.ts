/** What hosts do, as a gluewall that runs sees it in the log of a resolver: findings, groups of bots, and one host. */
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { until } from '../../mininet/until.ts';
import { resultOf } from '../../src/control/answer.ts';
import { askControl } from '../../src/control/control-client.ts';
import type { ControlRequest } from '../../src/control/protocol.ts';
import type { BotGroupView } from '../../src/services/bot-view.ts';
import type { HostView } from '../../src/services/host-view.ts';
import { botLog } from '../support/bot-log.ts';
import { gluewall as runCommand } from '../support/gluewall-command.ts';

const SOON_MS = 30_000;
const BOTS = ['192.0.2.66', '192.0.2.67', '192.0.2.68'];
const OTHERS = Array.from({ length: 20 }, (_, index) => `192.0.2.${100 + index}`);
const COMMAND = 'k7f3q9z.example';

let folder: string;
let running: GluewallProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-behaviour-'));
});

afterEach(async () => {
  await running?.kill();
  running = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const settings = (others: object = {}) => ({
  openflow: { listen: '127.0.0.1:0' },
  inside: { networks: ['192.0.2.0/24'] },
  trusted_resolvers: ['192.0.2.53'],
  behaviour: { round: '1s', hosts: 1000, pairs: 100_000 },
  querylog: { sources: [{ name: 'unbound', file: join(folder, 'unbound.log'), format: 'unbound', zone: 'UTC' }] },
  ...others,
});

async function start(others: object = {}): Promise<GluewallProcess> {
  running = await GluewallProcess.start(folder, settings(others));
  return running;
}

const ask = <V>(request: ControlRequest) => resultOf(askControl(running!.socketPath, request)) as Promise<V>;

async function list<V>(request: ControlRequest): Promise<V[]> {
  const found: V[] = [];
  for await (const item of askControl(running!.socketPath, request)) found.push(item as V);
  return found;
}

const whenGrouped = () =>
  until('a group of bots', SOON_MS, async () => {
    const [group] = await list<BotGroupView>({ operation: 'bots' });
    return group?.hosts.length === BOTS.length ? group : undefined;
  });

const logNow = () => botLog({ untilMs: Date.now(), bots: BOTS, others: OTHERS, command: COMMAND });
const writeLog = () => writeFileSync(join(folder, 'unbound.log'), logNow());

describe('a gluewall that follows the log of a resolver', () => {
  it('finds the bots in it, and no one else', async () => {
    writeLog();
    await start();
    const group = await whenGrouped();
    expect(group.hosts.map(({ host }) => host).sort()).toEqual(BOTS);
    expect(group.candidates[0]).toMatchObject({ role: 'c2', name: COMMAND, suspects: 3, others: 0 });
    const findings = await until('the findings', SOON_MS, async () => {
      const found = await list<{ kind: string; subject: string }>({ operation: 'findings list', limit: 100 });
      return found.filter(({ kind }) => kind === 'infected-host').length === 3 ? found : undefined;
    });
    const ofHosts = findings.filter(({ kind }) => kind === 'infected-host').map(({ subject }) => subject);
    expect(ofHosts.sort()).toEqual(BOTS);
    expect(findings.filter(({ kind }) => kind === 'bot-group').map(({ subject }) => subject)).toEqual([group.id]);
    const host = await ask<HostView>({ operation: 'host show', host: BOTS[0]! });
    expect(host.hosts[0]!.score).toBeGreaterThan(0.8);
    expect(host.hosts[0]!.group).toMatchObject({ id: group.id });
    expect(host.hosts[0]!.evidence.map(({ kind }) => kind)).toContain('unresolvable-names');
    const other = await ask<HostView>({ operation: 'host show', host: OTHERS[0]! });
    expect(other.hosts[0]).toMatchObject({ evidence: [], group: null });
  });

  it('knows a group again after a restart', { timeout: 90_000 }, async () => {
    writeLog();
    const first = await start();
    const { id } = await whenGrouped();
    await until('the finding of the group', SOON_MS, async () => {
      const found = await list<{ subject: string }>({ operation: 'findings list', kind: 'bot-group', limit: 10 });
      return found.some(({ subject }) => subject === id) ? found : undefined;
    });
    await first.stop();
    await start();
    // Evidence is not kept: the hosts go on.
    appendFileSync(join(folder, 'unbound.log'), logNow());
    await until('the group of before, with what it has in common', SOON_MS, async () => {
      const [group] = await list<BotGroupView>({ operation: 'bots' });
      return group?.id === id && group.features.length > 0 ? group : undefined;
    });
  });

  it('tells people who belongs together and why', { timeout: 90_000 }, async () => {
    writeLog();
    const { configPath, socketPath } = await start();
    const { id } = await whenGrouped();
    const run = (...args: string[]) => runCommand(process.env, ...args, '--config', configPath, '--socket', socketPath);
    expect((await run('bots')).stdout).toMatch(new RegExp(`^${id} .* 3 hosts: 192\\.0\\.2\\.6.*C&C ${COMMAND}`));
    const shown = await run('bots', 'show', id.slice(0, 4).toLowerCase());
    expect(shown).toMatchObject({ status: 0, stderr: '' });
    expect(shown.stdout).toContain(`1. C&C ${COMMAND}`);
    expect(shown.stdout).toContain('3 of 3');
    const host = await run('host', 'show', BOTS[0]!);
    expect(host).toMatchObject({ status: 0, stderr: '' });
    expect(host.stdout).toContain('unresolvable-names:');
    expect(host.stdout).toContain(`gluewall bots show ${id}`);
    expect(host.stdout).toMatch(
      /syns-without-answer, dns-tcp: a border sees .* set behaviour\.client_side\.interfaces/,
    );
    expect(JSON.parse((await run('host', 'show', BOTS[0]!, '--json')).stdout)).toMatchObject({ address: BOTS[0] });
    expect(await run('host', 'show', '192.0.2.250')).toMatchObject({ status: 1 });
    expect(await run('bots', 'show', 'G-none')).toMatchObject({ status: 1, stdout: '' });
    const live = await run('report', 'dns-tcp', '--live');
    expect(live.status).toBe(1);
    expect(live.stderr).toContain('behaviour.client_side.interfaces');
  });

  it('looks at nobody where it is told not to', async () => {
    writeLog();
    const { configPath } = await start({ behaviour: { enabled: false } });
    const { status, stderr } = await runCommand(
      process.env,
      'bots',
      '--config',
      configPath,
      '--socket',
      running!.socketPath,
    );
    expect(status).toBe(1);
    expect(stderr).toContain('behaviour.enabled');
    expect(await ask<{ behaviour: unknown }>({ operation: 'status' })).toMatchObject({ behaviour: null });
  });

  it('knows clients by their pseudonyms where the log has those', async () => {
    writeFileSync(join(folder, 'clients.key'), randomBytes(32), { mode: 0o600 });
    writeLog();
    const { querylog } = settings();
    await start({ querylog: { ...querylog, anonymise: { key_file: join(folder, 'clients.key') } } });
    const { hosts } = await whenGrouped();
    expect(hosts.filter(({ host }) => BOTS.includes(host))).toEqual([]);
  });
});
