import { describe, expect, it } from 'vitest';
import { type Network, parseNetwork } from '../../../src/core/address.ts';
import { learningRig, ORG_SERVER, ROOT_SERVER, UK_SERVER } from '../../support/learning-rig.ts';
import { addressOf, queryAt, type ResponseFields, responseAt } from '../../support/observations.ts';

const STRANGER = '198.51.100.66';
const EVIL = '203.0.113.66';
const MAC = 0x0200_5e00_0053;
const off = (...names: string[]) => ({ rulesOff: new Set(names) });

/** ns.example.org at 203.0.113.1 serves example.org, as the server of org says. */
const REFERRAL = {
  server: ORG_SERVER,
  nameServers: ['example.org 7200 ns.example.org'],
  additional: ['ns.example.org 7200 203.0.113.1'],
};

describe('rules about the exchange', () => {
  it.each<[string, string, ResponseFields, Partial<ResponseFields>]>([
    ['response-code', 'response code is not NOERROR', {}, { rcode: 2 }],
    ['class-in', 'question is not of class IN', { class: 3 }, {}],
    ['whole-response', 'response is truncated', {}, { truncated: true }],
    ['matched-query', 'response answers no query that left', {}, { name: 'WWW.example.org' }],
    ['trusted-client', 'client is no trusted resolver', { client: '192.0.2.66' }, {}],
  ])('%s refuses and counts; switched off it does not', (rule, refusal, both, ofResponse) => {
    for (const isOn of [true, false]) {
      const { clock, observe, knows, refused, learnTop } = learningRig(isOn ? {} : off(rule));
      learnTop();
      observe(queryAt(clock.nowMs(), { server: ORG_SERVER, ...both }));
      observe(responseAt(clock.nowMs(), { ...REFERRAL, ...both, ...ofResponse }));
      expect(knows('203.0.113.1')).toBe(!isOn);
      expect(refused(refusal) > 0).toBe(isOn);
    }
  });

  it.each([
    ['its own MAC and VLAN', { mac: MAC, vlan: 7 }, 7, true],
    ['its own MAC, any VLAN', { mac: MAC, vlan: 8 }, undefined, true],
    ['another MAC', { mac: MAC + 1, vlan: 7 }, 7, false],
    ['another VLAN', { mac: MAC, vlan: 8 }, 7, false],
    ['no VLAN', { mac: MAC, vlan: undefined }, 7, false],
    ['frames that are not shown', undefined, 7, true],
  ])('own-link: a resolver with %s', (_what, link, vlan, isTaken) => {
    for (const isOn of [true, false]) {
      const resolverLinks = new Map([[addressOf('192.0.2.2'), { mac: MAC, vlan }]]);
      const { clock, learner, observe, knows, refused } = learningRig({
        resolverLinks,
        ...off(isOn ? '' : 'own-link'),
      });
      const fields = { ...REFERRAL, server: ROOT_SERVER };
      for (const observation of [queryAt(clock.nowMs(), fields), responseAt(clock.nowMs(), fields)])
        observe(link === undefined ? observation : { ...observation, link });
      expect(knows('203.0.113.1')).toBe(isTaken || !isOn);
      expect(refused('resolver has another MAC or VLAN')).toBe(isTaken || !isOn ? 0 : 2);
      // What is refused takes no place among the queries.
      expect(learner.counters.get('queries')).toBe(isTaken || !isOn ? 1 : 0);
    }
  });

  it('own-link leaves the clients alone that are no trusted resolvers', () => {
    const resolverLinks = new Map([[addressOf('192.0.2.66'), { mac: MAC, vlan: 7 }]]);
    const { clock, observe, knows } = learningRig({ teach: 'chain', resolverLinks });
    const fields = { ...REFERRAL, server: ROOT_SERVER, client: '192.0.2.66' };
    const link = { mac: 1, vlan: undefined };
    observe({ ...queryAt(clock.nowMs(), fields), link }, { ...responseAt(clock.nowMs(), fields), link });
    expect(knows('203.0.113.1')).toBe(true);
  });
});

