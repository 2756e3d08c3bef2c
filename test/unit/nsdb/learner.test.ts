import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import { formatName, ROOT } from '../../../src/dns/name.ts';
import { Learner, type LearnerOptions } from '../../../src/nsdb/learner.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import { keepSeed } from '../../../src/nsdb/seed.ts';
import { addressOf, nameOf, queryAt, type ResponseFields, responseAt } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const ROOT_SERVER = '198.51.100.1';
const ORG_SERVER = '198.51.100.2';
const RESOLVER = '192.0.2.2';

function setUp(options: Partial<LearnerOptions> = {}, historySize = 1000) {
  const clock = new VirtualClock();
  const history = new NsHistory(clock, { ttlFloorSeconds: 60, ttlCapSeconds: 7 * 86_400, size: historySize });
  history.keep('rootHints', ROOT, nameOf('a.root-servers.net'), addressOf(ROOT_SERVER));
  const learner = new Learner(clock, history, {
    teach: 'resolvers',
    trustUnmatched: false,
    trustedResolvers: new Set([addressOf(RESOLVER)]),
    pending: { timeMs: 5000, size: 100 },
    awaitingGlue: { timeMs: 2000, size: 100 },
    ...options,
  });
  /** A query, and 10 ms later its response. */
  const exchange = (fields: ResponseFields) => {
    learner.observe(queryAt(clock.nowMs(), fields));
    clock.advance(10);
    learner.observe(responseAt(clock.nowMs(), fields));
  };
  const knows = (address: string) => history.standing(addressOf(address)) !== undefined;
  const rows = (address: string) =>
    (history.lookup(addressOf(address))?.triples ?? []).map(
      ({ zone, nameServer, trust }) => `${formatName(zone)} ${formatName(nameServer)} ${trust}`,
    );
  /** The root server refers to the org server. */
  const learnOrg = () =>
    exchange({
      server: ROOT_SERVER,
      nameServers: ['org 172800 a.nic.org'],
      additional: [`a.nic.org 172800 ${ORG_SERVER}`],
    });
  return { clock, history, learner, exchange, knows, rows, learnOrg };
}

const REFERRAL = {
  server: ORG_SERVER,
  nameServers: ['example.org 86400 ns1.example.org', 'example.org 86400 ns2.example.org'],
  additional: [
    'ns1.example.org 3600 203.0.113.1',
    'ns1.example.org 3600 2001:db8::1',
    'ns2.example.org 3600 203.0.113.2',
    'www.example.org 3600 203.0.113.80',
    'unrelated.example.net 3600 203.0.113.81',
  ],
};

describe('Learner: a referral', () => {
  it('teaches zone, name server and each glue address, with the exchange it came with', () => {
    const { clock, history, learnOrg, exchange, rows } = setUp();
    learnOrg();
    exchange(REFERRAL);
    expect(rows('203.0.113.1')).toEqual(['example.org ns1.example.org high']);
    expect(rows('2001:db8::1')).toEqual(['example.org ns1.example.org high']);
    expect(rows('203.0.113.2')).toEqual(['example.org ns2.example.org high']);
    const lesson = history.lookup(addressOf('203.0.113.1'))!.triples[0]!.lesson!;
    expect(lesson).toMatchObject({ nsTtlSeconds: 86400, glueTtlSeconds: 3600, queryId: 0x1234 });
    expect(lesson.responseAtMs).toBe(clock.nowMs());
    expect(lesson.queryAtMs).toBe(clock.nowMs() - 10);
    expect(formatAddress(lesson.teacher)).toBe(ORG_SERVER);
    expect(formatName(lesson.queryName)).toBe('www.example.org');
  });

  it('teaches glue only for the NS names of that response', () => {
    const { learnOrg, exchange, knows } = setUp();
    learnOrg();
    exchange(REFERRAL);
    expect(knows('203.0.113.80')).toBe(false);
    expect(knows('203.0.113.81')).toBe(false);
  });

  it('teaches no glue of an NS record that is refused', () => {
    const { learner, learnOrg, exchange, knows } = setUp();
    learnOrg();
    exchange({
      server: ORG_SERVER,
      nameServers: ['example.org 86400 ns1.example.org', 'victim.org 86400 ns.evil.example'],
      additional: ['ns1.example.org 3600 203.0.113.1', 'ns.evil.example 3600 203.0.113.66'],
    });
    expect(knows('203.0.113.1')).toBe(true);
    expect(knows('203.0.113.66')).toBe(false);
    expect(learner.counters.get('refused: owner is not above the query name')).toBe(1);
  });

  it('in a query name of mixed letter case teaches too', () => {
    const { learnOrg, exchange, rows } = setUp();
    learnOrg();
    exchange({ ...REFERRAL, name: 'wWw.eXample.ORG' });
    expect(rows('203.0.113.2')).toEqual(['example.org ns2.example.org high']);
  });

  it('joins the chain root, TLD, zone, each at high trust', () => {
    const { learnOrg, exchange, rows } = setUp();
    learnOrg();
    expect(rows(ORG_SERVER)).toEqual(['org a.nic.org high']);
    exchange(REFERRAL);
    exchange({
      server: '203.0.113.1',
      name: 'a.sub.example.org',
      nameServers: ['sub.example.org 3600 ns.sub.example.org'],
      additional: ['ns.sub.example.org 3600 203.0.113.9'],
    });
    expect(rows('203.0.113.9')).toEqual(['sub.example.org ns.sub.example.org high']);
  });
});

