import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/core/address.ts';
import { EntryBatchWriter, readEntries } from '../../../src/querylog/entry-batch.ts';
import { gateEntry } from '../../../src/querylog/gate-entries.ts';
import { nameOf } from '../../support/observations.ts';
import { anyVerdictEvent, verdictEvent } from '../../support/verdict-events.ts';

describe('gateEntry', () => {
  it('is the entry of a blocked query', () => {
    expect(gateEntry(verdictEvent())).toEqual({
      atMs: Date.UTC(2026, 10, 21, 4, 52, 0, 123),
      name: nameOf('evil.test'),
      type: 1,
      class: 1,
      client: parseAddress('192.0.2.66'),
      clientPort: 40_000,
      server: parseAddress('203.0.113.66'),
      role: undefined,
      responseCode: undefined,
      answers: [],
      mark: 'blocked',
    });
  });

  it.each([
    ['block', true, 'blocked'],
    ['block', false, 'would block'],
    ['allow', true, undefined],
    ['allow', false, undefined],
  ] as const)('%s, enforced %j: %s', (verdict, enforced, mark) => {
    expect(gateEntry(verdictEvent({ verdict, enforced }))?.mark).toBe(mark);
  });

  it('is none without a question, as of a TCP SYN', () => {
    expect(gateEntry(verdictEvent({ queryName: undefined, queryType: undefined }))).toBeUndefined();
    expect(gateEntry(verdictEvent({ queryType: undefined }))).toBeUndefined();
  });

  it('can be kept, whatever was asked', () => {
    fc.assert(
      fc.property(anyVerdictEvent, (event) => {
        const entry = gateEntry(event);
        if (entry === undefined) return;
        const writer = new EntryBatchWriter();
        writer.add(entry);
        expect([...readEntries(writer.take())]).toEqual([{ ...entry, clientPort: entry.clientPort || undefined }]);
      }),
    );
  });
});
