/** How os-ken shows Nicira's actions, beside how we do. */
import { expect } from 'vitest';
import { formatAddress, type Ipv4Address } from '../../../src/core/address.ts';

type Fields = Readonly<Record<string, unknown>>;
type Compare = (ours: unknown, theirs: unknown) => void;

/** Our name of each class, for those whose fields have the same names but for their case. */
const SAME_FIELDS: Readonly<Record<string, string>> = {
  NXActionConjunction: 'conjunction',
  NXActionFinTimeout: 'finTimeout',
  NXActionOutputTrunc: 'outputTrunc',
  NXActionSample: 'sample',
  NXActionSample2: 'sample2',
};

/** Compares the fields of one action and says how many there were. */
export function compareNicira(actual: Fields, className: string, expected: Fields, compare: Compare): number {
  const { len: _len, type: _type, ...fields } = expected;
  const ours = SAME_FIELDS[className] === undefined ? readers[className]!(actual) : actual;
  if (SAME_FIELDS[className] !== undefined) expect(actual.type).toBe(SAME_FIELDS[className]);
  for (const [key, value] of Object.entries(fields)) {
    const name =
      key === 'max_len' ? 'maxLength' : key.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
    if (key === 'actions' || key === 'specs') compare(ours[key], value);
    else expect(ours[name] ?? ours[key], `${className}.${key}`).toEqual(value);
  }
  return Object.keys(fields).length;
}

/** An action of ours with os-ken's field names and values. */
const readers: Readonly<Record<string, (action: Fields) => Fields>> = {
  NXActionCT: ({ zone, ...action }) => ({ ...action, ...zoneOf(zone) }),
  NXActionNAT: ({ flags, range }) => ({ flags, ...rangeOf(range as Fields) }),
  NXActionNote: ({ note }) => ({ note: [...(note as Buffer)] }),
  NXActionRegMove: ({ nBits, srcFirstBit, dstFirstBit, src, dst }) => ({
    ...{ nBits, srcOfs: srcFirstBit, dstOfs: dstFirstBit, srcField: fieldOf(src), dstField: fieldOf(dst) },
  }),
  NXActionStackPush: ({ firstBit, nBits, field }) => ({
    ...{ start: firstBit, end: (firstBit as number) + (nBits as number) - 1, field: fieldOf(field) },
  }),
  NXActionDecTtlCntIds: ({ ids }) => ({ cntIds: ids }),
  NXActionController2: ({ properties }) => {
    const all = Object.assign({}, ...(properties as readonly Fields[])) as Fields;
    const pause = (properties as readonly Fields[]).some(({ type }) => type === 'pause');
    return { ...all, pause, userdata: [...(all.data as Buffer)] };
  },
  NXActionLearn: ({ cookie, ...action }) => ({ ...action, cookie: Number(cookie) }),
  NXFlowSpecMatch: specOf('match'),
  NXFlowSpecLoad: specOf('load'),
  NXFlowSpecOutput: specOf('output'),
};

function fieldOf(id: unknown): unknown {
  return (id as Fields).field;
}

function zoneOf(zone: unknown): Fields {
  if (typeof zone === 'number') return { zoneSrc: '', zoneOfsNbits: zone };
  const { field, firstBit, nBits } = zone as { field: Fields; firstBit: number; nBits: number };
  return { zoneSrc: field.field, zoneOfsNbits: (firstBit << 6) | (nBits - 1) };
}

function rangeOf(range: Fields): Fields {
  const address = (value: unknown) => (value === undefined ? '' : formatAddress(value as Ipv4Address));
  return {
    rangeIpv4Min: address(range.ipv4Min),
    rangeIpv4Max: address(range.ipv4Max),
    rangeIpv6Min: address(range.ipv6Min),
    rangeIpv6Max: address(range.ipv6Max),
    rangeProtoMin: range.protoMin ?? null,
    rangeProtoMax: range.protoMax ?? null,
  };
}

function specOf(type: string): (spec: Fields) => Fields {
  return ({ nBits, from, to }) => {
    const { type: ourType, ...bits } = to as Fields;
    expect(ourType).toBe(type);
    return { nBits, src: partOf(from), dst: type === 'output' ? '' : partOf(bits) };
  };
}

/** Field and first bit, or the number itself. */
function partOf(part: unknown): unknown {
  if (Buffer.isBuffer(part)) return Number(BigInt(`0x${part.toString('hex')}`));
  const { field, firstBit } = part as { field: Fields; firstBit: number };
  return [field.field, firstBit];
}