describe('Learner: what teaches nothing', () => {
  it.each<[string, ResponseFields, string]>([
    ['unmatched', { ...REFERRAL, id: 9 }, 'responses unmatched'],
    ['from another server', { ...REFERRAL, server: '198.51.100.66' }, 'responses unmatched'],
    ['with the question in other letters', { ...REFERRAL, name: 'WWW.example.org' }, 'responses unmatched'],
    ['failed', { ...REFERRAL, rcode: 2 }, 'refused: response code is not NOERROR'],
    ['NXDOMAIN', { ...REFERRAL, rcode: 3 }, 'refused: response code is not NOERROR'],
    ['truncated', { ...REFERRAL, truncated: true }, 'refused: response is truncated'],
  ])('a response that is %s', (_what, response, counter) => {
    const { clock, history, learner, learnOrg } = setUp();
    learnOrg();
    const before = history.size;
    learner.observe(queryAt(clock.nowMs(), { server: ORG_SERVER }));
    learner.observe(responseAt(clock.nowMs(), response));
    expect(history.size).toBe(before);
    expect(learner.counters.get(counter as 'queries')).toBe(1);
  });

  it('a response that comes late, and a second response', () => {
    const { clock, history, learner, learnOrg } = setUp();
    learnOrg();
    learner.observe(queryAt(clock.nowMs(), { server: ORG_SERVER }));
    clock.advance(5001);
    learner.observe(responseAt(clock.nowMs(), REFERRAL));
    expect(history.size).toBe(2);
    learner.observe(queryAt(clock.nowMs(), { server: ORG_SERVER }));
    learner.observe(responseAt(clock.nowMs(), { server: ORG_SERVER }));
    learner.observe(responseAt(clock.nowMs(), REFERRAL));
    expect(history.size).toBe(2);
    expect(learner.counters.get('responses unmatched')).toBe(2);
  });

  it('a response to another client than a resolver, in mode resolvers; in mode matched it does', () => {
    const toBot = { ...REFERRAL, client: '192.0.2.66' };
    const strict = setUp();
    strict.exchange(toBot);
    expect(strict.knows('203.0.113.1')).toBe(false);
    // Query and response: neither takes a place among the resolver's pending queries.
    expect(strict.learner.counters.get('refused: client is no trusted resolver')).toBe(2);
    expect(strict.learner.statistics().pending.size).toBe(0);
    const open = setUp({ teach: 'matched' });
    open.exchange(toBot);
    expect(open.rows('203.0.113.1')).toEqual(['example.org ns1.example.org low']);
  });

  it.each(['0.0.0.0', '127.0.0.1', '224.0.0.1', '255.255.255.255', '::', '::1', 'ff02::1'])('glue %s', (address) => {
    const { learner, learnOrg, exchange, knows } = setUp();
    learnOrg();
    exchange({ ...REFERRAL, additional: [`ns1.example.org 3600 ${address}`, 'ns2.example.org 3600 203.0.113.2'] });
    expect(knows(address)).toBe(false);
    expect(knows('203.0.113.2')).toBe(true);
    expect(learner.counters.get('refused: address can be no name server')).toBe(1);
  });

  it('an upward referral: a server of a zone about its TLD and about the root', () => {
    const { learner, learnOrg, exchange, knows } = setUp();
    learnOrg();
    exchange(REFERRAL);
    exchange({
      server: '203.0.113.1',
      nameServers: ['org 172800 ns.evil.example', '. 172800 ns.evil.example'],
      additional: ['ns.evil.example 172800 203.0.113.66'],
    });
    expect(knows('203.0.113.66')).toBe(false);
    expect(learner.counters.get('refused: owner is above what the responder serves')).toBe(2);
  });

  it('a seed: its address teaches as a stranger does', () => {
    const { history, exchange, knows, rows } = setUp();
    keepSeed(history, [addressOf('203.0.113.100')]);
    for (const name of ['www.example.org', 'org', '.', 'invalid', 'example']) {
      expect(history.closestServedZone(addressOf('203.0.113.100'), nameOf(name))).toBeUndefined();
    }
    exchange({ server: '203.0.113.100', nameServers: ['org 3600 ns.org'], additional: ['ns.org 3600 203.0.113.66'] });
    expect(knows('203.0.113.66')).toBe(false);
    exchange({ ...REFERRAL, server: '203.0.113.100' });
    expect(rows('203.0.113.1')).toEqual(['example.org ns1.example.org low']);
  });
});

