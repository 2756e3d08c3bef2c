/** A changed configuration, taken up under traffic: all of gluewall between clients, a real switch and nsd. */
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { hosts } from '../../mininet/internet.ts';
import type { ReloadView } from '../../src/services/reload-view.ts';
import type { RuleView } from '../../src/services/rule-services.ts';
import { describeIf } from '../support/describe-if.ts';
import { load } from '../support/gate-traffic.ts';
import { gatedInternet } from '../support/gated.ts';
import {
  addRule,
  asks,
  CORP,
  edit,
  reload,
  request,
  STRANGER,
  soon,
  teach,
  told,
  type,
  typeForJson,
  verdictFlows,
} from '../support/operator.ts';
import { restless } from '../support/restless.ts';

const NEEDS = ['root', 'namespaces', 'openVswitch'] as const;
/** Two looks at the file, the reading of it, and some. */
const FILE_MS = 10_000;
const { corp, stranger, evil, client, bot, resolver } = hosts;

describeIf(NEEDS, 'a configuration that has changed', () => {
  const world = gatedInternet();
  const passes = (question = STRANGER) => asks(world(), 'client', question);
  const configText = () => readFileSync(world().gluewall.configPath, 'utf8');
  const hangUp = () => process.kill(world().gluewall.pid!, 'SIGHUP');

  beforeAll(() => teach(world(), CORP.name, corp.ipv4));

  it.each<[string, () => unknown, number]>([
    ['by command', () => type(world(), 'reload'), 3000],
    ['by SIGHUP', hangUp, 3000],
    ['because the file has changed', () => undefined, FILE_MS],
  ])('is taken up %s', async (_how, tell, withinMs) => {
    edit(world(), { allow: [stranger.ipv4] });
    await tell();
    await soon('it is allowed', () => passes(), withinMs);
    edit(world(), { allow: [] });
    await tell();
    await soon('it is blocked', async () => !(await passes()), withinMs);
  });

  describe('and is wrong', () => {
    const refusedBy = async (tell: () => unknown) => {
      const since = world().gluewall.log.length;
      await tell();
      return world().gluewall.logged('the refusal', since, (line) => line.alarm === 'reload');
    };

    it.each<[string, (text: string) => string, RegExp]>([
      ['no YAML', (text) => `${text}\tmode: monitor\n`, /gluewall\.yaml:\d+:\d+: a tab stands here/],
      [
        'an unknown key',
        (text) => `${text}ruels: []\n`,
        /gluewall\.yaml:\d+:1: unknown key "ruels"; did you mean "rules"/,
      ],
      [
        'a network with host bits',
        (text) => `${text}groups: [{ name: lab, clients: [192.0.2.66/24] }]\n`,
        /gluewall\.yaml:\d+:\d+: groups\.0\.clients\.0: .*bits set beyond its length: write 192\.0\.2\.0\/24/,
      ],
    ])('changes nothing and says where: %s', async (_what, spoil, said) => {
      const good = configText();
      const before = await world().flows('table=0');
      const standing = await world().flows('table=1');
      writeFileSync(world().gluewall.configPath, `${spoil(good)}`);
      try {
        const { status, stderr } = await type(world(), 'reload');
        expect(status).not.toBe(0);
        expect(stderr).toMatch(said);
        expect(stderr).not.toContain('    at ');
        expect((await type(world(), 'reload', '--dry-run')).stderr).toMatch(said);
        const line = await refusedBy(hangUp);
        expect(line.msg).toMatch(said);
        expect(line.msg).toContain('not reloaded: everything is as it was before');
        expect(await world().flows('table=0')).toEqual(before);
        // Drop flows come and go by themselves.
        const cookies = (lines: readonly string[]) =>
          lines.flatMap((one) => /cookie=\w+(?<!11),/.exec(one)?.[0] ?? []).sort();
        expect(cookies(await world().flows('table=1'))).toEqual(cookies(standing));
        expect(await passes(CORP)).toBe(true);
        expect(await passes()).toBe(false);
      } finally {
        writeFileSync(world().gluewall.configPath, good);
      }
      expect((await type(world(), 'reload')).status).toBe(0);
    });
  });

  it('is only shown with --dry-run', async () => {
    const { configPath } = world().gluewall;
    edit(world(), { mode: 'monitor', allow: [stranger.ipv4] });
    await restless(configPath, async () => {
      const trial = await typeForJson<ReloadView>(world(), 'reload', '--dry-run');
      expect(trial).toMatchObject({ outcome: 'trial' });
      expect(trial.differences).toEqual([
        { path: 'mode', removed: ['"enforce"'], added: ['"monitor"'], isLive: true },
        { path: 'allow', removed: [], added: [`"${stranger.ipv4}"`], isLive: true },
      ]);
      expect(await passes()).toBe(false);
      edit(world(), { mode: 'enforce', allow: [] });
      expect(await typeForJson<ReloadView>(world(), 'reload')).toMatchObject({ outcome: 'unchanged', differences: [] });
    });
    expect(await passes()).toBe(false);
  });

  it('takes mode, groups, rules, resolvers and strictness along, and leaves what holds', async () => {
    const since = world().gluewall.log.length;
    expect(await passes(CORP)).toBe(true);
    await reload(world(), {
      groups: [{ name: 'lab', clients: [bot.ipv4] }],
      rules: [{ action: 'deny', from: 'group:lab', to: corp.ipv4, reason: 'a test' }],
    });
    await soon('the lab is denied', async () => !(await asks(world(), 'bot', CORP)), 3000);
    expect(await passes(CORP)).toBe(true);
    await reload(world(), { trusted_resolvers: [resolver.ipv4, resolver.ipv6, bot.ipv4] });
    await soon('a trusted resolver passes', () => asks(world(), 'bot', CORP), 3000);
    await reload(world(), { trusted_resolvers: [resolver.ipv4, resolver.ipv6], rules: [], groups: [] });
    await soon('all are as before', () => asks(world(), 'bot', CORP), 3000);
    await soon('it is blocked', async () => !(await asks(world(), 'bot', STRANGER)), 3000);
    await reload(world(), { mode: 'monitor' });
    await soon('it passes', () => asks(world(), 'bot', STRANGER), 3000);
    expect(await verdictFlows(world())).toEqual([]);
    await reload(world(), { mode: 'enforce' });
    await soon('it is blocked again', async () => !(await asks(world(), 'bot', STRANGER)), 3000);
    expect(
      world()
        .gluewall.log.slice(since)
        .map(({ msg }) => msg)
        .join('\n'),
    ).toContain('reloaded: mode: - "monitor"');
    expect((await world().gluewall.status()).openflowErrors).toBe(0);
  });

  it('ends a rule whose time is over by itself', async () => {
    const expires = new Date(Date.now() + 6000).toISOString();
    await reload(world(), { rules: [{ action: 'deny', to: corp.ipv4, reason: 'for a while', expires }] });
    await soon('it is denied', async () => !(await passes(CORP)), 3000);
    await soon('it passes again', () => passes(CORP), 10_000);
    expect(Date.now()).toBeGreaterThan(Date.parse(expires));
    await reload(world(), { rules: [] });
  });

  it('may hold for names with escapes', async () => {
    const rule = { action: 'deny', zone: 'odd\\.label.corp.example', reason: 'a test' };
    await reload(world(), { rules: [rule] });
    const [held] = await typeForJson<RuleView[]>(world(), 'rule', 'list');
    expect(held!.match.zone).toBe(rule.zone);
    const since = world().gluewall.log.length;
    expect(await passes({ ...CORP, name: 'a.odd\\.label.corp.example' })).toBe(false);
    expect(await told(world(), since, (line) => line.ruleId === held!.id)).toMatchObject({ reason: 'denyRule' });
    expect(await passes({ ...CORP, name: 'a.odd.label.corp.example' })).toBe(true);
    await reload(world(), { rules: [] });
    await soon('it passes again', () => passes({ ...CORP, name: 'a.odd\\.label.corp.example' }), 3000);
  });
});

