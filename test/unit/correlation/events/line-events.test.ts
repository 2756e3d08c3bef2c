import { describe, expect, it } from 'vitest';
import { parseAddress, parseNetwork } from '../../../../src/core/address.ts';
import { type EventLine, parseEventLine } from '../../../../src/correlation/events/event-line.ts';
import { lineEvents } from '../../../../src/correlation/events/line-events.ts';
import type { HostEvent } from '../../../../src/correlation/host-event.ts';

const site = {
  insideNetworks: [parseNetwork('192.0.2.0/24')!],
  trustedResolvers: [parseAddress('192.0.2.53')!],
  mailServers: [],
};

function eventsOf(value: unknown, of = site): HostEvent[] {
  const line = parseEventLine(JSON.stringify(value));
  expect(line).not.toHaveProperty('problem');
  const events: HostEvent[] = [];
  lineEvents(line as EventLine, of, (event) => events.push(event));
  return events;
}

const dns = { time: 5, event: 'dns', client: '192.0.2.1', server: '192.0.2.53', name: 'a.example', type: 'A' };
const syn = { time: 5, event: 'syn', source: '192.0.2.1', source_port: 9, destination: '198.51.100.1', port: 25 };

describe('a line says of a host', () => {
  it('that it asked, and that it was answered where that is known', () => {
    expect(eventsOf(dns)).toMatchObject([{ kind: 'query', atMs: 5, isDirect: false }]);
    const answered = eventsOf({ ...dns, server: '198.51.100.53', answers: ['203.0.113.1'], ttl: 60 });
    expect(answered).toMatchObject([
      { kind: 'query', isDirect: true },
      { kind: 'answer', isDirect: true, responseCode: 0, addresses: [parseAddress('203.0.113.1')], ttlSeconds: 60 },
    ]);
    expect(eventsOf({ ...dns, rcode: 3, ttl: 60 })[1]).toMatchObject({ responseCode: 3, ttlSeconds: undefined });
  });

  it('that it began a connection, and that it was accepted', () => {
    const host = { host: parseAddress('192.0.2.1'), hostPort: 9, destination: parseAddress('198.51.100.1'), port: 25 };
    expect(eventsOf(syn)).toMatchObject([{ kind: 'syn', ...host }]);
    expect(eventsOf({ ...syn, answered: true })).toMatchObject([
      { kind: 'syn', ...host },
      { kind: 'syn-ack', ...host },
    ]);
  });

  it('what the gate said of it', () => {
    const verdict = { time: 5, event: 'verdict', client: '192.0.2.1', server: '198.51.100.1', verdict: 'block' };
    const [event, ...others] = eventsOf({ ...verdict, mac: '02:00:00:00:00:01', packets: 3 });
    expect(others).toEqual([]);
    expect(event).toEqual({
      ...{ kind: 'verdict', atMs: 5, mac: 0x02_00_00_00_00_01, host: parseAddress('192.0.2.1') },
      ...{ server: parseAddress('198.51.100.1'), name: undefined, type: undefined },
      ...{ verdict: 'block', reason: 'unknown', packets: 3 },
    });
  });

  it('nothing where it is of the outside, or of a resolver', () => {
    expect(eventsOf({ ...dns, client: '198.51.100.9' })).toEqual([]);
    expect(eventsOf({ ...dns, client: '192.0.2.53', server: '198.51.100.9' })).toEqual([]);
    expect(eventsOf({ ...syn, source: '198.51.100.9', destination: '192.0.2.1' })).toEqual([]);
  });

  it('something of everybody where no inside is named', () => {
    expect(eventsOf({ ...syn, source: '198.51.100.9' }, { ...site, insideNetworks: [] })).toHaveLength(1);
  });
});
