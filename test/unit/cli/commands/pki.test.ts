import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addPkiCommands } from '../../../../src/cli/commands/pki.ts';
import { parseConfig } from '../../../../src/config/load.ts';
import { loadTlsSettings } from '../../../../src/core/tls-settings.ts';
import { runCommand } from '../../../support/run-command.ts';

describe('gluewall pki init', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const init = (...args: string[]) =>
    runCommand(addPkiCommands, 'pki', 'init', '--dir', join(directory, 'lab'), ...args);

  it('prints a configuration that loads, whose files are good', async () => {
    const { stdout, exitCode, error } = await init();
    expect({ exitCode, error }).toEqual({ exitCode: 0, error: undefined });
    const [, text = ''] = /^(openflow:\n(?: .*\n)+)/m.exec(stdout) ?? [];
    const { tls } = parseConfig(text, 'gluewall.yaml').openflow;
    expect(() => loadTlsSettings(tls!, Date.now())).not.toThrow();
  });

  it('says what is to be done on a switch, and that it is for a lab', async () => {
    const { stdout } = await init();
    const at = (name: string) => `/etc/openvswitch/${name}`;
    expect(stdout).toContain(
      `\novs-vsctl set-ssl ${['switch-key.pem', 'switch-cert.pem', 'ca-cert.pem'].map(at).join(' ')}\n`,
    );
    expect(stdout).toContain('\novs-vsctl set bridge BRIDGE protocols=OpenFlow13 -- set-fail-mode BRIDGE secure -- ');
    expect(stdout).toContain(' -- set-controller BRIDGE ssl:ADDRESS-OF-GLUEWALL:6653\n');
    expect(stdout).toMatch(
      /whoever has .*ca-key\.pem can pass for any switch.*: in production use an authority of your own/,
    );
    expect(stdout).not.toContain('PRIVATE');
  });

  it('answers as JSON, with each switch and the address of the controller', async () => {
    const { stdout } = await init('--switch', 'br0', 'br1', '--controller', '2001:db8::1', '--days', '1', '--json');
    const answer = JSON.parse(stdout);
    expect(answer.switches).toMatchObject([
      { name: 'br0', key: join(directory, 'lab', 'br0-key.pem') },
      { name: 'br1' },
    ]);
    expect(answer.switches[1].commands[0]).toContain('/etc/openvswitch/br1-key.pem');
    expect(answer.switches[1].commands[1]).toMatch(/ -- set-controller BRIDGE ssl:\[2001:db8::1\]:6653$/);
    expect(Date.parse(answer.validUntil) - Date.now()).toBeLessThanOrEqual(86_400_000);
    expect(answer.configuration).toContain('certificate: ');
  });

  it('issues under the authority that is there for a node that joins, and says so', async () => {
    await init('--node', 'node.shop.example', 'node.office.example');
    const { stdout, exitCode } = await init('--node', 'node.later.example');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/of the authority in .*ca-cert\.pem, which was there already/);
    expect((await init('--node', 'node.later.example')).error).toMatchObject({ code: 'pki-files' });
  });

  it('gives each node of a federation its configuration, which loads, and its peers', async () => {
    const { stdout, exitCode } = await init('--node', 'node.shop.example', 'node.office.example');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/whoever has .*ca-key\.pem can pass for any node: in production/);
    expect(stdout).not.toMatch(/openflow|ovs-vsctl/);
    const texts = [...stdout.matchAll(/^(node:\n(?: .*\n)+)/gm)].map(([, text]) => text!);
    const nodes = texts.map((text) => parseConfig(`querylog: {capture: true}\n${text}`, 'gluewall.yaml').node!);
    expect(nodes.map(({ name, peers }) => [name, peers.map((peer) => peer.name)])).toEqual([
      ['node.shop.example', ['node.office.example']],
      ['node.office.example', ['node.shop.example']],
    ]);
    for (const { tls } of nodes) expect(() => loadTlsSettings(tls, Date.now())).not.toThrow();
  });

  it('makes all of a lab where switches and nodes are wanted', async () => {
    const answer = JSON.parse((await init('--switch', 'br0', '--node', 'a.example', '--json')).stdout);
    expect(answer).toMatchObject({
      configuration: expect.stringContaining('controller-key.pem'),
      switches: [{ name: 'br0' }],
      nodes: [{ name: 'a.example', configuration: expect.stringContaining('name: a.example') }],
    });
  });

  it.each([
    [['--days', '0'], '"0" is no number of days'],
    [['--days', '36501'], '"36501" is no number of days'],
    [['--days', '1.5'], 'is no number of days'],
    [['--switch', '../br0'], '"../br0" is no name of a switch'],
    [['--switch', ''], 'is no name of a switch'],
    [['--switch', 'x'.repeat(64)], 'is no name of a switch'],
    [['--switch', 'ca'], '"ca" names two files'],
    [['--switch', 'Controller'], '"Controller" names two files'],
    [['--switch', 'br0', 'BR0'], '"BR0" names two files'],
    [['--switch', ...Array.from({ length: 257 }, (_, n) => `br${n}`)], 'at most 256 switches'],
    [['--node', 'Node.example'], '"Node.example" is no name of a node'],
    [['--node', '../a'], '"../a" is no name of a node'],
    [['--node', `${'a'.repeat(65)}`], 'at most 64 characters'],
    [['--node', 'ca'], '"ca" names two files'],
    [['--node', 'a.example', 'a.example'], '"a.example" names two files'],
    [['--node', 'a.example', '--switch', 'a.example'], '"a.example" names two files'],
    [['--node', ...Array.from({ length: 257 }, (_, n) => `n${n}.example`)], 'at most 256 nodes'],
    [['--controller', 'a b'], '"a b" is neither a host name'],
    [['--controller', ''], 'is neither a host name'],
  ])('refuses %.40j', async (args, said) => {
    const { error, stdout } = await init(...args);
    expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining(said) });
    expect(stdout).toBe('');
  });

  it('writes over nothing', async () => {
    await init();
    expect((await init()).error).toMatchObject({ code: 'pki-files' });
  });
});
