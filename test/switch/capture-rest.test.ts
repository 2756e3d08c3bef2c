/** A capture that has nothing to do waits for as long as it takes, and takes no time of the processor meanwhile. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exited } from '../../mininet/child.ts';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { until } from '../../mininet/until.ts';
import { CaptureServer } from '../../src/capture/capture-server.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeAnswer, composeQuery } from '../support/dns-messages.ts';
import { composeFrame } from '../support/frames.ts';

const NEAR = 'gwrest0';
const FAR = 'gwrest1';
const EXCHANGES = 5;
const WATCHED_MS = 2000;
/** A tenth of the processor; a loop that spins takes all of it. */
const MOST_MS = WATCHED_MS / 10;
/** A tick of /proc/PID/stat. */
const TICK_MS = 10;
const INJECTOR = `
import socket, sys
for name, frame in zip(sys.argv[1::2], sys.argv[2::2]):
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind((name, 0))
    raw.send(bytes.fromhex(frame))
`;

function exchange(name: string): void {
  const inbound = { source: '198.51.100.53', destination: '192.0.2.1', sourcePort: 53, destinationPort: 40000 };
  const query = composeFrame(composeQuery(name)).toString('hex');
  const response = composeFrame(composeAnswer(name, '203.0.113.7'), inbound).toString('hex');
  execFileSync('python3', ['-c', INJECTOR, NEAR, query, FAR, response]);
}

/** Of all threads, milliseconds. */
function processorTimeMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

describeIf(['root', 'namespaces'], 'gluewall capture', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
  const path = join(folder, 'capture.sock');
  const server = new CaptureServer({ listen: { path } }, () => {}, systemClock, silentLog);
  let child: ChildProcess;

  beforeAll(async () => {
    execFileSync('ip', ['link', 'add', NEAR, 'type', 'veth', 'peer', 'name', FAR]);
    for (const name of [NEAR, FAR]) {
      writeFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, '1');
      execFileSync('ip', ['link', 'set', name, 'up']);
    }
    await server.start();
    const file = join(folder, 'gluewall.yaml');
    writeFileSync(file, `capture: { interfaces: [${NEAR}], listen: "${path}" }\n`);
    const program = repositoryPath('dist', 'src', 'cli', 'main.js');
    child = spawn(process.execPath, [program, 'capture', '--config', file], { stdio: ['ignore', 'ignore', 'inherit'] });
    await until('the capture works', 15_000, () => server.isCapturing || undefined);
  });

  afterAll(async () => {
    child?.kill('SIGKILL');
    if (child !== undefined) await exited(child);
    await server.stop();
    execFileSync('ip', ['link', 'del', NEAR]);
    rmSync(folder, { recursive: true });
  });

  it('rests once it has captured its first frames', async () => {
    for (let number = 0; number < EXCHANGES; number++) exchange(`n${number}.example`);
    await until('they are captured', 10_000, () => server.statistics().observations >= 2 * EXCHANGES || undefined);
    const before = processorTimeMs(child.pid!);
    await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
    expect(processorTimeMs(child.pid!) - before).toBeLessThan(MOST_MS);
  });

  it('waits for an interface and for gluewall, where neither is there yet', async () => {
    const file = join(folder, 'early.yaml');
    const later = join(folder, 'later.sock');
    writeFileSync(file, `capture: { interfaces: [gwrest2], listen: "${later}" }\n`);
    const program = repositoryPath('dist', 'src', 'cli', 'main.js');
    const early = spawn(process.execPath, [program, 'capture', '--config', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      let said = '';
      early.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      const missesBoth = () => (said.includes('no such interface') && said.includes('no connection to')) || undefined;
      await until('it misses both', 10_000, missesBoth);
      await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
      expect(early.exitCode).toBeNull();
    } finally {
      early.kill('SIGKILL');
      await exited(early);
    }
  });
});
