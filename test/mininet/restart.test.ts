/** A switch under traffic keeps what still holds while gluewall goes away and comes back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { hosts } from '../../mininet/internet.ts';
import { until } from '../../mininet/until.ts';
import { describeIf } from '../support/describe-if.ts';
import { gatedInternet } from '../support/gated.ts';

const QUERIES = 12_000;
const PER_SECOND = 1000;

describeIf(['root', 'namespaces', 'openVswitch'], 'a gate whose gluewall is killed and started again', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const store = { file: join(directory, 'history.db'), flush: '100ms' };
  // Without a controller nothing but a flow that stands lets a query pass.
  const config = { store, on_failure: 'closed', ttl: { floor: '300s' } } as const;
  const world = gatedInternet(config);

  async function allowFlow(): Promise<string> {
    const flows = await world().flows('table=1');
    const found = flows.find((line) => line.includes(`nw_dst=${hosts.corp.ipv4}`));
    if (found === undefined) throw new Error(`no allow flow among ${flows.join('\n')}`);
    return found;
  }

  it('loses not one permitted query, and leaves the flow of a verdict as it was', async () => {
    const { internet } = world();
    await internet.dig('client', { server: hosts.resolver.ipv4, name: 'www.corp.example', timeoutSeconds: 5 });
    await until('learned', 5000, async () => (await world().gluewall.lookup(hosts.corp.ipv4)).known || undefined);
    const ask = { server: hosts.corp.ipv4, name: 'www.corp.example' };
    await until('allowed', 5000, async () => (await internet.dig('client', ask)).answered || undefined);
    // What was learned must be on disk before gluewall is killed.
    await until('written', 5000, async () => {
      const { store: written } = (await world().gluewall.status()) as unknown as { store: Record<string, number> };
      return (written.writtenTriples! > 0 && written.waitingTriples === 0) || undefined;
    });
    const before = await allowFlow();
    const script = `for i in $(seq ${QUERIES}); do echo "h$i.corp.example A"; done`;
    const load = internet.run(
      'client',
      ['sh', '-c', `${script} | dnsperf -s ${hosts.corp.ipv4} -Q ${PER_SECOND} -t 3`],
      40,
    );
    await world().restartGluewall(config);
    expect(world().gluewall.log.map(({ msg }) => msg)).toContainEqual(
      expect.stringMatching(/flows in step: .* 0 changed/),
    );
    expect((await world().gluewall.status()).switches[0]).toMatchObject({ allowFlows: 1 });
    await world().restartGluewall(config);
    const { stdout } = await load;
    expect(/Queries sent:\s+(\d+)/.exec(stdout)?.[1]).toBe(String(QUERIES));
    expect(/Queries lost:\s+(\d+)/.exec(stdout)?.[1]).toBe('0');
    expect(await allowFlow()).toBe(before);
  });

  it('drops the flow of a verdict that no longer holds', async () => {
    const forgetful = { ...config, store: { kind: 'memory' } };
    await world().restartGluewall(forgetful);
    await until(
      'the flow gone',
      5000,
      async () =>
        (await world().flows('table=1')).every((line) => !line.includes(`nw_dst=${hosts.corp.ipv4}`)) || undefined,
    );
  });
});
