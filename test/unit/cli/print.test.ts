import { expect, it } from 'vitest';
import { printChange, printLookup, printStatus } from '../../../src/cli/print.ts';
import type { LookupView } from '../../../src/services/services.ts';

const known: LookupView = {
  address: '192.0.2.53',
  known: true,
  expires: '2026-11-21T03:00:00.000Z',
  triples: [
    {
      zone: 'corp.example',
      nameServer: 'ns1.corp.example',
      address: '192.0.2.53',
      origin: 'learned',
      trust: 'high',
      nsTtlSeconds: 3600,
      glueTtlSeconds: 3600,
      firstSeen: '2026-11-21T01:00:00.000Z',
      lastSeen: '2026-11-21T02:00:00.000Z',
      expires: '2026-11-21T03:00:00.000Z',
      taughtBy: {
        server: '192.0.2.1',
        queryName: 'www.corp.example',
        queryId: 1,
        queryTime: '2026-11-21T02:00:00.000Z',
        responseTime: '2026-11-21T02:00:00.010Z',
      },
    },
  ],
};

it('shows what is known of an address, who taught it and until when', () => {
  const [head, row] = printLookup(known).split('\n');
  expect(head).toBe('192.0.2.53 is known until 2026-11-21T03:00:00.000Z');
  expect(row).toContain('corp.example  NS ns1.corp.example');
  expect(row).toContain('high trust, taught by 192.0.2.1 for www.corp.example');
});

it('says plainly that an address is not known', () => {
  expect(printLookup({ address: '192.0.2.1', known: false, expires: null, triples: [] })).toBe(
    '192.0.2.1 is not in the history',
  );
});

it('says what a change did and, where it did nothing, what to do', () => {
  expect(printChange({ address: '192.0.2.1', outcome: 'added' })).toContain('until the controller stops');
  expect(printChange({ address: '192.0.2.1', outcome: 'full' })).toContain('remove another first');
});

it('shows a status as one figure a line', () => {
  expect(printStatus({ mode: { inForce: 'monitor' }, switches: [], capture: null, list: ['a'] })).toBe(
    'mode.inForce: monitor\nswitches: none\ncapture: -\nlist.0: a',
  );
});
