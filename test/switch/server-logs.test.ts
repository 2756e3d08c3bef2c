/** A real dnsmasq that forwards to a real Unbound, both with their query logs on, and what the readers make of those. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exited } from '../../mininet/child.ts';
import { until } from '../../mininet/until.ts';
import type { LogFormat } from '../../src/querylog/log-reader.ts';
import { dnsmasqFormat } from '../../src/querylog/readers/dnsmasq.ts';
import { unboundFormat } from '../../src/querylog/readers/unbound.ts';
import { describeIf } from '../support/describe-if.ts';
import { Reading, showEntry } from '../support/read-log.ts';

const UNBOUND_PORT = 5310;
const DNSMASQ_PORT = 5311;

const unboundConfiguration = (directory: string) => `server:
  interface: 127.0.0.1@${UNBOUND_PORT}
  username: ""
  chroot: ""
  directory: "${directory}"
  pidfile: ""
  logfile: "${join(directory, 'unbound.log')}"
  use-syslog: no
  module-config: "iterator"
  log-queries: yes
  log-replies: yes
  log-local-actions: yes
  local-zone: "example." static
  local-data: "www.example. A 198.51.100.7"
  local-data: "www.example. A 198.51.100.8"
  local-data: "www.example. AAAA 2001:db8::7"
  local-data: "7.100.51.198.in-addr.arpa. PTR www.example."
`;

describeIf(['root', 'namespaces'], 'the query logs of a real dnsmasq and a real Unbound', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    const configuration = join(directory, 'unbound.conf');
    writeFileSync(configuration, unboundConfiguration(directory));
    start('unbound', '-d', '-c', configuration);
    start(
      'dnsmasq',
      '--keep-in-foreground',
      '--conf-file=/dev/null',
      '--no-resolv',
      '--no-hosts',
      '--user=root',
      '--bind-interfaces',
      '--listen-address=127.0.0.1',
      `--port=${DNSMASQ_PORT}`,
      `--server=127.0.0.1#${UNBOUND_PORT}`,
      '--address=/printer.test/198.51.100.9',
      '--log-queries=extra',
      `--log-facility=${join(directory, 'dnsmasq.log')}`,
    );
    await until('both answer', 15_000, async () => (dig('ready.example', 'A') ? true : undefined));
  });

  afterAll(async () => {
    for (const child of children) {
      const ended = exited(child);
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(directory, { recursive: true, force: true });
  });

  it('give one entry for each question', async () => {
    const questions = [
      ['www.example', 'A'],
      ['Www.Example', 'A'],
      ['www.example', 'AAAA'],
      ['nothing.example', 'MX'],
      ['7.100.51.198.in-addr.arpa', 'PTR'],
      ['www.example', 'TYPE4711'],
      ['printer.test', 'A'],
    ] as const;
    for (const [name, type] of questions) expect(dig(name, type), name).toBe(true);
    await until('all of it is logged', 5000, async () =>
      entriesOf(dnsmasqFormat, 'dnsmasq.log').length === questions.length &&
      entriesOf(unboundFormat, 'unbound.log').length === 5
        ? true
        : undefined,
    );
    expect(entriesOf(dnsmasqFormat, 'dnsmasq.log')).toEqual([
      'forwarded www.example 1 1 0 198.51.100.7,198.51.100.8',
      'recursive Www.Example 1 1 0 198.51.100.7,198.51.100.8',
      'forwarded www.example 1 28 0 2001:db8::7',
      'forwarded nothing.example 1 15 3 -',
      'forwarded 7.100.51.198.in-addr.arpa 1 12 0 -',
      'forwarded www.example 1 4711 0 -',
      'recursive printer.test 1 1 0 198.51.100.9',
    ]);
    expect(entriesOf(unboundFormat, 'unbound.log')).toEqual([
      'recursive www.example 1 1 0 -',
      'recursive www.example 1 28 0 -',
      'recursive nothing.example 1 15 3 -',
      'recursive 7.100.51.198.in-addr.arpa 1 12 0 -',
      'recursive www.example 1 4711 0 -',
    ]);
  });

  function start(program: string, ...args: readonly string[]): void {
    children.push(spawn(program, args, { stdio: 'ignore', env: { ...process.env, TZ: 'UTC' } }));
  }

  /** False when nobody answers. */
  function dig(name: string, type: string): boolean {
    return runs(['dig', '@127.0.0.1', '-p', String(DNSMASQ_PORT), name, type, '+tries=1', '+time=2']);
  }

  /** Each but for its time and server, with the client and its port as far as they are to be known; answers in order. */
  function entriesOf(format: LogFormat, file: string): string[] {
    const reading = new Reading(format, { time: { nowMs: Date.now } }).push(readFileSync(join(directory, file)));
    expect(reading.refused).toEqual({});
    return reading
      .entries()
      .filter(({ name }) => !name.includes('ready'))
      .map((entry) => showEntry({ ...entry, answers: [...entry.answers].sort((a, b) => (a < b ? -1 : 1)) }))
      .map((line) => {
        expect(line).toMatch(/^20\S+Z 127\.0\.0\.1#\d+ > - /);
        return line.split(' > - ')[1]!;
      });
  }
});

function runs([program, ...args]: readonly string[]): boolean {
  try {
    execFileSync(program!, args, { stdio: 'ignore', timeout: 5000 });
    return true;
  } catch {
    return false;
  }
}
