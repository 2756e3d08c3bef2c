import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAfter, nextSerial } from '../../../src/rpz/serial.ts';

describe('isAfter', () => {
  it.each([
    [1, 0, true],
    [0, 1, false],
    [7, 7, false],
    [0, 0xffff_ffff, true],
    [0xffff_ffff, 0, false],
    [0x8000_0000, 0, false],
    [0x7fff_ffff, 0, true],
  ])('%s after %s: %s (RFC 1982)', (a, b, expected) => {
    expect(isAfter(a, b)).toBe(expected);
  });
});

describe('nextSerial', () => {
  it('is the time in seconds', () => {
    expect(nextSerial(undefined, 1_795_000_000_900)).toBe(1_795_000_000);
    expect(nextSerial(1_794_999_999, 1_795_000_000_900)).toBe(1_795_000_000);
  });

  it('goes on where the time stands still or goes back', () => {
    expect(nextSerial(1_795_000_000, 1_795_000_000_900)).toBe(1_795_000_001);
    expect(nextSerial(1_795_000_007, 1_000_000_000_000)).toBe(1_795_000_008);
  });

  it('goes round', () => {
    expect(nextSerial(0xffff_ffff, 0xffff_fff0 * 1000)).toBe(0);
  });

  it('is after the one before, whatever the time', () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.nat(2 ** 33), (before, seconds) => {
        expect(isAfter(nextSerial(before, seconds * 1000), before)).toBe(true);
      }),
    );
  });
});
