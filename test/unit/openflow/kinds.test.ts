import { describe, expect, it } from 'vitest';
import type { Ipv4Address, Ipv6Address } from '../../../src/core/address.ts';
import {
  ascii,
  choice,
  ip4,
  ip6,
  type Kind,
  mac,
  pad,
  padTo8,
  rest,
  u8,
  u16,
  u24,
  u128,
} from '../../../src/openflow/kinds.ts';
import { checked, counted, optionals } from '../../../src/openflow/structure.ts';
import { Reader, WireFault, Writer } from '../../../src/openflow/wire.ts';

function written<T>(kind: Kind<T>, value: T): string {
  const writer = new Writer();
  kind.encode(writer, value);
  return writer.finish().toString('hex');
}

function read<T>(kind: Kind<T>, hex: string): T {
  const reader = new Reader(Buffer.from(hex, 'hex'));
  const value = kind.decode(reader);
  reader.expectEnd();
  return value;
}

const some = optionals({ one: u8, two: u16 }, 'OFPBAC_BAD_ARGUMENT');
const even = checked(u8, (value) =>
  value % 2 === 0 ? undefined : { codeName: 'OFPBRC_EPERM', detail: `${value} is odd` },
);

describe('kinds of field', () => {
  it.each<[string, Kind<never>, unknown, string]>([
    ['mac', mac as Kind<never>, '00:00:5e:00:53:ff', '00005e0053ff'],
    ['u24', u24 as Kind<never>, 0xfedcba, 'fedcba'],
    ['u128', u128 as Kind<never>, 0x0102030405060708090a0b0c0d0e0f10n, '0102030405060708090a0b0c0d0e0f10'],
    ['fields that are there', some as Kind<never>, { two: 0x0203 }, '00020203'],
    ['counted', counted(1, u8) as Kind<never>, [5, 6], '0002000506'],
    ['ip4', ip4 as Kind<never>, -1062731775, 'c0a80001'],
    ['ip6', ip6 as Kind<never>, '\x20\x01\x0d\xb8'.padEnd(16, '\0'), '20010db8000000000000000000000000'],
    ['text', ascii(4) as Kind<never>, 's1', '73310000'],
    ['text that fills its field', ascii(4) as Kind<never>, 'abc\xff', '616263ff'],
    ['no text', ascii(4) as Kind<never>, '', '00000000'],
    ['rest', rest as Kind<never>, Buffer.from([1, 2]), '0102'],
    ['choice', choice(u8, { no: 0, yes: 7 }, 'OFPBRC_EPERM') as Kind<never>, 'yes', '07'],
  ])('%s goes both ways', (_name, kind, value, hex) => {
    expect(written(kind, value as never)).toBe(hex);
    expect(read(kind, hex)).toEqual(value);
  });

  it.each([
    ['a presence bit without a field', some as Kind<unknown>, '0004', 'OFPBAC_BAD_ARGUMENT'],
    ['a field that is said to be there', some as Kind<unknown>, '000200', 'OFPBRC_BAD_LEN'],
    ['a count beyond the window', counted(0, u8) as Kind<unknown>, 'ffff05', 'OFPBRC_BAD_LEN'],
    ['a value that its check refuses', even as Kind<unknown>, '03', 'OFPBRC_EPERM'],
  ])('refuse %s', (_name, kind, hex, codeName) => {
    expect(() => read(kind, hex)).toThrow(expect.objectContaining({ codeName }));
  });

  it('takes Ethernet addresses in capitals', () => {
    expect(written(mac, '00:00:5E:00:53:FF')).toBe('00005e0053ff');
  });

  it('ends text at its first zero', () => {
    expect(read(ascii(4), '61006200')).toBe('a');
  });

  it('pads with zeros and reads over anything', () => {
    expect(written(pad(3), undefined)).toBe('000000');
    read(pad(3), 'ffffff');
    read(padTo8, '');
    const writer = new Writer();
    writer.zeros(3);
    padTo8.encode(writer, undefined);
    expect(writer.offset).toBe(8);
  });

  it.each<[string, Kind<never>, unknown]>([
    ['a short Ethernet address', mac as Kind<never>, '00:00:5e:00:53'],
    ['an Ethernet address with a letter too many', mac as Kind<never>, '00:00:5e:00:53:001'],
    ['129 bits', u128 as Kind<never>, 1n << 128n],
    ['a negative wide number', u128 as Kind<never>, -1n],
    ['a value that its check refuses', even as Kind<never>, 3],
    ['25 bits', u24 as Kind<never>, 0x1000000],
    ['an unsigned IPv4 address', ip4 as Kind<never>, 0xc0a80001 as Ipv4Address],
    ['a short IPv6 address', ip6 as Kind<never>, 'x' as Ipv6Address],
    ['an IPv6 address in text form', ip6 as Kind<never>, '2001:db8::1:2:3\u0100'],
    ['text that is too long', ascii(2) as Kind<never>, 'abc'],
    ['text with a zero', ascii(8) as Kind<never>, 'a\0b'],
    ['text that is no octets', ascii(8) as Kind<never>, '\u0101'],
    ['a word outside the choice', choice(u8, { no: 0 }, 'OFPBRC_EPERM') as Kind<never>, 'maybe'],
  ])('refuses to write %s', (_name, kind, value) => {
    expect(() => written(kind, value as never)).toThrow(WireFault);
  });

  it('refuses a number outside the choice with its own code', () => {
    const kind = choice(u8, { no: 0 }, 'OFPBRC_EPERM');
    expect(() => read(kind, '01')).toThrow(expect.objectContaining({ codeName: 'OFPBRC_EPERM' }));
  });
});
