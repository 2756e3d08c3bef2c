/** vswitchd is killed and started again while clients ask. */
import { expect, it } from 'vitest';
import { until } from '../../mininet/until.ts';
import { childrenOf } from '../support/child-processes.ts';
import { describeIf } from '../support/describe-if.ts';
import { BANK, CORP, EVIL, learn, load, passes } from '../support/gate-traffic.ts';
import { gatedInternet } from '../support/gated.ts';

const PER_SECOND = 500;
const QUERIES = 4000;
const BACK_MS = 10_000;

describeIf(['root', 'namespaces', 'openVswitch'], 'a gate whose vswitchd is killed under load', () => {
  const world = gatedInternet();

  it('loses queries only until it is back, by itself, with all that was allowed and blocked', async () => {
    await learn(world(), CORP);
    await learn(world(), BANK);
    expect(await passes(world(), CORP)).toBe(true);
    expect(await passes(world(), EVIL)).toBe(false);
    const during = load(world(), QUERIES, PER_SECOND);
    await until('the load flows', 5000, async () => (await allowedPackets()) > PER_SECOND || undefined);
    const since = world().gluewall.log.length;
    const [vswitchd] = childrenOf(process.pid, 'ovs-vswitchd');
    process.kill(vswitchd!, 'SIGKILL');
    await world().gluewall.logged('that the switch is gone', since, ({ msg }) => /switch .* disconnected/.test(msg));
    await until('no switch', 5000, async () => (await world().gluewall.status()).switches.length === 0 || undefined);
    await world().openVswitch.restartVswitchd();
    const startedAtMs = performance.now();
    await until('a permitted query passes', BACK_MS, async () => (await passes(world(), CORP)) || undefined);
    expect(performance.now() - startedAtMs).toBeLessThan(BACK_MS);
    const { sent, lost } = await during;
    expect(sent).toBe(QUERIES);
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(QUERIES / 2);
  });

  it('then loses none, lets new known destinations pass, and blocks what it blocked', async () => {
    const after = load(world(), QUERIES / 4, PER_SECOND);
    expect(await passes(world(), BANK)).toBe(true);
    expect(await passes(world(), EVIL)).toBe(false);
    expect(await after).toEqual({ sent: QUERIES / 4, lost: 0 });
    expect((await world().gluewall.status()).openflowErrors).toBe(0);
  });

  /** As the switch counts them. */
  async function allowedPackets(): Promise<number> {
    const text = await world().openVswitch.ofctl('dump-flows', 's1', 'table=1');
    const line = text.split('\n').find((one) => one.includes(`nw_dst=${CORP.ipv4}`));
    return Number(/n_packets=(\d+)/.exec(line ?? '')?.[1] ?? 0);
  }
});
