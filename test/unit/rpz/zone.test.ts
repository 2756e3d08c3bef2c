import { describe, expect, it } from 'vitest';
import { type Name, parseName } from '../../../src/dns/name.ts';
import { Protection } from '../../../src/rpz/protection.ts';
import type { Trigger } from '../../../src/rpz/trigger.ts';
import { MAX_ENTRIES, RpzZone, type Wanted } from '../../../src/rpz/zone.ts';
import { serialOfText, zoneLines } from '../../../src/rpz/zone-text.ts';

const APEX = parseName('rpz.example.net')!;
const NOW_MS = 1_795_000_000_000;
const NONE = { zonesOfAddress: () => [], zonesOfServer: () => [] };
const open = new Protection({ names: [], addresses: [], networks: [], lists: [] });
const named = (text: string): Trigger => ({ kind: 'name', name: parseName(text)! });
const wanted = (trigger: Trigger, why = 'F-1', expiresAtMs = NOW_MS + 1000): Wanted => ({
  trigger,
  behind: [],
  why,
  expiresAtMs,
});
const textOf = (zone: RpzZone) => [...zoneLines(zone.state)].join('');

describe('RpzZone', () => {
  it('writes a master file that says why', () => {
    const zone = new RpzZone(APEX, undefined);
    zone.update([wanted(named('c2.example'), 'F-2'), wanted(named('c2.example'), 'F-1')], open, NONE, NOW_MS);
    expect(textOf(zone)).toBe(`; A Response Policy Zone made by gluewall: changes made here are lost.
$TTL 60
rpz.example.net. IN SOA localhost. hostmaster.localhost. 1795000000 300 60 604800 60
rpz.example.net. IN NS localhost.
; F-1, F-2, until 2026-11-18T11:06:41.000Z
c2.example.rpz.example.net. IN CNAME .
*.c2.example.rpz.example.net. IN CNAME .
`);
    expect(serialOfText(textOf(zone), APEX)).toBe(1_795_000_000);
    expect(serialOfText(textOf(zone), parseName('example.net')!)).toBeUndefined();
    expect(serialOfText('nothing of ours', APEX)).toBeUndefined();
  });

  it('is the same in whatever order it is asked for, and keeps its serial while nothing changes', () => {
    const zone = new RpzZone(APEX, undefined);
    const [a, b] = [wanted(named('a.example')), wanted(named('b.example'))];
    expect(zone.update([a, b], open, NONE, NOW_MS)).toBe(true);
    const before = textOf(zone);
    expect(zone.update([b, a], open, NONE, NOW_MS + 900)).toBe(false);
    expect(textOf(zone)).toBe(before);
    expect(before).toContain('a.example');
  });

  it('gives a new serial to each change, also within a second and when the clock goes back', () => {
    const zone = new RpzZone(APEX, undefined);
    const serials = [NOW_MS, NOW_MS, NOW_MS - 86_400_000].map((atMs, index) => {
      zone.update([wanted(named(`c${index}.example`))], open, NONE, atMs);
      return zone.state.serial;
    });
    expect(serials).toEqual([1_795_000_000, 1_795_000_001, 1_795_000_002]);
  });

  it('goes on from the serial of an earlier run', () => {
    const zone = new RpzZone(APEX, 1_795_000_500);
    expect(zone.update([], open, NONE, NOW_MS)).toBe(true);
    expect(zone.state.serial).toBe(1_795_000_501);
  });

  it('lets an entry go when its time is over, and when it is protected by now', () => {
    const zone = new RpzZone(APEX, undefined);
    const both = [wanted(named('a.example'), 'F-1', NOW_MS + 10), wanted(named('b.example'), 'F-1', NOW_MS + 1000)];
    const entries = () => zone.state.entries.map(({ owners }) => owners.length);
    zone.update(both, open, NONE, NOW_MS);
    expect(entries()).toEqual([2, 2]);
    expect(zone.update(both, open, NONE, NOW_MS + 10)).toBe(true);
    expect(entries()).toEqual([2]);
    const closed = new Protection({
      names: [[parseName('b.example')!, 'ours']],
      addresses: [],
      networks: [],
      lists: [],
    });
    expect(zone.update(both, closed, NONE, NOW_MS + 11)).toBe(true);
    expect(zone.state).toMatchObject({ entries: [], leftOut: [{ problem: 'is ours', why: ['F-1'] }] });
  });

  it('has an end', () => {
    const zone = new RpzZone(APEX, undefined);
    const many = Array.from({ length: MAX_ENTRIES + 1 }, (_, index) => wanted(named(`c${index}.example`)));
    zone.update(many, open, NONE, NOW_MS);
    expect(zone.state.entries).toHaveLength(MAX_ENTRIES);
    expect(zone.state.leftOut[0]?.problem).toBe(`finds no room: the zone has ${MAX_ENTRIES} entries`);
  });

  it('says of a name that is too long that it is', () => {
    const zone = new RpzZone(APEX, undefined);
    const long = `${`\u003f${'a'.repeat(63)}`.repeat(3)}\u003c${'b'.repeat(60)}\0`;
    zone.update([wanted({ kind: 'name', name: long as Name })], open, NONE, NOW_MS);
    expect(zone.state.leftOut[0]?.problem).toBe('is too long to be written below the name of the zone');
  });

  it('writes nothing of a reason that would end its line', () => {
    const zone = new RpzZone(APEX, undefined);
    zone.update([wanted(named('a.example'), 'F-1\n$INCLUDE /etc/passwd\r\u2028')], open, NONE, NOW_MS);
    expect(textOf(zone)).toContain('; F-1?$INCLUDE /etc/passwd??, until');
  });
});
