import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/core/address.ts';
import { EventSamples } from '../../../src/correlation/event-samples.ts';
import { eventText } from '../../../src/correlation/event-text.ts';
import type { HostEvent } from '../../../src/correlation/host-event.ts';
import { parseName } from '../../../src/dns/name.ts';

const of = { atMs: 1_800_000_000_123, host: parseAddress('198.18.0.1')!, mac: undefined };
const name = parseName('www.example.net')!;
const ipv4 = parseAddress('203.0.113.250')!;
const ipv6 = parseAddress('2001:db8::1')!;
const asked = { ...of, isDirect: true, name, type: 16 };
const judged = { ...of, kind: 'verdict', server: ipv4, packets: 3 } as const;

const EVENTS: readonly HostEvent[] = [
  { ...asked, kind: 'query', server: ipv4, recursionDesired: true },
  { ...asked, kind: 'query', server: ipv6, recursionDesired: true },
  { ...asked, kind: 'query', server: undefined, recursionDesired: undefined },
  { ...asked, kind: 'answer', server: ipv4, responseCode: 3, addresses: [], ttlSeconds: undefined },
  { ...of, kind: 'syn', hostPort: 40_000, destination: ipv4, port: 65_535 },
  { ...of, kind: 'syn', hostPort: 40_000, destination: ipv6, port: 445 },
  { ...judged, name, type: 65_535, verdict: 'block', reason: 'recursionDesired' },
  { ...judged, name: undefined, type: undefined, verdict: 'block', reason: 'unreadable' },
  { ...judged, name, type: 1, verdict: 'allow', reason: 'allowRule' },
  { ...judged, server: ipv6, name, type: 1, verdict: 'block', reason: 'unknown' },
];
const told = (event: Parameters<typeof eventText>[0]) => [event.atMs, eventText(event)];

describe('EventSamples', () => {
  it('tells events of every kind as they were', () => {
    const samples = new EventSamples();
    for (const [place, event] of EVENTS.entries()) samples.put(place, event);
    expect(EVENTS.map((_, place) => told(samples.at(place)))).toEqual(EVENTS.map(told));
  });

  it('leaves nothing of what stood at a place before', () => {
    for (const before of EVENTS) {
      for (const event of EVENTS) {
        const samples = new EventSamples();
        samples.put(3, before);
        samples.clear(3);
        samples.put(3, event);
        expect(told(samples.at(3))).toEqual(told(event));
      }
    }
  });
});
