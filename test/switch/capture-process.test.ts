import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { formatCapturePlace } from '../../src/capture/capture-place.ts';
import { CaptureServer, type CaptureServerOptions } from '../../src/capture/capture-server.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { formatName } from '../../src/dns/name.ts';
import { unpackBatch } from '../support/collected-observations.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeAnswer, composeQuery } from '../support/dns-messages.ts';
import { composeFrame, type FrameFields } from '../support/frames.ts';
import { LabCertificates } from '../support/lab-certificates.ts';

const COMMAND = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const NEAR = 'gwproc0';
const FAR = 'gwproc1';
const SETPRIV = ['--bounding-set', '-all,+net_raw', '--inh-caps', '-all,+net_raw', '--no-new-privs'];
const INBOUND: FrameFields = {
  source: '198.51.100.53',
  destination: '192.0.2.1',
  sourcePort: 53,
  destinationPort: 40000,
};

/** Puts a query on its way out of the near end, and its response into it. */
const INJECTOR = `
import socket, sys
for name, frame in zip(sys.argv[1::2], sys.argv[2::2]):
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind((name, 0))
    raw.send(bytes.fromhex(frame))
`;

function exchange(name: string): void {
  const query = composeFrame(composeQuery(name)).toString('hex');
  const response = composeFrame(composeAnswer(name, '203.0.113.7'), INBOUND).toString('hex');
  execFileSync('python3', ['-c', INJECTOR, NEAR, query, FAR, response]);
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 20 });

describeIf(['root', 'namespaces'], 'gluewall capture', () => {
  let folder: string;
  let certificates: LabCertificates;
  let seen: { readonly text: string; readonly delayMs: number }[];
  const processes: ChildProcess[] = [];
  const servers: CaptureServer[] = [];

  beforeAll(async () => {
    if (!existsSync(COMMAND)) throw new Error(`${COMMAND} is missing: run "npm run build" first`);
    certificates = await LabCertificates.make();
    folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
    execFileSync('ip', ['link', 'add', NEAR, 'type', 'veth', 'peer', 'name', FAR]);
    for (const name of [NEAR, FAR]) {
      writeFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, '1');
      execFileSync('ip', ['link', 'set', name, 'up']);
    }
  });

  afterEach(async () => {
    for (const child of processes.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    for (const server of servers.splice(0)) await server.stop();
  });

  afterAll(() => {
    certificates?.remove();
    execFileSync('ip', ['link', 'del', NEAR]);
    rmSync(folder, { recursive: true });
  });

  async function listen(options: CaptureServerOptions) {
    seen = [];
    const take = (batch: Uint8Array, shiftMs: number) => {
      for (const { kind, question, atMs } of unpackBatch(batch)) {
        seen.push({ text: `${kind} ${formatName(question.name)}`, delayMs: systemClock.nowMs() - atMs - shiftMs });
      }
    };
    const server = new CaptureServer(options, take, systemClock, silentLog);
    servers.push(server);
    return { server, port: await server.start() };
  }

  /** As its unit does: with no capability but CAP_NET_RAW. */
  function startCapture(place: string, more = ''): ChildProcess {
    const file = join(folder, 'capture.yaml');
    writeFileSync(file, `capture: { interfaces: [${NEAR}], listen: "${place}"${more} }\n`);
    const args = [...SETPRIV, process.execPath, COMMAND, 'capture', '--config', file];
    const child = spawn('/usr/bin/setpriv', args, { stdio: ['ignore', 'ignore', 'inherit'] });
    processes.push(child);
    return child;
  }

  it('sends what it sees over a unix socket, connects again, and goes on counting', async () => {
    const listen1 = { path: join(folder, 'capture.sock') };
    const first = await listen({ listen: listen1 });
    const child = startCapture(listen1.path);
    await until(() => expect(first.server.isCapturing).toBe(true));
    exchange('one.example');
    await until(() => expect(seen.map(({ text }) => text)).toEqual(['query one.example', 'response one.example']));
    for (const { delayMs } of seen) expect(Math.abs(delayMs)).toBeLessThan(1000);
    const capabilities = /^CapEff:\s*(\w+)$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
    expect(Number.parseInt(capabilities!, 16)).toBe(1 << 13);
    await first.server.stop();
    const second = await listen({ listen: listen1 });
    await until(() => expect(second.server.isCapturing).toBe(true));
    exchange('two.example');
    await until(() => expect(seen.map(({ text }) => text)).toEqual(['query two.example', 'response two.example']));
    await until(() => expect(second.server.statistics()).toMatchObject({ observations: 2, receivedByKernel: 4 }));
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(child.exitCode).toBe(0);
    await until(() => expect(second.server.statistics().sources).toMatchObject([{ isConnected: false }]));
  });

  it('sends what it sees by TLS, with a certificate at both ends', async () => {
    const { server, port } = await listen({ listen: { host: '127.0.0.1', port: 0 }, tls: certificates.files });
    const { key, certificate, ca } = certificates.files;
    const place = formatCapturePlace({ host: '127.0.0.1', port });
    startCapture(place, `, tls: { key: ${key}, certificate: ${certificate}, ca: ${ca} }`);
    await until(() => expect(server.isCapturing).toBe(true));
    exchange('tls.example');
    await until(() => expect(seen.map(({ text }) => text)).toEqual(['query tls.example', 'response tls.example']));
  });

  it('is refused where nothing can come of it', () => {
    const run = (...args: string[]) => {
      try {
        execFileSync(process.execPath, [COMMAND, 'capture', ...args], { stdio: 'pipe', cwd: folder });
        return '';
      } catch (error) {
        return String((error as { stderr: Buffer }).stderr);
      }
    };
    const file = join(folder, 'other.yaml');
    writeFileSync(file, 'mode: monitor\n');
    expect(run('--config', file)).toMatch(/where to\? set capture\.listen/);
    expect(run('--config', file, '--to', 'nowhere')).toMatch(/--to nowhere: want the path of a unix socket/);
    expect(run('--config', file, '--to', '/run/x')).toMatch(/no interface to capture on/);
    writeFileSync(file, `capture: { interfaces: [${NEAR}] }\n`);
    expect(run('--config', file, '--to', '127.0.0.1:9')).toMatch(/127\.0\.0\.1:9 is reached by TLS: set capture\.tls/);
  });
});
