import { describe, expect, it } from 'vitest';
import type { Rule } from '../../../src/policy/rule.ts';
import { RuleBook } from '../../../src/policy/rule-book.ts';
import { ruleOf } from '../../support/policies.ts';

const A = '203.0.113.1';
const B = '203.0.113.2';
const configured = (to: string, fields: Partial<Rule> = {}) =>
  ruleOf('allow', { to }, { id: `conf-${to}`, origin: 'configuration', ...fields });

function setUp(size = 10) {
  const book = new RuleBook(size);
  let changes = 0;
  book.subscribe(() => changes++);
  const ids = () => [...book.all()].map(({ rule }) => rule.id);
  return { book, ids, changes: () => changes };
}

describe('RuleBook', () => {
  it('has those of the configuration first, then those of commands by age', () => {
    const { book, ids, changes } = setUp();
    book.add(ruleOf('allow', { to: A }, { id: 'old' }));
    book.add(ruleOf('deny', { to: A }, { id: 'young' }));
    book.configure([configured(B)]);
    expect(ids()).toEqual([`conf-${B}`, 'old', 'young']);
    expect(book.size).toBe(3);
    expect(changes()).toBe(3);
    expect(book.get('young')?.rule.action).toBe('deny');
    expect(book.get(`conf-${B}`)?.rule.origin).toBe('configuration');
    expect(book.get('nobody')).toBeUndefined();
  });

  it('renews a rule about the same in the same way: it keeps its id, its place and its hits', () => {
    const { book, ids, changes } = setUp();
    const first = ruleOf('allow', { to: A, types: ['A', 'TXT'] }, { id: 'first', expiresAtMs: 1000 });
    expect(book.add(first).outcome).toBe('added');
    book.add(ruleOf('allow', { to: B }, { id: 'second' }));
    book.get('first')!.hits = 5;
    book.get('first')!.lastHitAtMs = 77;
    const again = book.add(ruleOf('allow', { to: A, types: ['TXT', 'A', 'A'] }, { id: 'third', reason: 'still' }));
    expect(again).toMatchObject({ outcome: 'renewed', rule: { id: 'first', reason: 'still' } });
    expect(ids()).toEqual(['first', 'second']);
    expect(book.get('first')).toMatchObject({ hits: 5, lastHitAtMs: 77, rule: { reason: 'still' } });
    // What the renewed one said of its end does not count any more.
    const before = changes();
    book.expire(2000);
    expect(ids()).toEqual(['first', 'second']);
    expect(changes()).toBe(before);
    expect(book.add(ruleOf('deny', { to: A, types: ['A', 'TXT'] }, { id: 'other' })).outcome).toBe('added');
  });

  it('takes no more than its size from commands, and renews when it is full', () => {
    const { book, changes } = setUp(1);
    book.configure([configured(B), configured('203.0.113.3')]);
    book.add(ruleOf('allow', { to: A }, { id: 'one' }));
    const before = changes();
    expect(book.add(ruleOf('deny', { to: A }, { id: 'two' })).outcome).toBe('full');
    expect(changes()).toBe(before);
    expect(book.get('two')).toBeUndefined();
    expect(book.add(ruleOf('allow', { to: A }, { id: 'three' })).outcome).toBe('renewed');
    book.remove('one');
    expect(book.add(ruleOf('deny', { to: A }, { id: 'two' })).outcome).toBe('added');
  });

  it('commands change nothing of the configuration', () => {
    const { book, ids } = setUp();
    book.configure([configured(A)]);
    expect(book.add(ruleOf('allow', { to: A }, { id: 'mine' }))).toMatchObject({
      outcome: 'configured',
      rule: { id: `conf-${A}` },
    });
    expect(book.remove(`conf-${A}`)).toBe('configured');
    expect(book.remove('mine')).toBe('absent');
    expect(ids()).toEqual([`conf-${A}`]);
  });

  it('hits outlive a configuration, as far as it has the same rule', () => {
    const { book } = setUp();
    book.configure([configured(A), configured(B)]);
    book.get(`conf-${A}`)!.hits = 3;
    book.get(`conf-${A}`)!.lastHitAtMs = 9;
    book.configure([configured('203.0.113.3'), configured(A, { reason: 'other words' })]);
    expect(book.get(`conf-${A}`)).toMatchObject({ hits: 3, lastHitAtMs: 9, rule: { reason: 'other words' } });
    expect(book.get('conf-203.0.113.3')).toMatchObject({ hits: 0, lastHitAtMs: undefined });
    expect(book.get(`conf-${B}`)).toBeUndefined();
  });

  it('a rule of a command is found again once the configuration no longer has the same', () => {
    const { book } = setUp();
    const mine = ruleOf('allow', { to: A }, { id: 'mine' });
    book.add(mine);
    book.configure([configured(A)]);
    expect(book.find('allow', mine.match)?.rule.id).toBe(`conf-${A}`);
    book.configure([]);
    expect(book.find('allow', mine.match)?.rule.id).toBe('mine');
    expect(book.add(ruleOf('allow', { to: A }, { id: 'again' }))).toMatchObject({
      outcome: 'renewed',
      rule: { id: 'mine' },
    });
    expect(book.remove('mine')).toBe('removed');
    expect(book.find('allow', mine.match)).toBeUndefined();
  });

  it('a rule of an earlier run is taken up beside the same of the configuration, and decides when that has gone', () => {
    const { book, ids } = setUp();
    book.configure([configured(A)]);
    book.restore(ruleOf('allow', { to: A }, { id: 'mine' }));
    expect(ids()).toEqual([`conf-${A}`, 'mine']);
    expect(book.remove('mine')).toBe('removed');
    book.restore(ruleOf('allow', { to: A }, { id: 'mine' }));
    book.configure([]);
    expect(book.find('allow', ruleOf('allow', { to: A }).match)?.rule.id).toBe('mine');
  });

  it('ends rules when their time is over, and tells only then', () => {
    const { book, ids, changes } = setUp();
    book.add(ruleOf('allow', { to: A }, { id: 'short', expiresAtMs: 5000 }));
    book.add(ruleOf('allow', { to: B }, { id: 'endless' }));
    book.configure([configured('203.0.113.3', { expiresAtMs: 5000 })]);
    const before = changes();
    book.expire(4999);
    expect(changes()).toBe(before);
    book.expire(6000);
    expect(changes()).toBe(before + 1);
    // That of the configuration is still listed, as it is still written there; verdicts leave it out.
    expect(ids()).toEqual(['conf-203.0.113.3', 'endless']);
    expect(book.add(ruleOf('allow', { to: A }, { id: 'anew' })).outcome).toBe('added');
  });

  it('a configuration that has been replaced ends nothing', () => {
    const { book, changes } = setUp();
    book.configure([configured(A, { expiresAtMs: 1000 })]);
    book.configure([configured(A)]);
    const before = changes();
    book.expire(3000);
    expect(changes()).toBe(before);
  });

  it('a rule that was removed does not end another that took its place', () => {
    const { book, ids, changes } = setUp();
    book.add(ruleOf('allow', { to: A }, { id: 'one', expiresAtMs: 1000 }));
    book.remove('one');
    book.add(ruleOf('allow', { to: A }, { id: 'two' }));
    const before = changes();
    book.expire(3000);
    expect(ids()).toEqual(['two']);
    expect(changes()).toBe(before);
  });
});