describeIf(NEEDS, 'a configuration that changes under load', () => {
  const world = gatedInternet({ ask: { rate: 20_000 } });
  const rules = (count: number, first: object = {}) => [
    ...Array.from({ length: count }, (_, n) => ({
      action: n % 2 === 0 ? 'allow' : 'deny',
      from: `198.18.${(n >> 8) & 255}.${n & 255}`,
      to: evil.ipv4,
      reason: `rule ${n}`,
    })),
    { action: 'allow', from: client.ipv4, to: corp.ipv4, reason: 'the load', ...first },
  ];
  const lab = [{ name: 'lab', clients: ['port:s1-eth2'] }];

  it('loses not one permitted query, whatever of groups and rules changes', async () => {
    await teach(world(), CORP.name, corp.ipv4);
    const under = load(world(), 7500, 500);
    const changes = [
      { rules: rules(2000) },
      { groups: lab },
      { groups: [{ name: 'other', clients: [bot.ipv4] }, ...lab], rules: rules(1) },
      { groups: [{ name: 'second', clients: [client.ipv4], strictness: { check: 'zone' } }] },
      { groups: [], rules: rules(500, { protocol: 'udp' }) },
      { rules: [{ action: 'deny', to: corp.ipv4, from: bot.ipv4, reason: 'another' }] },
      { groups: lab, rules: [] },
    ];
    for (const change of changes) {
      await reload(world(), change);
      const typed = await addRule(world(), 'deny', { from: bot.ipv4, to: corp.ipv4, protocol: 'tcp' });
      await request(world(), { operation: 'rule remove', id: typed.id });
      // The file must be another for what comes next, and each change have its traffic.
      expect(await asks(world(), 'client', CORP)).toBe(true);
    }
    expect(await under).toEqual({ sent: 7500, lost: 0 });
    expect((await world().gluewall.status()).openflowErrors).toBe(0);
  });
});
