/** The `switch` commands while gluewall runs and the bridge is connected to it. */
import { expect, it } from 'vitest';
import { gate, hosts } from '../../mininet/internet.ts';
import { until } from '../../mininet/until.ts';
import { describeIf } from '../support/describe-if.ts';
import { gatedInternet } from '../support/gated.ts';
import { gluewall } from '../support/gluewall-command.ts';

describeIf(['root', 'namespaces', 'openVswitch'], 'gluewall switch, while gluewall runs', () => {
  const world = gatedInternet();
  const command = (verb: string, ...args: string[]) => {
    const shared = ['--config', world().gluewall.configPath, '--json'];
    return gluewall(world().openVswitch.env, 'switch', verb, ...args, ...shared);
  };
  const standing = async () => (await world().flows()).sort();

  it('list joins the bridge with its figures', async () => {
    const resolve = { server: hosts.resolver.ipv4, name: 'www.corp.example', timeoutSeconds: 5 };
    expect((await world().internet.dig('client', resolve)).answered).toBe(true);
    const ask = { server: hosts.corp.ipv4, name: 'www.corp.example' };
    expect((await world().internet.dig('client', ask)).answered).toBe(true);
    const row = await until('the controller shows as connected', 15_000, async () => {
      const { stdout } = await command('list', '--socket', world().gluewall.socketPath);
      const rows = JSON.parse(stdout) as { bridge: string; controllers: { isConnected: boolean }[] }[];
      return rows.find(({ bridge, controllers }) => bridge === gate.bridge && controllers[0]?.isConnected);
    });
    expect(row).toMatchObject({
      datapathId: '0000000000000001',
      failMode: 'secure',
      controllers: [{ target: 'tcp:127.0.0.1:6653', isConnected: true }],
      gluewall: { allowFlows: 1, dropFlows: 0 },
    });
  });

  it('check finds nothing but the vlan-limit that nobody set', async () => {
    const { status, stdout } = await command('check', gate.bridge);
    const findings = JSON.parse(stdout) as { check: string; ok: boolean | null; message: string }[];
    expect(findings.filter(({ ok }) => ok !== true).map(({ check }) => check)).toEqual(['vlan-limit']);
    expect(findings.find(({ check }) => check === 'flows')!.message).toContain('outsidePort 1');
    expect(status).toBe(1);
    await world().openVswitch.vsctl('set', 'Open_vSwitch', '.', 'other_config:vlan-limit=2');
    expect((await command('check', gate.bridge)).status).toBe(0);
  });

  it('prime leaves the bridge to its controller, and that is as good as primed', async () => {
    const before = await standing();
    const { status, stdout } = await command('prime', gate.bridge);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ bridge: gate.bridge, outcome: 'attended' }]);
    expect(await standing()).toEqual(before);
  });

  it('release is refused, since the controller would put its flows back', async () => {
    const before = await standing();
    const { status, stderr } = await command('release', gate.bridge);
    expect(status).toBe(1);
    expect(stderr).toContain('is connected, which would put its flows back; nothing was changed');
    expect(await standing()).toEqual(before);
  });

  it('release ends the gate when gluewall is down, though the bridge has its controller set', async () => {
    await world().gluewall.kill();
    const { status, stdout } = await command('release', gate.bridge);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'released', controllers: ['tcp:127.0.0.1:6653'] });
    expect(await standing()).toHaveLength(1);
    const ask = { server: hosts.evil.ipv4, name: 'order.evil.test' };
    expect((await world().internet.dig('client', ask)).answered).toBe(true);
  });
});
