import { describe, expect, it } from 'vitest';
import { canonicalName } from '../../../src/dns/name.ts';
import { RCODE } from '../../../src/dns/registry.ts';
import {
  canBeNameServer,
  judgeOwner,
  MAX_ADDRESSES,
  MAX_NAME_SERVERS,
  refuseClient,
  refuseResponse,
  teachableRecords,
} from '../../../src/nsdb/teaching.ts';
import { addressOf, nameOf, responseAt } from '../../support/observations.ts';

const at = (text: string) => canonicalName(nameOf(text));

describe('judgeOwner', () => {
  it.each<readonly [string, string, string | undefined, string, string]>([
    // owner, query name, served zone, judgement, case
    ['example.org', 'www.example.org', 'org', 'high', 'referral by a TLD server'],
    ['example.org', 'example.org', 'org', 'high', 'the query name itself'],
    ['example.org', 'www.example.org', 'example.org', 'high', 'answer with the apex NS by the zone itself'],
    ['sub.example.org', 'www.sub.example.org', 'example.org', 'high', 'referral further down'],
    ['a.b.example.org', 'x.a.b.example.org', 'org', 'high', 'referral over several labels'],
    ['org', 'www.example.org', 'example.org', 'owner is above what the responder serves', 'upward referral to the TLD'],
    ['.', 'www.example.org', 'example.org', 'owner is above what the responder serves', 'upward referral to the root'],
    ['.', 'www.example.org', 'org', 'owner is above what the responder serves', 'upward referral by a TLD server'],
    [
      'example.org',
      'x.sub.example.org',
      'sub.example.org',
      'owner is above what the responder serves',
      'parent taught by its child',
    ],
    ['sibling.org', 'www.example.org', 'org', 'owner is not above the query name', 'sibling zone'],
    ['ample.org', 'www.example.org', 'org', 'owner is not above the query name', 'same ending, other label'],
    ['victim.net', 'www.example.org', undefined, 'owner is not above the query name', 'unrelated owner'],
    [
      'www.example.org',
      'example.org',
      'example.org',
      'owner is not above the query name',
      'owner below the query name',
    ],
    ['.', '.', '.', 'high', 'root priming'],
    ['org', 'www.example.org', '.', 'high', 'TLD by root'],
    ['org', 'org', 'org', 'root or TLD not taught by its parent', 'TLD by its own server'],
    ['.', '.', undefined, 'unknown responder teaches a TLD', 'root by an unknown responder'],
    ['org', 'www.example.org', undefined, 'unknown responder teaches a TLD', 'one label by an unknown responder'],
    ['example.org', 'www.example.org', undefined, 'low', 'two labels by an unknown responder'],
    ['a.example.org', 'www.a.example.org', undefined, 'low', 'three labels by an unknown responder'],
    ['example.org', 'www.example.org', '.', 'high', 'second level by root, which serves it all'],
  ])('%s for a query for %s, by a server of %s: %s (%s)', (owner, queryName, servedZone, expected, _case) => {
    const zone = servedZone === undefined ? undefined : at(servedZone);
    expect(judgeOwner(at(owner), at(queryName), zone, 'resolvers')).toBe(expected);
  });

  it.each<readonly [string, string, string | undefined, string, string]>([
    ['example.org', 'www.example.org', 'org', 'high', 'high'],
    ['example.org', 'www.example.org', undefined, 'unknown responder teaches', 'low'],
    ['org', 'www.example.org', undefined, 'unknown responder teaches', 'low'],
    ['org', 'www.example.org', '.', 'high', 'high'],
    ['org', 'org', 'org', 'root or TLD not taught by its parent', 'low'],
    ['org', 'www.example.org', 'example.org', 'owner is above what the responder serves', 'low'],
    ['sibling.org', 'www.example.org', 'org', 'owner is not above the query name', 'owner is not above the query name'],
  ])(
    '%s for a query for %s, by a server of %s: %s in mode chain, %s in mode matched',
    (owner, queryName, servedZone, chain, matched) => {
      const zone = servedZone === undefined ? undefined : at(servedZone);
      expect(judgeOwner(at(owner), at(queryName), zone, 'chain')).toBe(chain);
      expect(judgeOwner(at(owner), at(queryName), zone, 'matched')).toBe(matched);
    },
  );
});

