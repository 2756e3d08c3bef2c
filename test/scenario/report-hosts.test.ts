/** `gluewall report hosts` as it is built: events, captures and logs from files, and what is wrong with them. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { runGluewall } from '../support/command-line.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-report-hosts-'));
  writeFileSync(join(folder, 'scan.jsonl'), scanLines().join('\n'));
  writeFileSync(join(folder, 'scan.jsonl.gz'), gzipSync(scanLines().join('\n')));
  copyFileSync(repositoryPath('test', 'vectors', 'pcap', 'dnscap', 'dns.pcap'), join(folder, 'border.pcap'));
  const query = 'client @0x7f2c04000b01 192.0.2.10#53211 (a.example): query: a.example IN A + (192.0.2.53)';
  writeFileSync(join(folder, 'queries.log'), `21-Nov-2025 10:11:12.123 queries: info: ${query}\n`);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One host tries port 445 of 400 addresses within some minutes. */
function scanLines(): string[] {
  return Array.from({ length: 400 }, (_, number) =>
    JSON.stringify({
      time: 1_772_438_400_000 + number * 500,
      ...{ event: 'syn', source: '192.0.2.66', port: 445, answered: false },
      destination: `198.18.${number >> 6}.${1 + (number & 63)}`,
    }),
  );
}

const report = (...args: string[]) => runGluewall(folder, ['report', 'hosts', ...args]);

describe('report hosts', () => {
  it.each(['scan.jsonl', 'scan.jsonl.gz'])('finds who scans in %s', (file) => {
    const { status, stdout, stderr } = report(file, '--inside', '192.0.2.0/24', '--json');
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const { events, findings } = JSON.parse(stdout);
    expect(events).toBe(400);
    expect(findings).toMatchObject([{ kind: 'infected-host', subject: '192.0.2.66', hosts: ['192.0.2.66'] }]);
    expect(findings[0].reasons[0]).toMatchObject({ kind: 'scanning', line: expect.stringMatching(/445/) });
  });

  it('says it line by line for people', () => {
    const { status, stdout } = report('scan.jsonl', '--inside', '192.0.2.0/24');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^400 events of hosts from 2026-03-02T08:00:00\.000Z to /);
    expect(stdout).toMatch(/infected-host 192\.0\.2\.66, /);
    expect(stdout).toMatch(/scanning: .*445/);
  });

  it('reads captures and logs, and several files together', () => {
    const { status, stdout } = report('border.pcap', 'queries.log', 'scan.jsonl', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout).events).toBeGreaterThan(401);
    expect(report('queries.log').stdout).toMatch(/^1 events? of hosts from 2025-11-21T/);
    expect(report('queries.log').stdout).toMatch(/name what is inside with --inside/);
  });

  it('leaves out what it does not know, and what is of the future, and says so in one line each', () => {
    const late = { time: Date.now() + 2 * 86_400_000, event: 'syn', source: '192.0.2.9', port: 80, answered: false };
    const lines = [{ ...late, destination: '198.18.0.1', 'odd\nkey': 1 }].map((line) => JSON.stringify(line));
    writeFileSync(join(folder, 'late.jsonl'), [...scanLines(), ...lines].join('\n'));
    const { status, stdout, stderr } = report('late.jsonl', '--inside', '192.0.2.0/24', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ events: 400, findings: [{ subject: '192.0.2.66' }] });
    expect(stderr).toMatch(/^gluewall: 1 event left out: the time is more than a day ahead of now$/m);
    expect(stderr).toMatch(/^gluewall: .*late\.jsonl: keys that nobody knows were left out: odd\\x0akey$/m);
  });

  it('says what is wrong with a file, and where', () => {
    writeFileSync(join(folder, 'bad.jsonl'), `${scanLines()[0]}\n{"time": 1, "event": "syn", "source": "x"}\n`);
    expect(report('bad.jsonl')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/bad\.jsonl:2:39: "source": want an IPv4 or IPv6 address/),
    });
    expect(report('nowhere.jsonl')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/there is no such file/),
    });
    expect(report('-')).toMatchObject({ status: 2, stderr: expect.stringMatching(/write it to a file/) });
    expect(report('scan.jsonl', '--inside', '192.0.2.1/24')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/--inside: .* is no network/),
    });
  });
});
