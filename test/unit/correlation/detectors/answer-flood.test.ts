import { describe, expect, it } from 'vitest';
import { answer, query } from '../../../support/host-events.ts';
import { series, watch } from '../../../support/watched-host.ts';

const KIND = 'answer-flood';

describe('AnswerFlood', () => {
  it('sees answers far beyond the queries', () => {
    const { weight, evidence } = watch([query(0), ...series(3000, 2, (atMs) => answer(atMs))]);
    expect(weight(KIND)).toBeGreaterThan(0.2);
    expect(weight(KIND)).toBeLessThanOrEqual(0.3);
    expect(evidence.get(KIND)!.line).toEqual(
      expect.stringMatching(/^was sent up to 3000 DNS responses within 10 s, 2998 beyond/),
    );
  });

  it('says nothing of a client that asked for them, nor of a few that came late', () => {
    expect(watch(series(3000, 3, (atMs) => [query(atMs), answer(atMs + 1)])).evidence.has(KIND)).toBe(false);
    expect(watch([query(0), ...series(150, 10, (atMs) => answer(atMs))]).evidence.has(KIND)).toBe(false);
  });

  it('takes only a mass for a flood where no queries are seen', () => {
    expect(watch(series(3000, 2, (atMs) => answer(atMs))).evidence.has(KIND)).toBe(false);
    expect(watch(series(6000, 1, (atMs) => answer(atMs))).evidence.has(KIND)).toBe(true);
  });
});
