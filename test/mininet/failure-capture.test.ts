/** The capture ends, by itself or with the one that it brings to, while clients ask. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exited } from '../../mininet/child.ts';
import { gate, networks } from '../../mininet/internet.ts';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { until } from '../../mininet/until.ts';
import { childrenOf } from '../support/child-processes.ts';
import { describeIf } from '../support/describe-if.ts';
import { BANK, CORP, EVIL, FRESH, learn, load, passes, resolve } from '../support/gate-traffic.ts';
import { gatedInternet } from '../support/gated.ts';

const NEEDS = ['root', 'namespaces', 'openVswitch'] as const;
const PER_SECOND = 500;
const BACK_MS = 15_000;

interface CaptureStatus {
  readonly capture: {
    readonly restarts: number;
    readonly sources: readonly { readonly isConnected: boolean }[];
  };
}

describeIf(NEEDS, 'a gate whose own capture is killed', () => {
  const world = gatedInternet();
  const capture = async () => ((await world().gluewall.status()) as unknown as CaptureStatus).capture;

  it('goes on with its verdicts, says so, and learns again within seconds', async () => {
    await learn(world(), CORP);
    await learn(world(), BANK);
    expect(await passes(world(), CORP)).toBe(true);
    const during = load(world(), 3000, PER_SECOND);
    const since = world().gluewall.log.length;
    const [child] = childrenOf(world().gluewall.pid!, 'capture-process');
    process.kill(child!, 'SIGKILL');
    await world().gluewall.logged('that it ended', since, ({ msg }) => msg.startsWith('the capture process ended'));
    expect(await passes(world(), BANK)).toBe(true);
    expect(await passes(world(), EVIL)).toBe(false);
    await until('it is back', BACK_MS, async () => {
      const { restarts, sources } = await capture();
      return (restarts === 1 && sources[0]?.isConnected) || undefined;
    });
    await world().gluewall.ready();
    await learn(world(), FRESH);
    expect(await passes(world(), FRESH)).toBe(true);
    expect(await during).toEqual({ sent: 3000, lost: 0 });
  });
});

describeIf(NEEDS, 'a gate whose capture is a process of its own, and is killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
  const path = join(folder, 'capture.sock');
  const file = join(folder, 'capture.yaml');
  let child: ChildProcess;

  function startCapture(): void {
    const program = repositoryPath('dist', 'src', 'cli', 'main.js');
    child = spawn(process.execPath, [program, 'capture', '--config', file], { stdio: 'ignore' });
  }

  async function killCapture(): Promise<void> {
    child.kill('SIGKILL');
    await exited(child);
  }

  beforeAll(() => {
    const [network] = networks.inside;
    writeFileSync(
      file,
      `inside: { networks: [${network}] }\ncapture: { interfaces: [${gate.outsidePort}], listen: "${path}" }\n`,
    );
    startCapture();
  });
  afterAll(async () => {
    await killCapture();
    rmSync(folder, { recursive: true, force: true });
  });

  const world = gatedInternet({ capture: { listen: path } });
  const isConnected = async () => {
    const { capture } = (await world().gluewall.status()) as unknown as CaptureStatus;
    return capture.sources.some((source) => source.isConnected);
  };

  it('goes on with its verdicts, says so, and learns nothing', async () => {
    await learn(world(), CORP);
    await learn(world(), BANK);
    expect(await passes(world(), CORP)).toBe(true);
    const during = load(world(), 3000, PER_SECOND);
    const since = world().gluewall.log.length;
    await killCapture();
    await world().gluewall.logged('that it is gone', since, ({ msg }) => /the capture of .* is gone/.test(msg));
    expect(await isConnected()).toBe(false);
    expect(await passes(world(), BANK)).toBe(true);
    expect(await passes(world(), EVIL)).toBe(false);
    await resolve(world(), FRESH);
    expect(await passes(world(), FRESH)).toBe(false);
    expect(await during).toEqual({ sent: 3000, lost: 0 });
  });

  it('learns again when it is started again', async () => {
    startCapture();
    await until('it is connected', BACK_MS, async () => (await isConnected()) || undefined);
    await world().gluewall.ready();
    await learn(world(), FRESH);
    expect(await passes(world(), FRESH)).toBe(true);
  });

  it('falls back to monitor when it has been gone for capture.fallback, and enforces again when it is back', async () => {
    await world().restartGluewall({ capture: { listen: path, fallback: '3s' } });
    await until('it blocks', BACK_MS, async () => !(await passes(world(), EVIL)) || undefined);
    const since = world().gluewall.log.length;
    await killCapture();
    const said = (text: string) => world().gluewall.logged(text, since, ({ msg }) => msg.includes(text));
    await said('enforce falls back to monitor');
    expect((await world().gluewall.status()).mode).toEqual({ configured: 'enforce', inForce: 'monitor' });
    await until('all pass', BACK_MS, async () => (await passes(world(), EVIL)) || undefined);
    startCapture();
    await until('it is connected', BACK_MS, async () => (await isConnected()) || undefined);
    await said('verdicts are enforced from now on');
    await until('it blocks', BACK_MS, async () => !(await passes(world(), EVIL)) || undefined);
  });

  it('is found again by the capture when gluewall itself was killed', async () => {
    await world().restartGluewall({ capture: { listen: path } });
    await until('it is connected', BACK_MS, async () => (await isConnected()) || undefined);
    await learn(world(), BANK);
    expect(await passes(world(), BANK)).toBe(true);
  });
});
