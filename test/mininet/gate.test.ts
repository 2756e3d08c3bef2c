import { describe, expect, it } from 'vitest';
import { gate, hosts } from '../../mininet/internet.ts';
import { until } from '../../mininet/until.ts';
import { describeIf } from '../support/describe-if.ts';
import { gatedInternet } from '../support/gated.ts';

const NEEDS = ['root', 'namespaces', 'openVswitch'] as const;

/** Sends a SYN to port 53 of the C&C in an 8-octet and a 12-octet fragment and says whether an answer came. */
const FRAGMENTED_SYN = `
import socket, struct
source, target = socket.inet_aton("${hosts.bot.ipv4}"), socket.inet_aton("${hosts.evil.ipv4}")
def checksum(octets):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
def tcp(check): return struct.pack("!HHIIBBHHH", 40001, 53, 7, 0, 0x50, 2, 8192, check, 0)
syn = tcp(checksum(source + target + struct.pack("!BBH", 0, 6, 20) + tcp(0)))
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
back = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
back.settimeout(1)
for offset, flags, part in ((0, 0x2000, syn[:8]), (1, 0, syn[8:])):
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(part), 77, flags | offset, 64, 6, 0) + source + target
    out.sendto(head + part, ("${hosts.evil.ipv4}", 0))
try: print("answer", back.recv(100).hex())
except socket.timeout: print("no answer")
`;

/** What dnsperf prints at its end. */
function dnsperfResult(stdout: string): { readonly sent: number; readonly lost: number } {
  const figure = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(stdout)?.[1] ?? Number.NaN);
  return { sent: figure('Queries sent'), lost: figure('Queries lost') };
}

function dnsperf(server: string, queries: number, perSecond: number): string[] {
  const script = `for i in $(seq ${queries}); do echo "h$i.corp.example A"; done | dnsperf -s ${server} -Q ${perSecond} -t 3`;
  return ['sh', '-c', script];
}

describeIf(NEEDS, 'a gate that monitors', () => {
  const world = gatedInternet({ mode: 'monitor', copy: { observed_rate: 200 } });

  it('loses no query of a flood, tells the verdicts, and counts the copies that its meter dropped', async () => {
    const { stdout } = await world().internet.run('client', dnsperf(hosts.corp.ipv4, 6000, 2000), 30);
    expect(dnsperfResult(stdout)).toEqual({ sent: 6000, lost: 0 });
    const status = await until('the meters are read', 15_000, async () => {
      const now = await world().gluewall.status();
      return now.switches[0]!.copiesDropped.observed! > 0 ? now : undefined;
    });
    expect(status.verdicts['would block']).toBeGreaterThan(100);
    expect(status.verdicts.blocked).toBeUndefined();
    expect(status.switches[0]).toMatchObject({ allowFlows: 0, dropFlows: 0 });
    expect(status.openflowErrors).toBe(0);
    const line = world().gluewall.log.find(({ event }) => event === 'dns_verdict');
    expect(line).toMatchObject({
      msg: `${hosts.corp.ipv4} is unknown and would block`,
      client: hosts.client.ipv4,
      destination: hosts.corp.ipv4,
      queryType: 'A',
      verdict: 'block',
      enforced: false,
    });
    expect(line!.queryName).toMatch(/^h\d+\.corp\.example$/);
  });

  it('gives the verdict only after the hold time', () => {
    const verdicts = world().gluewall.log.filter(({ msg }) => msg.endsWith('would block'));
    for (const { heldMs } of verdicts) expect(heldMs).toBeGreaterThanOrEqual(49);
  });

  it('goes on forwarding when the controller is killed', async () => {
    await world().gluewall.kill();
    const { answered } = await world().internet.dig('client', { server: hosts.evil.ipv4, name: 'order.evil.test' });
    expect(answered).toBe(true);
  });
});

