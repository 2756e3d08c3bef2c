import { beforeEach, describe, expect, it } from 'vitest';
import { MessageNames, UNKNOWN } from '../../../src/dns/message-names.ts';
import { canonicalName, type Name } from '../../../src/dns/name.ts';
import { MAX_NAMES } from '../../../src/dns/observation-layout.ts';
import { sliceWireName, wireNameEnd } from '../../../src/dns/wire-name.ts';

const names = new MessageNames();
beforeEach(() => names.reset());

/** Octets from text: digits and letters for themselves, `<n>` for the octet n. */
function wire(text: string): Buffer {
  return Buffer.from(
    text.replace(/<(\d+)>/g, (_, octet: string) => String.fromCharCode(Number(octet))),
    'latin1',
  );
}

const viewOf = ({ buffer, byteOffset, length }: Buffer) => new DataView(buffer, byteOffset, length);
const indexOf = (octets: Buffer, offset: number, start = 0) => {
  expect(wireNameEnd(octets, start, offset, octets.length)).toBeGreaterThan(offset);
  return names.indexOf(octets, viewOf(octets), start, offset);
};
const known = (octets: Buffer, offset: number, end = octets.length) => names.knownIndexOf(octets, 0, offset, end);

function nameOf(index: number): string {
  const octets = Buffer.from(names.words.buffer, names.starts[index]!, names.starts[index + 1]! - names.starts[index]!);
  let end = 0;
  while (octets[end] !== 0) end += octets[end]! + 1;
  expect(octets.subarray(end).every((octet) => octet === 0)).toBe(true);
  expect(octets.length).toBe((end + 4) & ~3);
  return octets.toString('latin1', 0, end + 1);
}

const LABEL = `<63>${'A'.repeat(63)}`;

describe('MessageNames', () => {
  it('holds a name once, however it is written', () => {
    const octets = wire('junk<3>org<0><1>a<192><0><1>A<3>oRg<0><192><5><1>a<193><0>');
    expect([9, 13, 20].map((offset) => indexOf(octets, offset, 4))).toEqual([0, 0, 0]);
    expect(indexOf(octets, 4, 4)).toBe(1);
    expect([names.count, nameOf(0), nameOf(1)]).toEqual([2, '\x01a\x03org\0', '\x03org\0']);
  });

  it.each([
    ['labels', `${LABEL}${LABEL}${LABEL}<61>${'b'.repeat(61)}<0>`, 0],
    ['labels and a pointer', `${LABEL}${LABEL}<0>${LABEL}<61>${'b'.repeat(61)}<192><0>`, 129],
    [
      'a chain of pointers',
      `<61>${'b'.repeat(61)}<0>${LABEL}<192><0>${LABEL}<192><63>${LABEL}<192><129><192><195>`,
      63 + 3 * 66,
    ],
  ])('holds a name of 255 octets made of %s', (_, text, offset) => {
    const octets = wire(text);
    const name = nameOf(indexOf(octets, offset));
    expect(name).toBe(canonicalName(sliceWireName(octets, 0, offset)));
    expect(name.length).toBe(255);
  });

  it('takes each octet as it is but for the letters of ASCII, wherever it stands', () => {
    for (let octet = 0; octet < 256; octet++) {
      for (let place = 0; place < 8; place++) {
        names.reset();
        const label = Buffer.alloc(8, 0xff);
        label[place] = octet;
        const octets = Buffer.concat([Buffer.from([8]), label, Buffer.from([0])]);
        expect(nameOf(indexOf(octets, 0))).toBe(canonicalName(octets.toString('latin1') as Name));
      }
    }
  });

  it('tells as many names apart as a message may have', () => {
    const tail = wire(`${LABEL}${LABEL}${LABEL}<0>`);
    const heads = Array.from({ length: MAX_NAMES }, (_, index) =>
      wire(`<5>N${String(index).padStart(4, '0')}<192><0>`),
    );
    const octets = Buffer.concat([tail, ...heads]);
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < MAX_NAMES; index++) {
        expect(indexOf(octets, tail.length + 8 * index)).toBe(index);
      }
    }
    expect(nameOf(MAX_NAMES - 1)).toBe(`\x05n1199\x3f${'a'.repeat(63)}\x3f${'a'.repeat(63)}\x3f${'a'.repeat(63)}\0`);
  });

  it('knows a name by a pointer to a place where one was taken', () => {
    const octets = wire('<3>org<0><1>a<192><0><192><5><192><0><192><16><192><1>');
    indexOf(octets, 5);
    expect([known(octets, 9), known(octets, 5)]).toEqual([0, UNKNOWN]);
    // A place within a name, or further on, is none where a name was taken.
    expect([known(octets, 11), known(octets, 13), known(octets, 15)]).toEqual([UNKNOWN, UNKNOWN, UNKNOWN]);
    expect(indexOf(octets, 0)).toBe(1);
    expect(known(octets, 11)).toBe(1);
    expect(known(octets, 11, 12)).toBe(UNKNOWN);
    names.reset();
    expect(known(octets, 9)).toBe(UNKNOWN);
  });

  it('knows no name that lies behind the end or behind the pointer', () => {
    // The label of nine octets runs over a pointer that stands within it.
    const octets = wire('<9>abc<192><0>defg<2>hi<0>');
    expect(indexOf(octets, 0)).toBe(0);
    for (let end = 4; end <= octets.length; end++) {
      expect(wireNameEnd(octets, 0, 4, end)).toBe(end === octets.length ? 6 : -1);
      expect(known(octets, 4, end)).toBe(end === octets.length ? 0 : UNKNOWN);
    }
    expect(known(wire('<192><2><3>org<0>'), 0)).toBe(UNKNOWN);
    const forwards = wire('<192><2><3>org<0>');
    names.indexOf(forwards, viewOf(forwards), 0, 2);
    expect(known(forwards, 0)).toBe(UNKNOWN);
  });

  it('follows as many jumps as wireNameEnd, and no more', () => {
    const links = 127;
    const octets = Buffer.alloc(1 + 4 * links + 2);
    const placeOf = (link: number) => 1 + 4 * (link - 1);
    for (let link = 1; link <= links; link++) {
      octets.write('\x01x', placeOf(link), 'latin1');
      octets.writeUInt16BE(0xc000 | (link === 1 ? 0 : placeOf(link - 1)), placeOf(link) + 2);
    }
    const pointerAt = octets.length - 2;
    for (let link = 1; link <= links; link++) {
      octets.writeUInt16BE(0xc000 | placeOf(link), pointerAt);
      expect(indexOf(octets, placeOf(link))).toBe(link - 1);
      expect(wireNameEnd(octets, 0, pointerAt, octets.length)).toBe(link < links ? octets.length : -1);
      expect(known(octets, pointerAt)).toBe(link < links ? link - 1 : UNKNOWN);
    }
  });

  it('forgets all with each message, also when its marks begin anew', () => {
    const octets = wire('<3>org<0><192><0>');
    const aged = new MessageNames(0x7ffffffd);
    for (let round = 0; round < 5; round++) {
      aged.reset();
      expect(aged.count).toBe(0);
      expect(aged.knownIndexOf(octets, 0, 5, 7)).toBe(UNKNOWN);
      expect(aged.indexOf(octets, viewOf(octets), 0, 0)).toBe(0);
      expect(aged.knownIndexOf(octets, 0, 5, 7)).toBe(0);
    }
  });
});
