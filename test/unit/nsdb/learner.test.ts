import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import { formatName, ROOT } from '../../../src/dns/name.ts';
import type { HistoryOptions } from '../../../src/nsdb/history-options.ts';
import type { LearnerOptions } from '../../../src/nsdb/learner-options.ts';
import type { NsTriple } from '../../../src/nsdb/ns-triple.ts';
import { keepSeed } from '../../../src/nsdb/seed.ts';
import { holding, startLearning } from '../../support/learning.ts';
import { addressOf, nameOf, queryAt, type ResponseFields, responseAt } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const ROOT_SERVER = '198.51.100.1';
const ORG_SERVER = '198.51.100.2';

function setUp(options: Partial<LearnerOptions> = {}, historyOptions: Partial<HistoryOptions> = {}) {
  const clock = new VirtualClock();
  const { history, learner, observe } = startLearning(clock, options, historyOptions);
  history.keep('rootHints', ROOT, nameOf('a.root-servers.net'), addressOf(ROOT_SERVER));
  /** A query, and 10 ms later its response. */
  const exchange = (fields: ResponseFields) => {
    observe(queryAt(clock.nowMs(), fields));
    clock.advance(10);
    observe(responseAt(clock.nowMs(), fields));
  };
  const knows = (address: string) => history.standing(addressOf(address)) !== undefined;
  const rows = (address: string) =>
    holding(history, address, clock.nowMs())
      .map(({ zone, nameServer, trust }) => `${formatName(zone)} ${formatName(nameServer)} ${trust}`)
      .sort();
  /** The root server refers to the org server. */
  const learnOrg = () =>
    exchange({
      server: ROOT_SERVER,
      nameServers: ['org 172800 a.nic.org'],
      additional: [`a.nic.org 172800 ${ORG_SERVER}`],
    });
  return { clock, history, learner, observe, exchange, knows, rows, learnOrg };
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
    expect(rows('203.0.113.1')).toEqual(['example.org ns1.example.org referral']);
    expect(rows('2001:db8::1')).toEqual(['example.org ns1.example.org referral']);
    expect(rows('203.0.113.2')).toEqual(['example.org ns2.example.org referral']);
    const [{ lesson, teachers, glue }] = holding(history, '203.0.113.1', clock.nowMs()) as [NsTriple];
    expect(lesson).toMatchObject({ nsTtlSeconds: 86400, glueTtlSeconds: 3600, queryId: 0x1234 });
    expect(lesson?.responseAtMs).toBe(clock.nowMs());
    expect(lesson?.queryAtMs).toBe(clock.nowMs() - 10);
    expect(teachers.map(formatAddress)).toEqual([ORG_SERVER]);
    expect(glue).toBe('in-domain');
    expect(formatName(lesson!.queryName)).toBe('www.example.org');
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
    expect(rows('203.0.113.2')).toEqual(['example.org ns2.example.org referral']);
  });

  it('joins the chain root, TLD, zone, each at high trust', () => {
    const { learnOrg, exchange, rows } = setUp();
    learnOrg();
    expect(rows(ORG_SERVER)).toEqual(['org a.nic.org referral']);
    exchange(REFERRAL);
    exchange({
      server: '203.0.113.1',
      name: 'a.sub.example.org',
      nameServers: ['sub.example.org 3600 ns.sub.example.org'],
      additional: ['ns.sub.example.org 3600 203.0.113.9'],
    });
    expect(rows('203.0.113.9')).toEqual(['sub.example.org ns.sub.example.org referral']);
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
    const { clock, history, learner, observe, learnOrg } = setUp();
    learnOrg();
    const before = history.size;
    observe(queryAt(clock.nowMs(), { server: ORG_SERVER }));
    observe(responseAt(clock.nowMs(), response));
    expect(history.size).toBe(before);
    expect(learner.counters.get(counter as 'queries')).toBe(1);
  });

  it('a response that comes late, and a second response', () => {
    const { clock, history, learner, observe, learnOrg } = setUp();
    learnOrg();
    observe(queryAt(clock.nowMs(), { server: ORG_SERVER }));
    clock.advance(5001);
    observe(responseAt(clock.nowMs(), REFERRAL));
    expect(history.size).toBe(2);
    observe(queryAt(clock.nowMs(), { server: ORG_SERVER }));
    observe(responseAt(clock.nowMs(), { server: ORG_SERVER }));
    observe(responseAt(clock.nowMs(), REFERRAL));
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
    expect(open.rows('203.0.113.1')).toEqual(['example.org ns1.example.org unverified']);
  });

  it('glue 0.0.0.0 beside an NS record that has waited without glue', () => {
    const { learner, learnOrg, exchange, knows } = setUp();
    learnOrg();
    exchange({ server: ORG_SERVER, nameServers: ['example.org 86400 ns1.example.org'] });
    exchange({ ...REFERRAL, additional: ['ns1.example.org 3600 0.0.0.0'] });
    expect(knows('0.0.0.0')).toBe(false);
    expect(learner.counters.get('refused: address can be no name server')).toBe(1);
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
    expect(rows('203.0.113.1')).toEqual(['example.org ns1.example.org unverified']);
  });
});