describeIf(NEEDS, 'a gate that enforced before its controller came back in warm-up', () => {
  const world = gatedInternet();

  it('drops nothing more: no verdict flow is made, although the switch still asked on its return', async () => {
    const load = world().internet.run('client', dnsperf(hosts.stranger.ipv4, 6000, 1000), 30);
    await until('queries are blocked', 5000, async () =>
      ((await world().gluewall.status()).verdicts.blocked ?? 0) > 0 ? true : undefined,
    );
    await world().restartGluewall({ warmup: '48h' });
    await load;
    const { switches } = await world().gluewall.status();
    expect(switches[0]).toMatchObject({ allowFlows: 0, dropFlows: 0 });
    expect(await world().flows('table=1')).toHaveLength(1);
    const { answered } = await world().internet.dig('client', { server: hosts.stranger.ipv4, name: 'www.bank.test' });
    expect(answered).toBe(true);
  });
});

describeIf(NEEDS, 'a gate that warms up', () => {
  const world = gatedInternet({ warmup: '4s' });
  const askStranger = () =>
    world().internet.dig('client', { server: hosts.stranger.ipv4, name: 'www.bank.test', timeoutSeconds: 3 });

  it('monitors at first and says so, and enforces by itself when warm-up is over', async () => {
    expect((await world().gluewall.status()).mode).toEqual({ configured: 'enforce', inForce: 'monitor' });
    expect((await askStranger()).answered).toBe(true);
    const said = world()
      .gluewall.log.map(({ msg }) => msg)
      .join('\n');
    expect(said).toContain('enforce acts as monitor until warm-up is over');
    await until('enforcement', 10_000, async () =>
      (await world().gluewall.status()).mode.inForce === 'enforce' ? true : undefined,
    );
    await until('the entry that asks', 5000, async () =>
      (await world().flows('table=1')).some((line) => line.includes('CONTROLLER')) ? true : undefined,
    );
    expect((await askStranger()).answered).toBe(false);
  });
});

