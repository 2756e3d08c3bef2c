import { describe, expect, it } from 'vitest';
import { powerdnsRecursorFormat } from '../../../../src/querylog/readers/powerdns-recursor.ts';
import { describeIf } from '../../../support/describe-if.ts';
import { expectHardy, expectResumable, Reading, showEntries } from '../../../support/read-log.ts';
import { linesOf, serverLog, sharedLog } from '../../../support/server-logs.ts';

const read = (...lines: readonly string[]) => new Reading(powerdnsRecursorFormat).push(lines.join('\n'));
const shown = (...lines: readonly string[]) => showEntries(read(...lines).entries());

const NOON = 1_795_262_400;
const AT = '2026-11-21T12:00:00.250Z';
const COMMON = `subsystem="syncres" level="0" prio="Info" tid="4" ts="${NOON}.250" ecs=""`;
const QUESTION = `Nov 21 12:00:00 msg="Question" ${COMMON} mtid="1" proto="udp" qname="www.Example.com" qtype="A" remote="192.0.2.1:4242"`;
const ANSWER = `Nov 21 12:00:01 msg="Answer" ${COMMON.replace('.250', '.900')} additional="1" answers="1" mtid="1" proto="udp" qname="www.example.com" qtype="A" rcode="3" rd="1" remote="192.0.2.1:4242" totms="650.06" validationState="Secure"`;
const OLD_QUESTION =
  "Nov 21 12:00:00 ns1 pdns_recursor[7]: 3 [1801294368/1] question for 'c.example|A' from 192.0.2.1:4242";
const OLD_ANSWER =
  "Nov 21 12:00:00 ns1 pdns_recursor[7]: 3 [1801294368/2] answer to question 'c.example|A': 0 answers, 1 additional, took 1 packets, 0.845 netw ms, 0.984 tot ms, 0 throttled, 0 timeouts, 0 tcp connections, rcode=3";

describe('PowerDNS Recursor with structured lines', () => {
  it('makes one entry of a question and its answer', () => {
    expect(shown(QUESTION, ANSWER)).toEqual([`${AT} 192.0.2.1#4242 > - recursive www.Example.com 1 1 3 -`]);
  });

  it('tells questions apart by thread, context, client and question', () => {
    const others = [
      ['tid="4"', 'tid="5"'],
      ['mtid="1"', 'mtid="2"'],
      [':4242', ':4243'],
      ['qtype="A"', 'qtype="AAAA"'],
    ] as const;
    for (const [from, to] of others) {
      const codes = read(QUESTION, QUESTION.replace(from, to), ANSWER)
        .entries()
        .map(({ responseCode }) => responseCode);
      expect(codes.sort()).toEqual([3, undefined]);
    }
  });

  it('reads what the packet cache answered, with the client behind a proxy', () => {
    const line = `Nov 21 12:00:00 ns1 pdns_recursor[7]: msg="Question answered from packet cache" ${COMMON} qname="." qtype="TYPE65280" remote="192.0.2.9:53" source="[2001:db8::7]:4242" tag="0"`;
    expect(shown(line)).toEqual([`${AT} 2001:db8::7#4242 > - recursive . 1 65280 - -`]);
    const proxied = QUESTION.replace('192.0.2.1:4242', '[2001:db8::7]:4242 (proxied by 192.0.2.9:53)');
    expect(shown(proxied)).toEqual([`${AT} 2001:db8::7#4242 > - recursive www.Example.com 1 1 - -`]);
  });

  it('reads JSON, and values with quotes and backslashes in them', () => {
    const json = JSON.stringify({
      msg: 'Question',
      level: '0',
      tid: '1',
      mtid: '1',
      ts: `${NOON}.25`,
      qname: 'a.example',
      qtype: 'MX',
      remote: '192.0.2.1:4242',
    });
    expect(shown(json, `Nov 21 12:00:00 ns1 pdns_recursor[7]: ${json}`)).toEqual(
      Array(2).fill(`${AT} 192.0.2.1#4242 > - recursive a.example 1 15 - -`),
    );
    expect(shown(QUESTION.replace('www.Example.com', String.raw`q\"uo\\.te\\032x.example`))).toEqual([
      String.raw`${AT} 192.0.2.1#4242 > - recursive q\"uo\.te\032x.example 1 1 - -`,
    ]);
  });

  it('takes the time in front where there is no other', () => {
    expect(shown(QUESTION.replace(/ ts="[^"]*"/, ''))).toEqual([
      '2026-11-21T12:00:00.000Z 192.0.2.1#4242 > - recursive www.Example.com 1 1 - -',
    ]);
  });

  it('does not make a second entry of an answer that comes after its question was let go', () => {
    const reading = read(QUESTION);
    expect(reading.entries()).toHaveLength(1);
    reading.push(ANSWER);
    expect(reading.entries()).toEqual([]);
    expect(shown(ANSWER)).toHaveLength(1);
  });
});

