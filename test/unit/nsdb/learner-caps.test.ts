import { describe, expect, it } from 'vitest';
import { learningRig, ORG_SERVER } from '../../support/learning-rig.ts';
import { nameOf } from '../../support/observations.ts';

/** ns.example.org at 203.0.113.1 serves example.org, as the server of org says. */
const REFERRAL = {
  server: ORG_SERVER,
  nameServers: ['example.org 7200 ns.example.org'],
  additional: ['ns.example.org 7200 203.0.113.1'],
};

describe('caps', () => {
  const list = (count: number, text: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => text(index));

  it.each([20, 21, 25])('20 name servers of a delegation, of %i', (count) => {
    const { history, exchange, refused, learnTop } = learningRig();
    learnTop();
    exchange({ server: ORG_SERVER, nameServers: list(count, (index) => `example.org 7200 ns${index}.example.org`) });
    expect(history.gluelessCount).toBe(20);
    expect(refused('more name servers than one delegation may have')).toBe(count - 20);
  });

  it('20 name servers of a delegation, also where two owners take turns', () => {
    const { history, exchange, learnTop } = learningRig();
    learnTop();
    const nameServers = list(60, (index) => `${index % 2 === 0 ? 'www.' : ''}example.org 7200 ns${index}.example.org`);
    exchange({ server: ORG_SERVER, nameServers });
    expect(history.gluelessCount).toBe(40);
  });

  it.each([13, 14, 30])('13 addresses of a name server, of %i', (count) => {
    const { history, exchange, refused, learnTop } = learningRig();
    learnTop();
    const before = history.size;
    exchange({ ...REFERRAL, additional: list(count, (index) => `ns.example.org 7200 203.0.113.${index}`) });
    expect(history.size - before).toBe(13);
    expect(refused('more addresses than one name server may have')).toBe(count - 13);
  });

  it('13 addresses of an address answer', () => {
    const { history, exchange, refused, learnTop } = learningRig();
    learnTop();
    exchange({ ...REFERRAL, additional: [] });
    const before = history.size;
    const answers = list(20, (index) => `ns.example.org 7200 203.0.113.${index}`);
    exchange({ server: ORG_SERVER, name: 'ns.example.org', authoritative: true, answers });
    expect(history.size - before).toBe(13);
    expect(refused('more addresses than one name server may have')).toBe(7);
  });

  it('new triples of a client in a minute; what is known already is free, and trusted resolvers are exempt', () => {
    const { clock, exchange, knows, refused, learnTop } = learningRig({ teach: 'chain', clientQuota: 2 });
    learnTop();
    const lesson = (zone: string, address: string, client: string) => ({
      client,
      server: ORG_SERVER,
      name: zone,
      nameServers: [`${zone} 7200 ns.${zone}`],
      additional: [`ns.${zone} 7200 ${address}`],
    });
    for (let round = 0; round < 3; round++) exchange(lesson('a.org', '203.0.113.1', '192.0.2.66'));
    exchange(lesson('b.org', '203.0.113.2', '192.0.2.66'));
    exchange(lesson('c.org', '203.0.113.3', '192.0.2.66'));
    expect(knows('203.0.113.3')).toBe(false);
    expect(refused('client has taught as much as one may')).toBe(1);
    exchange(lesson('c.org', '203.0.113.3', '192.0.2.67'));
    expect(knows('203.0.113.3')).toBe(true);
    for (const index of [4, 5, 6]) exchange(lesson(`z${index}.org`, `203.0.113.${index}`, '192.0.2.2'));
    expect(knows('203.0.113.6')).toBe(true);
    clock.advance(60_000);
    exchange(lesson('d.org', '203.0.113.7', '192.0.2.66'));
    expect(knows('203.0.113.7')).toBe(true);
  });

  it('rows of a zone', () => {
    const { exchange, refused, history, learnTop } = learningRig();
    learnTop();
    for (let index = 0; index < 300; index++) {
      exchange({
        server: ORG_SERVER,
        nameServers: [`example.org 7200 ns${index}.example.org`],
        additional: [`ns${index}.example.org 7200 198.18.${index >> 8}.${index & 255}`],
      });
    }
    expect([...history.ofZone(nameOf('example.org'))]).toHaveLength(280);
    expect(refused('zone has as many rows as one may have')).toBe(20);
  });
});
