import { describe, expect, it } from 'vitest';
import { parseRequest } from '../../../src/control/protocol.ts';

describe('requests about the inbox', () => {
  it('have what was left out', () => {
    expect(parseRequest({ operation: 'inbox list' })).toEqual({ operation: 'inbox list', limit: 100 });
    expect(parseRequest({ operation: 'inbox escalate', entries: [1] })).toEqual({
      ...{ operation: 'inbox escalate', entries: [1], owner: '' },
    });
  });

  it.each([
    ['1763794800000.12', { atMs: 1_763_794_800_000, id: 12 }],
    ['1763794800000.25.12', { atMs: 1_763_794_800_000.25, id: 12 }],
    ['0.1', { atMs: 0, id: 1 }],
  ])('go on at the place %s', (after, place) => {
    expect(parseRequest({ operation: 'events search', after, limit: 1 })).toMatchObject({ after: place });
  });

  it.each([
    { operation: 'inbox list', after: '12' },
    { operation: 'inbox list', after: '1e9.1' },
    { operation: 'inbox list', after: '-1.1' },
    { operation: 'inbox list', after: `${'1'.repeat(17)}.1` },
    { operation: 'inbox list', limit: 0 },
    { operation: 'inbox list', limit: 501 },
    { operation: 'inbox list', search: 'x'.repeat(1001) },
    { operation: 'inbox list', search: 1 },
    { operation: 'inbox show', entry: 0 },
    { operation: 'inbox show', entry: '1; DROP TABLE entries' },
    { operation: 'inbox changes', after: 0, limit: 101 },
    { operation: 'inbox acknowledge', entries: [] },
    { operation: 'inbox acknowledge', entries: Array.from({ length: 501 }, (_, id) => id + 1) },
    { operation: 'inbox acknowledge', entries: [1], until: 'tomorrow' },
    { operation: 'inbox undo', steps: [{ id: 1, state: 'closed', until: null, stateChange: 1 }] },
    { operation: 'inbox comment', entry: 1, text: ' ' },
    { operation: 'inbox comment', entry: 1, text: 'x'.repeat(100_000) },
    { operation: 'inbox remove', entry: 1 },
  ])('are refused in words: %o', (request) => {
    expect(parseRequest(request)).toEqual(expect.any(String));
  });
});
