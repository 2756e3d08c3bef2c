import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../../src/core/clock.ts';
import { formatName, parseName } from '../../../src/dns/name.ts';
import type { WindowFacts } from '../../../src/traceback/window-facts.ts';
import { WindowMemory } from '../../../src/traceback/window-memory.ts';
import { clientAddress } from '../../support/bot-world.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NEW_CASE = factsOf('new.example');

function factsOf(name: string, fromMs = 0, hosts = 1): WindowFacts {
  const host = { firstAtMs: fromMs, lastAtMs: fromMs, queries: 1, slots: 0 };
  return {
    name: parseName(name)!,
    fromMs,
    toMs: fromMs + 6000,
    expected: 1,
    slots: 1000,
    coveredMs: 86_400_000,
    askers: 10,
    askedOnce: 5,
    clients: 1000,
    hosts: Array.from({ length: hosts }, (_, client) => ({ address: clientAddress(client), ...host })),
  };
}

function names(memory: WindowMemory, caseId = 'new', facts = NEW_CASE, path: readonly string[] = ['p']): string[] {
  return memory.others(caseId, facts, path).map((one) => formatName(one.facts.name));
}

describe('WindowMemory', () => {
  const clock = new VirtualClock();

  it('knows other cases, the newest first, and not the case itself', () => {
    const memory = new WindowMemory(clock);
    expect(names(memory)).toEqual([]);
    memory.add('1', { path: ['p'], facts: factsOf('a.example') });
    memory.add('2', { path: ['p'], facts: factsOf('b.example') });
    expect(names(memory)).toEqual(['b.example', 'a.example']);
    expect(names(memory, '2', factsOf('b.example'))).toEqual(['a.example']);
  });

  it('an attack that others ask about as well remains the case of who asked first, and is the own case of who asks now', () => {
    const memory = new WindowMemory(clock);
    const paths = [['honest', 'f'], ['evil', 'f'], ['evil']];
    for (const [index, path] of paths.entries()) memory.add(`${index}`, { path, facts: factsOf('a.example', index) });
    const pathsOf = (path: readonly string[]) => memory.others('new', NEW_CASE, path).map((one) => one.path);
    expect(pathsOf(['other'])).toEqual([paths[0]]);
    for (const path of paths) expect(pathsOf(path)).toEqual([path]);
  });

  it('one attack counts once, whoever asks about it and however often', () => {
    const memory = new WindowMemory(clock);
    memory.add('1', { path: ['p'], facts: factsOf('a.example', 0) });
    memory.add('2', { path: ['p'], facts: factsOf('a.example', 5999) });
    memory.add('3', { path: ['q'], facts: factsOf('a.example', 3000) });
    expect(names(memory)).toEqual(['a.example']);
    memory.add('4', { path: ['p'], facts: factsOf('a.example', 20_000) });
    expect(names(memory)).toEqual(['a.example', 'a.example']);
  });

  it('a case is not compared to others about the same attack, also before it is kept', () => {
    const memory = new WindowMemory(clock);
    memory.add('1', { path: ['p'], facts: factsOf('a.example', 0) });
    expect(names(memory, 'later', factsOf('a.example', 5000))).toEqual([]);
    expect(names(memory, 'later', factsOf('a.example', 6000))).toEqual(['a.example']);
  });

  it('a case that is asked about again is kept as it is now', () => {
    const memory = new WindowMemory(clock);
    memory.add('1', { path: ['p'], facts: factsOf('a.example') });
    memory.add('1', { path: ['p'], facts: factsOf('b.example') });
    expect(names(memory)).toEqual(['b.example']);
  });

  it('another peer cannot take a case away by its id', () => {
    const memory = new WindowMemory(clock);
    memory.add('1', { path: ['p'], facts: factsOf('a.example') });
    memory.add('1', { path: ['q'], facts: factsOf('b.example', 0, 0) });
    memory.add('1', { path: ['q'], facts: factsOf('c.example') });
    expect(names(memory)).toEqual(['a.example', 'c.example']);
  });

  it('leaves out windows with nobody, or with so many that it says nothing', () => {
    const memory = new WindowMemory(clock);
    memory.add('1', { path: ['p'], facts: factsOf('none.example', 0, 0) });
    memory.add('2', { path: ['p'], facts: factsOf('most.example', 0, 128) });
    memory.add('3', { path: ['p'], facts: factsOf('popular.example', 0, 129) });
    expect(names(memory)).toEqual(['most.example']);
  });

  it('forgets after a day', () => {
    const clock = new VirtualClock();
    const memory = new WindowMemory(clock);
    memory.add('1', { path: ['p'], facts: factsOf('a.example') });
    clock.advance(DAY_MS);
    memory.add('2', { path: ['p'], facts: factsOf('b.example') });
    expect(names(memory)).toEqual(['b.example', 'a.example']);
    clock.advance(1);
    expect(names(memory)).toEqual(['b.example']);
  });

  it('a peer pushes out its own cases only, while there is room', () => {
    const memory = new WindowMemory(clock);
    memory.add('first', { path: ['p'], facts: factsOf('a.example') });
    for (let index = 0; index < 100; index++)
      memory.add(`q${index}`, { path: ['q'], facts: factsOf(`q${index}.example`) });
    const known = names(memory, 'new', NEW_CASE, ['q']);
    expect(known).toHaveLength(17);
    expect(known.at(-1)).toBe('a.example');
    expect(known[0]).toBe('q99.example');
    expect(known[15]).toBe('q84.example');
  });

  it('when all places are taken, who has most gives way: many peers cannot push out one', () => {
    const memory = new WindowMemory(clock);
    memory.add('first', { path: ['p'], facts: factsOf('a.example') });
    for (let index = 0; index < 400; index++)
      memory.add(`${index}`, { path: [`q${index % 20}`], facts: factsOf(`n${index}.example`) });
    expect(names(memory)).toHaveLength(64);
    expect(names(memory)).toContain('a.example');
  });
});
