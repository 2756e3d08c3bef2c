import { describe, expect, it } from 'vitest';
import { formatName } from '../../../src/dns/name.ts';
import { sliceWireName, wireNameEnd } from '../../../src/dns/wire-name.ts';

/** Octets from text: digits and letters for themselves, `<n>` for the octet n. */
function wire(text: string): Buffer {
  return Buffer.from(
    text.replace(/<(\d+)>/g, (_, octet: string) => String.fromCharCode(Number(octet))),
    'latin1',
  );
}

function read(octets: Buffer, offset: number, start = 0, end = octets.length): [string, number] | undefined {
  const behind = wireNameEnd(octets, start, offset, end);
  return behind < 0 ? undefined : [formatName(sliceWireName(octets, start, offset)), behind];
}

describe('names in a message', () => {
  it.each([
    ['<0>', 0, '.', 1],
    ['<3>org<0>', 0, 'org', 5],
    ['<3>org<0><1>a<192><0>', 5, 'a.org', 9],
    ['<3>org<0><192><0>', 5, 'org', 7],
    // A pointer to a name that ends in a pointer.
    ['<3>org<0><1>a<192><0><1>b<192><5>', 9, 'b.a.org', 13],
    // A pointer to a pointer, and one into the middle of a name.
    ['<1>a<1>b<0><192><0><192><5>', 7, 'a.b', 9],
    ['<1>a<1>b<0><1>x<192><2>', 5, 'x.b', 9],
  ])('%j at %i is %s and ends at %i', (text, offset, name, behind) => {
    expect(read(wire(text), offset)).toEqual([name, behind]);
  });

  it('counts pointers from the start of the message', () => {
    expect(read(wire('junk<3>org<0><1>a<192><0>'), 9, 4)).toEqual(['a.org', 13]);
  });

  it.each([
    ['no octets', '', 0],
    ['no end', '<3>org', 0],
    ['a label past the end', '<3>or', 0],
    ['half a pointer', '<1>a<0><192>', 3],
    ['a pointer to itself', '<192><0>', 0],
    ['a pointer to its own first label', '<1>a<192><0>', 0],
    ['a pointer into its own labels', '<0><1>a<1>b<192><3>', 1],
    ['a pointer forwards', '<192><2><0>', 0],
    ['a target that runs forward into the same pointer', '<1>a<1>b<192><2>', 2],
    ['two pointers that point at each other', '<192><2><192><0>', 2],
    ['a second jump that is no lower than the first', '<0><1>a<192><2><192><1>', 5],
    ['label type 01', '<65>a<0>', 0],
    ['label type 10', '<129>a<0>', 0],
  ])('refuses %s', (_, text, offset) => {
    expect(read(wire(text), offset)).toBeUndefined();
  });

  it('ends at 255 octets, jumps included', () => {
    const label63 = `<63>${'a'.repeat(63)}`;
    const tail = wire(`${label63}${label63}${label63}<0>`);
    const head = (length: number) => wire(`<${length}>${'b'.repeat(length)}<192><0>`);
    expect(read(Buffer.concat([tail, head(61)]), tail.length)?.[0].length).toBe(253);
    expect(read(Buffer.concat([tail, head(62)]), tail.length)).toBeUndefined();
    expect(read(wire(`${label63}${label63}${label63}<61>${'b'.repeat(61)}<0>`), 0)?.[1]).toBe(255);
    expect(read(wire(`${label63}${label63}${label63}<62>${'b'.repeat(62)}<0>`), 0)).toBeUndefined();
  });

  it('follows 127 jumps and no more', () => {
    const octets = Buffer.alloc(1 + 2 * 128);
    for (let jump = 0; jump < 128; jump++) {
      octets.writeUInt16BE(0xc000 + (jump === 0 ? 0 : 2 * jump - 1), 1 + 2 * jump);
    }
    expect(read(octets, 1 + 2 * 126)?.[0]).toBe('.');
    expect(read(octets, 1 + 2 * 127)).toBeUndefined();
  });

  it('reads nothing behind the end it is given', () => {
    const octets = wire('<3>org<0>');
    for (let end = 0; end < octets.length; end++) expect(read(octets, 0, 0, end)).toBeUndefined();
  });
});
