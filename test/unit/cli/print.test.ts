import { expect, it } from 'vitest';
import { printCheck, printEvent, printLookup, printStatus } from '../../../src/cli/print.ts';
import { eveRecord } from '../../../src/events/eve.ts';
import type { VerdictEvent } from '../../../src/events/verdict-event.ts';
import type { LookupSummary, LookupView } from '../../../src/services/lookup.ts';
import { verdictEvent } from '../../support/verdict-events.ts';

const known: LookupView = {
  target: '192.0.2.53',
  known: true,
  expires: '2026-11-21T03:00:00.000Z',
  summary: {
    zones: 1,
    nameServers: 1,
    addresses: 1,
    sightings: 2,
    teachers: 1,
    trust: 'referral',
    firstSeen: '2026-11-21T01:00:00.000Z',
    lastSeen: '2026-11-21T02:00:00.000Z',
  },
  past: [],
  more: false,
  last: null,
  triples: [
    {
      zone: 'corp.example',
      nameServer: 'ns1.corp.example',
      address: '192.0.2.53',
      origin: 'learned',
      trust: 'referral',
      glue: 'in-domain',
      sightings: 2,
      teachers: ['192.0.2.1'],
      firstSeen: '2026-11-21T01:00:00.000Z',
      lastSeen: '2026-11-21T02:00:00.000Z',
      expires: '2026-11-21T03:00:00.000Z',
      taughtBy: {
        server: '192.0.2.1',
        queryName: 'www.corp.example',
        queryId: 1,
        queryTime: '2026-11-21T02:00:00.000Z',
        responseTime: '2026-11-21T02:00:00.010Z',
        nsTtlSeconds: 3600,
        glueTtlSeconds: 3600,
      },
    },
  ],
};
const NOTHING: LookupSummary = {
  zones: 0,
  nameServers: 0,
  addresses: 0,
  sightings: 0,
  teachers: 0,
  trust: null,
  firstSeen: null,
  lastSeen: null,
};
const unknown: LookupView = {
  target: '192.0.2.1',
  known: false,
  expires: null,
  summary: NOTHING,
  triples: [],
  past: [],
  more: false,
  last: null,
};

it('shows what is known of an address, who taught it and until when', () => {
  const [head, summary, row] = printLookup(known);
  expect(head).toBe('192.0.2.53 is known until 2026-11-21T03:00:00.000Z');
  expect(summary).toContain('sightings 2  teachers 1  highest trust referral');
  expect(row).toContain('corp.example  NS ns1.corp.example');
  expect(row).toContain('referral, taught by 192.0.2.1 for www.corp.example');
});

it('says plainly that an address is not known, or not any more', () => {
  expect(printLookup(unknown)).toEqual(['192.0.2.1 is not in the history']);
  const last = { zone: 'corp.example', nameServer: 'ns1.corp.example', expired: '2026-11-21T03:00:00.000Z' };
  expect(printLookup({ ...unknown, last })).toEqual([
    '192.0.2.1 is not in the history any more: it was name server ns1.corp.example of corp.example, until 2026-11-21T03:00:00.000Z',
  ]);
});

it('shows which step of a check decides', () => {
  const lines = printCheck({
    address: '192.0.2.53',
    client: null,
    queryName: null,
    group: 'default',
    verdict: 'block',
    reason: 'unknown',
    rule: null,
    enforced: true,
    message: '192.0.2.53 is unknown and block',
    steps: [
      { step: 'allow rules', finding: 'none holds', decides: false },
      { step: 'history', finding: 'not in it', decides: true },
    ],
  });
  expect(lines).toEqual([
    '192.0.2.53 is unknown and block',
    '  allow rules  none holds',
    '  history      not in it  ← decides',
  ]);
});

it('shows a status as one figure a line', () => {
  expect(printStatus({ mode: { inForce: 'monitor' }, switches: [], capture: null, list: ['a'] })).toEqual([
    'mode.inForce: monitor',
    'switches: none',
    'capture: -',
    'list.0: a',
  ]);
});

it('shows an event on one line: who asked whom for what, and what became of it', () => {
  const textOf = (changes: Partial<VerdictEvent>) =>
    printEvent(eveRecord(verdictEvent(changes)))[0] as { text: string };
  expect(textOf({}).text).toBe(
    '2026-11-21T04:52:00.123+0000  192.0.2.66:40000 → 203.0.113.66 UDP  evil.test A  203.0.113.66 is unknown and block',
  );
  expect(textOf({ clientName: 'laptop.test', group: 'office', queryName: undefined, queryType: undefined }).text).toBe(
    '2026-11-21T04:52:00.123+0000  192.0.2.66:40000 (laptop.test) → 203.0.113.66 UDP  203.0.113.66 is unknown and block  [office]',
  );
  expect(printEvent({ lost: 3 })).toEqual([expect.stringContaining('3 events')]);
});
