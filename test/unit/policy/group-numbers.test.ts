import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GroupNumbers } from '../../../src/policy/group-numbers.ts';

const numberOf = (name: string, numbers = new GroupNumbers()) => numbers.of([name]).get(name)!;

/** Two names with one hash. */
function collidingPair(): readonly [string, string] {
  const byNumber = new Map<number, string>();
  for (let n = 0; n < 10_000; n++) {
    const name = `group-${n}`;
    const number = numberOf(name);
    const held = byNumber.get(number);
    if (held !== undefined) return [held, name];
    byNumber.set(number, name);
  }
  throw new Error('no two of them collide');
}

describe('GroupNumbers', () => {
  it('the default group is 1, and each name has a number of its own from 2 to 65535', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[\w.-]{1,63}$/), { maxLength: 255 }), (names) => {
        const numbers = new GroupNumbers().of(names);
        expect(numbers.get('default')).toBe(1);
        const others = [...numbers].filter(([name]) => name !== 'default').map(([, number]) => number);
        expect(new Set(others).size).toBe(names.filter((name) => name !== 'default').length);
        for (const number of others) expect(number >= 2 && number <= 65_535).toBe(true);
      }),
    );
  });

  it('a name has the same number in whatever company, so that flows of before a restart mean the same', () => {
    const alone = numberOf('printers');
    expect(new GroupNumbers().of(['lab', 'guests', 'printers']).get('printers')).toBe(alone);
    expect(new GroupNumbers().of(['printers', 'lab']).get('printers')).toBe(alone);
  });

  it('two names with one hash have a number each', () => {
    const [one, other] = collidingPair();
    const numbers = new GroupNumbers().of([one, other]);
    expect(numbers.get(other)).toBe(numbers.get(one)! + 1);
  });

  it('the number of a group that has gone is nobody else’s, and is there for its return', () => {
    const [one, other] = collidingPair();
    const numbers = new GroupNumbers();
    const first = numbers.of([one, other]);
    expect(numbers.of([other]).get(other)).toBe(first.get(other));
    expect(numbers.of([other, one])).toEqual(first);
    const anew = new GroupNumbers();
    const alone = numberOf(one, anew);
    expect(numberOf(other, anew)).not.toBe(alone);
    expect(numberOf(one, anew)).toBe(alone);
  });

  it('whatever reloads come, no number changes its meaning', () => {
    const name = fc.integer({ min: 0, max: 400 }).map((n) => `g${n}`);
    const [one, other] = collidingPair();
    const names = fc.uniqueArray(fc.oneof(name, fc.constantFrom(one, other)), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(names, { maxLength: 10 }), (reloads) => {
        const numbers = new GroupNumbers();
        const meanings = new Map<number, string>();
        for (const reload of reloads) {
          for (const [group, number] of numbers.of(reload)) {
            expect(meanings.get(number) ?? group).toBe(group);
            meanings.set(number, group);
          }
        }
      }),
    );
  });

  it('remembers names up to a number, those in use before all others', () => {
    const numbers = new GroupNumbers();
    const kept = numberOf('kept', numbers);
    const unused = numberOf('unused', numbers);
    for (let reload = 0; reload < 300; reload++) {
      const others = Array.from({ length: 250 }, (_, n) => `reload-${reload}-group-${n}`);
      const given = numbers.of([...others, 'kept']);
      expect(given.get('kept')).toBe(kept);
      expect(new Set(given.values()).size).toBe(252);
    }
    expect(numberOf('unused', numbers)).toEqual(expect.any(Number));
    expect(unused).toBe(numberOf('unused'));
  });
});
