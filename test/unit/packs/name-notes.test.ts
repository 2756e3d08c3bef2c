import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Name, parentName, parseName, ROOT } from '../../../src/dns/name.ts';
import { NameNotes } from '../../../src/packs/name-notes.ts';

const name = (text: string) => parseName(text)!;

/** What `climb` shows of a name, to its end. */
function climbed(notes: NameNotes, from: Name): [number, boolean][] {
  const seen: [number, boolean][] = [];
  notes.climb(from, (note, isSelf) => {
    seen.push([note, isSelf]);
    return false;
  });
  return seen;
}

/** The same by looking up each name above. */
function climbedModel(model: ReadonlyMap<Name, number>, from: Name): [number, boolean][] {
  const seen: [number, boolean][] = [];
  for (let at = from; ; at = parentName(at)) {
    const note = model.get(at);
    if (note !== undefined) seen.push([note, at === from]);
    if (at === ROOT) return seen;
  }
}

describe('notes of names', () => {
  it('are those of a Map, for many names', () => {
    const notes = new NameNotes();
    const model = new Map<Name, number>();
    for (let index = 0; index < 60_000; index++) {
      const one = name(`h${index % 30_000}.zone${index % 97}.example`);
      const note = 1 + (index % 15);
      notes.add(one, note);
      model.set(one, (model.get(one) ?? 0) | note);
    }
    expect(notes.size).toBe(model.size);
    expect(new Map(notes)).toEqual(model);
    for (const [one, note] of model) expect(climbed(notes, one)[0]).toEqual([note, true]);
    for (let index = 0; index < 1000; index++) expect(climbed(notes, name(`x${index}.zone1.example`))).toEqual([]);
  });

  it('are those of a Map, for names of any octets', () => {
    const octets = fc.uint8Array({ minLength: 1, maxLength: 63 }).map((label) => Buffer.from(label).toString('latin1'));
    const label = fc.oneof(fc.constantFrom('a', 'b', '*', '\0', '\u0001a', '\xff'), octets);
    const anyName = fc.array(label, { maxLength: 6 }).map((labels) => {
      const wire = labels.map((text) => String.fromCharCode(text.length) + text).join('');
      return `${wire.length < 255 ? wire : ''}\0` as Name;
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(anyName, fc.integer({ min: 1, max: 255 }))), fc.array(anyName), (pairs, others) => {
        const notes = new NameNotes();
        const model = new Map<Name, number>();
        for (const [one, note] of pairs) {
          notes.add(one, note);
          model.set(one, (model.get(one) ?? 0) | note);
        }
        expect(new Map(notes)).toEqual(model);
        for (const one of [...others, ...model.keys()]) expect(climbed(notes, one)).toEqual(climbedModel(model, one));
      }),
    );
  });

  it('are found for the longest names, and for the one with the most labels', () => {
    const notes = new NameNotes();
    const longest = name(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`);
    const deepest = name(Array.from({ length: 127 }, () => 'x').join('.'));
    for (const one of [longest, deepest, ROOT]) notes.add(one, 1);
    expect(longest.length).toBe(255);
    expect(deepest.length).toBe(255);
    for (const one of [longest, deepest]) {
      expect(climbed(notes, one)).toEqual([
        [1, true],
        [1, false],
      ]);
    }
    expect(climbed(notes, ROOT)).toEqual([[1, true]]);
  });

  it('are shown only until it is enough', () => {
    const notes = new NameNotes();
    for (const text of ['a.b.c', 'b.c', 'c']) notes.add(name(text), 1);
    let shown = 0;
    notes.climb(name('a.b.c'), () => ++shown === 2);
    expect(shown).toBe(2);
  });
});
