import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MailLog } from '../../../../src/correlation/backscatter/mail-log.ts';
import { SourceTime } from '../../../../src/querylog/source-time.ts';

const NOW_MS = Date.UTC(2026, 10, 22);
const AT_MS = Date.UTC(2026, 7, 31, 2);
const REJECT =
  'NOQUEUE: reject: RCPT from unknown[198.51.100.7]: 550 5.1.1 <nobody@campus.example>: Recipient address rejected: User unknown in local recipient table; from=<> to=<nobody@campus.example> proto=ESMTP helo=<mx.example>';

function read(...lines: readonly string[]): MailLog {
  const log = new MailLog(600_000, new SourceTime({ zone: 'UTC', nowMs: () => NOW_MS }));
  for (const line of lines) {
    const octets = Buffer.from(line, 'latin1');
    log.read(octets, 0, octets.length);
  }
  return log;
}

describe('MailLog', () => {
  it('counts connections and unknown users of Postfix by windows, bounces among them', () => {
    const log = read(
      'Aug 31 02:00:01 mx postfix/smtpd[312]: connect from mail.example[198.51.100.7]',
      `Aug 31 02:00:02 mx postfix/smtpd[312]: ${REJECT}`,
      `Aug 31 02:00:03 mx postfix/submission/smtpd[313]: ${REJECT.replace('from=<>', 'from=<a@example>')}`,
      'Aug 31 02:00:04 mx postfix/smtpd[312]: 4F1A2B: reject: RCPT from unknown[198.51.100.7]: 550 <nobody@campus.example>: User unknown; from=<>',
      '2026-08-31T02:10:00.000000+00:00 mx postfix/smtpd[312]: connect from unknown[2001:db8::7]',
    );
    expect(log.windows()).toEqual([
      { atMs: AT_MS, connections: 1, unknownUsers: 3, bounces: 2 },
      { atMs: AT_MS + 600_000, connections: 1, unknownUsers: 0, bounces: 0 },
    ]);
    expect(log.lines).toBe(5);
  });

  it('leaves out what others say, and what is said in a text of a stranger', () => {
    const log = read(
      'Aug 31 02:00:01 mx postfix/smtpd[312]: disconnect from mail.example[198.51.100.7]',
      'Aug 31 02:00:01 mx postfix/cleanup[312]: warning: header Subject: connect from mars; User unknown',
      'Aug 31 02:00:01 mx sshd[312]: connect from mail.example',
      'Aug 31 02:00:01 mx postfix/smtpd[312]: warning: helo=<x: connect from y>',
      'Aug 31 02:00:01 mx postfix/smtpd[312]: NOQUEUE: reject: RCPT from x[198.51.100.7]: 554 5.7.1 Relay access denied',
      '',
    );
    expect(log.lines).toBe(0);
    expect(log.windows()).toEqual([]);
  });

  it('counts lines without a time that is one', () => {
    const log = read('Aug 41 02:00:01 mx postfix/smtpd[312]: connect from a[198.51.100.7]');
    expect(log).toMatchObject({ lines: 0, leftOut: 1 });
  });

  it('bears every cut and every change of a line, and garbage', () => {
    const line = `Aug 31 02:00:02 mx postfix/smtpd[312]: ${REJECT}`;
    for (let cut = 0; cut < line.length; cut++) {
      expect(read(line.slice(0, cut)).lines).toBeLessThanOrEqual(1);
      for (const octet of ['\0', ' ', '[', '\xff']) {
        expect(read(line.slice(0, cut) + octet + line.slice(cut + 1)).lines).toBeLessThanOrEqual(1);
      }
    }
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (text) => {
        expect(read(`Aug 31 02:00:02 mx postfix/smtpd[312]: connect from ${text}`).lines).toBeLessThanOrEqual(1);
        expect(read(`${text}: connect from User unknown`).lines).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('takes a line of a mebioctet in no time', () => {
    const started = performance.now();
    read(`Aug 31 02:00:02 mx postfix/smtpd[312]: a: reject: RCPT from ${'User unknow'.repeat(100_000)}`);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
