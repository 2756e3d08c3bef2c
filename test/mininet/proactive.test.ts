/** A switch that holds the history as flows: all of gluewall between clients, a real switch and nsd. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { gate, hosts } from '../../mininet/internet.ts';
import { describeIf } from '../support/describe-if.ts';
import { gatedInternet } from '../support/gated.ts';
import { addRule, asks, CORP, request, soon, teach, verdictFlows } from '../support/operator.ts';

const NEEDS = ['root', 'namespaces', 'openVswitch'] as const;
const { corp, bank } = hosts;

describeIf(NEEDS, 'a switch that holds the history as flows', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  /** Room for the root server, example and corp.example, two addresses each, and for two more. */
  const BUDGET = 8;
  const config = {
    store: { file: join(directory, 'gluewall.db'), flush: '100ms' },
    install: { default: 'proactive' },
    allow_flow: { total: BUDGET },
    copy: { allowed_rate: 0 },
  };
  const world = gatedInternet(config);
  const packetIns = async () => (await world().gluewall.status()).switches[0]!.session.packet_in ?? 0;
  const passing = async () => (await verdictFlows(world())).filter((line) => line.includes('goto_table:2'));
  const flowTo = async (address: string) => (await passing()).find((line) => line.includes(`dst=${address} `));

  it('has a flow for what is learned before anybody asks: the first query makes no packet_in', async () => {
    await teach(world(), CORP.name, corp.ipv4);
    await soon('the flow is there', async () => (await flowTo(corp.ipv4)) !== undefined);
    expect(await asks(world(), 'client', CORP)).toBe(true);
    expect(await asks(world(), 'bot', { ...CORP, tcp: true })).toBe(true);
    expect(await asks(world(), 'client', { ...CORP, server: corp.ipv6 })).toBe(true);
    expect(await packetIns()).toBe(0);
  });

  it('lets the flow go when the history does', async () => {
    const short = hosts.short.ipv4;
    await teach(world(), 'www.short.example', short);
    await soon('the flow is there', async () => (await flowTo(short)) !== undefined);
    await soon('the flow has gone', async () => (await flowTo(short)) === undefined, 10_000);
  });

  it('makes room within its budget for what is asked, and never has more', async () => {
    for (const name of ['www.bank.test', 'www.fresh.test', 'www.corp.example']) {
      await world().internet.dig('client', { server: hosts.resolver.ipv4, name, timeoutSeconds: 5 });
      expect((await passing()).length).toBeLessThanOrEqual(BUDGET);
    }
    for (const [server, name] of [
      [bank.ipv4, 'www.bank.test'],
      [corp.ipv4, 'www.corp.example'],
    ] as const) {
      expect(await asks(world(), 'client', { server, name })).toBe(true);
      await soon(`a flow to ${server}`, async () => (await flowTo(server)) !== undefined);
      expect((await passing()).length).toBeLessThanOrEqual(BUDGET);
    }
  });

  it('what a rule denies has no flow, and has one again when the rule is gone', async () => {
    const rule = await addRule(world(), 'deny', { to: corp.ipv4 });
    await soon('the flow has gone', async () => (await flowTo(corp.ipv4)) === undefined);
    await request(world(), { operation: 'rule remove', id: rule.id });
    expect(await asks(world(), 'client', CORP)).toBe(true);
    await soon('the flow is back', async () => (await flowTo(corp.ipv4)) !== undefined);
  });

  it('holds those that were seen most often, when a switch comes to it without flows', async () => {
    for (let round = 0; round < 4; round++) {
      await world().internet.flushResolver();
      await teach(world(), CORP.name, corp.ipv4);
    }
    await soon(
      'all is written',
      async () => {
        const { store } = (await world().gluewall.status()) as unknown as { store: Record<string, number> };
        return store.waitingTriples === 0;
      },
      5000,
    );
    await world().gluewall.kill();
    await world().openVswitch.ofctl('del-flows', gate.bridge, 'table=1');
    await world().restartGluewall(config);
    await soon('the flows are there', async () => (await passing()).length === BUDGET, 5000);
    const seen = [hosts.example, corp].flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]);
    const held = (await passing()).map((line) => /_dst=([\da-f:.]+)/.exec(line)?.[1]);
    expect(held).toEqual(expect.arrayContaining(seen));
  });
});
