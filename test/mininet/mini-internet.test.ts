import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../mininet/child.ts';
import { gate, hosts } from '../../mininet/internet.ts';
import { MiniInternet } from '../../mininet/mini-internet.ts';
import { OpenVswitch } from '../../mininet/open-vswitch.ts';
import { describeIf } from '../support/describe-if.ts';

describeIf(['root', 'namespaces', 'openVswitch'], 'the mini-Internet', () => {
  let directory: string;
  let openVswitch: OpenVswitch;
  let internet: MiniInternet;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gluewall-'));
    openVswitch = await OpenVswitch.start(join(directory, 'ovs'));
    internet = await MiniInternet.start({ openVswitch, directory: join(directory, 'internet') });
  });

  afterAll(async () => {
    await internet?.stop();
    await openVswitch?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const viaResolver = (name: string, type = 'A') =>
    internet.dig('client', { server: hosts.resolver.ipv4, name, type, timeoutSeconds: 5 });

  it('lets nothing out while the gate has no flow', async () => {
    const direct = await internet.dig('client', { server: hosts.corp.ipv4, name: 'www.corp.example' });
    expect(direct.answered).toBe(false);
  });

  it('names the port to the outside and keeps its number', async () => {
    const number = await openVswitch.vsctl('get', 'Interface', gate.outsidePort, 'ofport');
    expect(Number(number)).toBe(gate.outsidePortNumber);
    expect(await openVswitch.vsctl('port-to-br', gate.outsidePort)).toBe(`${gate.bridge}\n`);
    expect(await openVswitch.vsctl('get', 'Bridge', gate.bridge, 'fail_mode', 'datapath_type')).toBe(
      'secure\nnetdev\n',
    );
  });

  describe('with a gate that forwards everything', () => {
    beforeAll(() => openVswitch.ofctl('add-flow', gate.bridge, 'actions=NORMAL'));

    it('resolves every zone through the inside resolver', async () => {
      expect((await viaResolver('www.corp.example')).answers).toEqual(['198.51.100.121']);
      expect((await viaResolver('www.corp.example', 'AAAA')).answers).toEqual(['2001:db8:2::80']);
      expect((await viaResolver('www.short.example')).answers).toEqual(['198.51.100.122']);
      expect((await viaResolver('www.bank.test')).answers).toEqual(['198.51.100.123']);
      expect((await viaResolver('www.public.example')).answers).toEqual(['203.0.113.144']);
    });

    it('has no way to the zone that nobody delegates', async () => {
      expect((await viaResolver('www.evil.test')).rcode).toBe('NXDOMAIN');
    });

    it.each([
      ['UDP over IPv4', { server: hosts.corp.ipv4 }],
      ['UDP over IPv6', { server: hosts.corp.ipv6 }],
      ['TCP over IPv4', { server: hosts.corp.ipv4, tcp: true }],
      ['TCP over IPv6', { server: hosts.corp.ipv6, tcp: true }],
    ])('answers the client directly: %s', async (_, transport) => {
      const answer = await internet.dig('client', { ...transport, name: 'www.corp.example', options: ['+norecurse'] });
      expect(answer).toMatchObject({ answered: true, rcode: 'NOERROR', answers: ['198.51.100.121'] });
      expect(answer.flags).toContain('aa');
    });

    it.each([
      ['a public resolver', hosts.public.ipv4],
      ['an unknown public resolver', hosts.stranger.ipv4],
      ['an unknown public resolver over IPv6', hosts.stranger.ipv6],
      ['the inside resolver over IPv6', hosts.resolver.ipv6],
    ])('resolves for the client: %s', async (_, server) => {
      const answer = await internet.dig('client', { server, name: 'www.bank.test', timeoutSeconds: 5 });
      expect(answer).toMatchObject({ rcode: 'NOERROR', answers: ['198.51.100.123'] });
    });

    it('answers a bot that asks its command server', async () => {
      const answer = await internet.dig('bot', { server: hosts.evil.ipv4, name: 'order.evil.test', type: 'TXT' });
      expect(answer.answers).toEqual(['"sleep"']);
    });

    it.each([
      [hosts.root, 'corp.example', ['a.nic.example.'], ['198.51.100.11', '2001:db8:2::11'], 3600],
      [hosts.example, 'corp.example', ['ns1.corp.example.'], ['198.51.100.21', '2001:db8:2::21'], 3600],
      [hosts.example, 'short.example', ['ns1.short.example.'], ['198.51.100.22'], 4],
      [hosts.example, 'public.example', ['dns2.public.example.'], ['203.0.113.44'], 3600],
      [hosts.test, 'fresh.test', ['ns.fresh.test.'], ['198.51.100.24'], 3600],
    ])('refers downwards with glue and its time to live: %#', async ({ ipv4 }, zone, ns, glue, ttlSeconds) => {
      const options = ['+norecurse'];
      const answer = await internet.dig('client', { server: ipv4, name: `www.${zone}`, options });
      expect(answer).toMatchObject({ rcode: 'NOERROR', answers: [], authority: ns });
      expect(answer.additional.toSorted()).toEqual(glue);
      expect(new Set(answer.ttlsSeconds)).toEqual(new Set([ttlSeconds]));
    });

    it('sends a burst together, and another one step behind each answer', async () => {
      const queries = [
        { server: hosts.test.ipv4, name: 'www.fresh.test' },
        { server: hosts.fresh.ipv4, name: 'www.fresh.test' },
      ];
      for (const pace of ['together', 'afterAnswer'] as const) {
        const answers = await internet.burst('resolver', { queries, pace, recursionDesired: false });
        expect(answers).toMatchObject([
          { sent: true, answered: true, rcode: 0 },
          { sent: true, answered: true, rcode: 0 },
        ]);
      }
    });

    it('tells an unanswered query of a burst from an unsent one', async () => {
      const queries = [
        { server: hosts.client.ipv4, name: 'www.corp.example' },
        { server: hosts.corp.ipv4, name: 'www.corp.example' },
      ];
      const burst = { queries, recursionDesired: false, waitSeconds: 0.3 };
      const states = async (pace: 'together' | 'afterAnswer') =>
        (await internet.burst('bot', { ...burst, pace })).map(({ sent, answered }) => [sent, answered]);
      expect(await states('together')).toEqual([
        [true, false],
        [true, true],
      ]);
      expect(await states('afterAnswer')).toEqual([
        [true, false],
        [false, false],
      ]);
    });

    it('makes the resolver forget, so that it asks the outside again', async () => {
      const fromCache = async () => (await viaResolver('www.corp.example')).ttlsSeconds[0];
      await viaResolver('www.corp.example');
      await openVswitch.ofctl('add-flow', gate.bridge, `priority=40000,in_port=${gate.outsidePortNumber},actions=drop`);
      expect(await fromCache()).toBeGreaterThan(0);
      await internet.flushResolver();
      const answer = await internet.dig('client', { server: hosts.resolver.ipv4, name: 'www.corp.example' });
      expect(answer.answers).toEqual([]);
      await openVswitch.ofctl('--strict', 'del-flows', gate.bridge, `priority=40000,in_port=${gate.outsidePortNumber}`);
    });

    it('runs commands at the same time and stops those that take too long', async () => {
      const startedAtMs = performance.now();
      const slow = ['client', 'bot', 'evil'] as const;
      const results = await Promise.all(slow.map((host) => internet.run(host, ['sleep', '30'], 0.5)));
      expect(results.map(({ status }) => status)).toEqual([-1, -1, -1]);
      expect(performance.now() - startedAtMs).toBeLessThan(5000);
    });

    it('answers for a command that does not exist', async () => {
      const { status } = await internet.run('client', ['no-such-command']);
      expect(status).not.toBe(0);
    });

    it('keeps its bridges but no flow over a restart of the switch daemon', async () => {
      await openVswitch.restartVswitchd();
      expect(await openVswitch.ofctl('dump-flows', gate.bridge)).not.toContain('actions=NORMAL');
      await openVswitch.ofctl('add-flow', gate.bridge, 'actions=NORMAL');
      const answer = await internet.dig('client', { server: hosts.corp.ipv4, name: 'www.corp.example', tries: 3 });
      expect(answer.answers).toEqual(['198.51.100.121']);
    });
  });

  it('leaves no interface and no process when it has stopped, and may be stopped twice', async () => {
    await internet.stop();
    await internet.stop();
    await openVswitch.stop();
    await openVswitch.stop();
    const links = (await runProgram('ip', ['-o', 'link'], process.env)).stdout;
    expect(links.trim().split('\n')).toHaveLength(1);
    const processes = (await runProgram('ps', ['-eo', 'comm='], process.env)).stdout;
    expect(processes).not.toMatch(/nsd|unbound|ovs|mnexec|bash/);
    expect((await internet.run('client', ['true'])).status).toBe(-1);
  });

  it('says why it cannot start, and leaves nothing', async () => {
    const start = MiniInternet.start({ openVswitch, directory: join(directory, 'again') });
    await expect(start).rejects.toThrow(/did not start[\s\S]*ovs-vsctl/);
    const links = (await runProgram('ip', ['-o', 'link'], process.env)).stdout;
    expect(links.trim().split('\n')).toHaveLength(1);
  });
});
