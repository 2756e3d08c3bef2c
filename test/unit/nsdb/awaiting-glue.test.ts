import { describe, expect, it } from 'vitest';
import { AwaitingGlue, type Glueless } from '../../../src/nsdb/awaiting-glue.ts';
import { lessonAt, nameOf } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function setUp(size = 100) {
  const clock = new VirtualClock();
  const awaiting = new AwaitingGlue(clock, { timeMs: 2000, size });
  const add = (zone: string, nameServer: string): Glueless => {
    const { address: _, glueTtlSeconds: __, ...glueless } = lessonAt(clock.nowMs(), { zone, nameServer });
    awaiting.add(glueless);
    return glueless;
  };
  const zonesFor = (nameServer: string) => awaiting.waitingFor(nameOf(nameServer)).map(({ zone }) => zone);
  return { clock, awaiting, add, zonesFor };
}

describe('AwaitingGlue', () => {
  it('keeps NS records by name server until their time is over', () => {
    const { clock, awaiting, add, zonesFor } = setUp();
    const one = add('example.org', 'ns.example.net');
    const two = add('example.com', 'ns.example.net');
    expect(awaiting.waitingFor(nameOf('ns.example.net'))).toEqual([one, two]);
    expect(zonesFor('other.example.net')).toEqual([]);
    clock.advance(2000);
    expect(zonesFor('ns.example.net')).toHaveLength(2);
    clock.advance(1);
    expect(zonesFor('ns.example.net')).toEqual([]);
    expect(awaiting.size).toBe(0);
  });

  it('answers again: a second address may come', () => {
    const { add, zonesFor } = setUp();
    add('example.org', 'ns.example.net');
    expect(zonesFor('ns.example.net')).toHaveLength(1);
    expect(zonesFor('ns.example.net')).toHaveLength(1);
  });

  it('a new sighting waits anew, its siblings do not', () => {
    const { clock, awaiting, add, zonesFor } = setUp();
    add('example.org', 'ns.example.net');
    add('example.com', 'ns.example.net');
    clock.advance(1500);
    add('example.org', 'ns.example.net');
    expect(awaiting.size).toBe(2);
    clock.advance(1500);
    expect(zonesFor('ns.example.net')).toEqual([nameOf('example.org')]);
    expect(awaiting.size).toBe(1);
  });

  it('is bounded and counts what found no room', () => {
    const { clock, awaiting, add, zonesFor } = setUp(2);
    add('a.example', 'ns1.example');
    add('b.example', 'ns1.example');
    add('c.example', 'ns2.example');
    expect(awaiting.size).toBe(2);
    expect(awaiting.refused).toBe(1);
    expect(zonesFor('ns2.example')).toEqual([]);
    add('a.example', 'ns1.example');
    expect(awaiting.refused).toBe(1);
    clock.advance(2001);
    add('c.example', 'ns2.example');
    expect(awaiting.size).toBe(1);
    expect(zonesFor('ns2.example')).toHaveLength(1);
  });

  it('gives the places of all that are overdue back', () => {
    const { clock, awaiting, add } = setUp(3);
    for (const letter of ['a', 'b', 'c']) add(`${letter}.example`, `ns.${letter}.example`);
    clock.advance(2001);
    for (const letter of ['d', 'e', 'f']) add(`${letter}.example`, `ns.${letter}.example`);
    expect(awaiting.size).toBe(3);
    expect(awaiting.refused).toBe(0);
  });

  it('a size of 0 keeps nothing', () => {
    const { awaiting, add } = setUp(0);
    add('a.example', 'ns.example');
    expect(awaiting.size).toBe(0);
    expect(awaiting.refused).toBe(1);
  });
});
