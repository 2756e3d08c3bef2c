import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/core/address.ts';
import { TcpOpening } from '../../../src/firewall/tcp-opening.ts';

const ENDPOINTS = {
  datapathId: '1',
  inPort: 1,
  client: parseAddress('192.0.2.1')!,
  clientPort: 40_000,
  server: parseAddress('198.51.100.53')!,
  serverPort: 53,
};
const HEAD = Buffer.from('head');
const STREAM = Buffer.from('\x00\x14the octets of a name, and more behind', 'latin1');

function made(): TcpOpening {
  return new TcpOpening('key', ENDPOINTS, 0xffff_fff0, false);
}

/** Keeps a frame with a head of four octets before its data. */
function keep(opening: TcpOpening, start: number, end: number): void {
  const frame = Buffer.concat([Buffer.alloc(2), HEAD, STREAM.subarray(start, end), Buffer.alloc(3)]);
  const place = { start: 2, end: frame.length - 1, dataStart: 6, dataEnd: frame.length - 3 };
  opening.keep(start, frame, place);
  frame.fill(0xee);
}

describe('TcpOpening', () => {
  it('knows its message from the length before it, once all has come', () => {
    const opening = made();
    keep(opening, 5, 30);
    expect(opening).toMatchObject({ reach: 0, announcedOctets: undefined, message: undefined });
    keep(opening, 0, 1);
    expect(opening).toMatchObject({ reach: 1, announcedOctets: undefined });
    keep(opening, 1, 4);
    expect(opening).toMatchObject({ reach: 4, announcedOctets: 22, message: undefined });
    keep(opening, 4, 5);
    expect(opening.reach).toBe(30);
    const { octets, start, end } = opening.message!;
    expect(octets.toString('latin1', start, end)).toBe('the octets of a name');
  });

  it('hands its frames over as they came, in order, without those that were sent on', () => {
    const opening = made();
    keep(opening, 5, 9);
    keep(opening, 0, 2);
    keep(opening, 0, 5);
    opening.markReleased(2);
    expect(opening.serverExpects).toBe(0xffff_fff2);
    const padding = '\x00\x00';
    expect(opening.takeFrames().map((frame) => frame.toString('latin1'))).toEqual([
      `head${STREAM.toString('latin1', 0, 5)}${padding}`,
      `head${STREAM.toString('latin1', 5, 9)}${padding}`,
    ]);
    expect(opening).toMatchObject({ heldBytes: 0, segmentCount: 0, reach: 0, latest: undefined });
    expect(opening.serverExpects, 'where the server stands does not change').toBe(0xffff_fff2);
  });

  it('agrees with what says the same wherever they overlap, and holds what is covered', () => {
    const pair = fc
      .tuple(fc.nat(STREAM.length), fc.nat(STREAM.length))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)]);
    const pairs = fc.array(pair as fc.Arbitrary<[number, number]>, { maxLength: 8 });
    fc.assert(
      fc.property(pairs, pair as fc.Arbitrary<[number, number]>, fc.nat(), (held, [start, end], at) => {
        const opening = made();
        const covered = new Set<number>();
        for (const [from, to] of held) {
          keep(opening, from, to);
          for (let index = from; index < to; index++) covered.add(index);
        }
        expect(opening.agrees(start, STREAM, start, end)).toBe(true);
        const span = Array.from({ length: end - start }, (_, index) => start + index);
        expect(opening.holds(start, end)).toBe(span.every((index) => covered.has(index)));
        let reach = 0;
        while (covered.has(reach)) reach++;
        expect(opening.reach).toBe(reach);
        if (start === end) return;
        const other = Buffer.from(STREAM);
        const changed = start + (at % (end - start));
        other[changed]! ^= 1;
        expect(opening.agrees(start, other, start, end)).toBe(!covered.has(changed));
      }),
    );
  });
});
