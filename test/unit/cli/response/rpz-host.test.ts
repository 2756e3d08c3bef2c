import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RpzHost } from '../../../../src/cli/response/rpz-host.ts';
import { parseConfig } from '../../../../src/config/load.ts';
import { FindingBook } from '../../../../src/findings/finding-book.ts';
import { NsHistory } from '../../../../src/nsdb/ns-history.ts';
import { NO_PACKS } from '../../../../src/policy/pack.ts';
import { PolicyBook } from '../../../../src/policy/policy-book.ts';
import { RuleBook } from '../../../../src/policy/rule-book.ts';
import { formatTrigger } from '../../../../src/rpz/trigger.ts';
import { MemoryStore } from '../../../../src/storage/memory-store.ts';
import { foundOf } from '../../../support/findings.ts';
import { historyOptions, learnAt } from '../../../support/learning.ts';
import { groupOf, ruleOf } from '../../../support/policies.ts';
import { RecordingLog } from '../../../support/recording-log.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const DAY_MS = 86_400_000;
const SITE = `
inside: { networks: [192.0.2.0/24], zones: [corp.example.org] }
trusted_resolvers: [192.0.2.53]
`;

let directory: string;
let clock: VirtualClock;
let log: RecordingLog;
let history: NsHistory;
let findings: FindingBook;
let policies: PolicyBook;
let isReady: boolean;
let hosts: RpzHost[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  clock = new VirtualClock();
  log = new RecordingLog();
  history = new NsHistory(clock, historyOptions());
  let count = 0;
  findings = new FindingBook({ clock, log, store: new MemoryStore({ events: 10 }), newId: () => `F-${++count}` });
  await findings.load();
  policies = new PolicyBook(clock, history, new RuleBook(100), NO_PACKS, [groupOf(0, 'default', [])]);
  isReady = true;
  hosts = [];
});

afterEach(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
  rmSync(directory, { recursive: true, force: true });
});

function configOf(response: string) {
  return parseConfig(`${SITE}response:\n${response}\n`, 'gluewall.yaml');
}
const fileText = () => readFileSync(join(directory, 'zone'), 'utf8');

async function start(rules = '', rpz = '') {
  const config = configOf(`  rpz: { file: ${join(directory, 'zone')}${rpz} }\n  rules: [${rules}]`);
  const host = new RpzHost(config, config.response.rpz!, {
    findings,
    policies,
    history,
    clock,
    log,
    isReady: () => isReady,
  });
  hosts.push(host);
  await host.start();
  return host;
}

function take(subject: string, detail?: unknown, score = 0.9): string {
  const given = { kind: 'c2-server', subject, score, lastAtMs: clock.nowMs(), firstAtMs: clock.nowMs() } as const;
  findings.take([foundOf(subject, { ...given, ...(detail === undefined ? {} : { detail }) })]);
  return findings.list().find((one) => one.subject === subject)!.id;
}

function escalate(subject: string, detail?: unknown): string {
  const id = take(subject, detail);
  findings.escalate(id, 'ann');
  return id;
}

const entries = (host: RpzHost) => host.state.entries.map(({ trigger }) => formatTrigger(trigger));
const leftOut = (host: RpzHost) =>
  host.state.leftOut.map(({ trigger, problem }) => `${formatTrigger(trigger)} ${problem}`);

