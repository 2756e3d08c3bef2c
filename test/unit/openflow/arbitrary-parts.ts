/** Numbers, octets and match fields, for fast-check. */
import fc from 'fast-check';
import type { Ipv4Address, Ipv6Address } from '../../../src/core/address.ts';
import { ip4, ip6, type Kind, mac, u8, u16, u24, u32, u64, u128 } from '../../../src/openflow/kinds.ts';
import type { Oxm } from '../../../src/openflow/oxm.ts';
import { OXM_ROWS } from '../../../src/openflow/schema/oxm.ts';

export const byte = fc.integer({ min: 0, max: 0xff });
export const short = fc.integer({ min: 0, max: 0xffff });
export const word = fc.integer({ min: 0, max: 0xffffffff });
export const long = fc.bigInt({ min: 0n, max: 0xffffffffffffffffn });
export const octets = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes));
export const macText = octets(6, 6).map((bytes) => bytes.toString('hex').replace(/..(?=.)/g, '$&:'));
export const text = (maxLength: number) =>
  octets(0, maxLength).map((bytes) => bytes.toString('latin1').replaceAll('\0', 'x'));
/** Octets that fill an element behind a header of `headerBytes` to a multiple of eight. */
export const filling = (headerBytes: number) =>
  fc.nat(3).chain((eights) => octets((-headerBytes & 7) + eights * 8, (-headerBytes & 7) + eights * 8));

export const valuesOfKind = new Map<Kind<unknown>, fc.Arbitrary<unknown>>([
  [u8, byte],
  [u16, short],
  [u24, fc.integer({ min: 0, max: 0xffffff })],
  [u32, word],
  [u64, long],
  [u128, fc.bigInt({ min: 0n, max: (1n << 128n) - 1n })],
  [mac, macText],
  [ip4, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((bits) => bits as Ipv4Address)],
  [ip6, octets(16, 16).map((bytes) => bytes.toString('latin1') as Ipv6Address)],
]);

const knownOxm = fc.constantFrom(...OXM_ROWS).chain((row) => {
  const value = valuesOfKind.get(row.kind)!;
  const field = fc.constant(row.name);
  return fc.oneof(fc.record({ field, value }), fc.record({ field, value, mask: value })) as fc.Arbitrary<Oxm>;
});

const unknownOxm: fc.Arbitrary<Oxm> = fc.record({
  field: fc.constant('unknown' as const),
  oxmClass: fc.constantFrom(0x0002, 0x8001, 0xffff),
  oxmField: fc.integer({ min: 0, max: 127 }),
  hasMask: fc.boolean(),
  raw: octets(1, 20),
});

export const oxm = fc.oneof({ weight: 5, arbitrary: knownOxm }, { weight: 1, arbitrary: unknownOxm });
export const match = fc.array(oxm, { maxLength: 8 });

export const typed = <const T extends string, F extends object>(
  type: T,
  fields: { [K in keyof F]: fc.Arbitrary<F[K]> },
) => fc.record<object>({ type: fc.constant(type), ...fields }) as unknown as fc.Arbitrary<{ type: T } & F>;

export const unknownElement = fc
  .integer({ min: 300, max: 0xfffe })
  .chain((typeCode) => typed('unknown', { typeCode: fc.constant(typeCode), raw: filling(4) }));
export const experimenterElement = typed('experimenter', { experimenter: word, data: filling(8) });
