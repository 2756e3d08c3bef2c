import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PACKET_OCTETS } from '../../../src/events/verdict-event.ts';
import { EVENT_COLUMNS, eventRow, jsonEventRow, readEvent } from '../../../src/storage/event-rows.ts';
import { eventOf } from '../../support/store-rows.ts';
import { anyVerdictEvent } from '../../support/verdict-events.ts';

const PACKET = EVENT_COLUMNS.indexOf('packet');
const DESIRED = EVENT_COLUMNS.indexOf('recursion_desired');

describe('the row of an event', () => {
  it('gives back any event, also by way of JSON', () => {
    const property = fc.property(anyVerdictEvent, (drawn) => {
      // Its objects have no prototype.
      const event = { ...drawn, hint: drawn.hint && { ...drawn.hint } };
      expect(readEvent(eventRow(event))).toStrictEqual(event);
      expect(readEvent(JSON.parse(JSON.stringify(jsonEventRow(event))))).toStrictEqual(event);
    });
    fc.assert(property);
  });

  it('is read where an older gluewall wrote it, which had fewer columns', () => {
    const event = eventOf(1, { group: 'default' });
    for (const length of [19, 22, 24, DESIRED, PACKET]) {
      const read = readEvent(eventRow(event).slice(0, length));
      const desired = length > DESIRED ? event.recursionDesired : undefined;
      expect(read).toStrictEqual({ ...event, recursionDesired: desired, packet: undefined });
    }
    expect(readEvent(eventRow(event).slice(0, 18))).toBeUndefined();
  });

  it.each([
    ['a packet without octets', PACKET, new Uint8Array(0)],
    ['a packet longer than any', PACKET, new Uint8Array(MAX_PACKET_OCTETS + 1)],
    ['a packet that is a number', PACKET, 7],
    ['a packet that is no base64', PACKET, '*'],
    ['a flag that is neither', DESIRED, 2],
    ['a flag that is a text', DESIRED, '1'],
  ])('is no event with %s', (_what, place, value) => {
    const row: unknown[] = eventRow(eventOf(1));
    row[place] = value;
    expect(readEvent(row)).toBeUndefined();
  });

  it('has a packet in memory of its own', () => {
    const packet = Buffer.from('abcd').subarray(1, 3);
    const read = readEvent(eventRow(eventOf(1, { packet })));
    expect(read?.packet?.buffer.byteLength).toBe(2);
  });
});
