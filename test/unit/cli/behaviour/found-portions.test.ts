import { describe, expect, it, vi } from 'vitest';
import { heaviestFound, MAX_FOUND, sendInPortions } from '../../../../src/cli/behaviour/found-portions.ts';
import type { Found } from '../../../../src/findings/finding.ts';
import { foundOf } from '../../../support/findings.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const many = (count: number, score: number) =>
  Array.from({ length: count }, (_, index) => foundOf(`10.0.${index >> 8}.${index & 255}`, { score }));

describe('what a round has found', () => {
  it('is handed over whole, unless it is very much: then what is about servers and groups, and the surest hosts', () => {
    const few = many(MAX_FOUND, 0.1);
    expect(heaviestFound(few)).toBe(few);
    const server = foundOf('c2.example', { kind: 'c2-server', score: 0.05 });
    const sure = foundOf('192.0.2.66', { score: 0.9 });
    const found = heaviestFound([...few, sure, server]);
    expect(found).toHaveLength(MAX_FOUND);
    expect(found.slice(0, 2)).toEqual([server, sure]);
  });

  it('comes in portions, and whoever takes it may do something else between two', async () => {
    const clock = new VirtualClock();
    const sent: (readonly Found[])[] = [];
    const found = many(450, 0.1);
    const sending = sendInPortions(found, clock, (portion) => sent.push(portion));
    expect(sent.map(({ length }) => length)).toEqual([200]);
    await vi.waitFor(() => {
      clock.advance(10);
      expect(sent).toHaveLength(3);
    });
    await sending;
    expect(sent.flat()).toEqual(found);
  });
});