describe('Learner: a responder not known yet', () => {
  it('teaches owners of two labels at lower trust, and a TLD not at all', () => {
    const { learner, exchange, knows, rows } = setUp();
    exchange(REFERRAL);
    expect(rows('203.0.113.1')).toEqual(['example.org ns1.example.org low']);
    exchange({ server: '198.51.100.66', nameServers: ['org 3600 ns.org'], additional: ['ns.org 3600 203.0.113.66'] });
    expect(knows('203.0.113.66')).toBe(false);
    expect(learner.counters.get('refused: unknown responder teaches a TLD')).toBe(1);
  });

  it('is raised to high trust when its parent comes to be known', () => {
    const { learnOrg, exchange, rows } = setUp();
    exchange(REFERRAL);
    learnOrg();
    exchange(REFERRAL);
    expect(rows('203.0.113.1')).toEqual(['example.org ns1.example.org high']);
  });

  it('the root teaches by priming and referral only from its own servers', () => {
    const { exchange, rows, knows } = setUp();
    const priming = {
      name: '.',
      nameServers: ['. 518400 b.root-servers.net'],
      additional: ['b.root-servers.net 518400 198.51.100.9'],
    };
    exchange({ ...priming, server: '198.51.100.66' });
    expect(knows('198.51.100.9')).toBe(false);
    exchange({ ...priming, server: ROOT_SERVER });
    expect(rows('198.51.100.9')).toEqual(['. b.root-servers.net high']);
  });
});

