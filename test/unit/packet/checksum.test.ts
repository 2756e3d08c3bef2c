import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addWords, checksumOf } from '../../../src/packet/checksum.ts';

describe('checksumOf', () => {
  it('gives what RFC 1071 §3 works out', () => {
    const octets = Buffer.from('0001f203f4f5f6f7', 'hex');
    expect(addWords(octets, 0, octets.length)).toBe(0x2ddf0);
    expect(checksumOf(0x2ddf0)).toBe(~0xddf2 & 0xffff);
  });

  it('takes an odd last octet for the upper half of a word', () => {
    expect(addWords(Buffer.from('01020300', 'hex'), 0, 4)).toBe(addWords(Buffer.from('010203', 'hex'), 0, 3));
  });

  it('is right when the sum with it comes to zero, however long the octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000, size: 'max' }), (bytes) => {
        const octets = Buffer.from(bytes);
        const sum = addWords(octets, 0, octets.length);
        expect(checksumOf(sum + checksumOf(sum))).toBe(0);
      }),
      { numRuns: 20 },
    );
  });
});