describe('PowerDNS Recursor before structured lines', () => {
  it('makes one entry of a question and its answer', () => {
    expect(shown(OLD_QUESTION, OLD_ANSWER)).toEqual([
      '2026-11-21T12:00:00.000Z 192.0.2.1#4242 > - recursive c.example 1 1 3 -',
    ]);
  });

  it('reads TCP, proxies, subnets, IPv6 and questions that want no recursion', () => {
    const question =
      "3 [7/1] TCP question for 'a|b\\032c.example|TYPE65280' from [2001:db8::7]:4242 (proxied by 192.0.2.9:53) (ecs 192.0.2.0/24)";
    const answer =
      "3 [7/1] answer to non-rd question 'a|b\\032c.example|TYPE65280': 0 answers, 1 additional, took 0 packets, 0 netw ms, 0 tot ms, 0 throttled, 0 timeouts, 0/0 tcp/dot connections, rcode=-1, dnssec=Indeterminate";
    expect(shown(`Nov 21 12:00:00 ${question}`, `Nov 21 12:00:00 ${answer}`)).toEqual([
      '2026-11-21T12:00:00.000Z 2001:db8::7#4242 > - recursive a|b\\032c.example 1 65280 - -',
    ]);
  });

  it('makes an entry without a client of an answer alone', () => {
    expect(shown(OLD_ANSWER)).toEqual(['2026-11-21T12:00:00.000Z -#- > - recursive c.example 1 1 3 -']);
  });

  it('leaves out what is no question, and refuses by name what is cut, garbled or from elsewhere', () => {
    const reading = read(
      'Nov 21 12:00:00 ns1 pdns_recursor[7]: Answer to a.example|A for [2001:db8::7]:49913 validates as Bogus',
      'Nov 21 12:00:00 ns1 pdns_recursor[7]: a.example|A: RPZ Hit; PolicyName=x; Trigger=a.example',
      QUESTION.replace('Question', 'Enabled multiplexer'),
      'Nov 21 12:00:00 ns1 pdns_recursor[7]: 3 question answered from packet cache tag=0 from 192.0.2.1:4242',
      OLD_QUESTION.slice(0, -6),
      OLD_ANSWER.replace('rcode=3', 'rcode'),
      QUESTION.slice(0, -1),
      QUESTION.replace('192.0.2.1', '192.0.2.256'),
      QUESTION.replace('qtype="A"', 'qtype="WAT"'),
      QUESTION.replace(`${NOON}`, '99999999999'),
      'something else',
      '{"a": 7}',
    );
    expect([reading.taken, reading.other]).toEqual([0, 3]);
    expect(reading.refused).toEqual({
      'a query answered from the packet cache, whose name is not said': 1,
      'a query that is cut or garbled': 5,
      'a time that is to come': 1,
      'no line of PowerDNS Recursor': 2,
    });
  });
});