describe('RpzHost', () => {
  it('takes nothing up by itself, what a person has escalated, and lets go what is closed', async () => {
    const host = await start();
    const id = take('c2.example');
    clock.advance(1000);
    expect(entries(host)).toEqual([]);
    findings.escalate(id, 'ann');
    clock.advance(1000);
    expect(entries(host)).toEqual(['name c2.example']);
    expect(host.state.entries[0]).toMatchObject({ why: [id], expiresAtMs: clock.nowMs() - 1000 + 7 * DAY_MS });
    findings.close(id, 'mistake', 'a shop', 'ann');
    expect(entries(host)).toEqual([]);
  });

  it('follows rules: by kind and score, for their time', async () => {
    const host = await start('{ findings: [c2-server], min_score: 0.95, action: rpz, for: 1h }');
    take('k1.weak.example', undefined, 0.94);
    take('k1.strong.example', undefined, 0.95);
    expect(entries(host)).toEqual(['name k1.strong.example']);
    clock.advance(3_599_000);
    expect(entries(host)).toEqual(['name k1.strong.example']);
    const { serial } = host.state;
    clock.advance(1000);
    expect(entries(host)).toEqual([]);
    expect(host.state.serial).toBeGreaterThan(serial);
  });

  it('knows a server by its address: NSIP where it serves DNS, NSDNAME by the history', async () => {
    learnAt(history, clock.nowMs(), { zone: 'c2.example', nameServer: 'ns.bullet.example', address: '203.0.113.53' });
    const host = await start();
    escalate('203.0.113.53');
    escalate('203.0.113.54', { address: '203.0.113.54', name: 'k3.example', ports: [53] });
    escalate('203.0.113.55', { address: '203.0.113.55', name: 'web.example', ports: [443] });
    expect(entries(host)).toEqual([
      'name k3.example',
      'name web.example',
      'server-address 203.0.113.53',
      'server-address 203.0.113.54',
      'server-name ns.bullet.example',
    ]);
  });

  it('takes by a rule nothing but full names: of the rest a person has to judge', async () => {
    learnAt(history, clock.nowMs(), { zone: 'c2.example', nameServer: 'ns.bullet.example', address: '203.0.113.53' });
    const host = await start('{ findings: [c2-server], min_score: 0, action: rpz }');
    const ids = [
      take('203.0.113.53'),
      take('203.0.113.54', { name: 'k3.c2.example', ports: [53] }),
      take('web.example'),
    ];
    expect(entries(host)).toEqual(['name k3.c2.example']);
    for (const id of ids) findings.escalate(id, 'ann');
    expect(entries(host)).toHaveLength(5);
  });

  it('never takes up what is the site’s own, allowed or everybody’s', async () => {
    policies.rules.add(ruleOf('allow', { zone: 'partner.example' }));
    policies.rules.add(ruleOf('allow', { to: 'name:ns.partner.example' }));
    policies.rules.add(ruleOf('allow', { to: '198.51.100.0/24' }));
    learnAt(history, clock.nowMs(), {
      zone: 'other.example',
      nameServer: 'ns.partner.example',
      address: '203.0.113.20',
    });
    learnAt(history, clock.nowMs(), {
      zone: 'corp.example.org',
      nameServer: 'ns.hoster.example',
      address: '203.0.113.21',
    });
    learnAt(history, clock.nowMs(), { zone: 'com', nameServer: 'a.gtld.example', address: '203.0.113.22' });
    const host = await start();
    escalate('www.corp.example.org');
    escalate('example.org');
    escalate('mail.partner.example');
    escalate('com');
    escalate('192.0.2.66', { ports: [53] });
    escalate('192.0.2.53', { ports: [53] });
    escalate('198.51.100.7', { name: 'c2.example', ports: [53] });
    for (const last of [20, 21, 22]) escalate(`203.0.113.${last}`);
    expect(entries(host)).toEqual([]);
    expect(leftOut(host)).toEqual([
      'name c2.example it stands for an address that is allowed by the rule allow-198.51.100.0/24',
      'name com is a public suffix: others have names of their own below it',
      'name example.org is above corp.example.org, which is a zone of ours (inside.zones)',
      'name mail.partner.example is below partner.example, which is allowed by the rule allow-partner.example',
      'name www.corp.example.org is below corp.example.org, which is a zone of ours (inside.zones)',
      'server-address 192.0.2.53 is a trusted resolver',
      'server-address 192.0.2.66 is of an inside network',
      'server-address 198.51.100.7 is allowed by the rule allow-198.51.100.0/24',
      'server-address 203.0.113.20 is allowed by the rule allow-name:ns.partner.example',
      'server-address 203.0.113.21 serves corp.example.org, which is a zone of ours (inside.zones)',
      'server-address 203.0.113.22 serves com, and whatever is registered below it',
      'server-name a.gtld.example serves com, and whatever is registered below it',
      'server-name ns.hoster.example serves corp.example.org, which is a zone of ours (inside.zones)',
      'server-name ns.partner.example is allowed by the rule allow-name:ns.partner.example',
    ]);
  });

  it('lets go what is allowed by now, and has what is no more', async () => {
    const host = await start('{ findings: [c2-server], min_score: 0, action: rpz }');
    take('k1.c2.example');
    clock.advance(1000);
    await settled(() => fileText().includes('c2.example'));
    policies.rules.add(ruleOf('allow', { zone: 'c2.example' }));
    clock.advance(1000);
    expect(host.figures).toMatchObject({ entries: 0, leftOut: 1 });
    await settled(() => !fileText().includes('c2.example'));
    policies.rules.remove('allow-c2.example');
    clock.advance(1000);
    expect(host.figures).toMatchObject({ entries: 1, leftOut: 0 });
    host.configure(configOf(`  rpz: { file: ${join(directory, 'zone')} }\n  rules: []`));
    expect(entries(host)).toEqual([]);
  });

  it('leaves the file of the run before alone until the findings are known, and goes on from its serial', async () => {
    const old = 'rpz.gluewall.internal. IN SOA localhost. hostmaster.localhost. 1800000000 300 60 604800 60\n';
    writeFileSync(join(directory, 'zone'), old);
    isReady = false;
    const host = await start();
    clock.advance(60_000);
    expect(fileText()).toBe(old);
    expect(host.figures.problem).toContain('the store is not read yet');
    isReady = true;
    clock.advance(10_000);
    expect(host.figures).toMatchObject({ serial: 1_800_000_001, problem: undefined });
    await settled(() => fileText().includes(' 1800000001 '));
  });

  it('tells of a file that cannot be written, and of a command that fails, and tries again', async () => {
    const host = await start(
      '',
      `, reload: [/bin/sh, -c, "test -e ${join(directory, 'up')} || { echo down >&2; exit 3; }"]`,
    );
    await settled(() => host.figures.problem !== undefined);
    expect(host.figures.problem).toMatch(/the reload command \/bin\/sh ended with 3: down$/);
    writeFileSync(join(directory, 'up'), '');
    clock.advance(30_000);
    await settled(() => host.figures.problem === undefined);
    expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
  });

  it('runs no shell', async () => {
    const host = await start(
      '',
      `, reload: [/bin/true, "; touch ${join(directory, 'owned')}", "$(touch ${join(directory, 'owned')})"]`,
    );
    await settled(() => existsSync(join(directory, 'zone')));
    await host.stop();
    expect(existsSync(join(directory, 'owned'))).toBe(false);
    expect(host.figures.problem).toBeUndefined();
  });
});

async function settled(isSo: () => boolean): Promise<void> {
  await expect.poll(isSo, { timeout: 5000 }).toBe(true);
}