describe('Learner: a responder not known yet', () => {
  it('teaches owners of two labels at lower trust, and a TLD not at all', () => {
    const { learner, exchange, knows, rows } = setUp();
    exchange(REFERRAL);
    expect(rows('203.0.113.1')).toEqual(['example.org ns1.example.org unverified']);
    exchange({ server: '198.51.100.66', nameServers: ['org 3600 ns.org'], additional: ['ns.org 3600 203.0.113.66'] });
    expect(knows('203.0.113.66')).toBe(false);
    expect(learner.counters.get('refused: responder is not known')).toBe(1);
  });

  it('is raised to high trust when its parent comes to be known', () => {
    const { learnOrg, exchange, rows } = setUp();
    exchange(REFERRAL);
    learnOrg();
    exchange(REFERRAL);
    expect(rows('203.0.113.1')).toEqual(['example.org ns1.example.org referral']);
  });

  it('the root teaches by priming and referral only from its own servers', () => {
    const { exchange, rows, knows } = setUp();
    const priming = {
      name: '.',
      authoritative: true,
      nameServers: ['. 518400 b.root-servers.net answer'],
      additional: ['b.root-servers.net 518400 198.51.100.9'],
    };
    exchange({ ...priming, server: '198.51.100.66' });
    expect(knows('198.51.100.9')).toBe(false);
    exchange({ ...priming, server: ROOT_SERVER });
    expect(rows('198.51.100.9')).toEqual(['. b.root-servers.net authoritative']);
  });
});

describe('Learner: NS without glue', () => {
  const GLUELESS = { server: ORG_SERVER, nameServers: ['example.org 86400 ns.example.org'] };
  const ANSWER = {
    server: ORG_SERVER,
    authoritative: true,
    name: 'ns.example.org',
    answers: ['ns.example.org 3600 203.0.113.7'],
  };

  it('waits for an A or AAAA answer for its name', () => {
    const { clock, learnOrg, exchange, rows, learner } = setUp();
    learnOrg();
    exchange(GLUELESS);
    clock.advance(1500);
    exchange(ANSWER);
    exchange({ ...ANSWER, type: 28, answers: ['ns.example.org 3600 2001:db8::7'] });
    expect(rows('203.0.113.7')).toEqual(['example.org ns.example.org referral']);
    expect(rows('2001:db8::7')).toEqual(['example.org ns.example.org referral']);
    expect(learner.counters.get('glueless')).toBe(1);
    expect(learner.statistics()).toMatchObject({ glueless: 1 });
  });

  it.each([
    [[], 86_400],
    [['late-address'], 2],
  ])('for as long as it holds; with %j switched off for %i seconds', (rulesOff, seconds) => {
    for (const [restMs, isKnown] of [
      [-1, true],
      [1, false],
    ] as const) {
      const { clock, learnOrg, exchange, knows } = setUp({ rulesOff: new Set(rulesOff) });
      learnOrg();
      exchange(GLUELESS);
      clock.advance(seconds * 1000 - 10 + restMs);
      exchange(ANSWER);
      expect(knows('203.0.113.7')).toBe(isKnown);
    }
  });

  it('holds from the answer for its TTL, and not beyond the NS record', () => {
    const { clock, history, learnOrg, exchange } = setUp();
    learnOrg();
    exchange(GLUELESS);
    const nsSeenAtMs = clock.nowMs();
    clock.advance(3_600_000);
    exchange(ANSWER);
    expect(history.standing(addressOf('203.0.113.7'))?.untilMs).toBe(clock.nowMs() + 3_600_000);
    clock.advance(80_000_000);
    exchange(ANSWER);
    expect(history.standing(addressOf('203.0.113.7'))?.untilMs).toBe(nsSeenAtMs + 86_400_000);
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

  it('takes the address of the other family, where the referral had one as glue', () => {
    const { learnOrg, exchange, rows, learner } = setUp();
    learnOrg();
    exchange({ ...GLUELESS, additional: ['ns.example.org 3600 2001:db8::7'] });
    exchange(ANSWER);
    expect(rows('203.0.113.7')).toEqual(['example.org ns.example.org referral']);
    expect(learner.counters.get('glueless')).toBe(0);
  });

  it('gets the lower trust of both when a stranger answers with the address', () => {
    const { learnOrg, exchange, rows } = setUp();
    learnOrg();
    exchange(GLUELESS);
    exchange({ ...ANSWER, server: '198.51.100.77' });
    expect(rows('203.0.113.7')).toEqual(['example.org ns.example.org unverified']);
  });

  it('completes every zone that waits for the name server', () => {
    const { learnOrg, exchange, rows } = setUp();
    learnOrg();
    exchange(GLUELESS);
    exchange({ server: ORG_SERVER, name: 'www.other.org', nameServers: ['other.org 3600 ns.example.org'] });
    exchange(ANSWER);
    expect(rows('203.0.113.7')).toEqual(['example.org ns.example.org referral', 'other.org ns.example.org referral']);
  });
});

describe('Learner: bounds', () => {
  it('counts what a full history refuses', () => {
    const { learner, learnOrg, exchange, history } = setUp({}, { size: 3 });
    learnOrg();
    exchange(REFERRAL);
    expect(history.size).toBe(3);
    expect(learner.counters.get('refused: history is full')).toBe(2);
    expect(learner.counters.get('lessons')).toBe(2);
  });

  it('tells its tables and counters', () => {
    const { clock, learner, observe } = setUp({ pending: { timeMs: 5000, size: 2 } });
    for (const id of [1, 2, 3]) observe(queryAt(clock.nowMs(), { id }));
    expect(learner.statistics()).toEqual({
      pending: { size: 2, evicted: 1 },
      glueless: 0,
      queries: 3,
    });
  });
});
