/** From `gluewall pki init` to a switch that is connected by TLS, with the program as it is built. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { until } from '../../mininet/until.ts';
import { runGluewall } from '../support/command-line.ts';
import { FakeSwitch } from '../support/fake-openflow-switch.ts';

const WAIT_MS = 10_000;

interface Lab {
  readonly configuration: string;
  readonly authority: { readonly certificate: string };
  readonly controller: { readonly key: string };
  readonly switches: readonly { readonly key: string; readonly certificate: string }[];
}

describe('a lab', () => {
  let directory: string;
  let lab: Lab;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
    const { status, stdout, stderr } = runGluewall(directory, ['pki', 'init', '--json']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    lab = JSON.parse(stdout);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  function config(change: object = {}): { readonly openflow: object; readonly [key: string]: unknown } {
    const { openflow } = parse(lab.configuration) as { readonly openflow: object };
    return { openflow: { ...openflow, listen: '127.0.0.1:0', ...change }, store: { kind: 'memory' } };
  }

  it('is made once: a second time nothing is written over', () => {
    const before = readFileSync(lab.controller.key, 'utf8');
    const { status, stderr } = runGluewall(directory, ['pki', 'init']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/ca-key\.pem is there already: it is not overwritten; name another folder with --dir/);
    expect(readFileSync(lab.controller.key, 'utf8')).toBe(before);
  });

  it('has what a switch connects with, and nobody else', async () => {
    const running = await GluewallProcess.start(join(directory, 'run'), config());
    const portOf = () => running.log.find(({ msg }) => msg.startsWith('listening for switches'))?.port;
    const port = Number(await until('the port', WAIT_MS, portOf));
    const { key, certificate } = lab.switches[0]!;
    const files = {
      key: readFileSync(key),
      cert: readFileSync(certificate),
      ca: readFileSync(lab.authority.certificate),
    };
    const socket = connectTls({ port, host: '127.0.0.1', ...files, checkServerIdentity: () => undefined });
    try {
      await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
      const fake = FakeSwitch.on(socket, { datapathId: 7n });
      const switches = async () => (await running.status()).switches;
      const [ready] = await until('ready', WAIT_MS, async () => {
        const found = await switches();
        return found.length > 0 ? found : undefined;
      });
      expect(ready).toMatchObject({ datapathId: '0000000000000007' });
      const plain = await FakeSwitch.connect(port, { datapathId: 8n });
      await plain.untilClosed();
      expect(plain.received).toEqual([]);
      await until('said', WAIT_MS, () => running.log.find(({ msg }) => msg.includes('it does not speak TLS')));
      expect((await fake.echo()).type).toBe('echoReply');
      expect(await switches()).toHaveLength(1);
    } finally {
      socket.destroy();
      await running.kill();
    }
    expect(JSON.stringify(running.log)).not.toContain('PRIVATE');
  });

  it('is of no use to a switch that listens without TLS, which is connected to all the same', async () => {
    const came: Socket[] = [];
    const server = createServer((socket) => came.push(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const dialing = config({ connect: [`tcp:127.0.0.1:${port}`] });
    const running = await GluewallProcess.start(join(directory, 'dial'), dialing);
    try {
      FakeSwitch.on(await until('it connects', WAIT_MS, () => came[0]), { datapathId: 9n });
      const isReady = async () => (await running.status()).switches[0]?.datapathId === '0000000000000009' || undefined;
      await until('ready', WAIT_MS, isReady);
    } finally {
      for (const socket of came) socket.destroy();
      server.close();
      await running.kill();
    }
  });

  it.each([
    [
      'a key that others may read',
      {},
      [1, 2],
      /openflow\.tls\.key: .*controller-key\.pem may be read by others .*chmod 600/,
    ],
    [
      'plain TCP on all addresses',
      { tls: undefined, listen: '0.0.0.0:0' },
      [2],
      /:\d+:\d+: openflow\.listen on 0\.0\.0\.0: .*stays on loopback/,
    ],
    [
      'ssl: without a key',
      { tls: undefined, connect: ['ssl:192.0.2.1'] },
      [2],
      /:\d+:\d+: openflow\.connect: ssl: needs openflow\.tls/,
    ],
  ])('does not start with %s', (_what, change, exitCodes, said) => {
    chmodSync(lab.controller.key, 0o644);
    const file = join(directory, 'gluewall.yaml');
    writeFileSync(file, stringify(config(change)));
    const { status, stdout, stderr } = runGluewall(directory, [
      'run',
      '--config',
      file,
      '--socket',
      join(directory, 'x.sock'),
    ]);
    chmodSync(lab.controller.key, 0o600);
    expect(stderr).toMatch(said);
    expect(exitCodes).toContain(status);
    expect(stdout + stderr).not.toMatch(/PRIVATE|^ {4}at /m);
  });
});
