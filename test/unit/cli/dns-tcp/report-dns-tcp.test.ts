import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { addDnsTcpCommand } from '../../../../src/cli/commands/report-dns-tcp.ts';
import { GluewallError } from '../../../../src/core/errors.ts';
import type { DnsTcpReport } from '../../../../src/services/read-dns-tcp.ts';
import { dnsTcpCapture, type Step } from '../../../support/dns-tcp-captures.ts';
import { runCommand } from '../../../support/run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
afterAll(() => rmSync(folder, { recursive: true }));

const USER = '192.0.2.10';
const WORM = '192.0.2.66';
const WEB = '198.51.100.80';

/** One who browses, and a worm that tries addresses. */
const STEPS: readonly Step[] = [
  { atMs: 0, answer: WEB, client: USER },
  { atMs: 120, syn: WEB, client: USER, port: 443 },
  { atMs: 130, syn: WEB, client: USER },
  { atMs: 5000, syn: WEB, client: USER },
  ...Array.from({ length: 6 }, (_, index): Step => {
    return { atMs: 6000 + index, syn: `203.0.113.${index}`, client: WORM, port: 135 };
  }),
];

function file(name: string, octets: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, octets);
  return path;
}

async function report(...args: readonly string[]) {
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const run = await runCommand(addDnsTcpCommand, 'dns-tcp', ...args);
  stderr.mockRestore();
  return run;
}

async function reportJson(...args: readonly string[]): Promise<DnsTcpReport> {
  const { stdout, error } = await report(...args, '--json');
  expect(error).toBeUndefined();
  return JSON.parse(stdout);
}

