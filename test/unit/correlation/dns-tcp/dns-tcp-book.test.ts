import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DnsTcpBook, type DnsTcpOptions } from '../../../../src/correlation/dns-tcp/dns-tcp-book.ts';
import type { HostEvent } from '../../../../src/correlation/host-event.ts';
import { answerAt, synAckAt, synAt } from '../../../support/dns-tcp-events.ts';

const OPTIONS: DnsTcpOptions = { windowMs: 1000, most: 1000 };
const HOUR_MS = 3_600_000;

function tablesOf(events: readonly HostEvent[], options = OPTIONS) {
  const book = new DnsTcpBook(options);
  for (const event of events) book.observe(event);
  return book.tables();
}

describe('DnsTcpBook', () => {
  it('counts answers, those with addresses, and their records', () => {
    const { responses, answers, addressRecords } = tablesOf([
      answerAt(0, { addresses: [] }),
      answerAt(1),
      answerAt(2, { addresses: ['198.51.100.1', '2001:db8::1', '198.51.100.1'] }),
    ]);
    expect({ responses, answers, addressRecords }).toEqual({ responses: 3, answers: 2, addressRecords: 4 });
  });

  it('takes the earliest SYN within the window for each answer, and all SYNs besides', () => {
    const { syns, firstSyns, anyClient, synAcks } = tablesOf([
      answerAt(0),
      synAt(10),
      synAckAt(12),
      synAt(500),
      synAt(1000),
      synAt(1001),
    ]);
    expect({ syns, firstSyns, synAcks }).toEqual({ syns: 4, firstSyns: 1, synAcks: 1 });
    expect(anyClient).toEqual({ withinWindow: 3, withinTtl: 4, ever: 4 });
  });

  it('counts a SYN once that is the earliest for several answers, from the nearest of them', () => {
    const { firstSyns, delays } = tablesOf([answerAt(0), answerAt(300), synAt(400), synAt(450)]);
    expect(firstSyns).toBe(1);
    expect(delays.meanMs).toBe(100);
  });

  it('takes one SYN for an answer of several addresses, whichever is first', () => {
    const addresses = ['198.51.100.1', '198.51.100.2'];
    const first = synAt(5, { destination: '198.51.100.2', port: 443 });
    const { firstSyns, firstSynPorts } = tablesOf([
      answerAt(0, { addresses }),
      first,
      synAt(6, { destination: '198.51.100.1' }),
    ]);
    expect(firstSyns).toBe(1);
    expect(firstSynPorts).toEqual([{ port: 443, service: 'HTTPS', packets: 1 }]);
  });

  it('takes a SYN at the time of the answer and at the end of the window, and none before', () => {
    const at = (synMs: number) => tablesOf([answerAt(5000), synAt(synMs)]).firstSyns;
    expect([4999, 5000, 6000, 6001].map(at)).toEqual([0, 1, 1, 0]);
  });

  it('tells what the sender got from what others did', () => {
    const other = synAt(20, { host: '192.0.2.2' });
    const { anyClient, sameClient } = tablesOf([answerAt(0), synAt(10), other]);
    expect(anyClient.withinWindow).toBe(2);
    expect(sameClient).toEqual({ withinWindow: 1, withinTtl: 1, ever: 1 });
  });

  it('tells the TTL from the window and from ever', () => {
    const { anyClient } = tablesOf([answerAt(0, { ttlSeconds: 60 }), synAt(60_000), synAt(60_001)]);
    expect(anyClient).toEqual({ withinWindow: 0, withinTtl: 1, ever: 2 });
  });

  it('takes no TTL for granted where none is known, and the longest of several answers', () => {
    const unknown = tablesOf([answerAt(0, { ttlSeconds: undefined }), synAt(10)]);
    expect(unknown.anyClient).toEqual({ withinWindow: 1, withinTtl: 0, ever: 1 });
    const long = answerAt(0, { ttlSeconds: 600 });
    expect(tablesOf([long, answerAt(10_000, { ttlSeconds: 1 }), synAt(20_000)]).anyClient.withinTtl).toBe(1);
  });

  it('lists hosts by the SYNs that no answer to themselves explains', () => {
    const worm = Array.from({ length: 5 }, (_, index) =>
      synAt(100 + index, { host: '192.0.2.9', destination: `203.0.113.${index}`, port: 445 }),
    );
    const { hosts, senders, sendersAnswered, ports } = tablesOf([
      answerAt(0),
      synAt(10),
      synAt(30_000),
      synAt(90_000),
      ...worm,
    ]);
    expect(hosts).toEqual([
      { host: '192.0.2.9', answers: 0, syns: 5, withinWindow: 0, withinTtl: 0, unexplained: 5 },
      { host: '192.0.2.1', answers: 1, syns: 3, withinWindow: 1, withinTtl: 1, unexplained: 1 },
    ]);
    expect([senders, sendersAnswered]).toEqual([2, 1]);
    expect(ports[0]).toEqual({ port: 445, service: 'SMB', packets: 5 });
  });

  it('has ten ports at most, the busiest first, then by number', () => {
    const events = Array.from({ length: 30 }, (_, index) => synAt(index, { port: 1000 + (index % 12) }));
    const { ports } = tablesOf(events);
    expect(ports.map(({ port }) => port)).toEqual([1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009]);
    expect(ports[0]).toMatchObject({ packets: 3, service: '(unknown)' });
  });

  it('says nothing of nothing, and bears captures of only one kind', () => {
    expect(tablesOf([])).toMatchObject({
      firstAtMs: null,
      lastAtMs: null,
      responses: 0,
      syns: 0,
      hosts: [],
      ports: [],
    });
    expect(tablesOf([synAt(1), synAt(2)])).toMatchObject({ syns: 2, firstSyns: 0, sendersAnswered: 0 });
    expect(tablesOf([answerAt(1)]).delays).toMatchObject({ meanMs: null, fit: null });
  });

  it('counts on when the clock jumps, and says so', () => {
    const back = tablesOf([answerAt(HOUR_MS), synAt(0), answerAt(10), synAt(20)]);
    expect(back).toMatchObject({ firstSyns: 1, limits: { clockJumps: 1 }, anyClient: { withinWindow: 1, ever: 1 } });
    const forth = tablesOf([answerAt(0), synAt(48 * HOUR_MS), answerAt(48 * HOUR_MS + 5), synAt(48 * HOUR_MS + 10)]);
    expect(forth).toMatchObject({ firstSyns: 1, limits: { clockJumps: 1 }, anyClient: { withinWindow: 1, ever: 2 } });
    expect(tablesOf([answerAt(1000), synAt(900), synAt(1100)]).limits.clockJumps).toBe(0);
  });

  it('does not believe the TTL of an answer from before the clock was set back', () => {
    const answers = [answerAt(HOUR_MS, { ttlSeconds: 86_400 }), answerAt(0, { ttlSeconds: 1 })];
    expect(tablesOf([...answers, synAt(5000)]).anyClient.withinTtl).toBe(0);
  });

  it('holds a bounded part of what it is told, and says what it forgot', () => {
    const most = 100;
    const events = Array.from({ length: 1000 }, (_, index) =>
      answerAt(index / 10, { host: `192.0.2.${index % 250}`, addresses: [`198.18.${index >> 8}.${index & 0xff}`] }),
    );
    const { limits } = tablesOf([...events, synAt(200, { destination: '198.18.3.231' })], { windowMs: 1000, most });
    expect(limits.forgottenAddresses).toBeGreaterThanOrEqual(1000 - 2 * most);
    expect(limits.forgottenPairs).toBeGreaterThan(0);
    expect(limits.pushedOut).toBe(1000 - most);
    expect(limits.hostsLeftOut).toBeGreaterThan(0);
  });

  it('counts as one who looks at all that went before', () => {
    const event = fc.tuple(fc.boolean(), fc.nat(5000), fc.nat(3), fc.subarray([0, 1, 2, 3], { minLength: 1 }));
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (made) => {
        const events = made
          .sort((a, b) => a[1] - b[1])
          .map(([isSyn, atMs, one, several]): HostEvent => {
            if (isSyn) return synAt(atMs, { destination: `198.51.100.${one}` });
            return answerAt(atMs, { addresses: several.map((last) => `198.51.100.${last}`) });
          });
        const { firstSyns, anyClient } = tablesOf(events);
        expect({ firstSyns, withinWindow: anyClient.withinWindow, ever: anyClient.ever }).toEqual(countPlainly(events));
      }),
    );
  });
});

/** Paper 5 §4, word by word. */
function countPlainly(events: readonly HostEvent[]) {
  const chosen = new Set<HostEvent>();
  let withinWindow = 0;
  let ever = 0;
  for (const [index, event] of events.entries()) {
    const later = events.slice(index + 1);
    if (event.kind === 'answer') {
      const first = later.find((one) => one.kind === 'syn' && event.addresses.includes(one.destination));
      if (first !== undefined && first.atMs - event.atMs <= 1000) chosen.add(first);
    }
    if (event.kind !== 'syn') continue;
    const before = events
      .slice(0, index)
      .filter((one) => one.kind === 'answer' && one.addresses.includes(event.destination));
    if (before.some(({ atMs }) => event.atMs - atMs <= 1000)) withinWindow++;
    if (before.length > 0) ever++;
  }
  return { firstSyns: chosen.size, withinWindow, ever };
}
