/** Holds the table of docs/operations.md, "When something fails": one test for each of its cells. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { GatedInternet } from '../../mininet/gated-internet.ts';
import { gate, hosts } from '../../mininet/internet.ts';
import { until } from '../../mininet/until.ts';
import { PIPELINE } from '../../src/controller/pipeline.ts';
import { describeIf } from '../support/describe-if.ts';
import { gatedInternet } from '../support/gated.ts';
import { gluewall } from '../support/gluewall-command.ts';

const NEEDS = ['root', 'namespaces', 'openVswitch'] as const;
const SETTLE_MS = 10_000;
const ASK = new RegExp(`priority=${PIPELINE.verdict.entries.ask.priority}[ ,]`);

/** What passes the bridge. */
interface Passes {
  /** A direct query to a learned name server. */
  readonly known: boolean;
  /** A direct query to a server that nothing was learned of. */
  readonly unknown: boolean;
  /** A query of a trusted resolver. */
  readonly resolver: boolean;
  /** Anything else. */
  readonly ping: boolean;
}

const NOTHING: Passes = { known: false, unknown: false, resolver: false, ping: false };

async function passes({ internet }: GatedInternet): Promise<Passes> {
  const ping = ['ping', '-c', '1', '-W', '1', hosts.corp.ipv4];
  const [known, unknown, resolver, pinged] = await Promise.all([
    internet.dig('client', { server: hosts.corp.ipv4, name: 'www.corp.example' }),
    internet.dig('client', { server: hosts.evil.ipv4, name: 'order.evil.test' }),
    internet.dig('resolver', { server: hosts.bank.ipv4, name: 'www.bank.test', options: ['+norecurse'] }),
    internet.run('client', ping),
  ]);
  return {
    known: known.answered,
    unknown: unknown.answered,
    resolver: resolver.answered,
    ping: pinged.status === 0,
  };
}

/** Waits until that is what passes (hosts have to find each other again first), and holds that it stays so. */
async function expectPasses(world: GatedInternet, expected: Passes, settleMs = SETTLE_MS): Promise<void> {
  let last: Passes | undefined;
  const isSo = async () => {
    last = await passes(world);
    return JSON.stringify(last) === JSON.stringify(expected) || undefined;
  };
  await until('the traffic as expected', settleMs, isSo).catch(() => expect(last).toEqual(expected));
  expect(await passes(world)).toEqual(expected);
}

/** The controller is up, has learned of a name server, and its verdict stands on the bridge. */
async function learned(world: GatedInternet): Promise<void> {
  const resolve = { server: hosts.resolver.ipv4, name: 'www.corp.example', timeoutSeconds: 5 };
  await world.internet.flushResolver();
  expect((await world.internet.dig('client', resolve)).answered).toBe(true);
  await until('it is known', 3000, async () =>
    (await world.gluewall.lookup(hosts.corp.ipv4)).known ? true : undefined,
  );
  await until('the verdicts of a running gate', SETTLE_MS, async () => {
    const { known, unknown } = await passes(world);
    return (known && !unknown) || undefined;
  });
}

/** Primes the bridge, and says what that took. */
async function prime(
  world: GatedInternet,
): Promise<{ readonly changed: number; readonly warnings: readonly string[] }> {
  const args = ['switch', 'prime', gate.bridge, '--config', world.gluewall.configPath, '--json'];
  const { status, stdout, stderr } = await gluewall(world.openVswitch.env, ...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [answer] = JSON.parse(stdout);
  expect(answer).toMatchObject({ bridge: gate.bridge, outcome: 'primed', missingPorts: [], showsFragmentPorts: true });
  return answer;
}

/** The entry that sends a query to the controller. */
const askEntry = async (world: GatedInternet) =>
  (await world.flows('table=1')).find((line) => line.includes('CONTROLLER') && ASK.test(line));

describe.each(['open', 'closed'] as const)('on_failure: %s', (onFailure) => {
  const unknown = onFailure === 'open';

  describeIf(NEEDS, 'on a real bridge', () => {
    const world = gatedInternet({ on_failure: onFailure, drop_flow: { life: '1s' } });

    describe('when the controller goes down', () => {
      beforeAll(async () => {
        await learned(world());
        await world().gluewall.kill();
      });

      it('all goes on but unknown destinations, which are still blocked', async () => {
        expect(await passes(world())).toEqual({ known: true, unknown: false, resolver: true, ping: true });
      });

      it('and the bridge is primed, what on_failure says holds from then on', async () => {
        expect(await askEntry(world())).toBeDefined();
        await prime(world());
        expect((await askEntry(world())) === undefined).toBe(unknown);
        await expectPasses(world(), { known: true, unknown, resolver: true, ping: true });
      });

      it('and stays so without anybody priming, on_failure holds within 15 s', async () => {
        await world().restartGluewall({ on_failure: onFailure, drop_flow: { life: '1s' } });
        await learned(world());
        await world().gluewall.kill();
        const killedAtMs = performance.now();
        expect((await passes(world())).unknown).toBe(false);
        if (onFailure === 'closed') {
          expect(await askEntry(world())).not.toContain('hard_timeout');
        } else {
          // Its time of 15 s, less what had passed of it, and the coarse steps in which the switch looks at it.
          await until('the entry that asks is gone', 17_000, async () =>
            (await askEntry(world())) === undefined ? true : undefined,
          );
          expect(performance.now() - killedAtMs).toBeGreaterThan(8000);
        }
        await expectPasses(world(), { known: true, unknown, resolver: true, ping: true });
      });
    });

    describe('when vswitchd restarts', () => {
      it('all comes back by itself while the controller runs', async () => {
        await world().restartGluewall({ on_failure: onFailure, drop_flow: { life: '1s' } });
        await learned(world());
        await world().openVswitch.restartVswitchd();
        await expectPasses(world(), { known: true, unknown: false, resolver: true, ping: true });
      });

      it('and the controller is down, nothing passes', async () => {
        await world().gluewall.kill();
        await world().openVswitch.restartVswitchd();
        expect(await world().flows()).toEqual([]);
        expect(await passes(world())).toEqual(NOTHING);
      });

      it('and the bridge is primed, all passes but direct queries, which follow on_failure', async () => {
        expect((await prime(world())).warnings).toEqual([]);
        await expectPasses(world(), { known: unknown, unknown, resolver: true, ping: true });
      });
    });

    describe('when the host boots', () => {
      it('nothing passes', async () => {
        await world().openVswitch.reboot();
        expect(await world().flows()).toEqual([]);
        expect(await passes(world())).toEqual(NOTHING);
      });

      it('and the bridge is primed, all passes but direct queries, which follow on_failure', async () => {
        await prime(world());
        await expectPasses(world(), { known: unknown, unknown, resolver: true, ping: true });
      });

      it('priming once more changes nothing', async () => {
        expect((await prime(world())).changed).toBe(0);
      });

      it('and the controller comes, it finds the flows in step but for the entry it renews, and judges', async () => {
        await world().restartGluewall({ on_failure: onFailure, drop_flow: { life: '1s' } });
        const line = await world().gluewall.logged('the flows in step', 0, ({ msg }) =>
          msg.startsWith('flows in step'),
        );
        expect(line.present).toBeGreaterThan(0);
        expect(line.changed).toBe(unknown ? 1 : 0);
        await learned(world());
      });
    });
  });
});
