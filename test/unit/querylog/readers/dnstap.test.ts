import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../../src/core/address.ts';
import { formatName } from '../../../../src/dns/name.ts';
import { formatRecordType } from '../../../../src/dns/registry.ts';
import { readDnstap } from '../../../../src/dnstap/dnstap-message.ts';
import { FrameSplitter } from '../../../../src/querylog/frame-splitter.ts';
import type { LogEntry } from '../../../../src/querylog/log-entry.ts';
import { dnstapFormat } from '../../../../src/querylog/readers/dnstap.ts';
import { composeAnswer, composeQuery } from '../../../support/dns-messages.ts';
import { composeDnstap, type DnstapFields } from '../../../support/dnstap-frames.ts';
import { expectHardy, expectResumable, Reading, showEntries } from '../../../support/read-log.ts';

const FOLDER = join(import.meta.dirname, '../../../vectors/dnslog/dnstap');
const AT_MS = Date.UTC(2026, 0, 15, 12) + 250;
const QUERY = composeQuery('www.example.org');
const ANSWER = composeAnswer('www.example.org', '203.0.113.80');
// Recursion desired, as the query had it.
ANSWER[2] = 0x81;
const ENDS = { queryAddress: '192.0.2.10', queryPort: 40_000, responseAddress: '192.0.2.53', responsePort: 53 };
const CLIENT_QUERY = { type: 5, ...ENDS, queryAtMs: AT_MS, queryMessage: QUERY };
const CLIENT_RESPONSE = { type: 6, ...ENDS, responseAtMs: AT_MS + 20, responseMessage: ANSWER };
const WHOLE = '2026-01-15T12:00:00.250Z 192.0.2.10#40000 > 192.0.2.53 recursive www.example.org 1 1 0 203.0.113.80';

function vector(name: string): Buffer {
  return readFileSync(join(FOLDER, name));
}

function framesOf(name: string): Buffer[] {
  const frames: Buffer[] = [];
  const record = (octets: Buffer, start: number, end: number) => frames.push(Buffer.from(octets.subarray(start, end)));
  new FrameSplitter().push(vector(name), { record, refused: (reason) => expect.fail(reason) });
  return frames;
}

function read(...messages: readonly (DnstapFields | Buffer)[]): Reading {
  const reading = new Reading(dnstapFormat, { server: '198.51.100.9' });
  for (const message of messages) reading.record(Buffer.isBuffer(message) ? message : composeDnstap(message));
  return reading;
}

/** Of one message alone. */
function entryOf(message: DnstapFields | Buffer): LogEntry | undefined {
  const entries = read(message).entries();
  expect(entries.length).toBeLessThanOrEqual(1);
  return entries[0];
}

