/** `gluewall doctor` beside a real Open vSwitch of our own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { OpenVswitch } from '../../mininet/open-vswitch.ts';
import { addDoctorCommand } from '../../src/cli/commands/doctor.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { describeIf } from '../support/describe-if.ts';
import { runCommand } from '../support/run-command.ts';

const PORT = 16_655;

describeIf(['root', 'namespaces', 'openVswitch'], 'doctor', () => {
  let directory: string;
  let openVswitch: OpenVswitch;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'gw-'));
    openVswitch = await OpenVswitch.start(join(directory, 'ovs'));
    await openVswitch.vsctl(
      ...['add-br', 'ours', '--', 'set', 'bridge', 'ours', 'datapath_type=netdev', 'protocols=OpenFlow13'],
      ...['--', 'set-fail-mode', 'ours', 'secure', '--', 'set-controller', 'ours', `tcp:127.0.0.1:${PORT}`],
      ...['--', 'add-br', 'other', '--', 'set', 'bridge', 'other', 'datapath_type=netdev'],
    );
  });
  afterAll(async () => {
    // Interfaces of bridges that still stand outlive the switch.
    await openVswitch?.vsctl('--if-exists', 'del-br', 'ours', '--', '--if-exists', 'del-br', 'other');
    await openVswitch?.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(() => {
    vi.stubEnv('OVS_RUNDIR', openVswitch.env.OVS_RUNDIR);
    const config = {
      outside: { ports: ['uplink'] },
      openflow: { listen: `127.0.0.1:${PORT}` },
      store: { kind: 'memory' },
      control: { socket: join(directory, 's.sock') },
    };
    writeFileSync(join(directory, 'gluewall.yaml'), JSON.stringify(config));
  });
  afterEach(() => vi.unstubAllEnvs());

  async function bridges(...named: string[]): Promise<Map<string, Map<string, boolean | null>>> {
    const config = join(directory, 'gluewall.yaml');
    const { stdout, exitCode } = await runCommand(addDoctorCommand, 'doctor', ...named, '--config', config, '--json');
    expect(exitCode).toBe(1);
    const sections = JSON.parse(stdout) as { section: string; findings: Finding[] }[];
    return new Map(
      sections
        .filter(({ section }) => section.startsWith('bridge'))
        .map(({ section, findings }) => [section, new Map(findings.map(({ check, ok }) => [check, ok]))]),
    );
  }

  it('looks by itself at the bridge that is to connect here, and at no other', async () => {
    const found = await bridges();
    expect([...found.keys()]).toEqual(['bridge ours']);
    expect(found.get('bridge ours')).toEqual(
      new Map([
        ...found.get('bridge ours')!,
        ['fail-mode', true],
        ['protocols', true],
        ['controller-connected', false],
      ]),
    );
    expect(found.get('bridge ours')!.get('outside-ports')).toBe(false);
  });

  it('looks at one that has an outside port', async () => {
    await openVswitch.vsctl('add-port', 'other', 'uplink', '--', 'set', 'interface', 'uplink', 'type=internal');
    const found = await bridges();
    expect([...found.keys()].sort()).toEqual(['bridge other', 'bridge ours']);
    expect(found.get('bridge other')!.get('outside-ports')).toBe(true);
    await openVswitch.vsctl('del-port', 'other', 'uplink');
  });

  it('looks at those that are named, there or not', async () => {
    const found = await bridges('other', 'absent');
    expect([...found.keys()]).toEqual(['bridge other', 'bridge absent']);
    expect(found.get('bridge other')!.get('fail-mode')).toBe(false);
    expect(found.get('bridge absent')!.get('bridge')).toBe(false);
  });
});