describe('Learner: NS without glue', () => {
  const GLUELESS = { server: ORG_SERVER, nameServers: ['example.org 86400 ns.example.org'] };
  const ANSWER = { server: ORG_SERVER, name: 'ns.example.org', answers: ['ns.example.org 3600 203.0.113.7'] };

  it('waits for an A or AAAA answer for its name', () => {
    const { clock, learnOrg, exchange, rows, learner } = setUp();
    learnOrg();
    exchange(GLUELESS);
    clock.advance(1500);
    exchange(ANSWER);
    exchange({ ...ANSWER, type: 28, answers: ['ns.example.org 3600 2001:db8::7'] });
    expect(rows('203.0.113.7')).toEqual(['example.org ns.example.org high']);
    expect(rows('2001:db8::7')).toEqual(['example.org ns.example.org high']);
    expect(learner.counters.get('glueless')).toBe(1);
    expect(learner.statistics()).toMatchObject({ awaitingGlue: { size: 1, refused: 0 } });
  });

  it('two seconds and no longer', () => {
    const inTime = setUp();
    inTime.learnOrg();
    inTime.exchange(GLUELESS);
    inTime.clock.advance(1990);
    inTime.exchange(ANSWER);
    expect(inTime.knows('203.0.113.7')).toBe(true);
    const late = setUp();
    late.learnOrg();
    late.exchange(GLUELESS);
    late.clock.advance(1991);
    late.exchange(ANSWER);
    expect(late.knows('203.0.113.7')).toBe(false);
  });

  it('counts its time from when the NS record was seen, with the smaller TTL', () => {
    const { clock, history, learnOrg, exchange } = setUp();
    learnOrg();
    exchange(GLUELESS);
    const seenAtMs = clock.nowMs();
    clock.advance(1000);
    exchange(ANSWER);
    expect(history.lookup(addressOf('203.0.113.7'))?.expiresAtMs).toBe(seenAtMs + 3_600_000);
  });

  it.each<[string, ResponseFields]>([
    ['the answer for another name', { name: 'other.example.org', answers: ['other.example.org 3600 203.0.113.7'] }],
    [
      'an answer whose owner is not the question',
      { name: 'ns.example.org', answers: ['x.example.org 3600 203.0.113.7'] },
    ],
    ['the address of an alias', { name: 'alias.example.org', answers: ['ns.example.org 3600 203.0.113.7'] }],
    [
      'an address in the additional section',
      { name: 'ns.example.org', additional: ['ns.example.org 3600 203.0.113.7'] },
    ],
    ['an address that names no server', { name: 'ns.example.org', answers: ['ns.example.org 3600 127.0.0.1'] }],
  ])('is not completed by %s', (_what, answer) => {
    const { history, learnOrg, exchange } = setUp();
    learnOrg();
    exchange(GLUELESS);
    const before = history.size;
    exchange({ server: ORG_SERVER, ...answer });
    expect(history.size).toBe(before);
  });

  it('with glue of one family does not wait for the other', () => {
    const { learnOrg, exchange, knows, learner } = setUp();
    learnOrg();
    exchange({ ...GLUELESS, additional: ['ns.example.org 3600 2001:db8::7'] });
    exchange(ANSWER);
    expect(knows('203.0.113.7')).toBe(false);
    expect(learner.counters.get('glueless')).toBe(0);
  });

  it('gets the lower trust of both when a stranger answers with the address', () => {
    const { learnOrg, exchange, rows } = setUp();
    learnOrg();
    exchange(GLUELESS);
    exchange({ ...ANSWER, server: '198.51.100.77' });
    expect(rows('203.0.113.7')).toEqual(['example.org ns.example.org low']);
  });

  it('completes every zone that waits for the name server', () => {
    const { learnOrg, exchange, rows } = setUp();
    learnOrg();
    exchange(GLUELESS);
    exchange({ server: ORG_SERVER, name: 'www.other.org', nameServers: ['other.org 3600 ns.example.org'] });
    exchange(ANSWER);
    expect(rows('203.0.113.7')).toEqual(['example.org ns.example.org high', 'other.org ns.example.org high']);
  });
});

describe('Learner: bounds', () => {
  it('counts what a full history refuses', () => {
    const { learner, learnOrg, exchange, history } = setUp({}, 3);
    learnOrg();
    exchange(REFERRAL);
    expect(history.size).toBe(3);
    expect(learner.counters.get('refused: history is full')).toBe(2);
    expect(learner.counters.get('lessons')).toBe(2);
  });

  it('tells its tables and counters', () => {
    const { clock, learner } = setUp({ pending: { timeMs: 5000, size: 2 } });
    for (const id of [1, 2, 3]) learner.observe(queryAt(clock.nowMs(), { id }));
    expect(learner.statistics()).toEqual({
      pending: { size: 2, evicted: 1 },
      awaitingGlue: { size: 0, refused: 0 },
      queries: 3,
    });
  });
});
