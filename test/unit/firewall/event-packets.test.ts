import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import type { VerdictEvent } from '../../../src/events/verdict-event.ts';
import { FrameView } from '../../../src/packet/frame.ts';
import { play } from '../../support/scenario.ts';

const BLOCKED = `
  1s     query 192.0.2.66 203.0.113.8 c2.example => asks
  1.05s  says 203.0.113.8 is unknown and block
`;
const DENIED = `
  0s     rule deny to=203.0.113.9
  1s     query 192.0.2.66 203.0.113.9 c2.example => asks
  1s     says 203.0.113.9 is denied by rule deny-203.0.113.9 (test) and block
`;

/** From whom to whom the frame goes that the event kept. */
function endsOf({ packet }: VerdictEvent): readonly [string, string] | undefined {
  if (packet === undefined) return undefined;
  const frame = new FrameView();
  expect(frame.parse(Buffer.from(packet), 0, packet.length)).toBeUndefined();
  return [formatAddress(frame.source), formatAddress(frame.destination)];
}

describe('the event of a query', () => {
  it('keeps the frame of one that was held and blocked', () => {
    const { events } = play(BLOCKED);
    expect(events.map(endsOf)).toEqual([['192.0.2.66', '203.0.113.8']]);
    expect(events[0]?.recursionDesired).toBe(true);
    // A part of a larger memory would take all of it along to other threads.
    expect(events[0]?.packet?.buffer.byteLength).toBe(events[0]?.packet?.length);
  });

  it('keeps the frame of one that was blocked at once', () => {
    const { events } = play(DENIED);
    expect(events.map(endsOf)).toEqual([['192.0.2.66', '203.0.113.9']]);
  });

  it('keeps the frame of one that would have been blocked', () => {
    const { events } = play(BLOCKED.replace('asks', 'passes').replace('and block', 'and would block'), {
      monitor: true,
    });
    expect(events.map(endsOf)).toEqual([['192.0.2.66', '203.0.113.8']]);
  });

  it('keeps no frame of an allowed one', () => {
    const { events } = play(`
      0s     refer org 198.51.100.2 172800
      1s     query 192.0.2.10 198.51.100.2 a.example.org => asks
      1s     says 198.51.100.2 is registered glueA record and pass
    `);
    expect(events.map(({ verdict, packet }) => [verdict, packet])).toEqual([['allow', undefined]]);
  });
});
