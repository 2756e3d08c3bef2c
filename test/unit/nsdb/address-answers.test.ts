import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressAnswers } from '../../../src/nsdb/address-answers.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import { TRUSTS, type Trust } from '../../../src/nsdb/ns-triple.ts';
import { historyOptions, learnAt } from '../../support/learning.ts';
import { learningRig, ORG_SERVER } from '../../support/learning-rig.ts';
import { addressOf, nameOf } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const SERVER = 'ns.example.org';
const ADDRESS = '203.0.113.7';

function setUp(waitMs = Number.POSITIVE_INFINITY) {
  const clock = new VirtualClock();
  const history = new NsHistory(clock, historyOptions({ size: 2000, isParentBound: false }));
  const answers = new AddressAnswers(clock, history, waitMs);
  const join = (ttlSeconds = 3600, trust: Trust = 'authoritative') => {
    const { names, addresses } = history.rows;
    const address = addresses.intern(addressOf(ADDRESS));
    const teacher = addresses.intern(addressOf('198.51.100.53'));
    const nameServer = names.findName(nameOf(SERVER));
    const answer = { nameServer, address, ttlSeconds, trust: TRUSTS.indexOf(trust), teacher, atMs: clock.nowMs() };
    const outcome = answers.join(answer);
    for (const id of [address, teacher]) addresses.drop(id);
    return outcome;
  };
  const leftSeconds = () => ((history.standing(addressOf(ADDRESS))?.untilMs ?? Number.NaN) - clock.nowMs()) / 1000;
  return { clock, history, join, leftSeconds };
}

describe('AddressAnswers.join', () => {
  it('joins each zone that names the server once, however many rows it has', () => {
    const { clock, history, join } = setUp();
    for (const address of ['none', '203.0.113.1', '203.0.113.2'])
      for (const zone of ['a.example', 'b.example'])
        learnAt(history, clock.nowMs(), { zone, nameServer: SERVER, address });
    expect(join()).toEqual({ joined: 2, fresh: 2, leftOut: 0 });
    expect(join()).toEqual({ joined: 2, fresh: 0, leftOut: 0 });
    expect(history.zoneCountOf(addressOf(ADDRESS))).toBe(2);
  });

  it.each<[Trust, Trust, Trust]>([
    ['referral', 'authoritative', 'referral'],
    ['authoritative', 'unverified', 'unverified'],
    ['incidental', 'incidental', 'incidental'],
  ])('of an NS record that is %s and an answer that is %s makes a triple that is %s', (ofNs, ofAnswer, trust) => {
    const { clock, history, join } = setUp();
    learnAt(history, clock.nowMs(), { nameServer: SERVER, address: 'none', trust: ofNs });
    join(3600, ofAnswer);
    expect([...history.ofAddress(addressOf(ADDRESS))]).toMatchObject([{ trust, glue: 'none' }]);
  });

  it('takes an NS record for as long as it waits, and what is past not at all', () => {
    for (const [waitedMs, joined] of [
      [2000, 1],
      [2001, 0],
    ] as const) {
      const { clock, history, join } = setUp(2000);
      learnAt(history, clock.nowMs(), { nameServer: SERVER, address: 'none' });
      clock.advance(waitedMs);
      expect(join().joined).toBe(joined);
    }
    const { clock, history, join } = setUp();
    learnAt(history, clock.nowMs(), { nameServer: SERVER, nsTtlSeconds: 100 });
    clock.advance(100_001);
    expect(join()).toEqual({ joined: 0, fresh: 0, leftOut: 0 });
  });

  it('leaves the rows of root hints and seeds alone', () => {
    const { history, join } = setUp();
    history.keep('rootHints', nameOf('.'), nameOf(SERVER), addressOf('203.0.113.1'));
    expect(join().joined).toBe(0);
  });

  it.each([
    [256, 256, 0],
    [257, 256, 1],
    [900, 256, 1],
  ])('of %i zones joins %i', (count, joined, leftOut) => {
    const { clock, history, join } = setUp();
    for (let index = 0; index < count; index++)
      learnAt(history, clock.nowMs(), { zone: `z${index}.example`, nameServer: SERVER, address: 'none' });
    expect(join()).toEqual({ joined, fresh: joined, leftOut });
  });

  it('never makes an address hold longer than both its records', () => {
    const times = fc.record({
      nsTtlSeconds: fc.integer({ min: 60, max: 5000 }),
      ttlSeconds: fc.integer({ min: 60, max: 5000 }),
      laterSeconds: fc.integer({ min: 0, max: 6000 }),
    });
    fc.assert(
      fc.property(times, ({ nsTtlSeconds, ttlSeconds, laterSeconds }) => {
        const { clock, history, join, leftSeconds } = setUp();
        learnAt(history, clock.nowMs(), { nameServer: SERVER, address: 'none', nsTtlSeconds });
        clock.advance(laterSeconds * 1000);
        join(ttlSeconds);
        const expected = Math.min(nsTtlSeconds - laterSeconds, ttlSeconds);
        expect(leftSeconds()).toBe(expected > 0 ? expected : Number.NaN);
      }),
    );
  });
});

