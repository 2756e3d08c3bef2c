import { describe, expect, it } from 'vitest';
import { netRawOf, readSystemFacts } from '../../../src/doctor/system-facts.ts';

describe('readSystemFacts', () => {
  it('sees this machine as it is', () => {
    const facts = readSystemFacts(['lo', 'no-such-thing', '../../..']);
    expect(facts.nodeVersion).toBe(process.versions.node);
    expect(facts.packages).toEqual(
      new Map([
        ['pcap', { ok: true }],
        ['better-sqlite3', { ok: true }],
      ]),
    );
    expect([...facts.programs.keys()]).toEqual(['setpriv', 'ovs-vsctl']);
    expect(facts.hasNetRaw).toBeTypeOf('boolean');
    expect(facts.interfaces.map(({ name, exists }) => [name, exists])).toEqual([
      ['lo', true],
      ['no-such-thing', false],
      ['../../..', false],
    ]);
  });
});

describe('netRawOf', () => {
  it.each([
    ['CapEff:\t000001ffffffffff\n', true],
    ['Name:\tx\nCapEff:\t0000000000002000\nCapBnd:\t0000000000000000\n', true],
    ['CapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\n', false],
    ['CapEff:\t0000000000001fff\n', false],
    ['', undefined],
    ['CapEff:\tnonsense\n', undefined],
  ])('%j', (status, expected) => {
    expect(netRawOf(status)).toBe(expected);
  });
});