describe('dnstap', () => {
  it('makes one entry of a query and its response', () => {
    const reading = read(CLIENT_QUERY, CLIENT_RESPONSE);
    expect(showEntries(reading.taking())).toEqual([WHOLE]);
    expect(reading.taken).toBe(2);
    expect(reading.entries()).toEqual([]);
  });

  it('makes one entry of a response that is told of before its query', () => {
    expect(showEntries(read(CLIENT_RESPONSE, CLIENT_QUERY).entries())).toEqual([WHOLE]);
  });

  it('has an entry for a query without a response, and for a response without its query', () => {
    expect(showEntries(read(CLIENT_QUERY).entries())).toEqual([WHOLE.replace('0 203.0.113.80', '- -')]);
    expect(showEntries(read(CLIENT_RESPONSE).entries())).toEqual([WHOLE.replace('00.250Z', '00.270Z')]);
    const both = { ...CLIENT_RESPONSE, queryAtMs: AT_MS };
    expect(showEntries(read(both).entries())).toEqual([WHOLE]);
  });

  it.each([
    ['another client', { queryAddress: '192.0.2.11' }],
    ['another port', { queryPort: 40_001 }],
    ['another server', { responseAddress: '192.0.2.54' }],
    ['another id', { responseMessage: composeAnswer('www.example.org', '203.0.113.80', 7) }],
    ['another name', { responseMessage: composeAnswer('ww.example.org', '203.0.113.80') }],
    ['another kind of exchange', { type: 8 }],
  ])('does not join what is of %s', (_, change) => {
    expect(read(CLIENT_QUERY, { ...CLIENT_RESPONSE, ...change }).entries()).toHaveLength(2);
  });

  it('joins a name whose letters the server changed, and keeps those that were asked', () => {
    const query = { ...CLIENT_QUERY, queryMessage: composeQuery('wWw.eXample.oRg') };
    const [entry, more] = read(query, CLIENT_RESPONSE).entries();
    expect(more).toBeUndefined();
    expect(formatName(entry!.name)).toBe('wWw.eXample.oRg');
  });

  it.each([
    [1, 2, 'authoritative'],
    [3, 4, 'authoritative'],
    [5, 6, 'recursive'],
    [7, 8, 'forwarded'],
    [9, 10, 'forwarded'],
    [11, 12, 'recursive'],
  ])('messages of types %i and %i are one entry: %s', (query, response, role) => {
    const entries = read({ ...CLIENT_QUERY, type: query }, { ...CLIENT_RESPONSE, type: response }).entries();
    expect(entries).toMatchObject([{ role, responseCode: 0 }]);
  });

  it('leaves out updates, and messages of other opcodes', () => {
    const notify = Buffer.from(QUERY);
    notify[2] = 0x20;
    const reading = read({ ...CLIENT_QUERY, type: 13 }, { ...CLIENT_QUERY, queryMessage: notify });
    expect([reading.other, reading.entries()]).toEqual([2, []]);
  });

  it('takes the configured address where the writer does not know its own', () => {
    const resolver = { ...CLIENT_QUERY, type: 3, queryAddress: '0.0.0.0', responseAddress: '203.0.113.1' };
    expect(showEntries(read(resolver).entries())[0]).toContain(' 198.51.100.9#40000 > 203.0.113.1 authoritative ');
    const client = { ...CLIENT_QUERY, queryAddress: '2001:db8::7', responseAddress: '::' };
    expect(showEntries(read(client).entries())[0]).toContain(' 2001:db8::7#40000 > 198.51.100.9 recursive ');
    const nobody = { ...CLIENT_QUERY, queryAddress: '0.0.0.0' };
    expect(showEntries(read(nobody).entries())[0]).toContain(' -#40000 > 192.0.2.53 ');
  });

  it('asks for the pseudonym of a client at once', () => {
    const reading = new Reading(dnstapFormat, { client: () => 0x7f000001 as never });
    reading.record(composeDnstap(CLIENT_QUERY));
    const octets = Buffer.from(reading.state, 'latin1');
    expect(octets.includes(Buffer.from([192, 0, 2, 10]))).toBe(false);
    expect(reading.state).not.toContain(String(Buffer.from([192, 0, 2, 10]).readInt32BE()));
    expect(formatAddress(reading.entries()[0]!.client!)).toBe('127.0.0.1');
  });

  it('has the response code with its extended bits', () => {
    const opt = Buffer.from([0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0]);
    const badVersion = Buffer.concat([ANSWER, opt]);
    badVersion.writeUInt16BE(1, 10);
    expect(read({ ...CLIENT_RESPONSE, responseMessage: badVersion }).entries()).toMatchObject([{ responseCode: 16 }]);
  });

  it('takes from a message that was cut what there is', () => {
    const cut = { ...CLIENT_RESPONSE, responseMessage: ANSWER.subarray(0, ANSWER.length - 1) };
    expect(read(cut).entries()).toMatchObject([{ responseCode: 0, answers: [] }]);
  });

  it.each([
    ['no DNS message', { type: 5, ...ENDS, queryAtMs: AT_MS }],
    ['no time is said', { type: 5, ...ENDS, queryMessage: QUERY }],
    ['no such time', { ...CLIENT_QUERY, queryAtMs: 5 }],
    ['a time that is to come', { ...CLIENT_QUERY, queryAtMs: Date.UTC(2027, 0) }],
    ['a type of message that is not known', { ...CLIENT_QUERY, type: 15 }],
    ['no dnstap', Buffer.from([1, 2, 3])],
    ['a DNS message that cannot be read: short-header', { ...CLIENT_QUERY, queryMessage: QUERY.subarray(0, 11) }],
    ['a type of message that is not known', vector('bind9-invalid_message_type.dnstap')],
    ['nanoseconds of a second and more', vector('bind9-query_time_nanosec_big.dnstap')],
    ['nanoseconds of a second and more', vector('bind9-response_time_nanosec_big.dnstap')],
  ])('refuses: %s', (reason, message) => {
    const reading = read(message);
    expect([reading.refused, reading.entries()]).toEqual([{ [reason]: 1 }, []]);
  });

  it('goes on wherever it was stopped', () => {
    const exchange = (id: number) => [
      { ...CLIENT_QUERY, queryAtMs: AT_MS + id, queryMessage: composeQuery('www.example.org', id) },
      { ...CLIENT_RESPONSE, responseMessage: composeAnswer('www.example.org', '203.0.113.80', id) },
    ];
    const records = [...exchange(1), ...exchange(2).reverse(), CLIENT_QUERY, CLIENT_QUERY, CLIENT_RESPONSE];
    expectResumable(
      dnstapFormat,
      records.map((fields) => composeDnstap(fields)),
    );
  });

  it('does nothing with a state that it cannot read', () => {
    for (const state of ['', '[]', 'null', '{"version":99}', '{"version":1,"state":[[1,2],["key",{"atMs":"x"}]]}']) {
      const reading = read();
      reading.resume(state);
      expect(reading.entries(), state).toEqual([]);
    }
  });

  it('is hardy', () => {
    expectHardy(dnstapFormat, [composeDnstap(CLIENT_QUERY), composeDnstap(CLIENT_RESPONSE)]);
  });
});

