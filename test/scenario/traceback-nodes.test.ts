/** Three nodes of three organisations, each `gluewall node` as a process of its own: what its users do, and what may go wrong. */
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../mininet/until.ts';
import { askControl } from '../../src/control/control-client.ts';
import type { Case, CaseSummary } from '../../src/traceback/cases/case.ts';
import { gluewall } from '../support/gluewall-command.ts';
import { BOT, BYSTANDER, nameOf, ORGANISATIONS, TracebackFederation, VICTIM } from '../support/traceback-federation.ts';

const FORGED = '198.18.0.7';
const SOON_MS = 20_000;

let federation: TracebackFederation;
beforeAll(async () => {
  federation = await TracebackFederation.start();
}, 60_000);
afterAll(async () => {
  await federation?.remove();
});

const parsed = <T>({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): T => {
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout) as T;
};

describe('a request over three organisations', () => {
  it('leads to the hosts that asked for the name, with progress on standard error', async () => {
    const ended = await federation.request(FORGED, '--json');
    const found = parsed<Case>(ended);
    expect(ended.status).toBe(0);
    expect(found).toMatchObject({ outcome: 'hosts named', isComplete: true, gaps: [] });
    expect(found.confirmation?.outcome).toBe('spoofed');
    expect(found.hosts.map(({ address }) => address).sort()).toEqual([BYSTANDER, BOT].sort());
    for (const { confidence, paths } of found.hosts) {
      expect(confidence).toBeGreaterThan(0.25);
      expect(confidence).toBeLessThan(0.6);
      expect(paths).toEqual([ORGANISATIONS.map(nameOf)]);
    }
    expect(ended.stderr).toContain(`case ${found.id}`);
    expect(ended.stderr).toMatch(/confirm: spoofed/);
  });

  it('is a table for people, with the next step', async () => {
    const { status, stdout } = await federation.request(FORGED, '--method', 'hash');
    expect(status).toBe(0);
    const lines = stdout.split('\n');
    const heading = lines.find((line) => line.startsWith('HOST'))!;
    const row = lines.find((line) => line.startsWith(BOT))!;
    expect(row.indexOf('%')).toBeGreaterThan(heading.indexOf('CONFIDENCE'));
    expect(row.slice(heading.indexOf('BY'))).toMatch(/^node\.office\.example /);
    expect(stdout).toMatch(/gluewall traceback export [0-9a-f]{8} --output/);
  });

  it('says of an attacker with an address of its own that it is that', async () => {
    for (const method of ['oblivious', 'hash']) {
      const ended = await federation.request(BOT, '--method', method, '--json');
      expect(parsed<Case>(ended)).toMatchObject({ outcome: 'not spoofed', hosts: [] });
      expect(ended.status).toBe(0);
    }
  });

  it('asks for names that the hosts asked for before, where that is wanted', async () => {
    const found = parsed<Case>(await federation.request(FORGED, '--command-and-control', '--json'));
    expect(found.exchanges.map(({ kind }) => kind)).toEqual(['confirm', 'traceback', 'command-and-control']);
    expect(found.exchanges.every(({ failure }) => failure === undefined)).toBe(true);
  });
});

describe('cases', () => {
  const list = async (): Promise<readonly CaseSummary[]> => {
    const cases: unknown[] = [];
    const { socketPath } = federation.running.get('shop')!;
    for await (const one of askControl(socketPath, { operation: 'traceback list' })) cases.push(one);
    return cases as readonly CaseSummary[];
  };

  it('are listed, shown by the beginning of their id, and closed with a reason', async () => {
    const { id } = (await list()).find(({ outcome }) => outcome === 'hosts named')!;
    const shown = await federation.command('shop', 'traceback', 'show', id.slice(0, 13), '--json');
    expect(parsed<Case>(shown)).toMatchObject({ id, state: 'open', question: { name: VICTIM, source: FORGED } });
    const closed = await federation.command('shop', 'traceback', 'close', id, '--reason', 'cleaned, ticket 4711');
    expect(closed.status, closed.stderr).toBe(0);
    const listed = await federation.command('shop', 'traceback', 'list', '--json');
    expect(parsed<readonly CaseSummary[]>(listed).find((one) => one.id === id)).toMatchObject({ state: 'closed' });
  });

  it('that are not there are not found', async () => {
    const { status, stderr } = await federation.command('shop', 'traceback', 'show', 'ffffffff');
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('traceback list') });
  });

  it('are handed over as a signed bundle, without the key', async () => {
    const { id } = (await list()).find(({ outcome }) => outcome === 'hosts named')!;
    const folder = join(federation.folder('shop'), 'evidence');
    const exported = await federation.command('shop', 'traceback', 'export', id, '--output', folder);
    expect(exported.status, exported.stderr).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['case.json', 'report.md', 'signature.json']);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    const verify = () => gluewall(process.env, 'traceback', 'verify', folder, '--ca', federation.ca);
    expect(await verify()).toMatchObject({ status: 0 });
    const again = await federation.command('shop', 'traceback', 'export', id, '--output', folder);
    expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining('not empty') });
    writeFileSync(join(folder, 'report.md'), 'It was the neighbour.\n');
    expect(await verify()).toMatchObject({ status: 1 });
    expect(readdirSync(join(federation.folder('shop'), 'node')).filter((name) => name.startsWith('export-'))).toEqual(
      [],
    );
  });

  it('end by Ctrl-C, and are kept as far as they have come', async () => {
    const office = federation.running.get('office')!;
    process.kill(office.pid!, 'SIGSTOP');
    const request = federation.beginRequest(FORGED, '--time-limit', '60s');
    await until('the case is being worked on', SOON_MS, () =>
      request.said().includes('confirm: asking') ? true : undefined,
    );
    request.kill('SIGINT');
    const { status, stderr } = await request.ended;
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('gluewall traceback show') });
    const id = /case ([0-9a-f-]{36})/.exec(stderr)![1]!;
    await until('the case has ended', SOON_MS, async () =>
      (await list()).some((one) => one.id === id && one.outcome === 'cancelled') ? true : undefined,
    );
    // Not before: an answer that comes ends the case, too.
    process.kill(office.pid!, 'SIGCONT');
  });
});