describe('gluewall report dns-tcp', () => {
  const capture = file('clients.pcap', dnsTcpCapture(STEPS));

  it('prints the tables of the paper, with its shares', async () => {
    const { stdout, exitCode } = await report(capture);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^11 packets\nfrom 2023-11-14T22:13:19\.999Z to 2023-11-14T22:13:26\.005Z\n/);
    expect(stdout).toContain('        9  SYNs\n');
    expect(stdout).toContain(
      '1  the earliest within 1s for each answer: 11.1 % of SYNs, 100.0 % of answers with an address',
    );
    expect(stdout).toMatch(/whoever got the answer +2 \(22\.2 %\) +3 \(33\.3 %\) +3 \(33\.3 %\)\n/);
    expect(stdout).toContain('        6    135  MS Loc-Srv\n');
    expect(stdout).toMatch(/Table 4[^\n]*\n[^\n]*\n {10}1 {4}443 {2}HTTPS\n/);
    expect(stdout).toMatch(/\n +6 +6 +0 +0 +0 {2}192\.0\.2\.66\n/);
  });

  it('gives the same as JSON', async () => {
    const { packets, tables, damage } = await reportJson(capture);
    expect({ packets, damage }).toEqual({ packets: 11, damage: [] });
    expect(tables).toMatchObject({ responses: 1, answers: 1, addressRecords: 1, syns: 9, firstSyns: 1, senders: 2 });
    expect(tables.delays.meanMs).toBeCloseTo(120, 3);
  });

  it('counts by another window', async () => {
    expect((await reportJson(capture, '--window', '100ms')).tables).toMatchObject({ windowMs: 100, firstSyns: 0 });
    expect((await reportJson(capture, '--window', '10s')).tables.anyClient.withinWindow).toBe(3);
  });

  it('reads several files in the order of their time, packed ones too', async () => {
    const later = STEPS.map((step) => ({ ...step, atMs: step.atMs + 60_000 }));
    const second = file('a-later.pcap.gz', gzipSync(dnsTcpCapture(later)));
    const { tables } = await reportJson(second, capture);
    expect(tables).toMatchObject({ syns: 18, firstSyns: 2, limits: { clockJumps: 0 } });
    expect(tables.anyClient.withinTtl).toBe(6);
    expect((await reportJson(capture, second)).tables).toEqual(tables);
  });

  it('counts the same behind VLAN tags', async () => {
    const { tables } = await reportJson(capture);
    for (const tags of [[0x8100], [0x88a8, 0x8100]]) {
      const tagged = file(`tagged-${tags.length}.pcap`, dnsTcpCapture(STEPS, tags));
      expect((await reportJson(tagged)).tables).toEqual(tables);
    }
  });

  it('says what is missing in a capture', async () => {
    const syns = file('syns.pcap', dnsTcpCapture(STEPS.filter((step) => 'syn' in step)));
    expect((await report(syns)).stdout).toContain('no DNS response was seen');
    const dns = file('dns.pcap', dnsTcpCapture(STEPS.slice(0, 1)));
    expect((await report(dns)).stdout).toContain('no SYN was seen');
    expect((await report(capture)).stdout).not.toContain('was seen');
  });

  it('says where the answers of the clients are not seen', async () => {
    const border: readonly Step[] = [
      { atMs: 0, answer: WEB, client: '192.0.2.53' },
      ...Array.from(
        { length: 30 },
        (_, index): Step => ({ atMs: 100 + index, syn: WEB, client: `192.0.2.${100 + index}` }),
      ),
    ];
    const { stdout } = await report(file('border.pcap', dnsTcpCapture(border)));
    expect(stdout).toContain('0 of 30 hosts that sent SYNs got DNS responses here');
  });

  it('says that the clock went back', async () => {
    const back = [...STEPS, ...STEPS.map((step) => ({ ...step, atMs: step.atMs - 3_600_000 }))];
    expect((await report(file('back.pcap', dnsTcpCapture(back)))).stdout).toContain('1 jumps of the clock');
  });

  it('counts a damaged capture as far as it goes, and says so', async () => {
    const whole = dnsTcpCapture(STEPS);
    const cut = file('cut.pcap', whole.subarray(0, whole.length - 3));
    const { stdout, exitCode } = await report(cut);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('cut.pcap: it ends in the middle of the record');
    expect(stdout).toContain('        8  SYNs\n');
  });

  it('goes on behind a file that is no capture, and refuses where all are', async () => {
    const none = file('none.txt', Buffer.from('this is no capture at all, and long enough'));
    const { stdout, exitCode } = await report(none, capture);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('        9  SYNs\n');
    const { error } = await report(none);
    expect(error).toMatchObject({ code: 'capture-file', message: expect.stringMatching(/none\.txt cannot be read/) });
  });

  it('does not begin what can be read but once', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    execFileSync('bash', ['-c', `cat '${capture}' > '${pipe}' &`], { stdio: 'ignore' });
    expect((await reportJson(pipe, capture)).tables.syns).toBe(18);
  });

  it('draws the delays, and writes the tables', async () => {
    const steps = Array.from({ length: 400 }, (_, index): readonly Step[] => {
      const delayMs = -200 * Math.log(1 - (0.99 * (index + 0.5)) / 400);
      const atMs = index * 2000;
      return [
        { atMs, answer: `198.51.100.${index % 250}`, client: USER },
        { atMs: atMs + delayMs, syn: `198.51.100.${index % 250}`, client: USER },
      ];
    }).flat();
    const svg = join(folder, 'delays.svg');
    const csv = join(folder, 'tables');
    const { stdout } = await report(file('many.pcap', dnsTcpCapture(steps)), '--svg', svg, '--csv', csv);
    expect(stdout).toMatch(/exponential fit: falls to 1\/e in \d+ ms\n +R² 0\.9/);
    expect(readFileSync(svg, 'utf8')).toMatch(/<svg.*exponential fit.*R² 0\.9/s);
    expect(readdirSync(csv).sort()).toEqual([
      'delays.csv',
      'hosts.csv',
      'table-1.csv',
      'table-2.csv',
      'table-3.csv',
      'table-4.csv',
    ]);
    expect(readFileSync(join(csv, 'table-1.csv'), 'utf8')).toContain('responses with an A or AAAA record,400\n');
    expect(readFileSync(join(csv, 'delays.csv'), 'utf8').split('\n')).toHaveLength(22);
  });

  it.each<[string, readonly string[], string, RegExp]>([
    ['no file', [], 'usage', /name capture files/],
    ['files beside --live', ['x.pcap', '--live'], 'usage', /name no files/],
    ['a window beside --live', ['--live', '--window', '2s'], 'usage', /--live counts by 1s/],
    ['a window too short', [capture, '--window', '49ms'], 'usage', /from 50ms to 60s/],
    ['a window too long', [capture, '--window', '61s'], 'usage', /from 50ms to 60s/],
    ['a window that is none', [capture, '--window', 'soon'], 'usage', /"soon" is no time/],
    ['a picture in no folder', [capture, '--svg', join(folder, 'no', 'where.svg')], 'report-file', /cannot be written/],
    ['tables in what is no folder', [capture, '--csv', capture], 'report-file', /cannot be made/],
  ])('refuses %s', async (_what, args, code, message) => {
    const { error } = await report(...args);
    expect(error).toBeInstanceOf(GluewallError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
