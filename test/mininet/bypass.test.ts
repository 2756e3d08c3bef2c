/** The panic button: all of gluewall between clients, a real switch and nsd. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { DigQuestion } from '../../mininet/dig.ts';
import { hosts } from '../../mininet/internet.ts';
import type { BypassView } from '../../src/services/bypass-services.ts';
import { describeIf } from '../support/describe-if.ts';
import { gatedInternet } from '../support/gated.ts';
import { asks, STRANGER, STRANGER6, soon, told, type, typeForJson, verdictFlows } from '../support/operator.ts';

const NEEDS = ['root', 'namespaces', 'openVswitch'] as const;
const { evil, client, bot } = hosts;
const EVIL: DigQuestion = { server: evil.ipv4, name: 'order.evil.test' };
const REASON = 'mail is down, ticket 4711';

interface BypassStatus {
  readonly bypasses: readonly {
    readonly group: string | null;
    readonly datapathId: string | null;
    readonly until: string;
    readonly reason: string;
  }[];
}

describeIf(NEEDS, 'a bypass', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const config = {
    store: { file: join(directory, 'gluewall.db') },
    groups: [{ name: 'lab', clients: [bot.ipv4, bot.ipv6] }],
    on_failure: 'closed',
  };
  const world = gatedInternet(config);
  const clientPasses = (question = STRANGER) => asks(world(), 'client', question);
  const botPasses = (question = STRANGER) => asks(world(), 'bot', question);
  const start = (...args: string[]) => type(world(), 'bypass', ...args, '--reason', REASON);
  const list = () => typeForJson<BypassView[]>(world(), 'bypass', 'list');
  const status = async () => (await world().gluewall.status()) as unknown as BypassStatus;
  const bypassFlows = async () => (await verdictFlows(world())).filter((line) => line.includes('priority=400'));

  it('lets everybody pass, also where a drop flow stands, and tells what would have been', async () => {
    expect(await clientPasses()).toBe(false);
    expect(await botPasses()).toBe(false);
    const since = world().gluewall.log.length;
    expect((await start('--for', '5m')).status).toBe(0);
    expect(await clientPasses()).toBe(true);
    expect(await clientPasses({ ...STRANGER, tcp: true })).toBe(true);
    expect(await clientPasses(STRANGER6)).toBe(true);
    expect(await botPasses()).toBe(true);
    expect(await botPasses(EVIL)).toBe(true);
    expect(await told(world(), since, (line) => line.client === client.ipv4)).toMatchObject({
      verdict: 'block',
      enforced: false,
      msg: expect.stringContaining('would block'),
    });
    const said = await world().gluewall.logged('the alarm', since, (line) => line.alarm === 'bypass');
    expect(said).toMatchObject({ level: 'warn', owner: 'root', msg: expect.stringContaining(REASON) });
  });

  it('is shown by status, by list and by the switch, with its end', async () => {
    const [held, ...others] = await list();
    expect(others).toEqual([]);
    expect(held).toMatchObject({ group: null, reason: REASON, owner: 'root' });
    const leftMs = Date.parse(held!.until!) - Date.now();
    expect(leftMs).toBeGreaterThan(200_000);
    expect(leftMs).toBeLessThanOrEqual(300_000);
    expect((await status()).bypasses).toEqual([{ group: null, datapathId: null, until: held!.until, reason: REASON }]);
    const { stdout } = await type(world(), 'status');
    expect(stdout).toContain(REASON);
    expect(await bypassFlows()).toEqual([expect.stringMatching(/hard_timeout=(29\d|300),/)]);
  });

  it('ends early by hand, and all is judged again', async () => {
    expect((await type(world(), 'bypass', 'end')).status).toBe(0);
    await soon('the flow has gone', async () => (await bypassFlows()).length === 0);
    expect(await clientPasses()).toBe(false);
    expect(await list()).toEqual([]);
    expect((await status()).bypasses).toEqual([]);
    expect((await type(world(), 'bypass', 'end')).status).toBe(1);
  });

  it('of a group is of that group alone', async () => {
    expect((await start('--for', '1m', '--group', 'lab')).status).toBe(0);
    expect(await botPasses()).toBe(true);
    expect(await botPasses(STRANGER6)).toBe(true);
    expect(await botPasses({ ...EVIL, tcp: true })).toBe(true);
    expect(await clientPasses()).toBe(false);
    expect(await clientPasses(STRANGER6)).toBe(false);
    expect((await type(world(), 'bypass', 'end')).status).toBe(1);
    expect(await botPasses()).toBe(true);
    expect((await type(world(), 'bypass', 'end', '--group', 'lab')).status).toBe(0);
    await soon('the flow has gone', async () => (await bypassFlows()).length === 0);
    expect(await botPasses()).toBe(false);
    const wrong = await start('--for', '1m', '--group', 'labs');
    expect(wrong.status).not.toBe(0);
    expect(wrong.stderr).toContain('there is no group labs; there are lab, default');
    expect((await start('--for', '0')).stderr).toContain('want 1s to 18h');
    expect((await start('--for', '19h')).stderr).toContain('want 1s to 18h');
  });

  it('outlives a crash and a restart: the next gluewall finds it on the switch', async () => {
    const since = Date.now();
    expect((await start('--for', '2m')).status).toBe(0);
    const { until } = (await list())[0]!;
    await world().gluewall.kill();
    expect(await clientPasses()).toBe(true);
    await world().restartGluewall(config);
    expect(await clientPasses()).toBe(true);
    const found = (await list())[0]!;
    expect(found).toMatchObject({ group: null, reason: expect.stringContaining('found on switch 0000000000000001') });
    expect(Math.abs(Date.parse(found.until!) - Date.parse(until!))).toBeLessThan(3000);
    expect(Date.parse(found.until!)).toBeLessThan(since + 125_000);
    expect((await type(world(), 'bypass', 'end')).status).toBe(0);
    await soon('the flow has gone', async () => (await bypassFlows()).length === 0);
    expect(await clientPasses()).toBe(false);
  });

  it('ends by itself while gluewall runs, and says so', async () => {
    const since = world().gluewall.log.length;
    expect((await start('--for', '3s')).status).toBe(0);
    expect(await clientPasses()).toBe(true);
    await soon('the flow has gone', async () => (await bypassFlows()).length === 0, 6000);
    await world().gluewall.logged('its end', since, ({ msg }) => msg.startsWith('bypass of all clients is over'));
    expect(await clientPasses()).toBe(false);
    expect(await list()).toEqual([]);
    expect((await world().gluewall.status()).openflowErrors).toBe(0);
  });

  it('ends by itself when nobody is left to end it', async () => {
    expect((await start('--for', '10s')).status).toBe(0);
    await world().gluewall.kill();
    expect(await clientPasses()).toBe(true);
    expect(await bypassFlows()).toHaveLength(1);
    await soon('the flow has gone', async () => (await bypassFlows()).length === 0, 13_000);
    // on_failure: closed.
    expect(await clientPasses()).toBe(false);
  });
});
