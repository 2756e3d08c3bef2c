/** `gluewall report backscatter`, as it is typed. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backscatterLog, LOCAL_DOMAIN, MAIL_SERVER, type MailTraffic } from '../support/backscatter-log.ts';
import { gluewall } from '../support/gluewall-command.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 7, 30, 14);
const ATTACK_MS = START_MS + 12 * HOUR_MS;
const TRAFFIC: MailTraffic = {
  seed: 'report',
  fromMs: START_MS,
  toMs: ATTACK_MS + 3 * HOUR_MS,
  perSecond: 0.1,
  attacks: [{ shape: 'waves', fromMs: ATTACK_MS, toMs: ATTACK_MS + 2 * HOUR_MS, perSecond: 2 }],
};
const MAIL_LINES = [
  'Aug 31 01:00:01 mx postfix/smtpd[312]: connect from mail.example[198.51.100.7]',
  'Aug 31 02:30:01 mx postfix/smtpd[312]: connect from mail.example[198.51.100.7]',
  'Aug 31 02:30:02 mx postfix/smtpd[312]: NOQUEUE: reject: RCPT from mail.example[198.51.100.7]: 550 5.1.1 <nobody@campus.example>: Recipient address rejected: User unknown in local recipient table; from=<> to=<nobody@campus.example>',
];

let folder: string;
const at = (name: string) => join(folder, name);
const report = (...args: readonly string[]) => gluewall(process.env, 'report', 'backscatter', '--zone', 'UTC', ...args);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
  const lines = [...backscatterLog(TRAFFIC)];
  writeFileSync(at('queries.log'), `${lines.join('\n')}\n`);
  const half = lines.length >> 1;
  writeFileSync(at('queries.log.1'), `${lines.slice(0, half).join('\n')}\n`);
  writeFileSync(at('queries.log.0'), `${lines.slice(half).join('\n')}\n`);
  writeFileSync(at('codes.log'), `${[...backscatterLog(TRAFFIC, { responses: true })].join('\n')}\n`);
  writeFileSync(at('mail.log'), `${MAIL_LINES.join('\n')}\n`);
  writeFileSync(at('empty.log'), '');
  writeFileSync(
    at('other.log'),
    '21-Nov-2025 10:11:12.123 queries: info: client 192.0.2.10#53211 (a.example): query: a.example IN A + (192.0.2.53)\n',
  );
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NAMED = ['--mail-server', MAIL_SERVER, '--local-domain', LOCAL_DOMAIN];

describe('an attack', () => {
  it('is told with its start, peak and end, what the mail log says of it, and what to do', async () => {
    const { status, stdout } = await report(at('queries.log'), ...NAMED, '--mail-log', at('mail.log'));
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^ {2}ALARM +2026-08-31T0[12]:(?:59|0\d):00\.000Z to 2026-08-31T0[34]:(?:5\d|0\d):00\.000Z, known at 2026-08-31T02:[12]0:00\.000Z$/m,
    );
    expect(stdout).toMatch(
      /^ {4}peak +2026-08-31T0[23]:\d\d:00\.000Z: \d\.\d\d unresolvable a second, usually 0\.\d\d$/m,
    );
    expect(stdout).toMatch(/R² 0\.9\d\d$/m);
    expect(stdout).toMatch(/^ {4}mail +1 connection, 1 User unknown, of them 1 bounces \(from=<>\)$/m);
    expect(stdout).toMatch(/^ {2}assumed {2}times without a year are of the last in which they were not to come$/m);
    expect(stdout).toMatch(/^next: .*SPF and DMARC/m);
  });

  it('is the same in JSON, of rotated logs in any order, and of a log with response codes', async () => {
    const [whole, halves, codes] = await Promise.all([
      report(at('queries.log'), ...NAMED, '--json'),
      report(at('queries.log.0'), at('queries.log.1'), ...NAMED, '--json'),
      report(at('codes.log'), '--json'),
    ]);
    const server = (stdout: string) => JSON.parse(stdout).servers[0];
    expect(server(whole.stdout)).toMatchObject({ address: MAIL_SERVER, isFound: false, isReady: true, leftOut: 0 });
    expect(server(whole.stdout).alarms).toHaveLength(1);
    const [{ start, end, total }] = server(whole.stdout).alarms;
    expect(server(halves.stdout).alarms).toMatchObject([{ start, end, total }]);
    expect(server(halves.stdout).days).toEqual(server(whole.stdout).days);
    const byCodes = server(codes.stdout);
    expect(byCodes).toMatchObject({ address: MAIL_SERVER, isFound: true });
    expect(byCodes.alarms).toMatchObject([{ by: 'codes', detected: server(whole.stdout).alarms[0].detected }]);
    expect(byCodes.regression.r2).toBeGreaterThan(0.99);
  });

  it('is drawn, and written as tables', async () => {
    const { status } = await report(
      at('queries.log'),
      ...NAMED,
      '--mail-log',
      at('mail.log'),
      '--svg',
      at('figures'),
      '--csv',
      at('tables'),
    );
    expect(status).toBe(0);
    expect(readdirSync(at('figures')).sort()).toEqual(
      ['alarm-1', 'days', 'mail', 'regression', 'traffic'].map((figure) => `${MAIL_SERVER}-${figure}.svg`),
    );
    for (const file of readdirSync(at('figures'))) {
      const svg = readFileSync(join(at('figures'), file), 'utf8');
      expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
    const table = (name: string) =>
      parse(readFileSync(join(at('tables'), name)), { columns: true }) as Readonly<Record<string, string>>[];
    expect(readdirSync(at('tables')).sort()).toEqual([
      'alarms.csv',
      'days.csv',
      'mail.csv',
      'regression.csv',
      'windows.csv',
    ]);
    expect(table('days.csv').map(({ day }) => day)).toEqual(['2026-08-30', '2026-08-31']);
    const total = table('windows.csv').reduce((sum, row) => sum + Number(row.total), 0);
    expect(total).toBe(readFileSync(at('queries.log'), 'utf8').trimEnd().split('\n').length);
    expect(table('alarms.csv')).toHaveLength(1);
    expect(table('mail.csv').map(({ bounces }) => bounces)).toEqual(['0', '1']);
  });
});

describe('what cannot be reported says why, and what to do', () => {
  it.each([
    [
      'a server that asked nothing',
      ['queries.log'],
      ['--mail-server', '203.0.113.9'],
      /203\.0\.113\.9 asked nothing .*192\.0\.2\.25/,
    ],
    ['no mail server', ['other.log'], [], /no client of these logs asks for PTR, MX and A often.*--mail-server/],
    ['an empty log', ['empty.log'], NAMED, /empty\.log is empty; name a file/],
    ['no log', ['mail.log'], NAMED, /nothing in it is a query.*--format/],
    ['no mail log', ['queries.log'], [...NAMED, '--mail-log', 'queries.log'], /no line of it is of smtpd of Postfix/],
    ['no window', ['queries.log'], [...NAMED, '--window', '5s'], /--window: "5s" is no time from 1m to 1d/],
    ['no domain', ['queries.log'], [...NAMED, '--local-domain', 'a..b'], /"a\.\.b" is no domain name/],
    ['standard input without a server', ['-'], [], /standard input is read once: name the --mail-server/],
  ])('%s', async (_, logs, args, message) => {
    const paths = logs.map((name) => (name === '-' ? name : at(name)));
    const typed = args.map((arg) => (arg === 'queries.log' ? at(arg) : arg));
    const { status, stderr } = await report(...paths, ...typed);
    expect(status).toBeGreaterThan(0);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it('a log without response codes and without --local-domain is not called quiet', async () => {
    const { status, stdout } = await report(at('queries.log'), '--mail-server', MAIL_SERVER);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ {2}unresolvable +not known: the logs say no response codes$/m);
    expect(stdout).toMatch(/^next: name with --local-domain/m);
  });
});