describe('refuseClient', () => {
  it('in mode resolvers only exchanges of trusted resolvers count', () => {
    const resolver = addressOf('192.0.2.2');
    const other = addressOf('192.0.2.9');
    const trusted = new Set([resolver]);
    expect(refuseClient(resolver, 'resolvers', trusted)).toBeUndefined();
    expect(refuseClient(other, 'resolvers', trusted)).toBe('client is no trusted resolver');
    expect(refuseClient(other, 'resolvers', new Set())).toBe('client is no trusted resolver');
    expect(refuseClient(other, 'matched', trusted)).toBeUndefined();
    expect(refuseClient(other, 'matched', new Set())).toBeUndefined();
  });
});

describe('teachableRecords', () => {
  const many = (count: number, text: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => text(index));
  const records = (nameServers: string[], additional: string[]) =>
    teachableRecords(responseAt(0, { nameServers, additional }));

  it('takes each record once, and glue only for the name servers of the response', () => {
    const { nameServers, glue, refusedRecords } = records(
      ['example.org 60 ns.example.org', 'example.org 90 ns.example.org'],
      ['ns.example.org 60 203.0.113.1', 'ns.example.org 60 203.0.113.1', 'www.example.org 60 203.0.113.2'],
    );
    expect(nameServers.map(({ ttl }) => ttl)).toEqual([60]);
    expect([...glue.values()].map((addresses) => addresses.length)).toEqual([1]);
    expect(refusedRecords).toBe(0);
  });

  it('is bounded in name servers and in addresses of each, however much the response holds', () => {
    const { nameServers, glue, refusedRecords } = records(
      many(300, (index) => `example.org 60 ns${index}.example.org`),
      many(200, (index) => `ns0.example.org 60 203.0.113.${index}`),
    );
    expect(nameServers).toHaveLength(MAX_NAME_SERVERS);
    expect(glue.get(nameServers[0]!.nameServer)).toHaveLength(MAX_ADDRESSES);
    expect(refusedRecords).toBe(300 - MAX_NAME_SERVERS + 200 - MAX_ADDRESSES);
  });
});

describe('refuseResponse', () => {
  it.each(Object.entries(RCODE).filter(([, code]) => code !== RCODE.NOERROR))('%s does not teach', (_name, rcode) => {
    expect(refuseResponse(responseAt(0, { rcode }))).toBe('response code is not NOERROR');
  });

  it('a truncated response does not teach', () => {
    expect(refuseResponse(responseAt(0, { truncated: true }))).toBe('response is truncated');
  });
});

describe('canBeNameServer', () => {
  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '127.0.0.1',
    '127.255.255.255',
    '224.0.0.251',
    '239.1.1.1',
    '255.255.255.255',
    '::',
    '::1',
    'ff02::fb',
  ])('%s names no server', (text) => {
    expect(canBeNameServer(addressOf(text))).toBe(false);
  });

  it.each([
    '1.0.0.1',
    '126.255.255.255',
    '128.0.0.1',
    '192.0.2.53',
    '198.51.100.1',
    '223.255.255.255',
    '2001:db8::53',
    '::2',
    '1::',
  ])('%s may name one', (text) => {
    expect(canBeNameServer(addressOf(text))).toBe(true);
  });

  it.each(['::ffff:127.0.0.1', '::ffff:0.0.0.0', '::ffff:224.0.0.1', '::ffff:192.0.2.1'])(
    '%s is an IPv4 address in disguise and never a destination on the wire',
    (text) => {
      expect(canBeNameServer(addressOf(text))).toBe(false);
    },
  );
});
