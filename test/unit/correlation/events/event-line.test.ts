import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, addressFromOctets, formatAddress, parseAddress } from '../../../../src/core/address.ts';
import {
  composeEventLine,
  type EventLine,
  type LineFault,
  parseEventLine,
} from '../../../../src/correlation/events/event-line.ts';
import { canonicalName, parseName } from '../../../../src/dns/name.ts';
import { ALLOW_REASONS, BLOCK_REASONS } from '../../../../src/policy/verdict.ts';

const parse = (value: unknown) => parseEventLine(JSON.stringify(value));
const dns = { time: 1000, event: 'dns', client: '192.0.2.1', name: 'WWW.Example.com', type: 'A' };
const syn = { time: 1000, event: 'syn', source: '192.0.2.1', destination: '198.51.100.1', port: 25 };
const verdict = { time: 1000, event: 'verdict', client: '192.0.2.1', server: '198.51.100.1', verdict: 'block' };

function faultOf(value: unknown): LineFault {
  const result = parse(value);
  if (!('problem' in result)) throw new Error(`no fault in ${JSON.stringify(value)}`);
  return result;
}

describe('a line with the least there can be', () => {
  it('is a query without a response', () => {
    expect(parse(dns)).toEqual({
      event: 'dns',
      atMs: 1000,
      mac: undefined,
      client: parseAddress('192.0.2.1'),
      server: undefined,
      name: parseName('www.example.com'),
      type: 1,
      responseCode: undefined,
      answers: [],
      ttlSeconds: undefined,
      recursionDesired: undefined,
    });
  });

  it('is a connection that nobody answered', () => {
    expect(parse(syn)).toMatchObject({ event: 'syn', sourcePort: 0, port: 25, isAnswered: false });
  });

  it('is a verdict for the reason that most have', () => {
    expect(parse(verdict)).toMatchObject({ verdict: 'block', reason: 'unknown', packets: 1, name: undefined });
    expect(parse({ ...verdict, verdict: 'allow' })).toMatchObject({ verdict: 'allow', reason: 'history' });
  });
});

describe('what a line may hold', () => {
  it('takes times as ISO 8601 with a zone and as milliseconds', () => {
    expect(parse({ ...syn, time: '2026-03-02T08:00:00.250Z' })).toMatchObject({ atMs: Date.UTC(2026, 2, 2, 8) + 250 });
    expect(parse({ ...syn, time: '2026-03-02T09:00:00+01:00' })).toMatchObject({ atMs: Date.UTC(2026, 2, 2, 8) });
    expect(faultOf({ ...syn, time: '2026-03-02T08:00:00' }).path).toEqual(['time']);
    expect(faultOf({ ...syn, time: 1e300 }).path).toEqual(['time']);
  });

  it('takes answers for a response, and leaves out what is no address', () => {
    const answered = parse({ ...dns, answers: ['203.0.113.1', 'alias.example', '2001:db8::1'], ttl: 60 });
    expect(answered).toMatchObject({
      responseCode: 0,
      ttlSeconds: 60,
      answers: [parseAddress('203.0.113.1'), parseAddress('2001:db8::1')],
    });
    expect(parse({ ...dns, answers: [] })).toMatchObject({ responseCode: 0, answers: [] });
  });

  it('holds 64 answers at most', () => {
    const answers = Array.from({ length: 200 }, (_, index) => `203.0.113.${index}`);
    expect(parse({ ...dns, answers })).toMatchObject({ answers: { length: 64 } });
  });

  it('takes types and response codes as names and numbers', () => {
    expect(parse({ ...dns, type: 'txt', rcode: 'nxdomain' })).toMatchObject({ type: 16, responseCode: 3 });
    expect(parse({ ...dns, type: 65280, rcode: 2 })).toMatchObject({ type: 65280, responseCode: 2 });
  });

  it('takes null for no value, and says which keys it leaves out', () => {
    const unknown: string[] = [];
    const text = JSON.stringify({ ...dns, server: null, rd: null, colour: 'red' });
    expect(parseEventLine(text, (key) => unknown.push(key))).toMatchObject({ server: undefined });
    expect(unknown).toEqual(['colour']);
  });
});