describe('rules about the owner', () => {
  const evil = (owner: string, server: string, name: string): ResponseFields => {
    const nameServers = [`${owner} 3600 ns.evil.example`];
    return { server, name, nameServers, additional: [`ns.evil.example 3600 ${EVIL}`] };
  };

  it.each<[string, string, ResponseFields]>([
    ['above-question', 'owner is not above the query name', evil('victim.org', ORG_SERVER, 'www.example.org')],
    [
      'served-zone',
      'owner is above what the responder serves',
      evil('example.org', '203.0.113.9', 'x.sub.example.org'),
    ],
    ['known-responder', 'responder is not known', evil('org', STRANGER, 'www.example.org')],
    ['parents-only', 'root, TLD or public suffix not taught by its parent', evil('org', ORG_SERVER, 'www.example.org')],
  ])('%s refuses and counts; switched off it does not', (rule, refusal, lie) => {
    for (const isOn of [true, false]) {
      // Without parents-only, too, or that would refuse the stranger's TLD after known-responder has let it pass.
      const names = rule === 'known-responder' ? [rule, 'parents-only'] : [rule];
      const { exchange, knows, refused, learnTop } = learningRig(isOn ? {} : off(...names));
      learnTop();
      exchange({
        server: ORG_SERVER,
        name: 'x.sub.example.org',
        nameServers: ['sub.example.org 7200 ns.sub.example.org'],
        additional: ['ns.sub.example.org 7200 203.0.113.9'],
      });
      exchange(lie);
      expect(knows(EVIL)).toBe(!isOn);
      expect(refused(refusal)).toBe(isOn ? 1 : 0);
    }
  });

  it.each(['.', 'uk', 'co.uk'])('a stranger teaches nothing about %s, and a registrable domain unverified', (owner) => {
    const { exchange, knows, rows, refused } = learningRig();
    exchange(evil(owner, STRANGER, 'www.example.co.uk'));
    expect(knows(EVIL)).toBe(false);
    expect(refused('responder is not known')).toBe(1);
    exchange({
      server: STRANGER,
      name: 'www.example.co.uk',
      nameServers: ['example.co.uk 3600 ns.example.co.uk'],
      additional: ['ns.example.co.uk 3600 203.0.113.5'],
    });
    expect(rows('203.0.113.5')).toEqual(['example.co.uk ns.example.co.uk unverified in-domain']);
  });

  it('in mode chain a stranger teaches nothing, and a zone that hangs on the root hints teaches on', () => {
    const { exchange, knows, rows, learnTop, refused } = learningRig({ teach: 'chain' });
    exchange({ ...REFERRAL, server: STRANGER });
    expect(knows('203.0.113.1')).toBe(false);
    expect(refused('responder is not known')).toBe(1);
    learnTop();
    exchange(REFERRAL);
    expect(rows('203.0.113.1')).toEqual(['example.org ns.example.org referral in-domain']);
  });

  it('in mode matched a stranger teaches all above the question, unverified', () => {
    const { exchange, rows, learnTop } = learningRig({ teach: 'matched' });
    learnTop();
    exchange(evil('org', STRANGER, 'www.example.org'));
    expect(rows(EVIL)).toEqual(['org ns.evil.example unverified sibling']);
    exchange(evil('victim.org', STRANGER, 'www.example.org'));
    expect(rows(EVIL)).toHaveLength(1);
  });

  it('a public suffix is taught by its parent, and not by its own servers', () => {
    const { exchange, rows, knows, learnTop } = learningRig();
    learnTop();
    const suffix = (server: string, address: string) => ({
      server,
      name: 'www.example.co.uk',
      nameServers: ['co.uk 7200 ns.co.uk'],
      additional: [`ns.co.uk 7200 ${address}`],
    });
    exchange(suffix(UK_SERVER, '203.0.113.20'));
    expect(rows('203.0.113.20')).toEqual(['co.uk ns.co.uk referral in-domain']);
    exchange(suffix('203.0.113.20', '203.0.113.21'));
    expect(knows('203.0.113.21')).toBe(false);
  });
});

describe('rules about glue', () => {
  const withGlue = (nameServer: string): ResponseFields => ({
    server: ORG_SERVER,
    nameServers: [`example.org 7200 ${nameServer}`],
    additional: [`${nameServer} 7200 203.0.113.1`],
  });

  it.each([
    ['ns.example.org', 'referral in-domain'],
    ['ns.other.org', 'referral sibling'],
    ['ns.example.net', 'unverified unrelated'],
  ])('glue of %s is %s', (nameServer, expected) => {
    const { exchange, rows, learnTop } = learningRig();
    learnTop();
    exchange(withGlue(nameServer));
    expect(rows('203.0.113.1')).toEqual([`example.org ${nameServer} ${expected}`]);
  });

  it('unrelated glue is refused in mode chain, and taken for a referral with related-glue switched off', () => {
    const strict = learningRig({ teach: 'chain' });
    strict.learnTop();
    strict.exchange(withGlue('ns.example.net'));
    expect(strict.knows('203.0.113.1')).toBe(false);
    expect(strict.refused('glue of a name server that the responder has no say about')).toBe(1);
    for (const teach of ['resolvers', 'chain'] as const) {
      const free = learningRig({ teach, ...off('related-glue') });
      free.learnTop();
      free.exchange(withGlue('ns.example.net'));
      expect(free.rows('203.0.113.1')).toEqual(['example.org ns.example.net referral unrelated']);
    }
  });

  it.each([
    ['possible-address', 'address can be no name server', '127.0.0.1'],
    ['outside-address', 'address is of an inside network', '192.0.2.53'],
  ])('%s refuses %s; switched off it does not', (rule, refusal, address) => {
    const insideNetworks = [parseNetwork('192.0.2.0/24') as Network];
    for (const isOn of [true, false]) {
      const { exchange, knows, refused, learnTop } = learningRig({ insideNetworks, ...off(isOn ? '' : rule) });
      learnTop();
      exchange({ ...REFERRAL, additional: [`ns.example.org 7200 ${address}`] });
      exchange({ ...REFERRAL, name: 'ns.example.org', nameServers: [], answers: [`ns.example.org 7200 ${address}`] });
      expect(knows(address)).toBe(!isOn);
      expect(refused(refusal) > 0).toBe(isOn);
    }
  });
});

