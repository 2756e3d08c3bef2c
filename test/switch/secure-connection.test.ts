/** A real Open vSwitch at the other end: by TLS and without, from the switch and to it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { runProgram } from '../../mininet/child.ts';
import { until } from '../../mininet/until.ts';
import { type ControllerOptions, OpenFlowController } from '../../src/controller/openflow-controller.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { TlsFiles } from '../../src/core/tls-settings.ts';
import { type LabFiles, writeLabFiles } from '../../src/pki/lab-files.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeFrame } from '../support/frames.ts';
import { gateFlows, keepingLog } from '../support/session-rig.ts';
import { VethBridge } from '../support/veth-bridge.ts';

const WAIT_MS = 20_000;
const query = composeFrame(Buffer.from('a question'), { source: '192.0.2.1', destination: '198.51.100.53' });

describeIf(['root', 'namespaces', 'openVswitch'], 'a connection with Open vSwitch', () => {
  const told: string[] = [];
  const log: string[] = [];
  let directory: string;
  let bridge: VethBridge;
  let ours: LabFiles;
  let others: LabFiles;
  let tls: TlsFiles;
  let controller: OpenFlowController | undefined;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
    const lab = (name: string) =>
      writeLabFiles(
        { directory: join(directory, name), days: 60, controller: 'gluewall', switches: ['br0'], nodes: [] },
        Date.now(),
      );
    [ours, others] = await Promise.all([lab('ours'), lab('others')]);
    tls = { ...ours.controller!, ca: ours.authority.certificate };
    bridge = await VethBridge.start();
  });
  afterAll(async () => {
    await bridge?.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(() => bridge.recreate());
  afterEach(async () => {
    await controller?.stop();
    told.length = 0;
    log.length = 0;
  });

  function start(options: Partial<ControllerOptions>): Promise<number> {
    const listen = { host: '127.0.0.1', port: 0 };
    const packetIns = { perPort: 256, bytes: 1 << 20 };
    controller = new OpenFlowController(
      systemClock,
      keepingLog(log),
      { listen, switches: 4, packetIns, ...options },
      {
        role: () => undefined,
        baseFlows: gateFlows,
        verdictFlows: () => [],
        meterRates: () =>
          new Map([
            [1, 1000],
            [2, 100],
          ]),
        standby: () => undefined,
        tableFull: () => undefined,
        wantsUse: () => false,
        used: () => undefined,
        ready: () => told.push('ready'),
        packetIn: () => told.push('packetIn'),
        gone: () => told.push('gone'),
      },
    );
    return controller.start();
  }

  const telling = (what: string, from = 0) =>
    until(`${what}; log: ${log.join('\n')}`, WAIT_MS, () => told.includes(what, from) || undefined);
  const vsctl = (...args: string[]) => bridge.openVswitch.vsctl(...args);
  const setController = (target: string) =>
    vsctl('set-controller', bridge.name, target, '--', 'set', 'controller', bridge.name, 'max_backoff=1000');
  const setSsl = ({ switches, authority }: LabFiles, ca = authority.certificate) =>
    vsctl('set-ssl', switches[0]!.key, switches[0]!.certificate, ca);

  /** Waits until the flows stand and a packet comes to the controller. */
  async function serves(): Promise<void> {
    await telling('ready');
    await until('a packet_in', WAIT_MS, async () => {
      await bridge.arrivalsOf([query]);
      return told.includes('packetIn') || undefined;
    });
    expect((await bridge.openVswitch.ofctl('dump-flows', bridge.name)).length).toBeGreaterThan(0);
  }

  it.each(['sslserver', 'sslclient'])(
    'has certificates that are fit for %s, as openssl sees it strictly',
    async (purpose) => {
      for (const { certificate } of [ours.controller!, ...ours.switches]) {
        const args = [
          'verify',
          '-x509_strict',
          '-purpose',
          purpose,
          '-CAfile',
          ours.authority.certificate,
          certificate,
        ];
        expect(await runProgram('openssl', args, process.env)).toMatchObject({
          status: 0,
          stdout: `${certificate}: OK\n`,
        });
      }
    },
  );

  it('comes from the switch by TLS, with certificates at both ends', async () => {
    const port = await start({ tls });
    await setSsl(ours);
    await setController(`ssl:127.0.0.1:${port}`);
    await serves();
    expect(controller!.connections.get('refused: TLS')).toBe(0);
    await controller!.stop();
    expect(log.at(-1)).toMatch(/^warn: switch [0-9a-f]{16} disconnected: the controller stops$/);
  });

  it('is refused to a switch whose certificate is of another authority, or that speaks no TLS', async () => {
    const port = await start({ tls });
    await setSsl(others, ours.authority.certificate);
    await setController(`ssl:127.0.0.1:${port}`);
    const refused = () => controller!.connections.get('refused: TLS');
    await until('refused', WAIT_MS, () => refused() > 0 || undefined);
    expect(log[0]).toMatch(
      /\(O=gluewall lab, CN=br0\) refused: its certificate is of no authority in openflow\.tls\.ca/,
    );
    const before = refused();
    await setController(`tcp:127.0.0.1:${port}`);
    await until('refused again', WAIT_MS, () => refused() > before + 1 || undefined);
    expect(log.at(-1)).toMatch(/it does not speak TLS|it ended the connection/);
    expect(told).toEqual([]);
  });

  it('is refused by a switch that does not know our authority', async () => {
    const port = await start({ tls });
    await setSsl(ours, others.authority.certificate);
    await setController(`ssl:127.0.0.1:${port}`);
    await until('refused', WAIT_MS, () => controller!.connections.get('refused: TLS') > 0 || undefined);
    expect(log[0]).toMatch(/it does not know the authority of our certificate|; does it know the authority of our/);
    expect(told).toEqual([]);
  });

  it.each(['ssl', 'tcp'] as const)(
    'goes to a switch that listens (p%s:), and comes back when that starts anew',
    async (scheme) => {
      const port = await freePort();
      if (scheme === 'ssl') await setSsl(ours);
      await setController(`p${scheme}:${port}:127.0.0.1`);
      await start({ tls, connect: [{ scheme, host: '127.0.0.1', port }] });
      await serves();
      const name = scheme === 'ssl' ? ' as O=gluewall lab, CN=br0' : '';
      expect(log).toContain(`info: connected to ${scheme}:127.0.0.1:${port}${name}`);
      const before = told.length;
      await bridge.openVswitch.restartVswitchd();
      await telling('gone', before);
      await telling('ready', before);
      expect(controller!.connections.get('dialed')).toBeGreaterThanOrEqual(2);
    },
  );

  it('goes to no switch whose certificate is of another authority', async () => {
    const port = await freePort();
    await setSsl(others, ours.authority.certificate);
    await setController(`pssl:${port}:127.0.0.1`);
    await start({ tls, connect: [{ scheme: 'ssl', host: '127.0.0.1', port }] });
    await until(
      'said',
      WAIT_MS,
      () => log.some((line) => /of no authority in openflow\.tls\.ca/.test(line)) || undefined,
    );
    expect(told).toEqual([]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