describeIf(NEEDS, 'a gate that enforces', () => {
  const world = gatedInternet({
    drop_flow: { per_client: 2 },
    copy: { blocked_rate: 50 },
    allow: [hosts.public.ipv4],
  });
  const resolve = (name: string) =>
    world().internet.dig('client', { server: hosts.resolver.ipv4, name, timeoutSeconds: 5 });
  const ask = (host: 'client' | 'bot', server: string, name = 'www.corp.example') =>
    world().internet.dig(host, { server, name });

  it('lets trusted resolvers pass without a packet_in', async () => {
    expect((await resolve('www.corp.example')).answered).toBe(true);
    expect((await world().gluewall.status()).switches[0]!.session.packet_in).toBeUndefined();
  });

  it('takes the allow flow of a reconnecting switch as it is: no gap, and nothing but the entry that asks is sent', async () => {
    const since = world().gluewall.log.length;
    expect((await ask('client', hosts.corp.ipv4)).answered).toBe(true);
    const load = world().internet.run('client', dnsperf(hosts.corp.ipv4, 4000, 1000), 30);
    for (let round = 1; round <= 3; round++) {
      await world().openVswitch.appctl('bridge/reconnect', gate.bridge);
      await until(`reconnect ${round}`, 10_000, () => {
        const rounds = world()
          .gluewall.log.slice(since)
          .filter(({ msg }) => msg.startsWith('flows in step'));
        return rounds.length >= round ? true : undefined;
      });
    }
    const { stdout } = await load;
    expect(dnsperfResult(stdout)).toEqual({ sent: 4000, lost: 0 });
    const changes = world()
      .gluewall.log.slice(since)
      .filter(({ msg }) => msg.startsWith('flows in step'));
    // The entry that asks is renewed; all else stays as it is.
    for (const { changed } of changes) expect(changed).toBeLessThanOrEqual(1);
  });

  it('judges the first fragment of a fragmented query', async () => {
    const before = (await world().gluewall.status()).verdicts.blocked ?? 0;
    const send =
      'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(bytes(3000), ("203.0.113.66", 53))';
    const { status } = await world().internet.run('bot', ['/usr/bin/python3', '-c', send]);
    expect(status).toBe(0);
    await until('a verdict on the fragment', 3000, async () =>
      ((await world().gluewall.status()).verdicts.blocked ?? 0) > before ? true : undefined,
    );
  });

  it('lets no TCP handshake through in fragments of eight octets', async () => {
    const { status, stdout, stderr } = await world().internet.run(
      'bot',
      ['/usr/bin/python3', '-c', FRAGMENTED_SYN],
      10,
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trim()).toBe('no answer');
  });

  it('drops per client and destination, sees the names all the same, and beyond the budget drops per client', async () => {
    const since = world().gluewall.log.length;
    await ask('bot', hosts.evil.ipv4, 'first.evil.test');
    await ask('bot', hosts.evil.ipv4, 'second.evil.test');
    await world().gluewall.logged(
      'the name of a dropped query',
      since,
      (line) => line.queryName === 'second.evil.test',
    );
    expect((await world().flows('table=1')).join('\n')).toContain(
      'nw_src=192.0.2.66,nw_dst=203.0.113.66 actions=write_metadata',
    );
    await ask('bot', hosts.stranger.ipv4);
    await ask('bot', hosts.short.ipv4);
    const perClient = (await world().flows('table=1')).filter((line) =>
      /priority=100,ip,nw_src=192.0.2.66 /.test(line),
    );
    expect(perClient).toHaveLength(1);
  });

  it('releases a copied query to a known destination from under the flow that drops its client', async () => {
    expect((await ask('bot', hosts.public.ipv4, 'www.public.example')).answered).toBe(true);
    expect((await world().flows('table=1')).join('\n')).toContain('nw_dst=203.0.113.44 actions=goto_table:2');
  });

  it('takes the drop flows for an address away the moment it becomes known', async () => {
    const { ipv4 } = hosts.bank;
    await world().openVswitch.ofctl('del-flows', gate.bridge, 'table=1,ip,nw_src=192.0.2.66');
    expect((await ask('client', ipv4, 'www.bank.test')).answered).toBe(false);
    const drops = async () =>
      (await world().flows('table=1')).filter((line) => line.includes(`nw_dst=${ipv4} actions=write`));
    expect(await drops()).toHaveLength(1);
    await resolve('www.bank.test');
    await until('the drop flow is gone', 3000, async () => ((await drops()).length === 0 ? true : undefined));
    expect((await ask('client', ipv4, 'www.bank.test')).answered).toBe(true);
  });

  it('gives an allow flow the time its entry has left, and none below one second', async () => {
    await resolve('www.short.example');
    await until('it is known', 3000, async () =>
      (await world().gluewall.lookup(hosts.short.ipv4)).known ? true : undefined,
    );
    expect((await ask('client', hosts.short.ipv4, 'www.short.example')).answered).toBe(true);
    const line = (await world().flows('table=1')).find((flow) =>
      flow.includes(`nw_dst=${hosts.short.ipv4} actions=goto`),
    );
    expect(Number(/hard_timeout=(\d+)/.exec(line ?? '')?.[1])).toBeLessThanOrEqual(3);
  });

  it('brings all flows back after vswitchd has restarted', async () => {
    const before = await world().flows();
    await world().openVswitch.restartVswitchd();
    await world().gluewall.ready();
    await until('a learned name server answers again', 10_000, async () =>
      (await ask('client', hosts.corp.ipv4)).answered ? true : undefined,
    );
    const base = (lines: string[]) => lines.filter((line) => !line.includes('hard_timeout')).sort();
    expect(base(await world().flows())).toEqual(base(before));
  });

  it('sent nothing that the switch refused', async () => {
    expect((await world().gluewall.status()).openflowErrors).toBe(0);
  });

  describe('the command line against it', () => {
    it('answers over a socket that only its user may open', async () => {
      const { statSync } = await import('node:fs');
      expect(statSync(world().gluewall.socketPath).mode & 0o777).toBe(0o600);
    });
  });
});
