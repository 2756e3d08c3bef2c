import { describe, expect, it } from 'vitest';
import { Observer } from '../../../../src/capture/observe.ts';
import { parseAddress, parseNetwork } from '../../../../src/core/address.ts';
import { Counters } from '../../../../src/core/counters.ts';
import type { Site } from '../../../../src/correlation/correlation-options.ts';
import { entryEvents } from '../../../../src/correlation/events/entry-events.ts';
import { observationEvents } from '../../../../src/correlation/events/observation-events.ts';
import { isDirect, isHost } from '../../../../src/correlation/events/site-side.ts';
import { verdictSeen } from '../../../../src/correlation/events/verdict-seen.ts';
import type { HostEvent } from '../../../../src/correlation/host-event.ts';
import { parseName } from '../../../../src/dns/name.ts';
import { ObservationWriter } from '../../../../src/dns/observation-writer.ts';
import type { VerdictEvent } from '../../../../src/events/verdict-event.ts';
import type { LogEntry } from '../../../../src/querylog/log-entry.ts';
import { composeAnswer, composeQuery } from '../../../support/dns-messages.ts';
import { composeFrame } from '../../../support/frames.ts';

const address = (text: string) => parseAddress(text)!;
const [HOST, RESOLVER, OUTSIDE, MAIL] = ['192.0.2.7', '192.0.2.53', '198.51.100.7', '203.0.113.25'].map(address);
const SITE: Site = {
  insideNetworks: [parseNetwork('192.0.2.0/24')!],
  trustedResolvers: [RESOLVER!],
  mailServers: [MAIL!],
};
const NOWHERE: Site = { insideNetworks: [], trustedResolvers: [], mailServers: [] };

describe('the sides of a site', () => {
  it.each([
    ['a host of the inside', HOST!, true],
    ['a resolver, which asks for others', RESOLVER!, false],
    ['who is outside', OUTSIDE!, false],
    ['a mail server, wherever it is', MAIL!, true],
  ])('%s', (_what, who, isOne) => {
    expect(isHost(SITE, who)).toBe(isOne);
  });

  it('makes everybody a host where no inside is named', () => {
    expect(isHost(NOWHERE, OUTSIDE!)).toBe(true);
  });

  it('tells direct queries by who is asked', () => {
    expect([OUTSIDE, RESOLVER, HOST, undefined].map((server) => isDirect(SITE, server))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

const ENTRY: LogEntry = {
  atMs: 1000,
  name: parseName('WWW.Example')!,
  type: 1,
  class: 1,
  client: HOST,
  clientPort: 5353,
  server: RESOLVER,
  role: 'recursive',
  responseCode: 3,
  answers: [],
  mark: undefined,
};

function ofEntry(entry: LogEntry, site = SITE): HostEvent[] {
  const events: HostEvent[] = [];
  entryEvents(entry, site, (event) => events.push(event));
  return events;
}

describe('an entry of a log', () => {
  it('is a query and an answer, its name canonical', () => {
    const common = { atMs: 1000, host: HOST, mac: undefined, server: RESOLVER, isDirect: false, type: 1 };
    const name = parseName('www.example');
    expect(ofEntry(ENTRY)).toEqual([
      { kind: 'query', ...common, name, recursionDesired: true },
      { kind: 'answer', ...common, name, responseCode: 3, addresses: [], ttlSeconds: undefined },
    ]);
  });

  it('is a query alone where no response is known', () => {
    expect(ofEntry({ ...ENTRY, responseCode: undefined }).map(({ kind }) => kind)).toEqual(['query']);
  });

  it.each([
    ['nobody', undefined],
    ['a resolver', RESOLVER],
    ['somebody outside', OUTSIDE],
  ])('of %s is nothing', (_who, client) => {
    expect(ofEntry({ ...ENTRY, client })).toEqual([]);
  });
});

/** What frames say, as the capture packs them. */
function batchOf(...frames: readonly (readonly [Buffer, 'outbound' | 'inbound'])[]): Uint8Array {
  const batches: Uint8Array[] = [];
  const writer = new ObservationWriter((batch) => batches.push(batch.slice()));
  const observer = new Observer(new Counters(), writer);
  for (const [frame, direction] of frames) observer.observe(frame, 0, frame.length, 5000, direction);
  writer.flush();
  return batches[0]!;
}

const query = composeFrame(composeQuery('a.example'), {
  source: '192.0.2.7',
  destination: '198.51.100.7',
  sourcePort: 4000,
});
const response = composeFrame(composeAnswer('a.example', '203.0.113.9'), {
  source: '198.51.100.7',
  destination: '192.0.2.7',
  sourcePort: 53,
  destinationPort: 4000,
});

function ofBatch(batch: Uint8Array, showsHosts = false, shiftMs = 0, site = SITE) {
  const events: HostEvent[] = [];
  const end = observationEvents(batch, shiftMs, site, (event) => events.push(event), showsHosts);
  return { end, events };
}

describe('a batch of a capture', () => {
  const batch = batchOf([query, 'outbound'], [response, 'inbound']);

  it('is queries and answers of hosts', () => {
    const { end, events } = ofBatch(batch, false, 7);
    expect(end).toBe('whole');
    expect(events).toMatchObject([
      { kind: 'query', atMs: 5007, host: HOST, mac: undefined, server: OUTSIDE, isDirect: true },
      { kind: 'answer', atMs: 5007, host: HOST, isDirect: true, responseCode: 0, addresses: [address('203.0.113.9')] },
    ]);
  });

  it('tells hosts apart by MAC addresses only where the frames are their own', () => {
    expect(ofBatch(batch, true).events.every(({ mac }) => typeof mac === 'number')).toBe(true);
  });

  it('shows nothing of others, nor of no time', () => {
    expect(ofBatch(batch, false, 0, { ...SITE, insideNetworks: [parseNetwork('198.18.0.0/15')!] }).events).toEqual([]);
    expect(ofBatch(batch, false, Number.NaN).events).toEqual([]);
  });

  it('ends where it is damaged, at every cut', () => {
    for (let length = 8; length < batch.length; length += 8) {
      const { end, events } = ofBatch(batch.slice(0, length));
      expect(events.length).toBeLessThan(2);
      expect(end === 'damaged' || events.length === 1).toBe(true);
    }
  });

  it('reads nothing beyond itself, whatever an octet says', () => {
    for (let at = 0; at < batch.length; at++) {
      const changed = batch.slice();
      changed[at]! ^= 0xff;
      expect(ofBatch(changed).events.length).toBeLessThanOrEqual(2);
    }
  });
});

describe('a verdict of the gate', () => {
  it('is one of the host', () => {
    const event = {
      atMs: 9,
      client: HOST,
      clientMac: 42,
      destination: OUTSIDE,
      queryName: parseName('K3.Example'),
      queryType: 16,
      verdict: 'block',
      reason: 'unknown',
      packetsAtLeast: 3,
    } as unknown as VerdictEvent;
    expect(verdictSeen(event)).toEqual({
      kind: 'verdict',
      atMs: 9,
      host: HOST,
      mac: 42,
      server: OUTSIDE,
      name: parseName('k3.example'),
      type: 16,
      verdict: 'block',
      reason: 'unknown',
      packets: 3,
    });
    expect(verdictSeen({ ...event, queryName: undefined }).name).toBeUndefined();
  });
});
