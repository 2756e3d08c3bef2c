import { describe, expect, it } from 'vitest';
import { faultWithin, Reader, WireFault, Writer } from '../../../src/openflow/wire.ts';

describe('Reader', () => {
  const bytes = Buffer.from('000102030405060708090a0b0c0d0e0f1011', 'hex');

  it('reads from front to back', () => {
    const reader = new Reader(bytes);
    expect([reader.u8(), reader.u16(), reader.u32(), reader.u64()]).toEqual([
      0,
      0x0102,
      0x03040506,
      0x0708090a0b0c0d0en,
    ]);
    expect([reader.offset, reader.remainingBytes, reader.peekU16(1)]).toEqual([15, 3, 0x1011]);
    expect(reader.bytes(3)).toEqual(Buffer.from([0x0f, 0x10, 0x11]));
    reader.expectEnd();
  });

  it.each<[string, (reader: Reader) => unknown]>([
    ['u8', (reader) => reader.sub(0).u8()],
    ['u16', (reader) => reader.sub(1).u16()],
    ['u32', (reader) => reader.sub(3).u32()],
    ['u64', (reader) => reader.sub(7).u64()],
    ['bytes', (reader) => reader.sub(7).bytes(8)],
    ['skip', (reader) => reader.sub(7).skip(8)],
    ['peekU16', (reader) => reader.sub(3).peekU16(2)],
    ['sub', (reader) => reader.sub(4).sub(5)],
    ['expectEnd', (reader) => reader.sub(4).expectEnd()],
    ['the whole', (reader) => reader.bytes(19)],
  ])('does not read beyond its window: %s', (_name, read) => {
    expect(() => read(new Reader(bytes))).toThrow(WireFault);
  });

  it('moves behind a window it gave away, and names faults after the window', () => {
    const reader = new Reader(bytes, 2, 12, 'OFPBMC_BAD_LEN');
    const window = reader.sub(4, 'OFPBAC_BAD_LEN');
    expect([window.offset, reader.offset, reader.remainingBytes]).toEqual([2, 6, 6]);
    expect(() => window.u64()).toThrow(expect.objectContaining({ codeName: 'OFPBAC_BAD_LEN', offset: 2 }));
    expect(() => reader.u64()).toThrow(expect.objectContaining({ codeName: 'OFPBMC_BAD_LEN', offset: 6 }));
    expect(() => reader.sub(4).u64()).toThrow(expect.objectContaining({ codeName: 'OFPBMC_BAD_LEN' }));
  });
});

describe('Writer', () => {
  it('grows to the longest message and no further', () => {
    const writer = new Writer();
    for (let count = 0; count < 0xffff; count++) writer.u8(count & 0xff);
    expect(() => writer.u8(1)).toThrow(WireFault);
    const bytes = writer.finish();
    expect(bytes.length).toBe(0xffff);
    expect(bytes.every((octet, index) => octet === (index & 0xff))).toBe(true);
  });

  it('writes a length behind what it measures', () => {
    const writer = new Writer();
    writer.u16(0xffff);
    writer.zeros(2);
    writer.u32(0xdeadbeef);
    writer.u64(0xffffffffffffffffn);
    writer.bytes(Buffer.from([1]));
    writer.patchU16(2, writer.offset);
    expect(writer.finish().toString('hex')).toBe('ffff0011deadbeefffffffffffffffff01');
  });

  it.each<[string, (writer: Writer) => void]>([
    ['256 as u8', (writer) => writer.u8(256)],
    ['-1 as u16', (writer) => writer.u16(-1)],
    ['2^32 as u32', (writer) => writer.u32(2 ** 32)],
    ['1.5 as u8', (writer) => writer.u8(1.5)],
    ['NaN as u32', (writer) => writer.u32(Number.NaN)],
    ['-1n as u64', (writer) => writer.u64(-1n)],
    ['2^64 as u64', (writer) => writer.u64(1n << 64n)],
    ['a length over 16 bits', (writer) => writer.patchU16(0, 65536)],
  ])('refuses %s', (_name, write) => {
    expect(() => write(new Writer())).toThrow(WireFault);
  });
});

describe('faultWithin', () => {
  it('builds a path from the inside out', () => {
    const fault = new WireFault('OFPBRC_BAD_LEN', 0, 'x');
    for (const step of ['port', '[1]', 'actions', '[0]', 'instructions', 'flowMod']) faultWithin(fault, step);
    expect(fault.path).toBe('flowMod.instructions[0].actions[1].port');
  });

  it('leaves other errors alone', () => {
    const error = new TypeError('x');
    expect(faultWithin(error, 'a')).toBe(error);
  });
});
