/** The history learned from what the switch copies, and from nothing else: no interface is captured. */
import { expect, it } from 'vitest';
import type { GatedInternet } from '../../mininet/gated-internet.ts';
import { hosts } from '../../mininet/internet.ts';
import { until } from '../../mininet/until.ts';
import { describeIf } from '../support/describe-if.ts';
import { gatedInternet } from '../support/gated.ts';

const NEEDS = ['root', 'namespaces', 'openVswitch'] as const;
const LEARNING = { openflow: { learn: true } };

const resolve = async ({ internet }: GatedInternet, name: string) =>
  (await internet.dig('client', { server: hosts.resolver.ipv4, name, timeoutSeconds: 5 })).answered;

const untilKnown = ({ gluewall }: GatedInternet, address: string) =>
  until(`${address} is known`, 5000, async () => (await gluewall.lookup(address)).known || undefined);

const asks = async ({ internet }: GatedInternet, server: string, name: string, tcp = false) =>
  (await internet.dig('client', { server, name, tcp })).answered;

describeIf(NEEDS, 'a gate that learns from its switch alone', () => {
  const world = gatedInternet(LEARNING);

  it('knows the name servers that the resolver was referred to, and lets direct queries to them pass', async () => {
    const { capture } = await world().gluewall.status();
    expect(capture).toBeNull();
    expect(await asks(world(), hosts.corp.ipv4, 'www.corp.example')).toBe(false);
    expect(await resolve(world(), 'www.corp.example')).toBe(true);
    await untilKnown(world(), hosts.corp.ipv4);
    await untilKnown(world(), hosts.corp.ipv6);
    for (const tcp of [false, true]) {
      expect(await asks(world(), hosts.corp.ipv4, 'www.corp.example', tcp)).toBe(true);
      expect(await asks(world(), hosts.corp.ipv6, 'www.corp.example', tcp)).toBe(true);
    }
  });

  it('still blocks what nobody was referred to', async () => {
    expect(await asks(world(), hosts.evil.ipv4, 'order.evil.test')).toBe(false);
    expect((await world().gluewall.lookup(hosts.evil.ipv4)).known).toBe(false);
  });

  it('says how many copies came, and that the switch refused nothing', async () => {
    const status = await world().gluewall.status();
    expect(status.copies?.copies).toBeGreaterThan(5);
    expect(status.copies?.queries).toBeGreaterThan(2);
    expect(status.copies?.responses).toBeGreaterThan(2);
    expect(status.copies?.['copies dropped']).toBeUndefined();
    expect(status.switches[0]!.copiesDropped).toMatchObject({ query: 0, response: 0 });
    expect(status.openflowErrors).toBe(0);
  });
});

describeIf(NEEDS, 'a gate that learns from its switch what direct clients are told', () => {
  const world = gatedInternet({ ...LEARNING, teach: 'matched', trusted_resolvers: [] });

  it('counts a query that it released itself, and one that a flow let pass, as having left', async () => {
    const { internet } = world();
    const refer = (name: string) => internet.dig('client', { server: hosts.root.ipv4, name });
    expect((await refer('www.corp.example')).answered).toBe(true);
    await untilKnown(world(), hosts.example.ipv4);
    expect((await refer('www.bank.test')).answered).toBe(true);
    await untilKnown(world(), hosts.test.ipv4);
  });
});

describeIf(NEEDS, 'a gate that monitors and learns from its switch', () => {
  const world = gatedInternet({ ...LEARNING, mode: 'monitor', teach: 'matched', trusted_resolvers: [] });

  it('takes the copy of a direct query for a query that left', async () => {
    const { internet } = world();
    expect((await internet.dig('client', { server: hosts.root.ipv4, name: 'www.corp.example' })).answered).toBe(true);
    await untilKnown(world(), hosts.example.ipv4);
  });
});

describeIf(NEEDS, 'warm-up of a gate that learns from its switch', () => {
  const world = gatedInternet({ ...LEARNING, warmup: '4s' });

  it('ends when a switch has copied for as long', async () => {
    const inForce = async () => (await world().gluewall.status()).mode.inForce;
    await until('warm-up is over', 15_000, async () => (await inForce()) === 'enforce' || undefined);
    const line = world().gluewall.log.find(({ msg }) => msg.startsWith('warm-up is over'));
    expect(line).toBeDefined();
  });
});
