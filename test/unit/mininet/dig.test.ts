import { describe, expect, it } from 'vitest';
import { digArguments, readDig } from '../../../mininet/dig.ts';

const REFERRAL = `
; <<>> DiG 9.18 <<>> @198.51.100.11 -q www.corp.example -t A
;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 27561
;; flags: qr rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 3

;; OPT PSEUDOSECTION:
; EDNS: version: 0, flags:; udp: 1232
;; QUESTION SECTION:
;www.corp.example.		IN	A

;; AUTHORITY SECTION:
corp.example.		3600	IN	NS	ns1.corp.example.

;; ADDITIONAL SECTION:
ns1.corp.example.	3600	IN	A	198.51.100.21
ns1.corp.example.	4	IN	AAAA	2001:db8:2::21

;; Query time: 7 msec
;; SERVER: 198.51.100.11#53(198.51.100.11) (UDP)
`;

describe('readDig', () => {
  it('reads every section', () => {
    expect(readDig(0, REFERRAL)).toEqual({
      answered: true,
      rcode: 'NOERROR',
      flags: ['qr', 'rd'],
      answers: [],
      authority: ['ns1.corp.example.'],
      additional: ['198.51.100.21', '2001:db8:2::21'],
      ttlsSeconds: [3600, 3600, 4],
      queryTimeMs: 7,
    });
  });

  it('keeps the words of data that has several', () => {
    const output = REFERRAL.replace('NS	ns1.corp.example.', 'SOA	ns. host. 1 2 3 4 5');
    expect(readDig(0, output).authority).toEqual(['ns. host. 1 2 3 4 5']);
  });

  it.each([
    [
      'no server reached',
      9,
      ';; communications error to 198.51.100.21#53: timed out\n;; no servers could be reached\n',
    ],
    ['killed', -1, ''],
    ['a status without a message', 0, ''],
    ['a message without a good status', 9, REFERRAL],
  ])('is no answer: %s', (_, status, output) => {
    expect(readDig(status, output).answered).toBe(false);
  });
});

describe('digArguments', () => {
  it('asks once, for one second, over UDP', () => {
    const args = digArguments({ server: '192.0.2.53', name: 'www.corp.example' });
    expect(args.join(' ')).toBe('dig @192.0.2.53 -q www.corp.example -t A +tries=1 +time=1 +notcp +nosearch');
  });

  it('takes every wish', () => {
    const question = { server: '2001:db8:1::53', name: '.', type: 'NS', tcp: true, tries: 2, timeoutSeconds: 3 };
    const args = digArguments({ ...question, options: ['+norecurse'] });
    expect(args.join(' ')).toBe('dig @2001:db8:1::53 -q . -t NS +tries=2 +time=3 +tcp +nosearch +norecurse');
  });
});
