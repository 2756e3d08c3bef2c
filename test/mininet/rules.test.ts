/** Rules that are typed while gluewall runs, between clients, a real switch and nsd. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hosts } from '../../mininet/internet.ts';
import type { CheckView } from '../../src/services/explain-verdict.ts';
import type { RuleChangeView, RuleView } from '../../src/services/rule-services.ts';
import { describeIf } from '../support/describe-if.ts';
import { gatedInternet } from '../support/gated.ts';
import {
  addRule,
  asks,
  CORP,
  request,
  STRANGER,
  soon,
  teach,
  told,
  type,
  typeForJson,
  verdictFlows,
} from '../support/operator.ts';

const NEEDS = ['root', 'namespaces', 'openVswitch'] as const;
const { corp, stranger, evil, client, bot } = hosts;

describeIf(NEEDS, 'rules that are typed while it runs', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const config = { store: { file: join(directory, 'gluewall.db') } };
  const world = gatedInternet(config);
  const rules = async () => {
    const { stdout } = await type(world(), 'rule', 'list', '--json');
    return JSON.parse(stdout) as RuleView[];
  };
  const add = async (...args: string[]) =>
    (await typeForJson<RuleChangeView>(
      world(),
      'rule',
      'add',
      ...args,
      '--reason',
      'a test',
    )) as Required<RuleChangeView>;
  const passes = (question = CORP) => asks(world(), 'client', question);

  beforeAll(() => teach(world(), CORP.name, corp.ipv4));

  it('a denial cuts the flow of an allowed server within a second; taken out, the server is back', async () => {
    expect(await passes()).toBe(true);
    expect((await verdictFlows(world())).join()).toContain(`nw_dst=${corp.ipv4}`);
    const { rule } = await add('deny', '--to', corp.ipv4);
    await soon('the allow flow is gone', async () =>
      (await verdictFlows(world())).every((line) => !line.includes(`nw_dst=${corp.ipv4} actions=goto`)),
    );
    expect(await passes()).toBe(false);
    expect(await passes({ ...CORP, server: corp.ipv4 })).toBe(false);
    expect((await type(world(), 'rule', 'remove', rule.id)).status).toBe(0);
    await soon('the drop flow is gone', async () =>
      (await verdictFlows(world())).every((line) => !line.includes(`nw_src=${client.ipv4}`)),
    );
    expect(await passes()).toBe(true);
  });

  it('hits are counted and dated', async () => {
    const rule = await addRule(world(), 'deny', { to: stranger.ipv4, protocol: 'tcp' });
    expect(rule).toMatchObject({ hits: 0, lastHit: null });
    const before = Date.now();
    expect(await passes({ ...STRANGER, tcp: true })).toBe(false);
    const held = (await rules()).find(({ id }) => id === rule.id)!;
    expect(held.hits).toBeGreaterThanOrEqual(1);
    expect(Date.parse(held.lastHit!)).toBeGreaterThanOrEqual(Math.floor(before / 1000) * 1000);
    const since = world().gluewall.log.length;
    expect(await passes({ ...STRANGER, tcp: true })).toBe(false);
    expect(await told(world(), since, (line) => line.ruleId === rule.id)).toMatchObject({ reason: 'denyRule' });
  });

  it('an allow that cannot win says so, and does not win', async () => {
    const rule = await addRule(world(), 'deny', { to: '203.0.113.0/24' });
    const { stdout, status } = await type(world(), 'allow', 'add', evil.ipv4, '--reason', 'a test');
    expect(status).toBe(0);
    expect(stdout).toContain(`this allow cannot win: deny rule ${rule.id}`);
    expect(await passes({ server: evil.ipv4, name: 'order.evil.test' })).toBe(false);
    await request(world(), { operation: 'rule remove', id: rule.id });
    await soon('it wins', () => passes({ server: evil.ipv4, name: 'order.evil.test' }));
    await type(world(), 'allow', 'remove', evil.ipv4);
    await soon('it is blocked', async () => !(await passes({ server: evil.ipv4, name: 'order.evil.test' })));
  });

  it('an allow ends when its time is over, on the switch too', async () => {
    const question = { server: evil.ipv4, name: 'order.evil.test' };
    await type(world(), 'allow', 'add', evil.ipv4, '--expires', '5s', '--reason', 'a test');
    await soon('it is allowed', () => passes(question));
    const flow = (await verdictFlows(world())).find((line) => line.includes(`nw_dst=${evil.ipv4} actions=goto`));
    expect(Number(/hard_timeout=(\d+)/.exec(flow ?? '')?.[1])).toBeLessThanOrEqual(5);
    await soon('it is over', async () => !(await passes(question)), 8000);
    expect((await rules()).filter(({ match }) => match.to === evil.ipv4)).toEqual([]);
  });

  it('check explains each step', async () => {
    const rule = await addRule(world(), 'deny', { from: bot.ipv4, to: corp.ipv4 });
    const check = (destination: string, from?: string) =>
      request<CheckView>(world(), { operation: 'check', destination, ...(from === undefined ? {} : { client: from }) });
    const denied = await check(corp.ipv4, bot.ipv4);
    expect(denied).toMatchObject({ verdict: 'block', reason: 'denyRule', rule: rule.id, enforced: true });
    expect(denied.steps.map(({ step, decides }) => [step, decides])).toEqual([
      ['destination is inside', false],
      ['trusted resolver', false],
      ['client group', false],
      ['deny rules', true],
      ['flow', false],
      ['mode', false],
    ]);
    const known = await check(corp.ipv4, client.ipv4);
    expect(known).toMatchObject({ verdict: 'allow', reason: 'history', rule: null });
    expect(known.steps.find(({ decides }) => decides)).toMatchObject({
      step: 'history',
      finding: expect.stringContaining('name server ns1.corp.example of corp.example, known until'),
    });
    expect(known.steps.find(({ step }) => step === 'flow')!.finding).toContain('destination, client');
    expect(await check(stranger.ipv4)).toMatchObject({ verdict: 'block', reason: 'unknown' });
    expect(await check(client.ipv4)).toMatchObject({ verdict: 'allow', reason: 'inside' });
    expect(await check(stranger.ipv4, hosts.resolver.ipv4)).toMatchObject({ reason: 'trustedResolver' });
    const { stdout, status } = await type(world(), 'check', corp.ipv4, '--client', bot.ipv4);
    expect(status).toBe(1);
    expect(stdout).toContain(rule.id);
    // What is explained is what is done.
    expect(await asks(world(), 'bot', CORP)).toBe(false);
    expect(await passes()).toBe(true);
  });

  it('survive a restart, with their ids; those that have expired do not', async () => {
    const before = (await rules()).map(({ id, match, reason, owner, created }) => ({
      id,
      match,
      reason,
      owner,
      created,
    }));
    expect(before.length).toBeGreaterThanOrEqual(2);
    await world().restartGluewall(config);
    expect(
      (await rules()).map(({ id, match, reason, owner, created }) => ({ id, match, reason, owner, created })),
    ).toEqual(before);
    expect(await asks(world(), 'bot', CORP)).toBe(false);
  });
});
