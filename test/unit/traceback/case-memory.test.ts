import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../../src/core/clock.ts';
import { formatName, parseName } from '../../../src/dns/name.ts';
import { CaseMemory } from '../../../src/traceback/case-memory.ts';
import type { WindowFacts } from '../../../src/traceback/window-facts.ts';
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
    askers: 10,
    askedOnce: 5,
    clients: 1000,
    hosts: Array.from({ length: hosts }, (_, client) => ({ address: clientAddress(client), ...host })),
  };
}

function names(memory: CaseMemory, caseId = 'new', facts = NEW_CASE): string[] {
  return memory.others(caseId, facts).map(({ name }) => formatName(name));
}

describe('CaseMemory', () => {
  const clock = new VirtualClock();

  it('knows other cases, the newest first, and not the case itself', () => {
    const memory = new CaseMemory(clock);
    expect(names(memory)).toEqual([]);
    memory.add('1', factsOf('a.example'), 'p');
    memory.add('2', factsOf('b.example'), 'q');
    expect(names(memory)).toEqual(['b.example', 'a.example']);
    expect(names(memory, '2', factsOf('b.example'))).toEqual(['a.example']);
  });

  it('one attack counts once, whoever asks about it and however often', () => {
    const memory = new CaseMemory(clock);
    memory.add('1', factsOf('a.example', 0), 'p');
    memory.add('2', factsOf('a.example', 5999), 'p');
    memory.add('3', factsOf('a.example', 3000), 'q');
    expect(names(memory)).toEqual(['a.example']);
    memory.add('4', factsOf('a.example', 20_000), 'p');
    expect(names(memory)).toEqual(['a.example', 'a.example']);
  });

  it('a case is not compared to others about the same attack, also before it is kept', () => {
    const memory = new CaseMemory(clock);
    memory.add('1', factsOf('a.example', 0), 'p');
    expect(names(memory, 'later', factsOf('a.example', 5000))).toEqual([]);
    expect(names(memory, 'later', factsOf('a.example', 6000))).toEqual(['a.example']);
  });

  it('a case that is asked about again is kept as it is now', () => {
    const memory = new CaseMemory(clock);
    memory.add('1', factsOf('a.example'), 'p');
    memory.add('1', factsOf('b.example'), 'p');
    expect(names(memory)).toEqual(['b.example']);
  });

  it('another peer cannot take a case away by its id', () => {
    const memory = new CaseMemory(clock);
    memory.add('1', factsOf('a.example'), 'p');
    memory.add('1', factsOf('b.example', 0, 0), 'q');
    memory.add('1', factsOf('c.example'), 'q');
    expect(names(memory)).toEqual(['c.example', 'a.example']);
  });

  it('leaves out windows with nobody, or with so many that it says nothing', () => {
    const memory = new CaseMemory(clock);
    memory.add('1', factsOf('none.example', 0, 0), 'p');
    memory.add('2', factsOf('most.example', 0, 128), 'p');
    memory.add('3', factsOf('popular.example', 0, 129), 'p');
    expect(names(memory)).toEqual(['most.example']);
  });

  it('forgets after a day', () => {
    const clock = new VirtualClock();
    const memory = new CaseMemory(clock);
    memory.add('1', factsOf('a.example'), 'p');
    clock.advance(DAY_MS);
    memory.add('2', factsOf('b.example'), 'p');
    expect(names(memory)).toEqual(['b.example', 'a.example']);
    clock.advance(1);
    expect(names(memory)).toEqual(['b.example']);
  });

  it('a peer pushes out its own cases only, while there is room', () => {
    const memory = new CaseMemory(clock);
    memory.add('first', factsOf('a.example'), 'p');
    for (let index = 0; index < 100; index++) memory.add(`q${index}`, factsOf(`q${index}.example`), 'q');
    expect(names(memory)).toHaveLength(17);
    expect(names(memory).at(-1)).toBe('a.example');
    expect(names(memory)[0]).toBe('q99.example');
    expect(names(memory)[15]).toBe('q84.example');
  });

  it('when all places are taken, who has most gives way: many peers cannot push out one', () => {
    const memory = new CaseMemory(clock);
    memory.add('first', factsOf('a.example'), 'p');
    for (let index = 0; index < 400; index++) memory.add(`${index}`, factsOf(`n${index}.example`), `q${index % 20}`);
    expect(names(memory)).toHaveLength(64);
    expect(names(memory)).toContain('a.example');
  });
});
