import * as dnsPacket from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/core/address.ts';
import { DnstapObserver } from '../../../src/dnstap/dnstap-observer.ts';
import { unpackBatch } from '../../support/collected-observations.ts';
import { composeQuery, REFERRAL } from '../../support/dns-messages.ts';
import { composeDnstap, type DnstapFields, RESOLVER_QUERY, RESOLVER_RESPONSE } from '../../support/dnstap-frames.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NAME = 'wWw.eXample.org';
const RESOLVERS = ['192.0.2.53', '2001:db8:1::53', '192.0.2.54'].map((text) => parseAddress(text)!);
const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

function setUp(resolvers = RESOLVERS) {
  const clock = new VirtualClock();
  const batches: Uint8Array[] = [];
  const observer = new DnstapObserver(clock, resolvers, (batch) => batches.push(batch));
  const ends = { queryAddress: '192.0.2.54', queryPort: 40000, responseAddress: '198.51.100.53', responsePort: 53 };
  const take = (fields: Partial<DnstapFields> & Pick<DnstapFields, 'type'>) =>
    observer.take(composeDnstap({ ...ends, ...fields }));
  const query = (fields: Partial<DnstapFields> = {}) =>
    take({ type: RESOLVER_QUERY, queryMessage: composeQuery(NAME, 0xbeef), queryAtMs: clock.nowMs() - 100, ...fields });
  const response = (fields: Partial<DnstapFields> = {}) =>
    take({
      type: RESOLVER_RESPONSE,
      responseMessage: dnsPacket.encode(REFERRAL),
      queryAtMs: clock.nowMs() - 100,
      responseAtMs: clock.nowMs() - 50,
      ...fields,
    });
  const all = async () => {
    await endOfTurn();
    return batches.flatMap(unpackBatch);
  };
  return { clock, batches, observer, query, response, all };
}

describe('DnstapObserver', () => {
  it('makes observations of what the resolver asks and is told, one batch a turn', async () => {
    const { clock, batches, query, response, all } = setUp();
    query();
    response();
    const ends = {
      client: parseAddress('192.0.2.54'),
      clientPort: 40000,
      serverPort: 53,
      transport: 'udp',
      id: 0xbeef,
    };
    expect(await all()).toMatchObject([
      { ...ends, kind: 'query', server: parseAddress('198.51.100.53'), atMs: clock.nowMs() - 100 },
      { ...ends, kind: 'response', nameServers: [{}, {}], additional: [{}, {}, {}], atMs: clock.nowMs() - 50 },
    ]);
    expect(batches.length).toBe(1);
  });

  it.each([
    [1, 53, 'udp'],
    [2, 53, 'tcp'],
    [3, 853, 'tcp'],
    [4, 443, 'tcp'],
    [7, 853, 'tcp'],
    [99, 53, 'tcp'],
  ])('socket protocol %i at port %i is %s at port 53', async (socketProtocol, responsePort, transport) => {
    const { query, response, all } = setUp();
    query({ socketProtocol, responsePort });
    response({ socketProtocol, responsePort });
    expect(await all()).toMatchObject([
      { transport, serverPort: 53 },
      { transport, serverPort: 53 },
    ]);
  });

  it.each([
    ['none', undefined, '198.51.100.53', '192.0.2.53'],
    ['0.0.0.0', '0.0.0.0', '198.51.100.53', '192.0.2.53'],
    ['::', '::', '2001:db8:2::1', '2001:db8:1::53'],
    ['one of the other family', '192.0.2.54', '2001:db8:2::1', '2001:db8:1::53'],
    ['its own', '192.0.2.99', '198.51.100.53', '192.0.2.99'],
  ])('a resolver that names as its address: %s', async (_, queryAddress, responseAddress, client) => {
    const { observer, all } = setUp();
    const named = queryAddress === undefined ? {} : { queryAddress };
    const queryMessage = composeQuery(NAME);
    observer.take(composeDnstap({ type: RESOLVER_QUERY, ...named, responseAddress, queryMessage }));
    expect(await all()).toMatchObject([{ client: parseAddress(client), server: parseAddress(responseAddress) }]);
  });

  it('without resolvers an address that is not said stays unspecified', async () => {
    const { query, all } = setUp([]);
    query({ queryAddress: '0.0.0.0' });
    expect(await all()).toMatchObject([{ client: parseAddress('0.0.0.0') }]);
  });

  it.each([
    ['an hour ahead', 3_600_000, 0],
    ['an hour behind', -3_600_000, -60_000],
    ['of another age', -1e15, -60_000],
  ])('a clock %s is not believed', async (_, offMs, countsAsMs) => {
    const { clock, query, all } = setUp();
    query({ queryAtMs: Math.max(0, clock.nowMs() + offMs) });
    expect((await all())[0]!.atMs).toBe(clock.nowMs() + countsAsMs);
  });

  it('what has no time is of now', async () => {
    const { clock, observer, all } = setUp();
    const queryMessage = composeQuery(NAME);
    observer.take(composeDnstap({ type: RESOLVER_QUERY, responseAddress: '198.51.100.53', queryMessage }));
    expect((await all())[0]!.atMs).toBe(clock.nowMs());
  });

  it('counts what it cannot use, and observes nothing', async () => {
    const { observer, query, all } = setUp();
    const queryMessage = composeQuery(NAME);
    for (const type of [1, 2, 5, 6, 7, 8, 9]) observer.take(composeDnstap({ type, queryMessage }));
    observer.take(Buffer.from('nonsense'));
    observer.take(composeDnstap({ type: RESOLVER_QUERY, queryMessage }));
    observer.take(composeDnstap({ type: RESOLVER_QUERY, responseAddress: '198.51.100.53' }));
    query({ queryMessage: Buffer.from('no DNS') });
    query({ queryMessage: dnsPacket.encode(REFERRAL) });
    expect(await all()).toEqual([]);
    expect(observer.counters.snapshot()).toEqual({
      'auth query': 1,
      'auth response': 1,
      'client query': 1,
      'client response': 1,
      'forwarder query': 1,
      'forwarder response': 1,
      'stub query': 1,
      'resolver query': 4,
      incomplete: 2,
      unreadable: 1,
    });
    expect(Object.values(observer.messageCounters.snapshot()).reduce((a, b) => a + b)).toBe(2);
  });

  it('keeps nothing of the octets it is given', async () => {
    const { observer, all } = setUp();
    const octets = composeDnstap({
      type: RESOLVER_QUERY,
      responseAddress: '198.51.100.53',
      queryMessage: composeQuery(NAME, 0xbeef),
    });
    observer.take(octets);
    octets.fill(0xff);
    expect(await all()).toMatchObject([{ kind: 'query', id: 0xbeef }]);
  });
});
