import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { windowsEtwFormat } from '../../../../src/querylog/readers/windows-etw.ts';
import { sharedFolder } from '../../../conditions.ts';
import { describeIf } from '../../../support/describe-if.ts';
import { composeAnswer, composeQuery } from '../../../support/dns-messages.ts';
import { expectHardy, expectResumable, Reading, type ReadingOptions, showEntries } from '../../../support/read-log.ts';

const SERVER = { server: '192.0.2.1' };
const QUERY_MESSAGE = composeQuery('www.example.org', 7);
const ANSWER_MESSAGE = composeAnswer('www.example.org', '203.0.113.80', 7);
// Recursion desired and available.
ANSWER_MESSAGE.writeUInt16BE(0x8180, 2);
const NAMED = { QNAME: 'www.example.org.', QTYPE: '1', XID: '7' };
const CLIENT = { Port: '40000', InterfaceIP: '192.0.2.53', ...NAMED };
const QUERY = event(256, { Source: '192.0.2.10', ...CLIENT, PacketData: hex(QUERY_MESSAGE) });
const RESPONSE = event(257, { Destination: '192.0.2.10', ...CLIENT, RCODE: '0', PacketData: hex(ANSWER_MESSAGE) });
const OUTSIDE = { InterfaceIP: '0.0.0.0', Port: '0', ...NAMED };
const ASKED = event(260, { Destination: '198.51.100.53', ...OUTSIDE, PacketData: hex(QUERY_MESSAGE) });
const TOLD = event(261, { Source: '198.51.100.53', ...OUTSIDE, PacketData: hex(ANSWER_MESSAGE) });
const WHOLE = '2026-01-15T12:00:00.250Z 192.0.2.10#40000 > 192.0.2.53 recursive www.example.org 1 1 0 203.0.113.80';

type Fields = Readonly<Record<string, unknown>>;

function hex(octets: Buffer): string {
  return `0x${octets.toString('hex').toUpperCase()}`;
}

function event(code: number, data: Fields): Fields {
  return { '@timestamp': '2026-01-15T12:00:00.250Z', code: String(code), event_data: data };
}

/** The event with other data. */
function withData(whole: Fields, data: Fields): Fields {
  return { ...whole, event_data: { ...(whole.event_data as Fields), ...data } };
}

const text = (whole: Fields) => Buffer.from(JSON.stringify(whole));

function read(events: readonly (Fields | string)[], options: ReadingOptions = SERVER): Reading {
  const lines = events.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
  return new Reading(windowsEtwFormat, options).push(lines.join('\n'));
}

const show = (...events: readonly Fields[]) => showEntries(read(events).entries());