describe('NS records without glue, through the learner', () => {
  const learnShared = (rig: ReturnType<typeof learningRig>) => {
    rig.learnTop();
    rig.exchange({
      server: ORG_SERVER,
      nameServers: [`example.org 7200 ${SERVER}`],
      additional: [`${SERVER} 7200 ${ADDRESS}`, `${SERVER} 7200 2001:db8::7`],
    });
  };
  const GLUELESS = { server: ORG_SERVER, name: 'www.other.org', nameServers: [`other.org 86400 ${SERVER}`] };

  it('are lent the addresses by which another zone knows the server well', () => {
    const rig = learningRig();
    learnShared(rig);
    rig.clock.advance(600_000);
    rig.exchange(GLUELESS);
    for (const address of [ADDRESS, '2001:db8::7']) {
      expect(rig.rows(address)).toEqual([
        `example.org ${SERVER} referral in-domain`,
        `other.org ${SERVER} referral none`,
      ]);
      // No longer than the lender has it.
      expect(rig.leftSeconds(address)).toBe(6600);
    }
  });

  it('are lent nothing with late-address switched off, nor from what is known from strangers alone', () => {
    const off = learningRig({ rulesOff: new Set(['late-address']) });
    learnShared(off);
    off.exchange(GLUELESS);
    expect(off.rows(ADDRESS)).toHaveLength(1);
    const strange = learningRig();
    strange.exchange({
      server: '198.51.100.66',
      nameServers: [`example.org 7200 ${SERVER}`],
      additional: [`${SERVER} 7200 ${ADDRESS}`],
    });
    strange.learnTop();
    strange.exchange(GLUELESS);
    expect(strange.rows(ADDRESS)).toEqual([`example.org ${SERVER} unverified in-domain`]);
  });

  it('take no address over a CNAME', () => {
    const rig = learningRig();
    rig.learnTop();
    rig.exchange({ ...GLUELESS, name: 'www.example.org', nameServers: [`example.org 7200 ${SERVER}`] });
    // The answer to a question for the name server's name is an alias and the address of its target.
    rig.exchange({
      server: ORG_SERVER,
      name: SERVER,
      authoritative: true,
      answers: [`alias.example.org 60 ${ADDRESS}`],
    });
    expect(rig.knows(ADDRESS)).toBe(false);
  });

  it('renew the address that they have by explicit answers', () => {
    const rig = learningRig();
    rig.learnTop();
    rig.exchange({
      server: ORG_SERVER,
      nameServers: [`example.org 7200 ${SERVER}`],
      additional: [`${SERVER} 600 ${ADDRESS}`],
    });
    rig.clock.advance(300_000);
    rig.exchange({ server: ADDRESS, name: SERVER, authoritative: true, answers: [`${SERVER} 600 ${ADDRESS}`] });
    expect(rig.leftSeconds(ADDRESS)).toBe(600);
  });
});
