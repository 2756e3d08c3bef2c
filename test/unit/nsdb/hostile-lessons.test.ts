/** What the owner of a zone may try to do to the history through a resolver that he gets to ask him. */
import { describe, expect, it } from 'vitest';
import { learningRig, ORG_SERVER } from '../../support/learning-rig.ts';

const DAY_S = 86_400;
const EVIL = '198.51.100.66';

/** Learning, with evil.org delegated to EVIL. */
function attackerRig(options: Parameters<typeof learningRig>[0] = {}, size = 5000) {
  const rig = learningRig(options, { size, keepMs: 7 * DAY_S * 1000 });
  const { clock, history, exchange, learnTop } = rig;
  learnTop();
  const referral = { server: ORG_SERVER, nameServers: [`evil.org ${2 * DAY_S} ns.evil.org`] };
  exchange({ ...referral, name: 'www.evil.org', additional: [`ns.evil.org ${2 * DAY_S} ${EVIL}`] });
  /** Time passes in steps, and what expires is noticed. */
  const pass = (seconds: number) => {
    clock.advance(seconds * 1000);
    while (!history.expire(1000));
  };
  return { ...rig, pass };
}

describe('a name that a row lets go of while a response is read', () => {
  it('is not used any more, and the history goes on', () => {
    const { exchange, pass, rows, history } = attackerRig();
    const fill = (zone: string, tag: string, ttl: number, net: number) => {
      for (let batch = 0; batch < 4; batch++) {
        const servers = Array.from({ length: 7 }, (_, index) => `${tag}${batch}x${index}.w.org`);
        const glue = servers.flatMap((server, index) =>
          Array.from({ length: 10 }, (_, host) => `${server} ${ttl} 198.18.${net + batch * 7 + index}.${host + 1}`),
        );
        const nameServers = servers.map((server) => `${zone} ${ttl} ${server}`);
        exchange({ server: EVIL, name: `a.${zone}`, nameServers, additional: glue });
      }
    };
    fill('z.evil.org', 'n', 0, 0);
    pass(120);
    fill('f.z.evil.org', 'f', DAY_S, 50);
    expect(history.pastCount).toBe(280);
    const old = 'n0x0.w.org';
    const glue = Array.from({ length: 10 }, (_, host) => `m0.w.org 3600 198.18.200.${host + 1}`);
    exchange({
      server: EVIL,
      name: 'a.f.z.evil.org',
      nameServers: [`f.z.evil.org 3600 ${old}`, 'z.evil.org 3600 m0.w.org', `evil.org 3600 ${old}`],
      additional: [`${old} 3600 198.18.250.1`, ...glue],
    });
    expect(rows('198.18.250.1')).toEqual(['evil.org n0x0.w.org unverified unrelated']);
    const later = { server: EVIL, name: 'q.evil.org', nameServers: ['evil.org 3600 k.evil.org'] };
    exchange({ ...later, additional: ['k.evil.org 3600 198.18.251.1'] });
    expect(rows('198.18.251.1')).toEqual(['evil.org k.evil.org incidental in-domain']);
  });
});

describe('a domain that was taken down', () => {
  it('does not live on by delegating to itself, one label deeper each time', () => {
    const { exchange, pass, knows } = attackerRig();
    let zone = 'evil.org';
    let weeks = 0;
    for (; weeks < 20 && knows(EVIL); weeks++) {
      zone = `a.${zone}`;
      const nameServers = [`${zone} ${7 * DAY_S} ns.evil.org`];
      exchange({ server: EVIL, name: `www.${zone}`, nameServers, additional: [`ns.evil.org ${7 * DAY_S} ${EVIL}`] });
      pass(6 * DAY_S);
    }
    // Two days of the delegation, and one longest TTL behind it.
    expect(weeks).toBe(2);
  });
});

describe('a referral that is renewed', () => {
  it('prolongs what the zone itself has said less of', () => {
    const { exchange, pass, knows } = attackerRig();
    const server = '203.0.113.20';
    const referral = { server: ORG_SERVER, name: 'www.bank.org', nameServers: ['bank.org 3600 ns.bank.org'] };
    const refer = () => exchange({ ...referral, additional: [`ns.bank.org 3600 ${server}`] });
    refer();
    pass(3500);
    const own = { name: 'bank.org', authoritative: true, nameServers: ['bank.org 60 ns.bank.org answer'] };
    exchange({ server, type: 2, ...own, additional: [`ns.bank.org 60 ${server}`] });
    pass(50);
    refer();
    pass(3000);
    expect(knows(server)).toBe(true);
  });
});

describe('a stranger', () => {
  it.each(['resolvers', 'matched'] as const)('vouches for nobody by what he has taught before, in mode %s', (teach) => {
    const { exchange, rows } = attackerRig({ teach });
    const stranger = '203.0.113.99';
    const records = { nameServers: ['bank.org 3600 ns.bank.org'], additional: [`ns.bank.org 3600 ${stranger}`] };
    exchange({ server: stranger, name: 'x.bank.org', ...records });
    const answer = { type: 2, authoritative: true, nameServers: ['bank.org 3600 ns.bank.org answer'] };
    exchange({ server: stranger, name: 'bank.org', ...answer, additional: records.additional });
    expect(rows(stranger)).toEqual(['bank.org ns.bank.org unverified in-domain']);
  });
});

describe('zones that name the server of another', () => {
  it('do not hide it from its renewals, though they are many and past', () => {
    const { exchange, pass, knows } = attackerRig();
    const server = '203.0.113.53';
    const hoster = { server: ORG_SERVER, name: 'www.host.org', nameServers: [`host.org ${DAY_S} ns0.host.org`] };
    exchange({ ...hoster, additional: [`ns0.host.org ${DAY_S} 203.0.113.50`] });
    exchange({ server: ORG_SERVER, name: 'www.bank.org', nameServers: [`bank.org ${DAY_S} ns1.host.org`] });
    const renew = () => {
      const answers = [`ns1.host.org 300 ${server}`];
      exchange({ server: '203.0.113.50', name: 'ns1.host.org', authoritative: true, answers });
    };
    renew();
    for (let index = 0; index < 300; index++) {
      const zone = `z${index}.evil.org`;
      const additional = ['ns1.host.org 0 198.18.6.6'];
      exchange({ server: EVIL, name: `www.${zone}`, nameServers: [`${zone} 0 ns1.host.org`], additional });
    }
    for (let round = 0; round < 10; round++) {
      pass(250);
      renew();
    }
    expect(knows(server)).toBe(true);
  });
});

describe('two zones without glue on one server', () => {
  it('do not lend each other its address for longer than it holds', () => {
    const { exchange, pass, knows, clock } = attackerRig();
    const server = '203.0.113.54';
    const refer = (zone: string, glue: string[]) => {
      const nameServers = [`${zone} ${DAY_S} ns.shared.org`];
      exchange({ server: ORG_SERVER, name: `www.${zone}`, nameServers, additional: glue });
    };
    refer('shared.org', [`ns.shared.org 300 ${server}`]);
    const knownUntilMs = clock.nowMs() + 300_000;
    for (let round = 0; clock.nowMs() < knownUntilMs; round++) {
      refer(round % 2 === 0 ? 'a.org' : 'b.org', []);
      pass(45);
    }
    expect(knows(server)).toBe(false);
  });
});