describe('logs of PowerDNS Recursor 4.8.8', () => {
  it('give an entry for each of the 81 questions where they are structured', () => {
    const reading = new Reading(powerdnsRecursorFormat).push(serverLog('pdns-recursor-4.8.8-structured.log'));
    expect(reading.entries()).toHaveLength(81);
    expect([reading.taken, reading.other, reading.refused]).toEqual([121, 24, { 'no line of PowerDNS Recursor': 3 }]);
  });

  it('give an entry for each of the 40 questions whose name they say, else', () => {
    const reading = new Reading(powerdnsRecursorFormat).push(serverLog('pdns-recursor-4.8.8.log'));
    const entries = reading.entries();
    expect([entries.length, reading.taken]).toEqual([40, 80]);
    expect(entries.filter(({ responseCode }) => responseCode === 2)).toHaveLength(39);
    expect(reading.refused['a query answered from the packet cache, whose name is not said']).toBe(41);
  });
});

describeIf(['shared'], 'quoted logs of PowerDNS Recursor', () => {
  it.each([
    ['docs-running.log', 2, 0, ['2024-07-09T07:08:31.919Z 127.0.0.1#54573 > - recursive www.example.com 1 1 0 -']],
    [
      'quoted-structured.log',
      4,
      0,
      [
        '2024-07-09T06:06:11.301Z 127.0.0.1#58786 > - recursive example.com 1 1 0 -',
        '2024-12-07T13:55:04.098Z 192.168.0.1#51800 > - recursive google.com 1 1 0 -',
      ],
    ],
    [
      'quoted-text-before-4.9.log',
      4,
      2,
      [
        '2026-11-21T18:00:00.000Z 10.1.2.3#55002 > - recursive stgpostgres44.lan 1 1 0 -',
        '2026-11-21T00:32:06.000Z 127.0.0.1#39805 > - recursive c.nonexists.domain 1 1 3 -',
      ],
    ],
  ])('%s is read', (file, taken, other, entries) => {
    const reading = new Reading(powerdnsRecursorFormat).push(sharedLog(`powerdns-recursor/${file}`));
    expect([reading.taken, reading.other]).toEqual([taken, other]);
    expect(showEntries(reading.entries())).toEqual(entries);
  });
});

describe('bad input to the reader of PowerDNS Recursor', () => {
  it('never throws', () => {
    expectHardy(
      powerdnsRecursorFormat,
      [QUESTION, ANSWER, OLD_QUESTION, OLD_ANSWER].map((line) => Buffer.from(line)),
    );
  });

  it('is read in time, whatever its length', () => {
    const startedAtMs = performance.now();
    for (const body of [
      ' ',
      'a="b" ',
      'a="',
      '\\',
      ' tot ms, ',
      '|A',
      "' from ",
      '{"a":',
      '[1/1] ',
      ' rcode=',
      '\xff',
    ]) {
      const text = body.repeat(65_536 / body.length);
      const fronts = [
        '',
        'msg="Question" ',
        "3 [1/1] question for '",
        "3 [1/1] answer to question '",
        "3 [1/1] answer to question 'a|A': ",
      ];
      for (const front of fronts) read(front + text);
    }
    expect(performance.now() - startedAtMs).toBeLessThan(2000);
  });

  it('goes on behind any line as if it had not stopped', () => {
    expectResumable(powerdnsRecursorFormat, linesOf(serverLog('pdns-recursor-4.8.8-structured.log')).slice(24, 60));
    expectResumable(powerdnsRecursorFormat, linesOf(serverLog('pdns-recursor-4.8.8.log')).slice(26, 60));
  });

  it('keeps no address of a client where clients have pseudonyms', () => {
    const reading = new Reading(powerdnsRecursorFormat, { client: () => 0x0a000001 as never });
    reading.push([QUESTION, OLD_QUESTION].join('\n'));
    expect(reading.state).not.toContain(String(0xc0000201 | 0));
    expect(reading.state).not.toContain('192.0.2.1');
    expect(showEntries(reading.entries()).every((line) => line.includes(' 10.0.0.1#4242 '))).toBe(true);
  });
});
