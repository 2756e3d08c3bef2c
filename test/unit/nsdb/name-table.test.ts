import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Name } from '../../../src/dns/name.ts';
import { NameTable } from '../../../src/nsdb/name-table.ts';
import { nameOf } from '../../support/observations.ts';

/** A name of `octets` octets in all, of two labels or more; `index` tells names of one length apart. */
function nameOfLength(octets: number, index: number): Name {
  const labels: string[] = [];
  let left = octets - 1;
  while (left > 0) {
    const length = Math.min(63, left - 1, left === 65 ? 62 : 63);
    labels.push(String.fromCharCode(length) + 'x'.repeat(length));
    left -= length + 1;
  }
  const text = `${labels.join('')}\0`;
  const digits = index.toString(36);
  return (text[0] + digits.padEnd(labels[0]!.length - 1, 'y') + text.slice(labels[0]!.length)) as Name;
}

describe('NameTable', () => {
  it('gives one number to each name, also at a place in other octets', () => {
    const table = new NameTable(10);
    const org = table.internName(nameOf('org'));
    const example = table.internName(nameOf('example.org'));
    expect(new Set([0, org, example]).size).toBe(3);
    const octets = Buffer.from(`xxx${nameOf('example.org')}yyy`, 'latin1');
    expect(table.find(octets, 3)).toBe(example);
    expect(table.intern(octets, 11)).toBe(org);
    expect(table.size).toBe(2);
    expect(table.nameOf(example)).toBe(nameOf('example.org'));
    expect(table.findName(nameOf('example.net'))).toBe(0);
  });

  it('tells names apart whose letters run together, and the root', () => {
    const table = new NameTable(10);
    const names = ['.', 'a', 'aa', 'a.a', 'a\\.a', 'aa.a', 'a.aa'].map(nameOf);
    const ids = names.map((name) => table.internName(name));
    expect(new Set(ids).size).toBe(names.length);
    expect(ids.map((id) => table.nameOf(id))).toEqual(names);
  });

  it('holds names of every length up to 255 octets', () => {
    const table = new NameTable(300, 255);
    const names = Array.from({ length: 252 }, (_, index) => nameOfLength(index + 4, 0));
    expect(names.map((name) => name.length)).toEqual(Array.from({ length: 252 }, (_, index) => index + 4));
    const ids = names.map((name) => table.internName(name));
    expect(ids.map((id) => table.nameOf(id))).toEqual(names);
    expect(ids.map((_, index) => table.findName(names[index]!))).toEqual(ids);
  });

  it('refuses beyond its most names, and finds what it has', () => {
    const table = new NameTable(2);
    const first = table.internName(nameOf('a.example'));
    table.internName(nameOf('b.example'));
    expect(table.internName(nameOf('c.example'))).toBe(0);
    expect(table.internName(nameOf('a.example'))).toBe(first);
    expect(table.size).toBe(2);
  });

  it('what hangs on a name is gone when its number comes again', () => {
    const table = new NameTable(1);
    const id = table.internName(nameOf('a.example'));
    table.setZoneRows(id, 5);
    table.setServerRows(id, 6);
    table.addZoneCount(id, 1);
    table.setNote(id, 7);
    table.setDelegatedUntilMs(id, 1.5e12);
    expect([table.zoneRows(id), table.serverRows(id), table.zoneCount(id), table.note(id)]).toEqual([5, 6, 1, 7]);
    expect(table.delegatedUntilMs(id)).toBe(1.5e12);
    table.drop(id);
    expect(table.internName(nameOf('b.example'))).toBe(id);
    expect([table.zoneRows(id), table.serverRows(id), table.zoneCount(id), table.note(id)]).toEqual([0, 0, 0, 0]);
    expect(table.delegatedUntilMs(id)).toBe(0);
  });

  it('a name twice dropped is dropped once, and number 0 never', () => {
    const table = new NameTable(4);
    const id = table.internName(nameOf('a.example'));
    table.drop(id);
    table.drop(id);
    table.drop(0);
    expect(table.size).toBe(0);
    const ids = ['a.example', 'b.example', 'c.example', 'd.example'].map((text) => table.internName(nameOf(text)));
    expect(new Set(ids).size).toBe(4);
  });

  it('has room for short names again after it was full of long ones', () => {
    const table = new NameTable(200_000, 16);
    const held: number[] = [];
    for (let index = 0; ; index++) {
      const id = table.internName(nameOfLength(255, index));
      if (id === 0) break;
      held.push(id);
    }
    expect(held.length).toBeLessThan(200_000);
    for (const id of held) table.drop(id);
    const ids = Array.from({ length: 10_000 }, (_, index) => table.internName(nameOfLength(16, index)));
    expect(ids.filter((id) => id === 0)).toHaveLength(0);
    expect(table.nameOf(ids[77]!)).toBe(nameOfLength(16, 77));
  });

  it('behaves as a map with counts, whatever is asked of it', () => {
    const name = fc
      .tuple(fc.constantFrom(4, 8, 9, 16, 17, 64, 65, 66, 67, 128, 130, 254, 255), fc.nat({ max: 3 }))
      .map(([length, index]) => nameOfLength(length, index));
    const step = fc.record({ do: fc.constantFrom('intern', 'retain', 'release', 'drop', 'find'), name });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const most = 12;
        const table = new NameTable(most, 255);
        const model = new Map<Name, { id: number; count: number }>();
        for (const { do: what, name } of steps) {
          const held = model.get(name);
          if (what === 'find') expect(table.findName(name)).toBe(held?.id ?? 0);
          if (what === 'intern') {
            const id = table.internName(name);
            if (held !== undefined) expect(id).toBe(held.id);
            else if (model.size >= most) expect(id).toBe(0);
            else {
              expect([...model.values()].map((other) => other.id)).not.toContain(id);
              model.set(name, { id, count: 0 });
            }
          }
          if (held === undefined) continue;
          if (what === 'retain') {
            table.retain(held.id);
            held.count++;
          }
          if (what === 'release' && held.count > 0) {
            table.release(held.id);
            if (--held.count === 0) model.delete(name);
          }
          if (what === 'drop') {
            table.drop(held.id);
            if (held.count === 0) model.delete(name);
          }
        }
        expect(table.size).toBe(model.size);
        for (const [name, { id }] of model) {
          expect(table.findName(name)).toBe(id);
          expect(table.nameOf(id)).toBe(name);
        }
      }),
      { numRuns: 300 },
    );
  });
});
