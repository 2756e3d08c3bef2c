/** Whom a verdict serves, and modes by group: all of gluewall between clients, a real switch and nsd. */
import { beforeAll, expect, it } from 'vitest';
import { gate, hosts } from '../../mininet/internet.ts';
import { describeIf } from '../support/describe-if.ts';
import { gatedInternet } from '../support/gated.ts';
import {
  addRule,
  asks,
  CORP,
  CORP6,
  reload,
  request,
  STRANGER,
  STRANGER6,
  soon,
  teach,
  told,
  type,
  verdictFlows,
} from '../support/operator.ts';

const NEEDS = ['root', 'namespaces', 'openVswitch'] as const;
const { corp, bank, evil, client, bot } = hosts;
/** Of a port, a MAC address, a network of their own on the client's host. */
const BOT_PORT = 's1-eth3';
const SECOND4 = '192.0.2.200';
const SECOND6 = '2001:db8:1:0:200::1';

/** Lets the client's host have a second address of each family. */
async function addAddresses(world: ReturnType<typeof gatedInternet>): Promise<void> {
  for (const address of [`${SECOND4}/24`, `${SECOND6}/64`]) {
    const nodad = address.includes(':') ? ['nodad'] : [];
    await world().internet.run('client', ['ip', 'address', 'add', address, 'dev', 'client-eth0', ...nodad]);
  }
}

/** A change, and a query of dig's that waits for its second in vain. */
const DIG_MS = 3000;
const as = (address: string) => ({ options: ['-b', address] });

describeIf(NEEDS, 'what a verdict permits serves those whom it is about, and nobody else', () => {
  const groups = [
    { name: 'lab', clients: [`port:${BOT_PORT}`] },
    { name: 'second', clients: ['192.0.2.192/26', '2001:db8:1:0:200::/80'] },
    { name: 'late', clients: ['port:s1-late'] },
  ];
  const world = gatedInternet({ groups });

  beforeAll(async () => {
    await addAddresses(world);
    await teach(world(), CORP.name, corp.ipv4);
  });

  it.each([
    ['IPv4', STRANGER, client.ipv4],
    ['IPv6', STRANGER6, client.ipv6],
  ])('one client that is allowed an address, over %s', async (_family, question, address) => {
    await addRule(world(), 'allow', { from: address, to: question.server });
    const mine = { ...question, ...as(address) };
    expect(await asks(world(), 'client', mine)).toBe(true);
    expect(await asks(world(), 'client', { ...mine, tcp: true })).toBe(true);
    const other = address === client.ipv4 ? SECOND4 : SECOND6;
    expect(await asks(world(), 'client', { ...question, ...as(other) })).toBe(false);
    expect(await asks(world(), 'bot', question)).toBe(false);
    expect(await asks(world(), 'client', mine)).toBe(true);
    const flows = (await verdictFlows(world())).filter((line) => line.includes(question.server));
    const passing = flows.filter((line) => line.includes('goto_table:2'));
    expect(passing).toHaveLength(1);
    expect(passing[0]).toMatch(new RegExp(`metadata=0x1/0xffff.*_src=${address},.*_dst=${question.server} `));
  });

  it('a group by port that is allowed an address', async () => {
    await addRule(world(), 'allow', { from: 'group:lab', to: evil.ipv4 });
    const question = { server: evil.ipv4, name: 'order.evil.test' };
    expect(await asks(world(), 'bot', question)).toBe(true);
    expect(await asks(world(), 'client', question)).toBe(false);
    expect(await asks(world(), 'client', { ...question, ...as(SECOND4) })).toBe(false);
    expect(await asks(world(), 'bot', question)).toBe(true);
  });

  it('a MAC address that is allowed an address', async () => {
    const { stdout } = await world().internet.run('client', ['cat', '/sys/class/net/client-eth0/address']);
    await addRule(world(), 'allow', { from: `mac:${stdout.trim()}`, to: bank.ipv4 });
    const question = { server: bank.ipv4, name: 'www.bank.test' };
    expect(await asks(world(), 'client', question)).toBe(true);
    expect(await asks(world(), 'client', { ...question, ...as(SECOND4) })).toBe(true);
    expect(await asks(world(), 'bot', question)).toBe(false);
    const passing = (await verdictFlows(world())).filter(
      (line) => line.includes(`nw_dst=${bank.ipv4}`) && line.includes('goto_table:2'),
    );
    expect(passing).toHaveLength(2);
    for (const line of passing) expect(line).toContain(`dl_src=${stdout.trim()}`);
  });

  it('a denial is of the client that it is about: neither the next one nor the next group feels it', async () => {
    expect(await asks(world(), 'client', CORP)).toBe(true);
    expect(await asks(world(), 'bot', CORP)).toBe(true);
    await addRule(world(), 'deny', { from: SECOND4, to: corp.ipv4 });
    const second = { ...CORP, ...as(SECOND4) };
    await soon('the denial holds', async () => !(await asks(world(), 'client', second)));
    for (let round = 0; round < 3; round++) {
      expect(await asks(world(), 'client', second)).toBe(false);
      expect(await asks(world(), 'client', { ...second, tcp: true })).toBe(false);
      expect(await asks(world(), 'client', { ...CORP, ...as(client.ipv4) })).toBe(true);
      expect(await asks(world(), 'bot', { ...CORP, tcp: true })).toBe(true);
    }
    await teach(world(), 'www.corp.example', corp.ipv6);
    expect(await asks(world(), 'client', { ...CORP6, ...as(SECOND6) })).toBe(true);
  });

  it('a name server that is denied by its name, at all its addresses', async () => {
    const denied = await addRule(world(), 'deny', { to: 'name:NS1.corp.example', from: 'group:lab' });
    await soon('it is denied', async () => !(await asks(world(), 'bot', CORP)), DIG_MS);
    expect(await asks(world(), 'bot', CORP6)).toBe(false);
    expect(await asks(world(), 'client', CORP)).toBe(true);
    await request(world(), { operation: 'rule remove', id: denied.id });
    await soon('it is back', () => asks(world(), 'bot', CORP6), DIG_MS);
  });

  it('a group by a port that comes later', async () => {
    const number = 77;
    const added = ['add-port', gate.bridge, 's1-late', '--', 'set', 'interface', 's1-late'];
    await world().openVswitch.vsctl(...added, 'type=internal', `ofport_request=${number}`);
    const isThere = async () => (await world().flows('table=0')).some((line) => line.includes(`in_port=${number},`));
    await soon('its group is on the switch', isThere, 5000);
    await world().openVswitch.vsctl('del-port', gate.bridge, 's1-late');
    await soon('and goes with it', async () => !(await isThere()), 5000);
  });

  it('nothing that was sent did the switch refuse', async () => {
    expect((await world().gluewall.status()).openflowErrors).toBe(0);
  });
});