describe('dnstap of others', () => {
  /** The authors' tool printed times of UTC-8; of a response it prints the time of that. */
  it('bind9-dnstap.saved: each message is what dnstap-read prints', () => {
    const golden = vector('bind9-dnstap.text').toString('latin1').trim().split('\n');
    expect(framesOf('bind9-dnstap.saved').map(likeDnstapRead)).toEqual(golden);
  });

  it('compactor-test: each message is what the compactor prints; one name is broken, which that leaves out', () => {
    const golden = vector('compactor-test.dnstap.debug-dns.txt')
      .toString('latin1')
      .split(/\n(?=\d{4}-)/);
    const frames = framesOf('compactor-test.dnstap');
    expect(frames).toHaveLength(10);
    expect(golden).toHaveLength(9);
    for (const [index, block] of golden.entries()) {
      const entry = entryOf(frames[index]!)!;
      const said = (key: string) => new RegExp(`\\t${key}: (.*)`).exec(block)?.[1];
      const isResponse = said('DNS QR') === 'Response';
      const at = /(\S+) (\d+)h(\d+)m(\d+)s(\d+)us/.exec(block)!;
      expect({
        at: new Date(entry.atMs).toISOString(),
        client: formatAddress(entry.client!),
        ...{ port: entry.clientPort, name: formatName(entry.name), type: entry.type, class: entry.class },
        ...{ role: entry.role, responseCode: entry.responseCode, answers: entry.answers.length },
      }).toEqual({
        at: `${at[1]}T${at[2]}:${at[3]}:${at[4]!.padStart(2, '0')}.000Z`,
        client: said('Client IP'),
        ...{ port: Number(said('Client port')), name: said('Name'), type: Number(said('Type')), class: 1 },
        role: 'authoritative',
        responseCode: isResponse ? Number(said('Rcode')) : undefined,
        answers: Number(said('AnCount')),
      });
    }
    const reading = read(...frames);
    expect(reading.entries()).toHaveLength(5);
    expect(reading.refused).toEqual({ 'a DNS message that cannot be read: bad-name': 1 });
  });

  it.each([
    [
      'dnswire-test.dnstap',
      ['2019-11-14T11:22:47.000Z 198.51.100.9#60417 > 172.17.0.1 recursive google.com 1 1 0 216.58.211.14'],
    ],
    [
      'go-dnscollector-dnstap.fstrm',
      ['2024-06-05T18:49:49.590Z 172.19.0.1#46390 > 172.19.0.2 recursive www.google.com 1 1 0 216.58.213.68'],
    ],
    [
      'dsc-dotdoh.dnstap',
      [
        '2022-01-27T11:33:41.912Z 127.0.0.1#36788 > 127.0.0.1 recursive google.com 1 1 0 142.250.74.46',
        '2022-01-27T11:33:43.840Z 127.0.0.1#46189 > 127.0.0.1 recursive google.com 1 1 0 142.250.74.78',
        '2022-01-27T11:33:45.156Z 127.0.0.1#58825 > 127.0.0.1 recursive google.com 1 1 0 142.250.74.46',
        '2022-01-27T11:33:54.429Z 127.0.0.1#60514 > 127.0.0.1 recursive google.com 1 1 - -',
      ],
    ],
  ])('%s', (name, expected) => {
    const reading = read(...framesOf(name));
    expect(showEntries(reading.entries())).toEqual(expected);
    expect(reading.refused).toEqual({});
  });

  it('bind9-large-answer.fstrm: all 48 addresses', () => {
    const [entry, ...others] = read(...framesOf('bind9-large-answer.fstrm')).entries();
    expect(others).toEqual([]);
    const addresses = Array.from({ length: 48 }, (_, index) => `127.0.0.${index + 1}`);
    expect(entry!.answers.map(formatAddress)).toEqual(addresses);
  });

  it.each([
    ['query', 'recursive', undefined],
    ['response', 'authoritative', 0],
  ])('bind9-correct_%s_nanosec.dnstap is one message without frames', (side, role, responseCode) => {
    const reading = read(vector(`bind9-correct_${side}_nanosec.dnstap`));
    expect(reading.entries()).toMatchObject([{ role, responseCode }]);
  });
});

