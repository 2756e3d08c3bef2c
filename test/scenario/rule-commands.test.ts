/** `gluewall rule`, `allow`, `events` and `report rollout` as they are typed, on the store of a gluewall that does not run. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PlacedRule } from '../../src/cli/print-rules.ts';
import type { EveRecord } from '../../src/events/eve.ts';
import { openSqliteStore } from '../../src/storage/sqlite-store.ts';
import { runGluewall } from '../support/command-line.ts';
import { addressOf, nameOf } from '../support/store-rows.ts';
import { verdictEvent } from '../support/verdict-events.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const threadScript = new URL('../../dist/src/storage/sqlite-worker.js', import.meta.url);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-rules-'));
  writeFileSync(
    join(folder, 'gluewall.yaml'),
    `store: { file: gluewall.db }
control: { socket: ${join(folder, 'socket')} }
warmup: 1d
trusted_resolvers: [198.51.100.1]
rules:
  - action: deny
    to: 203.0.113.0/24
    reason: hosting of an attack
  - { action: allow, from: 192.0.2.7, to: 198.51.100.7, reason: monitoring }
`,
  );
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const gluewall = (...args: string[]) => runGluewall(folder, args);
const listed = (...args: string[]): PlacedRule[] => JSON.parse(gluewall(...args, '--json').stdout);

describe('rules', () => {
  it('are added, renewed, listed in the order in which they are asked, and removed', { timeout: 120_000 }, () => {
    const added = gluewall('rule', 'add', 'allow', '--to', '192.0.2.53', '--reason', 'ticket 1');
    expect(added).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^in force from now on: allow to 192\.0\.2\.53/),
    });
    expect(
      gluewall('rule', 'add', 'deny', '--zone', 'Tunnel.example', '--type', 'txt,WORD', '--reason', 'x').status,
    ).toBe(2);
    const deny = gluewall(
      'rule',
      'add',
      'deny',
      '--zone',
      'Tunnel.example',
      '--type',
      'txt,TYPE10',
      '--reason',
      'tunnel',
    );
    expect(deny.stdout).toMatch(/deny zone tunnel\.example type NULL or TXT .*\nwarning: it reads the message/);
    const renewed = gluewall(
      'rule',
      'add',
      'allow',
      '--to',
      '192.0.2.53',
      '--reason',
      'ticket 2',
      '--expires',
      '8h',
      '--json',
    );
    const { outcome, rule } = JSON.parse(renewed.stdout);
    expect(outcome).toBe('renewed');
    const rules = listed('rule', 'list');
    expect(rules.map(({ action, reason, origin, line }) => [action, reason, origin, line])).toEqual([
      ['deny', 'hosting of an attack', 'configuration', 6],
      ['deny', 'tunnel', 'command', null],
      ['allow', 'monitoring', 'configuration', 9],
      ['allow', 'ticket 2', 'command', null],
    ]);
    expect(rules[3]).toMatchObject({ id: rule.id, match: { to: '192.0.2.53' }, hits: 0, lastHit: null });
    expect(Date.parse(rules[3]!.expires!)).toBeGreaterThan(Date.now() + 7 * HOUR_MS);
    const text = gluewall('rule', 'list').stdout.split('\n');
    expect(text[0]).toBe('asked first, deny rules:');
    expect(text[1]).toContain('in the configuration, line 6');
    expect(text[3]).toBe('asked then, allow rules:');
    expect(gluewall('rule', 'remove', rule.id)).toMatchObject({ status: 0 });
    expect(gluewall('rule', 'remove', rule.id)).toMatchObject({ status: 1 });
    expect(gluewall('rule', 'remove', rules[0]!.id)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('change it there and reload'),
    });
    expect(listed('rule', 'list')).toHaveLength(3);
  });

  it('have short forms for what is allowed', { timeout: 120_000 }, () => {
    const add = (...args: string[]) => gluewall('allow', 'add', ...args, '--reason', 'ticket 1');
    expect(add('192.0.2.53').status).toBe(0);
    expect(add('192.0.2.53', '--from', '192.0.2.10').status).toBe(0);
    expect(add('2001:DB8::/32', '--zone', 'updates.example').status).toBe(0);
    expect(listed('allow', 'list').map(({ match }) => match)).toEqual([
      { from: '192.0.2.7', to: '198.51.100.7' },
      { to: '192.0.2.53' },
      { from: '192.0.2.10', to: '192.0.2.53' },
      { to: '2001:db8::/32', zone: 'updates.example' },
    ]);
    expect(gluewall('allow', 'list').stdout).not.toContain('asked');
    expect(gluewall('allow', 'remove', '192.0.2.53').status).toBe(0);
    expect(gluewall('allow', 'remove', '192.0.2.53').status).toBe(1);
    expect(gluewall('allow', 'remove', '192.0.2.53', '--from', '192.0.2.10').status).toBe(0);
    expect(gluewall('allow', 'remove', '2001:db8::/32', '--zone', 'UPDATES.example').status).toBe(0);
    expect(listed('allow', 'list')).toHaveLength(1);
  });

  it('say when they cannot win', () => {
    const { stdout, status } = gluewall('allow', 'add', '203.0.113.8', '--reason', 'ticket 1');
    expect(status).toBe(0);
    expect(stdout).toMatch(/warning: this allow cannot win: deny rule conf-\w+ \(to 203\.0\.113\.0\/24: hosting of an/);
    const resolver = gluewall('allow', 'add', '198.51.100.1', '--reason', 'ticket 2', '--json');
    expect(JSON.parse(resolver.stdout).warnings).toEqual([expect.stringContaining('is a trusted resolver')]);
  });

  it.each([
    [['rule', 'add', 'permit', '--to', '192.0.2.1', '--reason', 'x'], 'want allow or deny'],
    [['rule', 'add', 'allow', '--reason', 'x'], 'say which queries'],
    [['rule', 'add', 'allow', '--to', '192.0.2.1'], "required option '--reason <text>'"],
    [['rule', 'add', 'allow', '--to', '192.0.2.1', '--reason', ' '], '--reason: 1 to 500 characters that say why'],
    [
      ['rule', 'add', 'allow', '--to', '192.0.2.1/24', '--reason', 'x'],
      '--to: "192.0.2.1/24" has bits set beyond its length: write 192.0.2.0/24, or 192.0.2.1',
    ],
    [['rule', 'add', 'allow', '--from', 'mac:1', '--reason', 'x'], '--from: "mac:1" is not understood'],
    [['rule', 'add', 'deny', '--type', 'A,', '--reason', 'x'], '--type: "" is not understood'],
    [['rule', 'add', 'deny', '--protocol', 'sctp', '--reason', 'x'], 'Allowed choices are udp, tcp'],
    [['allow', 'add', '192.0.2.1', '--reason', 'x', '--zone', '..'], '--zone: ".." is not understood'],
    [['allow', 'remove', 'somewhere'], '--to: "somewhere" is not understood'],
    [['events', '--name', '..'], '".." is no domain name'],
    [['events', '--verdict', 'perhaps'], 'Allowed choices are allow, block, would block'],
    [['events', '--until', 'soon'], '"soon" is no time'],
    [['report', 'rollout', '--since', 'soon'], '"soon" is no time'],
  ])('%j is refused with what is wanted', (args, said) => {
    const { status, stderr } = gluewall(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('    at ');
  });
});

describe('events', () => {
  const hoursAgo = (hours: number) => Date.now() - hours * HOUR_MS;

  beforeEach(async () => {
    const { store } = await openSqliteStore(join(folder, 'gluewall.db'), { events: 1000, threadScript });
    const wouldBlock = (hours: number, changes: object) =>
      verdictEvent({ atMs: hoursAgo(hours), enforced: false, ...changes });
    const bot = { client: addressOf('192.0.2.66'), group: 'lab', queryName: nameOf('c2.Evil.example') };
    await store.saveEvents([
      verdictEvent({ atMs: hoursAgo(100), verdict: 'allow', reason: 'history', queryName: nameOf('www.good.example') }),
      wouldBlock(60, {
        client: addressOf('192.0.2.10'),
        clientName: 'laptop.corp.example',
        destination: addressOf('198.51.100.8'),
      }),
      wouldBlock(50, bot),
      wouldBlock(49, bot),
      verdictEvent({ atMs: hoursAgo(1), queryName: nameOf('evil.example'), clientName: 'printer' }),
    ]);
    await store.close();
  });

  const found = (...filters: string[]): EveRecord[] =>
    gluewall('events', '--json', ...filters)
      .stdout.split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));

  it.each([
    [[], 5],
    [['--name', 'EVIL.example'], 3],
    [['--name', 'good.example'], 1],
    [['--name', 'c2.evil.example', '--limit', '1'], 1],
    [['--group', 'lab'], 2],
    [['--verdict', 'would block'], 3],
    [['--verdict', 'block'], 1],
    [['--verdict', 'allow'], 1],
    [['--client', 'laptop'], 1],
    [['--client', 'Laptop.corp.example'], 1],
    [['--client', '192.0.2.66', '--since', '2970m'], 2],
    [['--client', '192.0.2.66', '--until', '2h'], 3],
    [['--since', '55h', '--until', '2h', '--name', 'example'], 2],
  ])('are found by %j', (filters, count) => {
    expect(found(...filters)).toHaveLength(count);
  });

  it('are reported with the command that would allow them, and that command works', { timeout: 120_000 }, () => {
    const report = gluewall('report', 'rollout');
    expect(report.status).toBe(0);
    expect(report.stdout.split('\n')).toEqual([
      expect.stringMatching(
        /^2× {2}192\.0\.2\.66 → 203\.0\.113\.66 {2}not in the history {2}\[lab\] .* asked for c2\.Evil\.example$/,
      ),
      '    gluewall allow add 203.0.113.66 --from 192.0.2.66 --reason "found in monitoring"',
      expect.stringMatching(/^1× {2}192\.0\.2\.10 \(laptop\.corp\.example\) → 198\.51\.100\.8 /),
      '    gluewall allow add 198.51.100.8 --from 192.0.2.10 --reason "found in monitoring"',
      expect.stringMatching(/^3 queries would have been blocked from .* that are left: 2$/),
      'The list is short enough to enforce.',
      expect.stringContaining('(short enough to enforce: monitored for 2d'),
      '',
    ]);
    gluewall('allow', 'add', '198.51.100.8', '--from', '192.0.2.10', '--reason', 'found in monitoring');
    const after = JSON.parse(gluewall('report', 'rollout', '--since', '14d', '--json').stdout);
    expect(after).toMatchObject({ pairs: 1, settled: { rows: 1, events: 1 }, isShortEnough: true });
    expect(after.rows).toMatchObject([{ client: '192.0.2.66', count: 2 }]);
    const lab = JSON.parse(gluewall('report', 'rollout', '--group', 'lab', '--json').stdout);
    expect(lab).toMatchObject({ group: 'lab', events: 2, pairs: 1 });
  });

  it('are too few while there was not time enough', async () => {
    const { store } = await openSqliteStore(join(folder, 'gluewall.db'), { events: 1, threadScript });
    await store.saveEvents([verdictEvent({ atMs: Date.now() - DAY_MS, verdict: 'allow', reason: 'history' })]);
    await store.close();
    const { status, stdout } = gluewall('report', 'rollout');
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /not short enough to enforce yet; missing: 2d more of monitoring|1d \d+h more of monitoring/,
    );
  });
});