describeIf(NEEDS, 'groups that are monitored beside groups that are enforced, on one switch', () => {
  const lab = (mode: 'monitor' | 'enforce') => ({ groups: [{ name: 'lab', clients: [bot.ipv4, bot.ipv6], mode }] });
  const world = gatedInternet(lab('monitor'));
  const verdictOf = (since: number, address: string) => told(world(), since, (line) => line.client === address);

  it.each([
    ['UDP', STRANGER],
    ['TCP', { ...STRANGER, tcp: true }],
    ['IPv6', STRANGER6],
  ])('the one passes and is told what would be, the other is blocked, by %s', async (_how, question) => {
    const since = world().gluewall.log.length;
    const isOver6 = question.server.includes(':');
    expect(await asks(world(), 'bot', question)).toBe(true);
    expect(await asks(world(), 'client', question)).toBe(false);
    expect(await verdictOf(since, isOver6 ? bot.ipv6 : bot.ipv4)).toMatchObject({
      group: 'lab',
      verdict: 'block',
      enforced: false,
      msg: expect.stringContaining('would block'),
    });
    expect(await verdictOf(since, isOver6 ? client.ipv6 : client.ipv4)).toMatchObject({
      group: 'default',
      verdict: 'block',
      enforced: true,
      msg: expect.stringMatching(/ and block$/),
    });
  });

  it('events say the same', async () => {
    await soon(
      'events are written',
      async () => (await type(world(), 'events', '--json')).stdout.includes('lab'),
      5000,
    );
    const { stdout } = await type(world(), 'events', '--group', 'lab', '--json');
    const verdicts = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(verdicts.length).toBeGreaterThanOrEqual(3);
    const { stdout: would } = await type(world(), 'events', '--verdict', 'would block', '--json');
    expect(would.trim().split('\n')).toHaveLength(verdicts.length);
  });

  it('a reload takes the group to enforce and back, and the flows follow', async () => {
    for (let round = 0; round < 2; round++) {
      await reload(world(), lab('enforce'));
      await soon('the group is blocked', async () => !(await asks(world(), 'bot', STRANGER)), 3000);
      expect(await asks(world(), 'bot', { ...STRANGER, tcp: true })).toBe(false);
      await reload(world(), lab('monitor'));
      await soon('the group passes', () => asks(world(), 'bot', STRANGER), 3000);
      expect(await asks(world(), 'bot', { ...STRANGER6 })).toBe(true);
      expect(await asks(world(), 'client', STRANGER)).toBe(false);
      const dropped = (await verdictFlows(world())).filter((line) => line.includes(bot.ipv4));
      expect(dropped).toEqual([]);
    }
    expect((await world().gluewall.status()).openflowErrors).toBe(0);
  });
});
