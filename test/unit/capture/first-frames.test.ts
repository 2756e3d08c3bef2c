import { describe, expect, it } from 'vitest';
import type { Direction } from '../../../src/capture/direction.ts';
import { FirstFrames } from '../../../src/capture/first-frames.ts';
import { composeFrame, type FrameFields } from '../../support/frames.ts';

const toServer = (text: string, fields: FrameFields = {}) => composeFrame(Buffer.from(text), fields);
const fromServer = (text: string) => composeFrame(Buffer.from(text), { sourcePort: 53, destinationPort: 4000 });
const missing = (outbound: number, inbound: number) => (direction: Direction) =>
  direction === 'outbound' ? outbound : inbound;

function setUp(witnessed: readonly Buffer[], delivered: readonly Buffer[] = []): FirstFrames {
  const frames = new FirstFrames();
  for (const octets of delivered) frames.deliver(octets, octets.length);
  for (const [index, octets] of witnessed.entries()) frames.witness(octets, octets.length, 1000 + index);
  return frames;
}

function settle(frames: FirstFrames, outbound: number, inbound: number): string[] {
  return frames.settle(missing(outbound, inbound)).map((f) => `${f.direction} ${f.octets.toString('latin1', 42)}`);
}

describe('FirstFrames', () => {
  it('finds the frame that only the witness handed over', () => {
    const frames = setUp([toServer('q1'), toServer('q2')], [toServer('q2')]);
    expect(settle(frames, 1, 0)).toEqual(['outbound q1']);
    expect(frames.done).toBe(false);
  });

  it('finds both sides in the order of time', () => {
    const frames = setUp([fromServer('r0'), toServer('q1')]);
    expect(settle(frames, 1, 1)).toEqual(['inbound r0', 'outbound q1']);
    expect(frames.done).toBe(true);
  });

  it('takes no query for outbound that the outbound session did not count', () => {
    const frames = setUp([toServer('from outside')]);
    expect(settle(frames, 0, 0)).toEqual([]);
    frames.witness(toServer('q1'), toServer('q1').length, 2000);
    expect(settle(frames, 1, 0)).toEqual(['outbound q1']);
  });

  it('guesses nothing when two frames could be it', () => {
    const frames = setUp([toServer('from outside'), toServer('q1')]);
    expect(settle(frames, 1, 0)).toEqual([]);
    frames.witness(toServer('q2'), toServer('q2').length, 2000);
    expect(settle(frames, 1, 0)).toEqual([]);
  });

  it('waits while frames are on their way', () => {
    const frames = setUp([toServer('q1'), toServer('q2')]);
    expect(settle(frames, 2, 0)).toEqual([]);
    frames.deliver(toServer('q2'), toServer('q2').length);
    expect(settle(frames, 1, 0)).toEqual(['outbound q1']);
  });

  it('tells two equal frames apart by their number', () => {
    const frames = setUp([toServer('q'), toServer('q')], [toServer('q')]);
    expect(settle(frames, 1, 0)).toEqual(['outbound q']);
  });

  it('counts a frame with IPv6 extension headers on both sides', () => {
    const fields = {
      source: '2001:db8::1',
      destination: '2001:db8::2',
      options: Buffer.from('1100000000000000', 'hex'),
    };
    const frames = setUp([toServer('x', { ...fields, firstHeader: 60, destinationPort: 9 }), toServer('q1')]);
    expect(settle(frames, 1, 0)).toEqual([]);
  });

  it('counts a later fragment on both sides', () => {
    const frames = setUp([toServer('piece', { fragmentField: 0x0010 }), toServer('from outside')]);
    expect(settle(frames, 1, 0)).toEqual([]);
  });

  it('gives up after 64 frames', () => {
    const frames = setUp(new Array<Buffer>(65).fill(toServer('q')));
    expect(frames.done).toBe(true);
    expect(settle(frames, 1, 1)).toEqual([]);
  });
});

describe('FirstFrames with syns', () => {
  const syn = composeFrame(Buffer.from('s1'), { transport: 'tcp', tcpFlags: 0x02, destinationPort: 80 });
  const synAck = composeFrame(Buffer.from('s2'), {
    transport: 'tcp',
    tcpFlags: 0x12,
    sourcePort: 80,
    destinationPort: 4000,
  });
  const start = (witnessed: readonly Buffer[], delivered: readonly Buffer[] = []) => {
    const frames = new FirstFrames(true);
    for (const octets of delivered) frames.deliver(octets, octets.length);
    for (const [index, octets] of witnessed.entries()) frames.witness(octets, octets.length, 1000 + index);
    return frames;
  };
  const found = (frames: FirstFrames, outbound: number, inbound: number) =>
    frames.settle(missing(outbound, inbound)).map(({ octets }) => octets.toString('latin1').replace(/.*(..)$/s, '$1'));

  it('finds the beginning and the acceptance of a connection, together or one by one', () => {
    const together = start([syn, synAck]);
    expect(found(together, 1, 1)).toEqual(['s1', 's2']);
    expect(together.done).toBe(true);
    const one = start([syn]);
    expect(found(one, 1, 0)).toEqual(['s1']);
    one.witness(synAck, synAck.length, 2000);
    expect(found(one, 1, 1)).toEqual(['s2']);
    expect(found(one, 1, 1)).toEqual([]);
    expect(one.done).toBe(true);
  });

  it('finds one that came in though nothing that left is missing', () => {
    expect(found(start([syn, synAck], [syn]), 0, 1)).toEqual(['s2']);
  });

  it('finds a query and the beginning of a connection beside it', () => {
    expect(found(start([toServer('q1'), synAck]), 1, 1)).toEqual(['q1', 's2']);
    expect(found(start([syn, fromServer('r1')]), 1, 1)).toEqual(['s1', 'r1']);
  });

  it('gives none twice, and guesses nothing', () => {
    const late = start([syn]);
    expect([...found(late, 1, 1), ...found(late, 1, 1)]).toEqual(['s1']);
    expect(found(start([syn, synAck, toServer('q1')]), 1, 1)).toEqual([]);
    expect(found(start([syn]), 2, 0)).toEqual([]);
  });
});
