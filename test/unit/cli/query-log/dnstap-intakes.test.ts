import { expect, it } from 'vitest';
import { DnstapIntakes } from '../../../../src/cli/query-log/dnstap-intakes.ts';
import type { Address } from '../../../../src/core/address.ts';
import { QueueRoom } from '../../../../src/querylog/queue-room.ts';
import { composeData } from '../../../support/dnstap-frames.ts';
import { lineLog } from '../../../support/line-log.ts';
import { RecordingLog } from '../../../support/recording-log.ts';
import { RecordingQueryLog } from '../../../support/recording-query-log.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

function setUp() {
  const clock = new VirtualClock();
  const room = new QueueRoom(1024 * 1024);
  const options = { format: lineLog, client: (address: Address) => address, keepsSamples: true, room, openRoom: room };
  const intakes = new DnstapIntakes(options, new RecordingQueryLog(), clock, new RecordingLog());
  const records = () => Object.fromEntries(intakes.figures().map(({ source, records: count }) => [source, count]));
  return { clock, intakes, records };
}

/** A frame with an identity, or without. */
const frame = (identity?: string) =>
  composeData(
    identity === undefined ? Buffer.from([0x78, 1]) : Buffer.from([0x0a, identity.length, ...Buffer.from(identity)]),
  );

it('tells writers apart by what they call themselves, frame by frame, else by their address', () => {
  const { intakes, records } = setUp();
  intakes.take('192.0.2.1', Buffer.concat([frame('a'), frame('a'), frame('b'), frame(), frame(), frame('a')]));
  intakes.take('192.0.2.2', Buffer.concat([frame('b'), frame('')]));
  expect(records()).toEqual({ 'dnstap/a': 3, 'dnstap/b': 2, 'dnstap/192.0.2.1': 2, 'dnstap/192.0.2.2': 1 });
});

it('reads made-up writers together, and lets them go when they are silent', () => {
  const { clock, intakes, records } = setUp();
  for (let at = 0; at < 300; at++) intakes.take('192.0.2.1', frame(`made-up-${at}`));
  intakes.take('192.0.2.2', frame('real'));
  expect(records()).toMatchObject({ 'dnstap/real': 1, 'dnstap/made-up-127': 1, dnstap: 172 });
  clock.advance(10 * 60_000);
  intakes.take('192.0.2.1', frame('late'));
  expect(records()).toMatchObject({ 'dnstap/late': 1, dnstap: 172 });
});
