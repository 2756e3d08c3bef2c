import { describe, expect, it } from 'vitest';
import { HeldFindings } from '../../../src/findings/held-findings.ts';
import { findingOf } from '../../support/findings.ts';

describe('HeldFindings', () => {
  it('finds by kind and subject, and the newest first', () => {
    const held = new HeldFindings();
    const one = findingOf('F-1', { subject: '192.0.2.1' });
    const other = findingOf('F-2', { subject: '192.0.2.2' });
    for (const finding of [one, other, one]) held.put(finding);
    expect(held.size).toBe(2);
    expect(held.of('infected-host', '192.0.2.2')).toBe(other);
    expect(held.of('answer-flood', '192.0.2.2')).toBeUndefined();
    expect(held.newestFirst()).toEqual([one, other]);
    held.delete('F-2');
    expect(held.of('infected-host', '192.0.2.2')).toBeUndefined();
  });

  it('gives up the one closed longest ago, then what nothing was said of for longest, what people took up last', () => {
    const held = new HeldFindings();
    const closed = { atMs: 1, by: 'ann', as: 'resolved', reason: 'clean' } as const;
    held.put(findingOf('F-1', { subject: 'a', state: 'escalated' }));
    held.put(findingOf('F-2', { subject: 'b' }));
    held.put(findingOf('F-3', { subject: 'c' }));
    held.put(findingOf('F-4', { subject: 'd', state: 'closed', closed }));
    held.put(findingOf('F-2', { subject: 'b', score: 0.5 }));
    const left: string[] = [];
    for (let first = held.first; first !== undefined; first = held.first) {
      left.push(first.id);
      held.delete(first.id);
    }
    expect(left).toEqual(['F-4', 'F-3', 'F-2', 'F-1']);
  });
});
