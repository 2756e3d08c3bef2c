/** A host in quarantine: all of gluewall between clients, a real switch and nsd. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { hosts } from '../../mininet/internet.ts';
import type { QuarantineView } from '../../src/services/quarantine-services.ts';
import { describeIf } from '../support/describe-if.ts';
import { gatedInternet } from '../support/gated.ts';
import { asks, soon, type, typeForJson } from '../support/operator.ts';

const NEEDS = ['root', 'namespaces', 'openVswitch'] as const;
const { bot, resolver, client } = hosts;
const RESOLVED = { server: resolver.ipv4, name: 'www.corp.example', timeoutSeconds: 3 };
const RESOLVED6 = { ...RESOLVED, server: resolver.ipv6 };

describeIf(NEEDS, 'a quarantine', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  // Nothing is enforced: a quarantine is somebody's word, and no verdict.
  const config = { store: { file: join(directory, 'gluewall.db') }, mode: 'monitor' };
  const world = gatedInternet(config);
  const start = (...args: string[]) => type(world(), 'quarantine', 'start', ...args, '--reason', 'asks for C&C');
  const list = () => typeForJson<QuarantineView[]>(world(), 'quarantine', 'list');
  const reaches = async (from: 'bot' | 'client', to: string) =>
    (await world().internet.run(from, ['ping', '-c', '1', '-W', '1', to])).status === 0;

  it('takes the DNS of one host, also to the trusted resolver, and nothing else', async () => {
    expect(await asks(world(), 'bot', RESOLVED)).toBe(true);
    expect((await start(bot.ipv4, '--for', '5m')).status).toBe(0);
    await soon('the DNS is dropped', async () => !(await asks(world(), 'bot', { ...RESOLVED, timeoutSeconds: 1 })));
    expect(await asks(world(), 'bot', { ...RESOLVED, tcp: true, timeoutSeconds: 1 })).toBe(false);
    expect(await asks(world(), 'client', RESOLVED)).toBe(true);
    expect(await reaches('bot', client.ipv4)).toBe(true);
    expect(await list()).toEqual([expect.objectContaining({ host: bot.ipv4, scope: 'dns', owner: 'root' })]);
  });

  it('is found again by the next gluewall, and undone by one command', async () => {
    await world().gluewall.kill();
    await world().restartGluewall(config);
    await soon('it is found', async () => (await list()).length === 1, 5000);
    expect(await asks(world(), 'bot', { ...RESOLVED, timeoutSeconds: 1 })).toBe(false);
    expect((await type(world(), 'quarantine', 'end', bot.ipv4)).status).toBe(0);
    await soon('the DNS passes', () => asks(world(), 'bot', RESOLVED), 5000);
    expect(await list()).toEqual([]);
    expect((await type(world(), 'quarantine', 'end', bot.ipv4)).status).toBe(1);
  });

  it('of all leaves the way to remediation, by the hardware address whatever the addresses are', async () => {
    const { stdout } = await world().internet.run('bot', ['cat', '/sys/class/net/bot-eth0/address']);
    const mac = stdout.trim();
    expect((await start(mac, '--all', '--remediation', resolver.ipv4, '--for', '5m')).status).toBe(0);
    await soon('it reaches nobody', async () => !(await reaches('bot', client.ipv4)), 3000);
    expect(await reaches('bot', resolver.ipv4)).toBe(true);
    expect(await asks(world(), 'bot', RESOLVED)).toBe(true);
    expect(await asks(world(), 'bot', { ...RESOLVED6, timeoutSeconds: 1 })).toBe(false);
    expect(await reaches('client', resolver.ipv4)).toBe(true);
    expect((await type(world(), 'quarantine', 'end', '--all')).status).toBe(0);
    await soon('it reaches others', () => reaches('bot', client.ipv4), 3000);
  });

  it('ends by itself when nobody is left to end it', async () => {
    expect((await start(bot.ipv4, '--for', '6s')).status).toBe(0);
    await soon('the DNS is dropped', async () => !(await asks(world(), 'bot', { ...RESOLVED, timeoutSeconds: 1 })));
    await world().gluewall.kill();
    await soon('the DNS passes', () => asks(world(), 'bot', RESOLVED), 12_000);
    await world().restartGluewall(config);
  });

  it('is refused of those whom nobody can do without, and of wrong words', async () => {
    expect(await start(resolver.ipv4, '--for', '5m')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('is a trusted resolver'),
    });
    expect((await start('198.51.100.1', '--for', '5m')).stderr).toContain('not in inside.networks');
    expect((await start(bot.ipv4, '--for', '19h')).stderr).toContain('want 1s to 18h');
    expect((await start('bot', '--for', '5m')).stderr).toContain('neither an IP address nor a MAC address');
    expect((await start(bot.ipv4, '--for', '5m', '--remediation', client.ipv4)).stderr).toContain('goes with --all');
    expect((await type(world(), 'quarantine', 'end')).stderr).toContain('name a host, or say --all');
    expect((await world().gluewall.status()).openflowErrors).toBe(0);
  });
});
