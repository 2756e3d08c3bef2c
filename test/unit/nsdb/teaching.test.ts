import { describe, expect, it } from 'vitest';
import { canonicalName } from '../../../src/dns/name.ts';
import { RCODE } from '../../../src/dns/registry.ts';
import { canBeNameServer, judgeOwner, refuseResponse } from '../../../src/nsdb/teaching.ts';
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
    expect(judgeOwner(at(owner), at(queryName), servedZone === undefined ? undefined : at(servedZone))).toBe(expected);
  });
});

describe('refuseResponse', () => {
  const trusted = new Set([addressOf('192.0.2.2')]);

  it('in mode resolvers only responses to trusted resolvers teach', () => {
    expect(refuseResponse(responseAt(0), 'resolvers', trusted)).toBeUndefined();
    const toOther = responseAt(0, { client: '192.0.2.9' });
    expect(refuseResponse(toOther, 'resolvers', trusted)).toBe('client is no trusted resolver');
    expect(refuseResponse(toOther, 'matched', trusted)).toBeUndefined();
    expect(refuseResponse(toOther, 'matched', new Set())).toBeUndefined();
    expect(refuseResponse(toOther, 'resolvers', new Set())).toBe('client is no trusted resolver');
  });

  it.each(Object.entries(RCODE).filter(([, code]) => code !== RCODE.NOERROR))('%s does not teach', (_name, rcode) => {
    expect(refuseResponse(responseAt(0, { rcode }), 'matched', trusted)).toBe('response code is not NOERROR');
  });

  it('a truncated response does not teach', () => {
    expect(refuseResponse(responseAt(0, { truncated: true }), 'matched', trusted)).toBe('response is truncated');
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