describe('what is wrong is said, and where', () => {
  const cases: readonly (readonly [unknown, readonly (string | number)[], RegExp])[] = [
    [{ ...dns, client: '192.0.2' }, ['client'], /IPv4 or IPv6/],
    [{ ...dns, client: 7 }, ['client'], /IPv4 or IPv6/],
    [{ ...dns, client: undefined }, [], /"client" is missing/],
    [{ ...dns, name: `${'a'.repeat(64)}.example` }, ['name'], /domain name/],
    [{ ...dns, type: 'MUCH' }, ['type'], /record type/],
    [{ ...dns, type: 70_000 }, ['type'], /0 to 65535/],
    [{ ...dns, answers: '203.0.113.1' }, ['answers'], /list/],
    [{ ...dns, answers: ['203.0.113.1', 5] }, ['answers', 1], /IPv4 or IPv6/],
    [{ ...dns, ttl: -1 }, ['ttl'], /whole number/],
    [{ ...dns, rd: 1 }, ['rd'], /true or false/],
    [{ ...dns, mac: '02:00' }, ['mac'], /MAC/],
    [{ ...syn, port: 65_536 }, ['port'], /0 to 65535/],
    [{ ...syn, port: undefined }, [], /"port" is missing/],
    [{ ...syn, answered: 'yes' }, ['answered'], /true or false/],
    [{ ...verdict, verdict: 'hold' }, ['verdict'], /allow or block/],
    [{ ...verdict, reason: 'history' }, ['reason'], /one of denyRule/],
    [{ ...verdict, packets: 0.5 }, ['packets'], /whole number/],
    [{ ...syn, event: 'icmp' }, ['event'], /dns, syn or verdict/],
    [{ time: 1 }, [], /"event" is missing/],
    [[], [], /object/],
    [null, [], /object/],
  ];

  it.each(cases)('%j', (value, path, problem) => {
    const fault = faultOf(value);
    expect(fault.path).toEqual(path);
    expect(fault.problem).toMatch(problem);
  });

  it('of what is no JSON', () => {
    expect(parseEventLine('{"time": 1,')).toEqual({ path: [], problem: 'this is no JSON' });
  });
});

const address = fc
  .uint8Array({ minLength: 4, maxLength: 16 })
  .filter(({ length }) => length === 4 || length === 16)
  .map((octets) => addressFromOctets(Buffer.from(octets))!)
  // Text of mapped addresses names the IPv4 one.
  .filter((one) => parseAddress(formatAddress(one)) === one);
const anyAddress: fc.Arbitrary<Address> = fc.oneof(
  fc.ipV4().map((text) => parseAddress(text)!),
  address,
);
const name = fc.domain().map((text) => canonicalName(parseName(text)!));
const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
const atMs = fc.integer({ min: -1e12, max: 4e12 });
const mac = maybe(fc.integer({ min: 0, max: 2 ** 48 - 1 }));
const uint16 = fc.integer({ min: 0, max: 0xffff });
const anyLine: fc.Arbitrary<EventLine> = fc.oneof(
  fc
    .record({
      ...{ event: fc.constant('dns' as const), atMs, mac, client: anyAddress, server: maybe(anyAddress), name },
      ...{ type: uint16, responseCode: maybe(fc.integer({ min: 0, max: 0xfff })), answers: fc.array(anyAddress) },
      ...{ ttlSeconds: maybe(fc.nat()), recursionDesired: maybe(fc.boolean()) },
    })
    .map((line) => (line.responseCode === undefined ? { ...line, answers: [] } : line)),
  fc.record({
    ...{ event: fc.constant('syn' as const), atMs, mac, source: anyAddress, sourcePort: uint16 },
    ...{ destination: anyAddress, port: uint16, isAnswered: fc.boolean() },
  }),
  fc
    .record({
      ...{ event: fc.constant('verdict' as const), atMs, mac, client: anyAddress, server: anyAddress },
      ...{ name: maybe(name), type: maybe(uint16), packets: fc.nat() },
    })
    .chain((line) =>
      fc.oneof(
        fc.constantFrom(...ALLOW_REASONS).map((reason) => ({ ...line, verdict: 'allow' as const, reason })),
        fc.constantFrom(...BLOCK_REASONS).map((reason) => ({ ...line, verdict: 'block' as const, reason })),
      ),
    ),
);

describe('any line', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(anyLine, (line) => {
        expect(parseEventLine(composeEventLine(line))).toEqual(line);
      }),
    );
  });

  it('never makes the reader throw, cut or changed wherever', () => {
    fc.assert(
      fc.property(anyLine, fc.nat(), fc.string(), (line, place, text) => {
        const whole = composeEventLine(line);
        const at = place % whole.length;
        expect(parseEventLine(whole.slice(0, at))).toHaveProperty('problem');
        parseEventLine(whole.slice(0, at) + text + whole.slice(at + text.length));
        parseEventLine(text);
      }),
    );
  });

  it('is read whatever values its keys have, or has a fault', () => {
    const anyValue = fc.dictionary(
      fc.constantFrom('time', 'event', 'client', 'answers', 'type', 'port'),
      fc.jsonValue(),
    );
    fc.assert(fc.property(anyValue, (values) => void parse({ ...dns, ...values })));
  });
});