const MNEMONICS: Readonly<Record<string, string>> = {
  auth: 'A',
  resolver: 'R',
  client: 'C',
  forwarder: 'F',
  stub: 'S',
  tool: 'T',
};

/** As `dnstap-read` prints a message, with what the entry says wherever that says it. */
function likeDnstapRead(frame: Buffer): string {
  const message = readDnstap(frame);
  if (typeof message === 'string') return message;
  const entry = entryOf(frame)!;
  const [writer, side] = message.type.split(' ') as [string, string];
  const isResponse = side === 'response';
  const at = new Date((isResponse ? message.responseAtMs! : entry.atMs) - 8 * 3_600_000);
  const day = at.toLocaleDateString('en-GB', { timeZone: 'UTC', day: '2-digit', month: 'short', year: 'numeric' });
  const stamp = `${day.replaceAll(' ', '-')} ${at.toISOString().slice(11, 23)}`;
  const from = `${formatAddress(entry.client!)}:${entry.clientPort}`;
  const to = `${formatAddress(entry.server!)}:${message.responsePort}`;
  const octets = (isResponse ? message.responseMessage! : message.queryMessage!).length;
  const asked = `${formatName(entry.name)}/IN/${formatRecordType(entry.type)}`;
  const code = `${MNEMONICS[writer]}${isResponse ? 'R' : 'Q'}`;
  return `${stamp} ${code} ${from} ${isResponse ? '<-' : '->'} ${to} ${message.socketProtocol!.toUpperCase()} ${octets}b ${asked}`;
}
