import type { EntryView } from '../../src/services/inbox-view.ts';

/** An entry as the console gives it: seen `lastSeconds` after a certain midnight. */
export function entryView(id: number, lastSeconds: number, more: Partial<EntryView> = {}): EntryView {
  const last = new Date(Date.UTC(2026, 10, 21) + lastSeconds * 1000).toISOString();
  return {
    id,
    change: id,
    severity: 'medium',
    state: 'open',
    stateBy: null,
    stateAt: null,
    until: null,
    first: last,
    last,
    events: 1,
    packets: 1,
    hours: Array<number>(24).fill(0),
    client: { address: '192.0.2.7', name: null, mac: null, switch: '0000000000000001', port: 3 },
    // biome-ignore lint/suspicious/noThenProperty: as the console has it
    destination: { address: '198.51.100.9', then: null, now: [] },
    protocol: 'udp',
    queryName: 'www.example.org',
    queryType: 'A',
    recursionDesired: false,
    verdict: 'block',
    reason: 'unknown',
    rule: null,
    message: '198.51.100.9 is unknown and block',
    group: 'staff',
    comments: 0,
    event: id,
    ...more,
  };
}