describe('trust', () => {
  /** Beside the answer to a question for www.example.org, the server of the zone itself names another server. */
  const BESIDE = {
    server: '203.0.113.1',
    authoritative: true,
    answers: ['www.example.org 300 203.0.113.80'],
    nameServers: ['example.org 86400 ns.example.org'],
    additional: ['ns.example.org 86400 203.0.113.1', 'ns.example.org 86400 203.0.113.66'],
  };

  it('NS records beside an answer are incidental and overwrite no referral', () => {
    const { clock, learner, exchange, rows, leftSeconds, learnTop } = learningRig({}, { isParentBound: false });
    learnTop();
    exchange(REFERRAL);
    clock.advance(60_000);
    exchange(BESIDE);
    expect(rows('203.0.113.1')).toEqual(['example.org ns.example.org referral in-domain']);
    expect(leftSeconds('203.0.113.1')).toBe(7200 - 60);
    expect(rows(EVIL)).toEqual(['example.org ns.example.org incidental in-domain']);
    expect(learner.counters.get('outranked')).toBe(1);
  });

  it('NS records beside an answer of a server of the parent are referrals with positive-answer switched off', () => {
    const fields = { ...REFERRAL, authoritative: true, answers: ['www.example.org 300 203.0.113.80'] };
    for (const [rules, trust] of [
      [off(), 'incidental'],
      [off('positive-answer'), 'referral'],
    ] as const) {
      const { exchange, rows, learnTop } = learningRig(rules);
      learnTop();
      exchange(fields);
      expect(rows('203.0.113.1')).toEqual([`example.org ns.example.org ${trust} in-domain`]);
    }
  });

  it('records of both sections each have the trust of their own', () => {
    const { exchange, rows, learnTop } = learningRig({}, { isParentBound: false });
    learnTop();
    exchange(REFERRAL);
    exchange({
      server: '203.0.113.1',
      name: 'example.org',
      type: 2,
      authoritative: true,
      nameServers: ['example.org 7200 ns2.example.org answer', 'example.org 7200 ns3.example.org'],
      additional: ['ns2.example.org 7200 203.0.113.2', 'ns3.example.org 7200 203.0.113.3'],
    });
    expect(rows('203.0.113.2')).toEqual(['example.org ns2.example.org authoritative in-domain']);
    expect(rows('203.0.113.3')).toEqual(['example.org ns3.example.org incidental in-domain']);
  });

  it("the zone's own answer to the question for its NS records ranks highest", () => {
    const { exchange, rows, learnTop } = learningRig();
    learnTop();
    exchange(REFERRAL);
    exchange({
      server: '203.0.113.1',
      name: 'example.org',
      type: 2,
      authoritative: true,
      nameServers: ['example.org 7200 ns.example.org answer'],
      additional: ['ns.example.org 7200 203.0.113.1'],
    });
    expect(rows('203.0.113.1')).toEqual(['example.org ns.example.org authoritative in-domain']);
  });
});

describe('a ghost domain', () => {
  const OWN = { ...REFERRAL, server: '203.0.113.1', name: 'example.org', authoritative: true };

  it.each<[string, string[], number | undefined]>([
    ['ends with the referral of its parent', [], 7200],
    ['goes on with parent-bound switched off', ['parent-bound'], undefined],
  ])('%s', (_what, rules, endSeconds) => {
    const bound = { isParentBound: !rules.includes('parent-bound'), keepMs: 86_400_000 };
    const { clock, history, exchange, knows, learnTop } = learningRig(off(...rules), bound);
    learnTop();
    exchange(REFERRAL);
    for (let second = 600; second <= 4 * 3600; second += 600) {
      clock.advance(600_000);
      history.expire(1000);
      exchange({ ...OWN, type: 2, nameServers: ['example.org 7200 ns.example.org answer'] });
      exchange({ ...OWN, name: 'ns.example.org', nameServers: [], answers: ['ns.example.org 7200 203.0.113.1'] });
      expect(knows('203.0.113.1')).toBe(endSeconds === undefined || second < endSeconds);
    }
    exchange(REFERRAL);
    expect(knows('203.0.113.1')).toBe(true);
  });
});
