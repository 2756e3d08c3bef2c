/** The `switch` commands against bridges of a real Open vSwitch that no gluewall attends to. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { until } from '../../mininet/until.ts';
import { primeSettings } from '../../src/cli/bridge-settings.ts';
import { parseConfig } from '../../src/config/load.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Framer } from '../../src/openflow/framer.ts';
import { decodeMessage, encodeMessage } from '../../src/openflow/message.ts';
import { bridgePlace } from '../../src/switches/bridge-place.ts';
import { primeUnattended } from '../../src/switches/unattended.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeFrame } from '../support/frames.ts';
import { gluewall } from '../support/gluewall-command.ts';
import { PASS_MARKER, VethBridge } from '../support/veth-bridge.ts';

const known = composeFrame(Buffer.from('q'), { source: '192.0.2.53', destination: '198.18.0.53' });
const unknown = composeFrame(Buffer.from('q'), { source: '192.0.2.66', destination: '198.18.0.66' });
const CONFIG = {
  mode: 'enforce',
  on_failure: 'closed',
  inside: { networks: ['192.0.2.0/24'] },
  outside: { ports: [2] },
  trusted_resolvers: ['192.0.2.53'],
};

describeIf(['root', 'namespaces', 'openVswitch'], 'gluewall switch', () => {
  let bridge: VethBridge;
  let directory: string;

  beforeAll(async () => {
    bridge = await VethBridge.start();
    directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  });
  afterAll(async () => {
    await bridge?.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(() => bridge.recreate());

  /** JSON is YAML. */
  function configFile(change: object = {}): string {
    const file = join(directory, 'gluewall.yaml');
    writeFileSync(file, JSON.stringify({ ...CONFIG, ...change }));
    return file;
  }

  const command = (...args: string[]) => gluewall(bridge.openVswitch.env, 'switch', ...args);
  const prime = (name: string, ...args: string[]) => command('prime', name, '--config', configFile(), ...args);
  const flows = async () =>
    (await bridge.openVswitch.ofctl('--no-stats', 'dump-flows', bridge.name)).match(/.*actions=.*/g) ?? [];

  it('prime switches trusted resolvers and drops unknown destinations on a bridge without controller', async () => {
    expect(await bridge.arrivalsOf([known, unknown])).toBe(0);
    const { status, stdout, stderr } = await prime(bridge.name);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^gwfact: primed, \d+ base flows stand \(\d+ changes\)\n$/);
    await bridge.addFlows(PASS_MARKER);
    expect(await bridge.through([known, unknown])).toEqual([known]);
    expect(await bridge.openVswitch.ofctl('get-frags', bridge.name)).toContain('nx-match');
    expect(await bridge.openVswitch.ofctl('dump-meters', bridge.name)).toMatch(/meter=1[\s\S]*meter=2/);
  });

  it('prime lets all pass where the mode is monitor, and judges nothing where nobody said what is inside', async () => {
    await bridge.addFlows(PASS_MARKER);
    expect((await command('prime', bridge.name, '--config', configFile({ mode: 'monitor' }))).status).toBe(0);
    expect(await bridge.through([known, unknown])).toEqual([known, unknown]);
    const bare = await command('prime', bridge.name, '--config', configFile({ mode: 'monitor', inside: {} }));
    expect(bare.stdout).toContain('warning: nothing is judged');
    expect(await bridge.through([known, unknown])).toEqual([known, unknown]);
  });

  it('prime keeps flows of verdicts and of others, and takes away what only a controller keeps alive', async () => {
    const ours = 'cookie=0x67570001000000';
    await bridge.addFlows(
      `${ours}10,table=1,priority=300,ip,nw_dst=198.18.0.66,actions=goto_table:2`,
      `${ours}13,table=1,priority=10,hard_timeout=15,actions=CONTROLLER`,
      `${ours}01,table=0,priority=500,in_port=7,actions=goto_table:2`,
      'cookie=0x1234,table=0,priority=600,dl_type=0x88b5,actions=output:2',
    );
    const file = configFile({ on_failure: 'open' });
    const { stdout } = await command('prime', bridge.name, '--config', file, '--json');
    expect(JSON.parse(stdout)).toMatchObject([{ outcome: 'primed', verdictFlows: 1, warnings: [] }]);
    const lines = (await flows()).join('\n');
    expect(lines).toContain('nw_dst=198.18.0.66');
    expect(lines).toContain('cookie=0x1234');
    expect(lines).not.toMatch(/in_port=7|table=1, priority=10[ ,]|hard_timeout/);
  });

  it('prime warns of a fail mode that undoes it and of outside ports that are not there', async () => {
    await bridge.openVswitch.vsctl('set-fail-mode', bridge.name, 'standalone');
    const file = configFile({ outside: { ports: ['eth7'] } });
    const { status, stdout } = await command('prime', bridge.name, '--config', file);
    expect(status).toBe(0);
    expect(stdout).toContain(`warning: fail mode is not secure`);
    expect(stdout).toContain(`ovs-vsctl set-fail-mode ${bridge.name} secure`);
    expect(stdout).toContain('warning: the bridge has no port eth7 of outside.ports');
  });

  it('prime goes on to the next bridge when one is missing, and ends with 1', async () => {
    const { status, stdout } = await command('prime', 'nobridge', bridge.name, '--config', configFile(), '--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([
      { bridge: 'nobridge', outcome: 'refused', code: 'switch-unreachable' },
      { bridge: bridge.name, outcome: 'primed' },
    ]);
  });

  it('prime waits for a bridge that comes later, and not for ever', async () => {
    await bridge.openVswitch.vsctl('del-br', bridge.name);
    const place = bridgePlace(bridge.name, bridge.openVswitch.env.OVS_RUNDIR!);
    const settings = primeSettings(parseConfig(JSON.stringify(CONFIG), 'gluewall.yaml'));
    const options = { force: false, waitMs: 20_000 };
    let looks = 0;
    const nowMs = () => {
      looks++;
      return systemClock.nowMs();
    };
    const primed = primeUnattended(place, settings, options, { ...systemClock, nowMs });
    await until('it has tried more than once', 5000, () => looks > 2 || undefined);
    await bridge.recreate();
    expect((await primed).outcome).toBe('primed');
    expect(await flows()).not.toEqual([]);
    const startedAtMs = performance.now();
    expect((await prime('nobridge', '--wait', '1s')).status).toBe(1);
    expect(performance.now() - startedAtMs).toBeGreaterThan(1000);
  });

  it.each([
    [['prime', 'nobridge'], 1, '`ovs-vsctl list-br` lists the bridges'],
    [['prime', '../gwfact'], 2, 'is no name of a bridge'],
    [['prime', 'a\u001b[31m'], 2, '"a\\u001b[31m" is no name of a bridge'],
    [['prime', 'x'.repeat(120)], 2, "longer than the 107 octets of a unix socket's name"],
    [['prime', 'gwfact', '--wait', 'long'], 2, '"long" is no time to wait'],
    [['release', 'nobridge'], 1, '`ovs-vsctl list-br` lists the bridges'],
    [['check', '--help', '-x'], 0, 'Examples:'],
    [['prime'], 2, "missing required argument 'bridge'"],
  ])('%j ends with %i and says what to do', async (args, status, said) => {
    const config = args.includes('prime') && args.length > 1 ? ['--config', configFile()] : [];
    const result = await command(...args, ...config);
    expect(result.stdout + result.stderr).toContain(said);
    expect(result.status).toBe(status);
    expect(result.stderr).not.toContain('    at ');
    expect(result.stderr).not.toContain('\u001b');
  });

  it('a bridge without OpenFlow 1.3 is refused with the remedy, which works', async () => {
    await bridge.openVswitch.vsctl('set', 'bridge', bridge.name, 'protocols=OpenFlow10');
    const { status, stdout } = await prime(bridge.name);
    expect(status).toBe(1);
    const [, remedy = ''] = /try: ovs-vsctl (.*)\n/.exec(stdout) ?? [];
    await bridge.openVswitch.vsctl(...remedy.split(' '));
    expect((await prime(bridge.name)).status).toBe(0);
  });

  it('release takes ours, leaves one flow that switches everything, and tells of flows of others', async () => {
    await prime(bridge.name);
    await bridge.addFlows('cookie=0x1234,table=0,priority=600,dl_type=0x88b5,actions=output:2');
    const { status, stdout } = await command('release', bridge.name, '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'released', othersInTable0: 1, controllers: [] });
    expect(await flows()).toHaveLength(2);
    expect((await flows()).join('\n')).toMatch(/priority=0 actions=NORMAL/);
    expect(await bridge.through([known, unknown])).toEqual([known, unknown]);
    expect(await bridge.openVswitch.ofctl('get-frags', bridge.name)).toContain('normal');
    expect(JSON.parse((await command('release', bridge.name, '--json')).stdout)).toMatchObject({ removed: 0 });
    expect((await prime(bridge.name)).status).toBe(0);
    expect(await bridge.through([known, unknown])).toEqual([known]);
  });

  it('release says how to take the controller away, and all traffic goes on then', async () => {
    await bridge.openVswitch.vsctl('set-controller', bridge.name, 'tcp:127.0.0.1:9');
    await prime(bridge.name);
    const { stdout } = await command('release', bridge.name);
    const [, remedy = ''] = /to end that: ovs-vsctl (.*) \(both at once/.exec(stdout) ?? [];
    await bridge.openVswitch.vsctl('del-controller', bridge.name);
    expect(await flows()).toEqual([]);
    await bridge.openVswitch.vsctl('set-controller', bridge.name, 'tcp:127.0.0.1:9');
    await command('release', bridge.name);
    await bridge.openVswitch.vsctl(...remedy.split(' '));
    expect(await flows()).toMatchObject([expect.stringContaining('actions=NORMAL')]);
  });

  it('leaves a bridge with a connected controller of others alone, unless told to', async () => {
    const controller = await startController();
    try {
      const together = ['--', 'set', 'controller', bridge.name, 'max_backoff=1000'];
      await bridge.openVswitch.vsctl('set-controller', bridge.name, `tcp:127.0.0.1:${controller.port}`, ...together);
      await until('connected', 20_000, async () => {
        const text = await bridge.openVswitch.vsctl('get', 'controller', bridge.name, 'is_connected');
        return text.trim() === 'true' || undefined;
      });
      for (const args of [
        ['prime', bridge.name, '--config', configFile()],
        ['release', bridge.name],
      ]) {
        const { status, stdout, stderr } = await command(...args);
        expect(status).toBe(1);
        expect(stdout + stderr).toMatch(/controller tcp:127.0.0.1:\d+ is connected.*nothing was changed.*--force/);
      }
      expect(await flows()).toEqual([]);
      expect((await prime(bridge.name, '--force')).status).toBe(0);
      expect(await flows()).not.toEqual([]);
    } finally {
      await controller.stop();
    }
  });

  it('check finds what is wrong with a bridge, and its remedies mend it', async () => {
    await bridge.openVswitch.vsctl('set', 'bridge', bridge.name, 'protocols=OpenFlow10', 'fail_mode=standalone');
    const args = ['check', bridge.name, '--config', configFile(), '--json'];
    const bad = async () => {
      const { status, stdout } = await command(...args);
      const findings = JSON.parse(stdout) as { check: string; ok: boolean | null; remedy?: string }[];
      const failed = findings.filter(({ ok }) => ok === false);
      expect(status).toBe(failed.length > 0 ? 1 : 0);
      return failed;
    };
    const first = await bad();
    expect(first.map(({ check }) => check)).toEqual(['protocols', 'fail-mode', 'controller', 'vlan-limit']);
    for (const { remedy = '' } of first) {
      const [, words = ''] = /^ovs-vsctl ([^(]*)/.exec(remedy) ?? [];
      await bridge.openVswitch.vsctl(...words.trim().split(' '));
    }
    expect((await bad()).map(({ check }) => check)).toEqual(['controller-connected', 'fragment-mode', 'flows']);
    await prime(bridge.name);
    expect((await bad()).map(({ check }) => check)).toEqual(['controller-connected']);
    await bridge.addFlows('priority=900,actions=NORMAL');
    expect((await bad()).map(({ check }) => check)).toEqual(['controller-connected', 'others-flows']);
    const { stdout } = await command('check', bridge.name, '--config', configFile());
    expect(stdout).toMatch(/^ok {4}bridge +bridge gwfact exists$/m);
    expect(stdout).toMatch(/^FAIL {2}controller-connected .*\n +→ start gluewall/m);
    await bridge.openVswitch.vsctl('remove', 'Open_vSwitch', '.', 'other_config', 'vlan-limit');
  });

  it('list shows bridges, with and without a gluewall that answers', async () => {
    const socket = join(directory, 'nobody.sock');
    const { status, stdout } = await command('list', '--socket', socket, '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        bridge: bridge.name,
        datapathId: expect.stringMatching(/^[0-9a-f]{16}$/),
        datapathType: 'netdev',
        failMode: 'secure',
        protocols: ['OpenFlow13'],
        controllers: [],
        gluewall: null,
      },
    ]);
    const text = (await command('list', '--socket', socket)).stdout;
    expect(text).toMatch(/^BRIDGE +DATAPATH ID .*\ngwfact +[0-9a-f]{16} +secure +OpenFlow13 +none +-\n/);
    expect(text).toContain(`no gluewall answers on ${socket}`);
  });

  it('tells which part of Open vSwitch does not run', async () => {
    const nowhere = { ...bridge.openVswitch.env, OVS_RUNDIR: directory };
    const listed = await gluewall(nowhere, 'switch', 'list', '--socket', join(directory, 'nobody.sock'));
    expect(listed.status).toBe(1);
    expect(listed.stderr).toContain('database connection failed');
    expect(listed.stderr).toContain('systemctl start openvswitch-switch');
    const checked = await gluewall(nowhere, 'switch', 'check', 'br0');
    expect(checked.status).toBe(1);
    expect(checked.stdout).toContain('systemctl start openvswitch-switch');
    const missing = await gluewall({ ...nowhere, PATH: directory }, 'switch', 'check', 'br0');
    expect(missing.stdout).toContain('ovs-vsctl is not installed');
  });
});

/** A controller that greets, answers echoes and sets no flows. */
async function startController(): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    const framer = new Framer();
    socket.on('error', () => undefined);
    socket.write(encodeMessage({ type: 'hello', xid: 1, elements: [] }));
    socket.on('data', (chunk: Buffer) =>
      framer.push(chunk, (bytes) => {
        const decoded = decodeMessage(bytes);
        if (decoded.ok && decoded.message.type === 'echoRequest')
          socket.write(encodeMessage({ ...decoded.message, type: 'echoReply' }));
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
