import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FragmentReassembly, type ReassemblyOptions } from '../../../src/packet/fragment-reassembly.ts';
import { FrameView } from '../../../src/packet/frame.ts';
import { composeFragment, composeFragments, composeSegment, type FrameFields } from '../../support/frames.ts';

const V6: FrameFields = { source: '2001:db8::1', destination: '2001:db8::53' };
const OPTIONS: ReassemblyOptions = { datagrams: 8, bytes: 1_000_000, timeMs: 1000 };

/** A reassembly that is fed with frames. */
class Rig {
  readonly counted: string[] = [];
  readonly reassembly: FragmentReassembly;
  readonly #frame = new FrameView();

  constructor(options: Partial<ReassemblyOptions> = {}) {
    this.reassembly = new FragmentReassembly({ ...OPTIONS, ...options }, (what) => this.counted.push(what));
  }

  add(octets: Buffer, atMs = 0, isWanted = true, way = 'inbound'): Buffer | undefined {
    this.#frame.parse(octets, 0, octets.length);
    expect(this.#frame.fragment).not.toBe('none');
    return this.reassembly.add(this.#frame, octets, atMs, way, isWanted);
  }

  addAll(frames: readonly Buffer[]): Buffer[] {
    return frames.flatMap((octets) => this.add(octets) ?? []);
  }

  get held(): readonly number[] {
    return [this.reassembly.size, this.reassembly.heldBytes];
  }
}

function segmentOf(lengthOctets: number): Buffer {
  return composeSegment(Buffer.from(Array.from({ length: lengthOctets }, (_, index) => index % 251)));
}

/** A segment, where to cut it, and an order of the pieces in which each comes once or more often before the last. */
const cutting = fc
  .tuple(fc.integer({ min: 9, max: 3000 }), fc.constantFrom<FrameFields>({}, V6))
  .chain(([lengthOctets, fields]) => {
    const segment = segmentOf(lengthOctets);
    const places = Array.from({ length: Math.ceil(segment.length / 8) - 1 }, (_, index) => (index + 1) * 8);
    return fc.subarray(places, { minLength: 1, maxLength: Math.min(places.length, 40) }).chain((cuts) => {
      const pieces = composeFragments(segment, cuts, fields);
      return fc.record({
        segment: fc.constant(segment),
        order: fc.shuffledSubarray(pieces, { minLength: pieces.length, maxLength: pieces.length }),
        again: fc.array(fc.nat(pieces.length - 1), { maxLength: 10 }),
      });
    });
  });

describe('FragmentReassembly', () => {
  it('gives the same octets however they were cut, in whatever order the pieces come, some more than once', () => {
    fc.assert(
      fc.property(cutting, ({ segment, order, again }) => {
        const rig = new Rig();
        const early = order.slice(0, -1);
        const duplicates = again.flatMap((index) => early[index] ?? []);
        expect(rig.addAll([...early, ...duplicates])).toEqual([]);
        expect(rig.add(order.at(-1)!)).toEqual(segment);
        expect(rig.held).toEqual([0, 0]);
        expect(rig.counted).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('gives nothing while a piece is missing', () => {
    const pieces = composeFragments(segmentOf(100), [8, 16, 40, 64]);
    for (const missing of pieces) expect(new Rig().addAll(pieces.filter((piece) => piece !== missing))).toEqual([]);
  });

  it('keeps datagrams apart by addresses, identification, protocol and the way they came', () => {
    const others: FrameFields[] = [
      { source: '192.0.2.2' },
      { destination: '192.0.2.3' },
      { identification: 2 },
      { protocol: 6 },
    ];
    const segment = segmentOf(20);
    const [first] = composeFragments(segment, [16]);
    for (const other of others) {
      const rig = new Rig();
      rig.add(first!);
      expect(rig.add(composeFragments(segment, [16], other)[1]!)).toBeUndefined();
      expect(rig.reassembly.size).toBe(2);
    }
    const rig = new Rig();
    rig.add(first!);
    expect(rig.add(composeFragments(segment, [16])[1]!, 0, true, 'outbound')).toBeUndefined();
  });

  it.each<[string, number, number, boolean]>([
    ['begins in the middle of another', 8, 16, true],
    ['covers others', 0, 48, true],
    ['lies within another', 24, 8, true],
    ['goes on over the end', 48, 32, true],
    ['is a second last one', 32, 8, false],
    ['is longer than one that began there', 16, 24, true],
    ['is shorter than one that began there', 16, 8, true],
    ['has other octets than the one in its place', 16, 16, true],
  ])('gives up a datagram when a piece %s', (_, offset, length, moreFollow) => {
    const segment = segmentOf(56);
    const [first, second, third] = [
      composeFragment(segment.subarray(0, 16), 0, true),
      composeFragment(segment.subarray(16, 32), 16, true),
      composeFragment(segment.subarray(48), 48, false),
    ];
    const rig = new Rig();
    rig.addAll([first, second, third]);
    expect(rig.add(composeFragment(Buffer.alloc(length), offset, moreFollow))).toBeUndefined();
    expect(rig.counted).toEqual(['overlapping']);
    expect(rig.reassembly.heldBytes).toBe(0);
    expect(rig.addAll(composeFragments(segment, [16, 32, 48]))).toEqual([]);
    // After its time the identification may serve again.
    expect(rig.add(first, 1000)).toBeUndefined();
    expect(rig.addAll([composeFragment(segment.subarray(16), 16, false)])).toEqual([]);
    expect(rig.reassembly.size).toBe(1);
  });

  it('gives up a datagram of which a last piece comes that lies before another', () => {
    const rig = new Rig();
    rig.add(composeFragment(Buffer.alloc(8), 16, true));
    expect(rig.add(composeFragment(Buffer.alloc(8), 8, false))).toBeUndefined();
    expect(rig.counted).toEqual(['overlapping']);
  });

  it('gives up any datagram of which a piece comes that shares octets with another', () => {
    const segment = segmentOf(184);
    const grid = fc.integer({ min: 0, max: 23 });
    fc.assert(
      fc.property(grid, grid, fc.boolean(), (from, count, isLast) => {
        fc.pre(from > 0 || !isLast);
        const rig = new Rig();
        // Octets 64 to 127 are not there yet.
        rig.addAll([
          composeFragment(segment.subarray(0, 64), 0, true),
          composeFragment(segment.subarray(128), 128, false),
        ]);
        const [start, end] = [from * 8, (from + count + 1) * 8];
        rig.add(composeFragment(Buffer.alloc(end - start, 1), start, !isLast));
        const fits = start >= 64 && end <= 128 && !isLast;
        expect(rig.counted).toEqual(fits ? [] : ['overlapping']);
      }),
    );
  });

  it('gives up a datagram when its last piece comes again as one that is not', () => {
    const rig = new Rig();
    rig.add(composeFragment(Buffer.alloc(16), 16, false));
    rig.add(composeFragment(Buffer.alloc(16), 16, false));
    expect(rig.counted).toEqual([]);
    rig.add(composeFragment(Buffer.alloc(16), 16, true));
    expect(rig.counted).toEqual(['overlapping']);
  });

  it.each<[string, Buffer]>([
    ['is empty', composeFragment(Buffer.alloc(0), 64, true)],
    ['is empty and the last', composeFragment(Buffer.alloc(0), 64, false)],
    ['ends off the grid', composeFragment(Buffer.alloc(9), 0, true)],
    ['ends beyond what a datagram may have', composeFragment(Buffer.alloc(16), 65_528, false)],
    ['is empty, in IPv6', composeFragment(Buffer.alloc(0), 64, true, V6)],
  ])('passes over a piece that %s', (_, octets) => {
    const rig = new Rig();
    expect(rig.add(octets)).toBeUndefined();
    expect(rig.counted).toEqual(['malformed']);
    expect(rig.reassembly.heldBytes).toBe(0);
  });

  it('takes the largest datagram', () => {
    const segment = Buffer.alloc(65_515, 7);
    const cuts = Array.from({ length: 44 }, (_, index) => (index + 1) * 1480);
    expect(new Rig().addAll(composeFragments(segment, cuts))).toEqual([segment]);
  });

  it('keeps nothing of a datagram that nobody wants, whichever piece says so', () => {
    const [first, second, third] = composeFragments(segmentOf(40), [16, 32]);
    const rig = new Rig();
    rig.add(second!);
    expect(rig.reassembly.heldBytes).toBeGreaterThan(16);
    rig.add(first!, 0, false);
    expect(rig.reassembly.heldBytes).toBe(0);
    rig.addAll([third!, second!, first!]);
    expect(rig.reassembly.heldBytes).toBe(0);
    expect(rig.counted).toEqual([]);
  });

  it('keeps nothing of the buffer that it is given', () => {
    const segment = segmentOf(40);
    const rig = new Rig();
    const [first, second] = composeFragments(segment, [16]);
    rig.add(first!);
    first!.fill(0xff);
    expect(rig.add(second!)).toEqual(segment);
  });

  it('holds so many datagrams, the newest', () => {
    const rig = new Rig({ datagrams: 3 });
    const datagrams = [1, 2, 3, 4, 5].map((identification) =>
      composeFragments(segmentOf(40), [16], { identification }),
    );
    for (const [first] of datagrams) rig.add(first!);
    expect(rig.reassembly.size).toBe(3);
    expect(rig.counted).toEqual(['pushed out', 'pushed out']);
    expect(datagrams.toReversed().map(([, second]) => rig.add(second!) !== undefined)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('holds so many octets, and counts what pieces cost beside them', () => {
    const rig = new Rig({ datagrams: 10_000, bytes: 50_000 });
    for (let identification = 0; identification < 1000; identification++) {
      rig.add(composeFragment(Buffer.alloc(8), 8, true, { identification }));
      expect(rig.reassembly.heldBytes).toBeLessThanOrEqual(50_000);
    }
    expect(rig.reassembly.size).toBeLessThan(200);
    const large = new Rig({ bytes: 1000 });
    expect(large.add(composeFragment(Buffer.alloc(1400), 0, true))).toBeUndefined();
    expect(large.held).toEqual([0, 0]);
    expect(large.counted).toEqual(['pushed out']);
  });

  it.each([1000, -1000])('waits so long and no longer, when the time goes on by %d ms', (step) => {
    const [first, second] = composeFragments(segmentOf(40), [16]);
    const rig = new Rig();
    rig.add(first!, 5000);
    expect(rig.add(second!, 5000 + step)).toBeUndefined();
    expect(rig.counted).toEqual(['overdue']);
    expect(rig.reassembly.size).toBe(1);
    const inTime = new Rig();
    inTime.add(first!, 5000);
    expect(inTime.add(second!, 5000 + step * 0.999)).toBeDefined();
  });

  it('takes a flood of tiny pieces of one datagram in the worst order', () => {
    const rig = new Rig({ bytes: 16_000_000 });
    const pieces = Array.from({ length: 8000 }, (_, index) => composeFragment(Buffer.alloc(8), index * 8, true));
    const startMs = performance.now();
    rig.addAll(pieces.toReversed());
    expect(performance.now() - startMs).toBeLessThan(3000);
    expect(rig.reassembly.size).toBe(1);
  });
});
