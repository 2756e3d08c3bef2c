import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HexText } from '../../../src/cli/hex-text.ts';

function read(...pieces: readonly string[]) {
  const hex = new HexText();
  const octets = Buffer.concat(pieces.map((piece) => hex.push(Buffer.from(piece)))).toString('hex');
  return { octets, problem: hex.problem, problemAtEnd: hex.problemAtEnd };
}

describe('HexText', () => {
  it.each([
    ['04020008', '04020008'],
    ['04 02\t00\r\n08\n', '04020008'],
    ['04:02:AB:fF', '0402abff'],
    ['0x04, nothing', '04'],
    ['0x04020008 0X01', '0402000801'],
    ['a0 0xb0', 'a0b0'],
    ['', ''],
  ])('reads %j', (text, octets) => {
    expect(read(text).octets).toBe(octets);
  });

  it.each([
    ['04 0g', 'line 1: "g" is no hexadecimal digit'],
    ['04\n02\n-', 'line 3: "-" is no hexadecimal digit'],
    ['4x02', 'line 1: "x" is no hexadecimal digit'],
    ['\x1b[2J', 'line 1: "\\u001b" is no hexadecimal digit'],
    ['00 `', 'line 1: "`" is no hexadecimal digit'],
    ['00 @', 'line 1: "@" is no hexadecimal digit'],
    ['00 /', 'line 1: "/" is no hexadecimal digit'],
  ])('stops in %j', (text, problem) => {
    expect(read(text)).toMatchObject({ problem, problemAtEnd: problem });
    expect(read(text, '04').octets).toBe(read(text).octets);
  });

  it('says when the last octet has one digit only', () => {
    expect(read('04 0')).toEqual({
      octets: '04',
      problem: undefined,
      problemAtEnd: 'the last octet has only one digit',
    });
  });

  it('reads the same whatever the pieces are', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.array(fc.nat(40)), (octets, cuts) => {
        const text = Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join(' \n');
        const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((end, index) => text.slice(places[index], end));
        expect(read(...pieces).octets).toBe(Buffer.from(octets).toString('hex'));
      }),
    );
  });
});