describe('Windows DNS analytical log', () => {
  it('makes one entry of a query and its response, in whichever order they stand', () => {
    expect(show(QUERY, RESPONSE)).toEqual([WHOLE]);
    expect(show(RESPONSE, QUERY)).toEqual([WHOLE]);
    const failure = { ...RESPONSE, code: '258' };
    expect(show(QUERY, failure)).toEqual([WHOLE]);
  });

  it('tells what it asks others from what it is asked', () => {
    expect(show(ASKED, TOLD)).toEqual([
      '2026-01-15T12:00:00.250Z 192.0.2.1#- > 198.51.100.53 forwarded www.example.org 1 1 0 203.0.113.80',
    ]);
    const iterative = Buffer.from(QUERY_MESSAGE);
    iterative[2] = 0;
    expect(show(withData(ASKED, { PacketData: hex(iterative) }))[0]).toContain(' 198.51.100.53 authoritative ');
  });

  it('has an entry for each half that stays alone', () => {
    expect(show(QUERY)).toEqual([WHOLE.replace('0 203.0.113.80', '- -')]);
    expect(show(RESPONSE)).toEqual([WHOLE]);
    for (const change of [{ Port: '40001' }, { Destination: '192.0.2.11' }]) {
      expect(show(QUERY, withData(RESPONSE, change)), JSON.stringify(change)).toHaveLength(2);
    }
  });

  it('goes by the fields where there is no message, or none that can be read', () => {
    for (const PacketData of [undefined, '', '0x', '0x12', '0xZZ', hex(QUERY_MESSAGE).slice(0, 40)]) {
      const [query, response] = [
        withData(QUERY, { PacketData, Flags: '256' }),
        withData(RESPONSE, { PacketData, RCODE: 3 }),
      ];
      expect(show(query)).toEqual([WHOLE.replace('0 203.0.113.80', '- -')]);
      expect(show(query, withData(response, { Flags: '33155' }))).toEqual([WHOLE.replace('0 203.0.113.80', '3 -')]);
    }
  });

  it('reads the objects of Winlogbeat', () => {
    const { code, event_data, ...rest } = QUERY;
    expect(show({ ...rest, event: { code }, winlog: { event_data } }, RESPONSE)).toEqual([WHOLE]);
    expect(show({ ...rest, winlog: { event_id: 256, event_data } }, RESPONSE)).toEqual([WHOLE]);
  });

  it('takes the configured address where the server does not say its own', () => {
    for (const InterfaceIP of ['0.0.0.0', '::', undefined]) {
      expect(show(withData(QUERY, { InterfaceIP }))[0]).toContain(' 192.0.2.10#40000 > 192.0.2.1 ');
    }
  });

  it('leaves out other events', () => {
    const reading = read([event(259, NAMED), event(263, {}), event(1, {})]);
    expect([reading.other, reading.entries()]).toEqual([3, []]);
  });

  it.each([
    ['no object of JSON', 'x'],
    ['no object of JSON', '[]'],
    ['no object of JSON', '"x"'],
    ['no object of JSON', JSON.stringify(QUERY).slice(0, -1)],
    ['no object of JSON', '['.repeat(60_000)],
    ['no object of JSON', '{"a":'.repeat(10_000)],
    ['no event of a DNS server', {}],
    ['no event of a DNS server', { ...QUERY, event_data: undefined }],
    ['no event of a DNS server', { ...QUERY, code: { a: 1 } }],
    ['no time is said', { ...QUERY, '@timestamp': undefined }],
    ['no such time', { ...QUERY, '@timestamp': 'yesterday' }],
    ['no such time', { ...QUERY, '@timestamp': '2026-02-30T12:00:00Z' }],
    ['a time that is to come', { ...QUERY, '@timestamp': '2027-02-20T12:00:00Z' }],
    ['an address that is none', withData(QUERY, { Source: '192.0.2.310' })],
    ['an address that is none', withData(QUERY, { Source: undefined })],
    ['neither a DNS message nor a name and its type', withData(QUERY, { PacketData: '', QNAME: 'a..b' })],
    ['neither a DNS message nor a name and its type', withData(QUERY, { PacketData: '', QTYPE: '65536' })],
    ['neither a DNS message nor a name and its type', withData(QUERY, { PacketData: '', QTYPE: 'A' })],
  ])('refuses: %s', (reason, line) => {
    const reading = read([line]);
    expect([reading.refused, reading.entries()]).toEqual([{ [reason]: 1 }, []]);
  });

  it('asks for the pseudonym of a client at once', () => {
    const reading = read([QUERY], { client: () => 0x7f000001 as never });
    expect(reading.state).not.toContain('192.0.2.10');
    expect(reading.state).not.toContain(String(Buffer.from([192, 0, 2, 10]).readInt32BE()));
    expect(showEntries(reading.entries())[0]).toContain(' 127.0.0.1#40000 > 192.0.2.53 ');
  });

  it('goes on wherever it was stopped', () => {
    expectResumable(windowsEtwFormat, [QUERY, ASKED, TOLD, RESPONSE, QUERY, TOLD, QUERY, RESPONSE].map(text), SERVER);
  });

  it('is hardy', () => {
    expectHardy(windowsEtwFormat, [text(QUERY), text(RESPONSE), text(TOLD)], SERVER);
  });
});

describeIf(['shared'], 'a Windows DNS analytical log of others', () => {
  it('elastic-analytical.jsonl', () => {
    const path = join(sharedFolder, 'data', 'dnslog', 'windows-dns-etw', 'elastic-analytical.jsonl');
    const reading = new Reading(windowsEtwFormat, SERVER).push(readFileSync(path));
    expect(reading).toMatchObject({ taken: 3, other: 1, refused: {} });
    expect(showEntries(reading.entries()).sort()).toEqual([
      '2024-04-22T09:31:13.872Z 67.43.156.1#59559 > 172.31.87.64 recursive google.es 1 1 - -',
      '2024-04-22T09:31:13.894Z 192.0.2.1#- > 175.16.199.8 authoritative google.es 1 28 0 2607:f8b0:4004:c17::5e',
      '2024-04-22T09:31:13.894Z 216.160.83.56#59560 > 172.31.87.64 recursive google.es 1 28 0 2607:f8b0:4004:c17::5e',
    ]);
  });
});