describe('what was typed wrong', () => {
  it.each([
    [['--at', '2126-01-01T00:00:00Z'], /has not come yet/],
    [['--time-limit', '2h'], /--time-limit/],
    [['--before', 'soon'], /--before/],
    [['--override', ' '], /--override/],
    [['--source', 'www.example.org'], /no IPv4 or IPv6 address/],
  ])('%j', async (words, message) => {
    const { status, stderr } = await federation.request(FORGED, ...words);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('a node without a gate', () => {
  it('refuses what is for a gate, and says so', async () => {
    const { status, stderr } = await federation.command('shop', 'history', 'list');
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('has no gate') });
  });

  it('answers about its log, and has figures', async () => {
    const found = await federation.command('office', 'log', 'search', '--client', BOT, '--json');
    expect(parsed<{ readonly count: number }>(found).count).toBe(1);
    const status = parsed<{ readonly node: { readonly granted: Readonly<Record<string, number>> } }>(
      await federation.command('office', 'status', '--json'),
    );
    expect(status.node.granted.traceback).toBeGreaterThan(0);
  });

  it('says what it is when it starts', () => {
    const said = (organisation: (typeof ORGANISATIONS)[number]) =>
      federation.running
        .get(organisation)!
        .log.map(({ msg }) => msg)
        .join('\n');
    expect(said('shop')).toContain('destination of shop.example');
    expect(said('transit')).toContain('forwarder');
    expect(said('office')).toContain('source of 1 client network');
    expect(said('shop')).toContain(`https://127.0.0.1:${federation.ports.shop}`);
  });

  it('does not start without `node` in its configuration, and says what to write', async () => {
    const file = join(federation.folder('shop'), 'empty.yaml');
    writeFileSync(file, 'mode: monitor\n');
    const { status, stderr } = await gluewall(process.env, 'node', '--config', file);
    expect(status).toBe(2);
    expect(stderr).toMatch(/there is no `node` in it[\s\S]*peers:/);
  });

  it('does not start where another one has its folder', async () => {
    const file = join(federation.folder('shop'), 'gluewall.yaml');
    const socket = join(federation.folder('shop'), 'second.sock');
    const { status, stderr } = await gluewall(process.env, 'node', '--config', file, '--socket', socket);
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('another process') });
    expect(existsSync(socket)).toBe(false);
  });
});

describe('what changes while it goes on', () => {
  const reloaded = (organisation: 'office' | 'transit', count: number) =>
    until('the configuration is reloaded', SOON_MS, () => {
      const lines = federation.running
        .get(organisation)!
        .log.filter(({ msg }) => msg.startsWith('reloaded: node.peers'));
      return lines.length >= count ? true : undefined;
    });

  it('a peer that may ask no more is refused from SIGHUP on, and asks again behind the next', async () => {
    federation.reload('office', federation.config('office', { requests: [] }));
    await reloaded('office', 1);
    const refused = await federation.request(FORGED, '--json');
    expect(refused.status).toBe(1);
    expect(parsed<Case>(refused)).toMatchObject({
      outcome: 'not confirmed',
      gaps: [{ reason: 'refused', node: nameOf('office') }],
    });
    federation.reload('office', federation.config('office'));
    await reloaded('office', 2);
    expect((await federation.request(FORGED)).status).toBe(0);
  });

  it('a node that dies in the middle of a case leaves a gap', async () => {
    const office = federation.running.get('office')!;
    process.kill(office.pid!, 'SIGSTOP');
    const request = federation.beginRequest(FORGED, '--time-limit', '20s', '--override', 'a test', '--json');
    await until('the case is being worked on', SOON_MS, () =>
      request.said().includes('confirm: asking') ? true : undefined,
    );
    await office.kill();
    const ended = await request.ended;
    const found = parsed<Case>(ended);
    expect(ended.status).toBe(1);
    expect(found.outcome).toBe('no host named');
    expect(found.isComplete).toBe(false);
    expect(found.gaps).toEqual(
      expect.arrayContaining([expect.objectContaining({ reason: 'unreachable', node: nameOf('office') })]),
    );
    await federation.begin('office');
    expect((await federation.request(FORGED)).status).toBe(0);
  }, 60_000);

  it('ends cleanly, with a whole audit log', async () => {
    for (const organisation of ORGANISATIONS) {
      expect(await federation.running.get(organisation)!.stop(), organisation).toBe(0);
      const verified = await federation.command(organisation, 'audit', 'verify');
      expect(verified.status, verified.stderr).toBe(0);
    }
    const { status, stderr } = await federation.request(FORGED);
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('no gluewall answers') });
  });
});
